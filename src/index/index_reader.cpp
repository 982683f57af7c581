#include "index/index_reader.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "base/hash.h"
#include "index/field_codec.h"
#include "index/fusion_kernels.h"

namespace crosstail::index {
namespace {

/// Where `value` lies among segments that begin at `first`(place).
template <class First>
std::size_t place_of(const std::vector<IndexReader::Place>& places, std::uint64_t value,
                     First&& first) {
  const auto after =
      std::upper_bound(places.begin(), places.end(), value,
                       [&](std::uint64_t v, const auto& place) { return v < first(place); });
  // Segments may be empty; the last that begins at or before the value holds it.
  return static_cast<std::size_t>(std::max<std::ptrdiff_t>(after - places.begin() - 1, 0));
}

/// Rows of the segments, one after the other.
class PassageRows final : public RowSource {
 public:
  explicit PassageRows(const IndexReader& index) : index_(index) {}
  [[nodiscard]] std::size_t rows() const override { return index_.rows(); }
  [[nodiscard]] std::size_t dim() const override { return index_.dim(); }
  void read(std::size_t begin, std::size_t end, float* out) const override {
    for (std::size_t row = begin; row < end; ++row, out += index_.dim()) {
      const std::size_t s = index_.segment_of_row(row);
      read_vector(index_.segments()[s].passage_vectors, row - index_.places()[s].first_row, out);
    }
  }
  [[nodiscard]] std::optional<VectorView> view() const override {
    if (index_.segments().size() != 1) return std::nullopt;
    return view_of(index_.segments().front().passage_vectors);
  }

 private:
  const IndexReader& index_;
};

Error impossible(const BlockFile& file, std::uint64_t record, std::string_view what) {
  return {ErrorCode::Corrupt,
          file.path() + ": byte " +
              std::to_string(kBlockFileHeader + record * file.kind().record_bytes) + ": " +
              std::string(what) + "; the file is damaged: copy it again, or rebuild the index"};
}

/// What touch() remembered, or that the number is beyond the file.
Error damage_of(const BlockFile& file, std::uint64_t record) {
  if (const Status health = file.health(); !health.ok()) return health.error();
  return impossible(file, record, "no such record");
}

}  // namespace

Result<std::shared_ptr<const IndexReader>> IndexReader::open(const std::filesystem::path& dir) {
  // A change or a new build that ends between our reading the manifest and opening its files takes
  // some of them away: then there is another manifest, and the next round finds what it names.
  constexpr int kRounds = 20;
  for (int round = 1;; ++round) {
    CT_TRY(Manifest manifest, read_manifest(dir));
    const std::string read = to_json(manifest);
    auto opened = open_files(dir, std::move(manifest));
    if (opened.ok() || round == kRounds) return opened;
    const auto now = read_manifest(dir);
    if (!now.ok() || to_json(*now) == read) return opened;
  }
}

Result<std::shared_ptr<const IndexReader>> IndexReader::open_files(const std::filesystem::path& dir,
                                                                   Manifest manifest) {
  std::shared_ptr<IndexReader> index(new IndexReader);
  index->dir_ = dir;
  index->manifest_ = std::move(manifest);
  CT_CHECK(index->open_segments());
  CT_CHECK(index->read_centroids());
  CT_CHECK(index->read_deletions());
  index->passage_rows_ = std::make_unique<PassageRows>(*index);
  return std::shared_ptr<const IndexReader>(std::move(index));
}

Status IndexReader::open_segments() {
  std::unordered_map<std::string, std::uint32_t> numbers;
  for (const auto& record : manifest_.segments) {
    CT_TRY(auto segment, Segment::open(dir_ / record.folder, record, manifest_));
    Place place{passages_, rows_, questions_, {}};
    for (const auto& tag : record.tags) {
      const auto [found, added] = numbers.try_emplace(
          canonical_language(tag), static_cast<std::uint32_t>(languages_.size()));
      if (added) languages_.push_back(found->first);
      place.languages.push_back(found->second);
    }
    passages_ += record.passages;
    rows_ += record.rows;
    questions_ += record.questions;
    places_.push_back(std::move(place));
    segments_.push_back(std::move(segment));
  }
  if (segments_.empty() || rows_ == 0)
    return Error{ErrorCode::Corrupt,
                 (dir_ / "manifest.json").string() + ": field `segments`: no passages"};
  if (rows_ >= UINT32_MAX)
    return Error{ErrorCode::Limit, dir_.string() + ": " + std::to_string(rows_) +
                                       " rows; a program searches at most 4,294,967,294 at once: "
                                       "search the shards by themselves"};
  return {};
}

Status IndexReader::read_centroids() {
  centroids_ = Centroids(dim());
  for (const Segment& segment : segments_) {
    const BlockFile& file = segment.centroids;
    if (!file.is_open()) continue;
    const std::byte* bytes = file.touch(0, file.data_bytes());
    if (bytes == nullptr) return damage_of(file, 0);
    auto read = Centroids::from_bytes({reinterpret_cast<const char*>(bytes), file.data_bytes()});
    if (!read.ok()) return std::move(read).error().at(file.path());
    if (read->dim() != dim()) return impossible(file, 0, "centroids of another dimension");
    centroids_.merge(*read);
    if (manifest_.centroids_from_file) break;
  }
  return {};
}

Status IndexReader::read_deletions() {
  for (std::size_t s = 0; s < segments_.size(); ++s) {
    const SegmentRecord& record = segments_[s].record;
    if (record.deleted.empty()) continue;
    CT_TRY(const auto file, BlockFile::open(dir_ / record.folder / record.deleted, "DELE"));
    const std::byte* bytes = file.touch(0, file.data_bytes());
    if (bytes == nullptr) return damage_of(file, 0);
    if (file.kind().record_bytes != 8 || file.records() != (record.passages + 63) / 64)
      return impossible(file, 0, "holds another number of passages than the manifest says");
    if (dead_passages_.empty()) dead_passages_.assign((passages_ + 63) / 64, 0);
    if (live_rows_.empty()) {
      live_rows_.assign((rows_ + 63) / 64, ~std::uint64_t{0});
      if (rows_ % 64 != 0) live_rows_.back() = (std::uint64_t{1} << (rows_ % 64)) - 1;
    }
    for (std::uint64_t p = 0; p < record.passages; ++p) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes + p / 64 * 8, sizeof word);
      if ((word >> (p % 64) & 1) == 0) continue;
      const std::uint64_t passage = places_[s].first_passage + p;
      dead_passages_[passage / 64] |= std::uint64_t{1} << (passage % 64);
      ++deleted_;
      const RowRange rows = rows_of(static_cast<PassageNumber>(passage));
      for (std::uint64_t row = rows.begin; row < rows.end; ++row)
        live_rows_[row / 64] &= ~(std::uint64_t{1} << (row % 64));
    }
  }
  return {};
}

