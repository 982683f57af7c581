#include "index/bm25.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/hash.h"
#include "index/bm25_block.h"

namespace crosstail::index {
namespace {

constexpr std::array<std::string_view, kBm25Sections> kSectionNames = {
    "postings", "blocks", "terms", "lengths", "word offsets", "words"};

Error damaged(const std::string& path, std::uint64_t offset, const std::string& what) {
  return {ErrorCode::Corrupt, path + ": byte " + std::to_string(offset) + ": " + what +
                                  "; the file is damaged: take it away and it is built again"};
}

/// The footer, with its own checksum right and every section inside the file.
Status check_footer(const std::string& path, const Bm25Footer& footer, std::uint64_t size) {
  const std::uint64_t at = size - sizeof footer;
  const std::string_view raw(reinterpret_cast<const char*>(&footer), sizeof footer);
  if (footer.magic != kBm25Magic) return damaged(path, at, "no footer of a BM25 file");
  if (footer.version != kBm25Version)
    return Error{ErrorCode::Unsupported, path + ": version " + std::to_string(footer.version) +
                                             " of the BM25 format, this program reads " +
                                             std::to_string(kBm25Version)};
  if (xxh3(raw.substr(0, offsetof(Bm25Footer, checksum))) != footer.checksum)
    return damaged(path, at, "the footer's checksum is wrong");
  const std::array<std::uint64_t, kBm25Sections> sizes = {
      footer.sections[kPostings].bytes,
      footer.block_count * sizeof(Bm25BlockEntry),
      footer.term_count * sizeof(Bm25TermEntry),
      footer.documents * sizeof(std::uint32_t),
      footer.terms == Bm25Terms::Words ? (footer.term_count + 1) * 8 : 0,
      footer.sections[kWordBytes].bytes};
  constexpr std::uint64_t kMost = std::uint64_t{1} << 56;
  if (footer.block_count > kMost || footer.term_count > 0xffffffffU ||
      footer.documents > 0xffffffffU || footer.terms > Bm25Terms::Words)
    return damaged(path, at, "impossible counts");
  for (std::size_t s = 0; s < kBm25Sections; ++s) {
    const Bm25Section& section = footer.sections[s];
    if (section.bytes != sizes[s] || section.offset > at || section.bytes > at - section.offset ||
        section.offset % 64 != 0)
      return damaged(path, at, "section " + std::string(kSectionNames[s]) + " is out of place");
  }
  if (!check(Bm25Parameters{footer.k1, footer.b}).ok())
    return damaged(path, at, "k1 or b is out of range");
  return {};
}

}  // namespace

Result<Bm25Index> Bm25Index::open(const std::filesystem::path& path,
                                  std::optional<Bm25Parameters> parameters) {
  Bm25Index index;
  index.path_ = path.string();
  CT_TRY(index.file_, MappedFile::open(path));
  const std::string_view bytes = index.file_.text();
  if (bytes.size() < kBm25Magic.size() + sizeof(Bm25Footer) ||
      bytes.substr(0, kBm25Magic.size()) != std::string_view(kBm25Magic.data(), kBm25Magic.size()))
    return damaged(index.path_, 0, "not a BM25 file");
  std::memcpy(&index.footer_, bytes.data() + bytes.size() - sizeof(Bm25Footer), sizeof(Bm25Footer));
  CT_CHECK(check_footer(index.path_, index.footer_, bytes.size()));
  const Bm25Parameters own{index.footer_.k1, index.footer_.b};
  index.parameters_ = parameters.value_or(own);
  CT_CHECK(check(index.parameters_));
  index.norm_ = Bm25Norm::make(index.parameters_, index.mean_length());
  if (index.parameters_ != own) CT_CHECK(index.compute_bounds());
  return index;
}

Status Bm25Index::verify() const {
  for (std::size_t s = 0; s < kBm25Sections; ++s) {
    const Bm25Section& section = footer_.sections[s];
    if (section.bytes > 0 &&
        xxh3(file_.text().substr(section.offset, section.bytes)) != section.checksum)
      return damaged(path_, section.offset,
                     "checksum mismatch in section " + std::string(kSectionNames[s]) + " (" +
                         std::to_string(section.bytes) + " bytes)");
  }
  return {};
}

double Bm25Index::mean_length() const {
  return footer_.documents_filled > 0 ? static_cast<double>(footer_.total_length) /
                                            static_cast<double>(footer_.documents_filled)
                                      : 0;
}

std::string_view Bm25Index::label() const {
  const auto end = std::find(footer_.label.begin(), footer_.label.end(), '\0');
  return {footer_.label.data(), static_cast<std::size_t>(end - footer_.label.begin())};
}

bool Bm25Index::sound(const Bm25TermEntry& entry) const {
  return entry.frequency > 0 && entry.frequency <= footer_.documents &&
         entry.first_block <= footer_.block_count &&
         blocks_of(entry) <= footer_.block_count - entry.first_block &&
         entry.postings <= footer_.sections[kPostings].bytes;
}

bool Bm25Index::decode(const Bm25TermEntry& entry, std::size_t block, std::uint32_t* documents,
                       std::uint32_t* frequencies) const {
  const Bm25BlockEntry* blocks = block_entries() + entry.first_block;
  const Bm25BlockEntry& b = blocks[block];
  const std::size_t count = std::min<std::size_t>(kBm25Block, entry.frequency - block * kBm25Block);
  const std::uint64_t at = entry.postings + std::uint64_t{b.offset} * 16;
  // The widest block has 2 × 512 bytes; the builder leaves as many behind the last.
  const std::uint64_t size = footer_.sections[kPostings].bytes;
  if (b.document_bits > 32 || b.frequency_bits > 32 || at > size || size - at < 1024) return false;
  const std::byte* in = section(kPostings) + at;
  unpack_block(in, b.document_bits, documents);
  unpack_block(in + packed_bytes(count, b.document_bits), b.frequency_bits, frequencies);
  const std::uint32_t before = block == 0 ? 0xffffffffU : blocks[block - 1].last;
  gaps_to_numbers(before, documents);
  if (documents[count - 1] != b.last || b.last >= footer_.documents) return false;
  // Sums of 128 gaps of up to 24 bits cannot pass 2^32 and come back unnoticed.
  if (b.document_bits > 24 || (block > 0 && before >= b.last)) {
    std::uint32_t previous = before;
    for (std::size_t i = 0; i < count; ++i) {
      if (documents[i] <= previous && previous != 0xffffffffU) return false;
      previous = documents[i];
      if (previous > b.last) return false;
    }
  }
  return true;
}

Status Bm25Index::compute_bounds() {
  bounds_.assign(footer_.block_count, 0.0F);
  std::array<std::uint32_t, kBm25Block> documents{}, frequencies{};
  for (const Bm25TermEntry& entry : term_entries()) {
    if (!sound(entry))
      return damaged(path_, footer_.sections[kTermEntries].offset, "a term is out of place");
    for (std::size_t block = 0; block < blocks_of(entry); ++block) {
      if (!decode(entry, block, documents.data(), frequencies.data()))
        return damaged(path_, footer_.sections[kPostings].offset + entry.postings,
                       "postings out of order");
      const std::size_t count =
          std::min<std::size_t>(kBm25Block, entry.frequency - block * kBm25Block);
      float& bound = bounds_[entry.first_block + block];
      for (std::size_t i = 0; i < count; ++i)
        bound = std::max(bound, norm_.impact(frequencies[i] + 1, lengths()[documents[i]]));
    }
  }
  return {};
}

std::optional<std::uint32_t> Bm25Index::find(std::uint32_t id) const {
  if (footer_.terms != Bm25Terms::Ids) return std::nullopt;
  const auto entries = term_entries();
  const auto found = std::lower_bound(
      entries.begin(), entries.end(), id,
      [](const Bm25TermEntry& entry, std::uint32_t wanted) { return entry.id < wanted; });
  if (found == entries.end() || found->id != id || !sound(*found)) return std::nullopt;
  return static_cast<std::uint32_t>(found - entries.begin());
}

std::string_view Bm25Index::word(std::size_t entry) const {
  const auto* offsets = reinterpret_cast<const std::uint64_t*>(section(kWordOffsets));
  const std::uint64_t size = footer_.sections[kWordBytes].bytes;
  const std::uint64_t begin = std::min(offsets[entry], size);
  const std::uint64_t end = std::clamp(offsets[entry + 1], begin, size);
  return {reinterpret_cast<const char*>(section(kWordBytes)) + begin,
          static_cast<std::size_t>(end - begin)};
}

std::optional<std::uint32_t> Bm25Index::find(std::string_view wanted) const {
  if (footer_.terms != Bm25Terms::Words) return std::nullopt;
  std::size_t begin = 0, end = footer_.term_count;
  while (begin < end) {
    const std::size_t middle = begin + (end - begin) / 2;
    if (word(middle) < wanted) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  if (begin == footer_.term_count || word(begin) != wanted || !sound(term_entries()[begin]))
    return std::nullopt;
  return static_cast<std::uint32_t>(begin);
}

Bm25Query Bm25Index::weigh(std::vector<std::uint32_t>& entries) const {
  std::sort(entries.begin(), entries.end());
  Bm25Query query;
  std::vector<float> weights;
  for (std::size_t i = 0; i < entries.size();) {
    const std::size_t begin = i;
    while (i < entries.size() && entries[i] == entries[begin]) ++i;
    const double idf = bm25_idf(footer_.documents_filled, frequency(entries[begin]));
    weights.push_back(static_cast<float>(static_cast<double>(i - begin) * idf));
    query.terms.push_back({entries[begin], 0});
  }
  query.scale = bm25_scale(weights);
  for (std::size_t t = 0; t < weights.size(); ++t)
    query.terms[t].scaled_weight = weights[t] * query.scale;
  return query;
}

Bm25Query Bm25Index::query(std::span<const std::uint32_t> ids) const {
  std::vector<std::uint32_t> entries;
  for (const std::uint32_t id : ids)
    if (const auto entry = find(id)) entries.push_back(*entry);
  return weigh(entries);
}

Bm25Query Bm25Index::query(std::span<const std::string> words) const {
  std::vector<std::uint32_t> entries;
  for (const std::string& word : words)
    if (const auto entry = find(std::string_view(word))) entries.push_back(*entry);
  return weigh(entries);
}

float Bm25Index::score(const Bm25Query& query, std::span<const std::uint32_t> frequencies,
                       std::uint32_t length) const {
  std::uint32_t sum = 0;
  for (std::size_t t = 0; t < query.terms.size(); ++t)
    if (frequencies[t] > 0)
      sum += bm25_addend(query.terms[t].scaled_weight, norm_.impact(frequencies[t], length));
  return static_cast<float>(sum) / query.scale;
}

}  // namespace crosstail::index
