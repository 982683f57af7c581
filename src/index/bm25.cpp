#include "index/bm25.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/hash.h"

namespace crosstail::index {
namespace {

constexpr std::array<std::string_view, kBm25Sections> kSectionNames = {
    "postings", "slices", "terms", "lengths", "pairs", "rare postings", "word offsets", "words"};

Error damaged(const std::string& path, std::uint64_t offset, const std::string& what) {
  return {ErrorCode::Corrupt, path + ": byte " + std::to_string(offset) + ": " + what +
                                  "; the file is damaged: take it away and it is built again"};
}

Error another_version(const std::string& path, std::uint32_t version) {
  return {ErrorCode::Unsupported, path + ": version " + std::to_string(version) +
                                      " of the BM25 format, this program reads " +
                                      std::to_string(kBm25Version) +
                                      "; take the file away and it is built again"};
}

/// The footer, with its own checksum right and every section inside the file.
Status check_footer(const std::string& path, const Bm25Footer& footer, std::uint64_t size) {
  const std::uint64_t at = size - sizeof footer;
  const std::string_view raw(reinterpret_cast<const char*>(&footer), sizeof footer);
  if (footer.magic != kBm25Magic) return damaged(path, at, "no footer of a BM25 file");
  if (footer.version != kBm25Version) return another_version(path, footer.version);
  if (xxh3(raw.substr(0, offsetof(Bm25Footer, checksum))) != footer.checksum)
    return damaged(path, at, "the footer's checksum is wrong");
  const auto& rare = footer.sections[kRarePostings].bytes;
  const std::array<std::uint64_t, kBm25Sections> sizes = {
      footer.sections[kPostings].bytes,
      footer.slice_count * sizeof(Bm25SliceEntry),
      footer.term_count * sizeof(Bm25TermEntry),
      footer.documents * sizeof(std::uint32_t),
      std::min<std::uint64_t>(footer.sections[kPairs].bytes, kBm25Rare * sizeof(Bm25Pair)) / 8 * 8,
      rare - rare % sizeof(Bm25RarePosting),
      footer.terms == Bm25Terms::Words ? (footer.term_count + 1) * 8 : 0,
      footer.sections[kWordBytes].bytes};
  constexpr std::uint64_t kMost = std::uint64_t{1} << 56;
  if (footer.slice_count > kMost || footer.term_count > 0xffffffffU ||
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

/// What lies between head, sections and footer is zero.
Status check_gaps(const std::string& path, std::string_view bytes, const Bm25Footer& footer) {
  std::vector<Bm25Section> sections(footer.sections.begin(), footer.sections.end());
  sections.push_back({bytes.size() - sizeof footer, sizeof footer, 0});
  std::ranges::sort(sections, {}, &Bm25Section::offset);
  std::uint64_t end = offsetof(Bm25Head, reserved);
  for (const Bm25Section& section : sections) {
    if (section.bytes == 0) continue;
    const std::uint64_t begin = std::max(end, section.offset);
    const std::uint64_t found = bytes.substr(0, begin).find_first_not_of('\0', end);
    if (found != std::string_view::npos)
      return damaged(path, found, "a byte between sections is not 0");
    end = std::max(end, section.offset + section.bytes);
  }
  return {};
}

}  // namespace

Result<Bm25Index> Bm25Index::open(const std::filesystem::path& path,
                                  std::optional<Bm25Parameters> parameters) {
  Bm25Index index;
  index.path_ = path.string();
  CT_TRY(index.file_, MappedFile::open(path));
  const std::string_view bytes = index.file_.text();
  Bm25Head head;
  if (bytes.size() >= sizeof head) std::memcpy(&head, bytes.data(), sizeof head);
  if (bytes.size() < sizeof head || head.magic != kBm25Magic)
    return damaged(index.path_, 0, "not a BM25 file");
  if (head.version != kBm25Version) return another_version(index.path_, std::max(head.version, 1U));
  if (bytes.size() < sizeof head + sizeof(Bm25Footer))
    return damaged(index.path_, bytes.size(), "the file ends before its footer");
  std::memcpy(&index.footer_, bytes.data() + bytes.size() - sizeof(Bm25Footer), sizeof(Bm25Footer));
  CT_CHECK(check_footer(index.path_, index.footer_, bytes.size()));
  const Bm25Parameters own{index.footer_.k1, index.footer_.b};
  index.parameters_ = parameters.value_or(own);
  CT_CHECK(check(index.parameters_));
  index.norm_ = Bm25Norm::make(index.parameters_, index.mean_length());
  index.compute_impacts();
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
  return check_gaps(path_, file_.text(), footer_);
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

std::span<const Bm25SliceEntry> Bm25Index::slices(std::size_t entry) const {
  const auto entries = term_entries();
  const std::uint64_t begin = entries[entry].first_slice;
  const std::uint64_t end =
      entry + 1 < entries.size() ? entries[entry + 1].first_slice : footer_.slice_count;
  if (begin > end || end > footer_.slice_count) return {};
  return table<Bm25SliceEntry>(kSlices).subspan(begin, end - begin);
}

std::optional<Bm25Slice> Bm25Index::slice(const Bm25TermEntry& entry,
                                          const Bm25SliceEntry& slice) const {
  const std::uint64_t size = footer_.sections[kPostings].bytes;
  const std::size_t count = std::size_t{slice.count_less_1} + 1;
  const std::uint64_t begin = entry.postings + std::uint64_t{slice.offset} * 4;
  if (entry.postings % 4 != 0 || entry.postings > size || begin > size ||
      size - begin < Bm25Slice::bytes(count) ||
      std::uint64_t{slice.window} << kBm25WindowBits >= footer_.documents)
    return std::nullopt;
  return Bm25Slice(section(kPostings) + begin, count);
}

std::span<const Bm25RarePosting> Bm25Index::rare(std::uint32_t entry) const {
  const auto all = table<Bm25RarePosting>(kRarePostings);
  const auto below = [](const Bm25RarePosting& a, std::uint32_t b) { return a.entry < b; };
  const auto begin = std::lower_bound(all.begin(), all.end(), entry, below);
  const auto end = std::lower_bound(begin, all.end(), entry + 1, below);
  return {begin, end};
}

void Bm25Index::compute_impacts() {
  impacts_.assign(std::size_t{kBm25Rare} + 1, 0.0F);
  const auto pairs = table<Bm25Pair>(kPairs);
  for (std::size_t code = 0; code < pairs.size(); ++code)
    if (pairs[code].frequency > 0)
      impacts_[code] = norm_.impact(pairs[code].frequency, pairs[code].length);
}

Status Bm25Index::compute_bounds() {
  bounds_.assign(footer_.slice_count, 0.0F);
  const auto* first = table<Bm25SliceEntry>(kSlices).data();
  for (std::size_t e = 0; e < term_entries().size(); ++e) {
    const Bm25TermEntry& entry = term_entries()[e];
    for (const Bm25SliceEntry& place : slices(e)) {
      const auto postings = slice(entry, place);
      if (!postings)
        return damaged(path_, footer_.sections[kSlices].offset, "a slice is out of place");
      float& bound = bounds_[static_cast<std::size_t>(&place - first)];
      for (std::size_t i = 0; i < postings->size(); ++i)
        bound = std::max(bound, impacts_[postings->code(i)]);
    }
  }
  for (const Bm25RarePosting& posting : table<Bm25RarePosting>(kRarePostings)) {
    if (posting.entry >= term_entries().size() || posting.document >= rows())
      return damaged(path_, footer_.sections[kRarePostings].offset,
                     "a rare posting is out of place");
    for (const Bm25SliceEntry& place : slices(posting.entry))
      if (place.window == posting.document >> kBm25WindowBits) {
        float& bound = bounds_[static_cast<std::size_t>(&place - first)];
        bound = std::max(bound, norm_.impact(posting.frequency,
                                             table<std::uint32_t>(kLengths)[posting.document]));
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
  if (found == entries.end() || found->id != id) return std::nullopt;
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
  if (begin == footer_.term_count || word(begin) != wanted) return std::nullopt;
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