std::size_t IndexReader::segment_of_row(std::uint64_t row) const {
  return place_of(places_, row, [](const Place& p) { return p.first_row; });
}
std::size_t IndexReader::segment_of_passage(std::uint64_t passage) const {
  return place_of(places_, passage, [](const Place& p) { return p.first_passage; });
}
std::size_t IndexReader::segment_of_question(std::uint64_t question) const {
  return place_of(places_, question, [](const Place& p) { return p.first_question; });
}

PassageNumber IndexReader::passage_of(std::uint64_t row) const {
  const std::size_t s = segment_of_row(row);
  const Place& place = places_[s];
  const BlockFile& windows = segments_[s].windows;
  std::uint64_t passage = row - place.first_row;
  if (windows.is_open()) {
    const auto* window = windows.record<WindowRecord>(passage);
    passage = window == nullptr ? 0 : window->passage;
  }
  const std::uint64_t last = segments_[s].record.passages;
  return static_cast<PassageNumber>(place.first_passage +
                                    std::min(passage, last == 0 ? 0 : last - 1));
}

RowRange IndexReader::rows_of(PassageNumber passage) const {
  const std::size_t s = segment_of_passage(passage);
  const Place& place = places_[s];
  const std::uint64_t local = passage - place.first_passage;
  if (!segments_[s].windows.is_open())
    return {place.first_row + local, place.first_row + local + 1};
  const PassageRecord* record = segments_[s].passage(local);
  if (record == nullptr) return {place.first_row, place.first_row};
  const std::uint64_t count = segments_[s].record.rows;
  const std::uint64_t begin = std::min(record->first_row, count);
  return {place.first_row + begin,
          place.first_row + begin + std::min<std::uint64_t>(record->rows, count - begin)};
}

bool IndexReader::deleted(PassageNumber passage) const {
  return !dead_passages_.empty() && (dead_passages_[passage / 64] >> (passage % 64) & 1) != 0;
}

std::span<const std::uint32_t> IndexReader::row_owners() const {
  std::call_once(owners_once_, [&] {
    owners_.resize(rows_);
    for (std::uint64_t row = 0; row < rows_; ++row) owners_[row] = passage_of(row);
  });
  return owners_;
}

std::span<const std::uint32_t> IndexReader::row_documents() const {
  std::call_once(documents_once_, [&] {
    documents_.resize(rows_);
    std::unordered_map<std::uint64_t, std::uint32_t> numbers;
    for (std::uint64_t p = 0; p < passages_; ++p) {
      const std::size_t s = segment_of_passage(p);
      const PassageRecord* record = segments_[s].passage(p - places_[s].first_passage);
      const std::uint64_t key = record == nullptr ? p : record->doc;
      const auto number =
          numbers.try_emplace(key, static_cast<std::uint32_t>(numbers.size())).first->second;
      const RowRange rows = rows_of(static_cast<PassageNumber>(p));
      for (std::uint64_t row = rows.begin; row < rows.end; ++row) documents_[row] = number;
    }
  });
  return documents_;
}

Result<PassageRecord> IndexReader::record(PassageNumber passage) const {
  if (passage >= passages_)
    return Error{ErrorCode::InvalidArgument, "no passage " + std::to_string(passage)};
  const std::size_t s = segment_of_passage(passage);
  const std::uint64_t local = passage - places_[s].first_passage;
  const PassageRecord* record = segments_[s].passage(local);
  if (record == nullptr) return damage_of(segments_[s].passages, local);
  return *record;
}

Result<PassageFields> IndexReader::fields(PassageNumber passage) const {
  CT_TRY(const PassageRecord known, record(passage));
  const std::size_t s = segment_of_passage(passage);
  CT_TRY(const std::string_view bytes, segments_[s].fields.get(passage - places_[s].first_passage));
  const auto parts = split_fields<5>(bytes);
  if (!parts)
    return impossible(segments_[s].passages, passage - places_[s].first_passage,
                      "its fields cannot be read");
  PassageFields out{(*parts)[0], (*parts)[1], (*parts)[2], (*parts)[3], (*parts)[4], {}};
  if (out.doc.empty()) out.doc = out.id;
  const auto& tags = segments_[s].record.tags;
  if (known.language < tags.size()) out.language = tags[known.language];
  return out;
}

Result<PassageText> IndexReader::text(PassageNumber passage) const {
  if (!manifest_.texts)
    return Error{ErrorCode::Unsupported,
                 dir_.string() + ": was built with --no-texts; build it without to see texts"};
  CT_CHECK(record(passage));
  const std::size_t s = segment_of_passage(passage);
  CT_TRY(const std::string bytes, segments_[s].texts.get(passage - places_[s].first_passage));
  const auto parts = split_fields<2>(bytes);
  if (!parts)
    return impossible(segments_[s].passages, passage - places_[s].first_passage,
                      "its text cannot be read");
  return PassageText{std::string((*parts)[0]), std::string((*parts)[1])};
}

Result<RowRange> IndexReader::window(std::uint64_t row) const {
  const std::size_t s = segment_of_row(row);
  const BlockFile& windows = segments_[s].windows;
  if (windows.is_open()) {
    const auto* window = windows.record<WindowRecord>(row - places_[s].first_row);
    if (window == nullptr) return damage_of(windows, row - places_[s].first_row);
    return RowRange{window->begin, window->end};
  }
  CT_TRY(const PassageText whole, text(passage_of(row)));
  return RowRange{0, whole.text.size()};
}

namespace {

/// Passages of the entries of `list` with this key; damage is an error.
Status look_up(const BlockFile& list, std::uint64_t key, std::vector<std::uint64_t>& out) {
  if (!list.is_open() || key == 0) return {};
  std::uint64_t low = 0, high = list.records();
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const auto* entry = list.record<ListEntry>(middle);
    if (entry == nullptr) return damage_of(list, middle);
    if (entry->key < key)
      low = middle + 1;
    else
      high = middle;
  }
  for (; low < list.records(); ++low) {
    const auto* entry = list.record<ListEntry>(low);
    if (entry == nullptr) return damage_of(list, low);
    if (entry->key != key) break;
    out.push_back(entry->passage);
  }
  return {};
}

}  // namespace

Result<std::optional<PassageNumber>> IndexReader::find(std::string_view id) const {
  const std::uint64_t key = std::max<std::uint64_t>(xxh3(id), 1);
  for (std::size_t s = segments_.size(); s-- > 0;) {
    std::vector<std::uint64_t> found;
    CT_CHECK(look_up(segments_[s].ids, key, found));
    for (const std::uint64_t local : found) {
      if (local >= segments_[s].record.passages)
        return impossible(segments_[s].ids, 0, "names a passage that is not there");
      const auto passage = static_cast<PassageNumber>(places_[s].first_passage + local);
      if (deleted(passage)) continue;
      CT_TRY(const PassageFields known, fields(passage));
      if (known.id == id) return std::optional(passage);
    }
  }
  return std::optional<PassageNumber>();
}

Result<std::vector<PassageNumber>> IndexReader::listed(BlockFile Segment::*list,
                                                       std::uint64_t key) const {
  std::vector<PassageNumber> out;
  std::vector<std::uint64_t> found;
  for (std::size_t s = 0; s < segments_.size(); ++s) {
    found.clear();
    CT_CHECK(look_up(segments_[s].*list, key, found));
    for (const std::uint64_t local : found)
      if (local < segments_[s].record.passages)
        out.push_back(static_cast<PassageNumber>(places_[s].first_passage + local));
  }
  return out;
}

Result<std::vector<PassageNumber>> IndexReader::passages_with_group(std::uint64_t key) const {
  return listed(&Segment::groups, key);
}
Result<std::vector<PassageNumber>> IndexReader::passages_with_site(std::uint64_t key) const {
  return listed(&Segment::sites, key);
}
Result<std::vector<PassageNumber>> IndexReader::passages_with_text(std::uint64_t key) const {
  return listed(&Segment::text_keys, key);
}

RowRange IndexReader::questions_of(PassageNumber passage) const {
  const std::size_t s = segment_of_passage(passage);
  const PassageRecord* record = segments_[s].passage(passage - places_[s].first_passage);
  const std::uint64_t base = places_[s].first_question, count = segments_[s].record.questions;
  if (record == nullptr) return {base, base};
  const std::uint64_t begin = std::min(record->first_question, count);
  return {base + begin, base + begin + std::min<std::uint64_t>(record->questions, count - begin)};
}

AttachedQuestion IndexReader::question(QuestionNumber question) const {
  AttachedQuestion out;
  out.number = question;
  const std::size_t s = segment_of_question(question);
  const auto* record =
      segments_[s].questions.record<QuestionRecord>(question - places_[s].first_question);
  if (record == nullptr) return out;
  out.passage = static_cast<PassageNumber>(places_[s].first_passage + record->passage);
  const auto& tags = segments_[s].record.tags;
  out.language = UINT32_MAX;
  if (record->language < tags.size()) {
    out.tag = tags[record->language];
    out.language = places_[s].languages[record->language];
  }
  out.source = static_cast<QuestionSource>(static_cast<unsigned>(record->source) % kSources);
  out.confidence = record->confidence;
  out.group = record->group;
  out.site = record->site;
  out.text = record->text;
  return out;
}

Result<QuestionText> IndexReader::question_fields(QuestionNumber question) const {
  if (!manifest_.texts)
    return Error{ErrorCode::Unsupported,
                 dir_.string() + ": was built with --no-texts; build it without to see questions"};
  if (question >= questions_)
    return Error{ErrorCode::InvalidArgument, "no question " + std::to_string(question)};
  const std::size_t s = segment_of_question(question);
  const std::uint64_t local = question - places_[s].first_question;
  CT_TRY(const std::string bytes, segments_[s].question_texts.get(local));
  const auto parts = split_fields<3>(bytes);
  if (!parts) return impossible(segments_[s].questions, local, "its text cannot be read");
  return QuestionText{std::string((*parts)[0]), std::string((*parts)[1]), std::string((*parts)[2])};
}

Result<std::string> IndexReader::question_text(QuestionNumber question) const {
  CT_TRY(QuestionText fields, question_fields(question));
  return std::move(fields.text);
}

bool IndexReader::has_question_vectors() const {
  if (manifest_.keep == KeepParts::Question) return true;
  return manifest_.keep == KeepParts::Language &&
         std::all_of(segments_.begin(), segments_.end(),
                     [](const Segment& segment) { return segment.record.parts_are_questions; });
}

void IndexReader::question_vector(QuestionNumber question, float* out) const {
  const std::size_t s = segment_of_question(question);
  const Segment& segment = segments_[s];
  const std::uint64_t local = question - places_[s].first_question;
  if (manifest_.keep == KeepParts::Question)
    return read_vector(segment.question_vectors, local, out);
  std::fill_n(out, dim(), 0.0F);
  const auto* record = segment.questions.record<QuestionRecord>(local);
  const PassageRecord* passage = record == nullptr ? nullptr : segment.passage(record->passage);
  if (passage == nullptr || record->language >= places_[s].languages.size()) return;
  for (std::uint64_t p = passage->first_part; p < passage->first_part + passage->parts; ++p) {
    const auto* part = segment.parts.record<PartRecord>(p);
    if (part == nullptr || part->language >= places_[s].languages.size()) return;
    if (part->source == record->source &&
        places_[s].languages[part->language] == places_[s].languages[record->language])
      return read_vector(segment.part_vectors, p, out);
  }
}

std::optional<std::uint32_t> IndexReader::language_number(std::string_view tag) const {
  const auto found = std::find(languages_.begin(), languages_.end(), canonical_language(tag));
  if (found == languages_.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - languages_.begin());
}

Status IndexReader::health() const {
  for (const Segment& segment : segments_) CT_CHECK(segment.health());
  return {};
}

}  // namespace crosstail::index
