#include "index/segment_writer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/external_sort.h"
#include "base/hash.h"
#include "index/block_file.h"
#include "index/field_codec.h"
#include "index/fusion_kernels.h"
#include "index/segment.h"
#include "index/text_store.h"
#include "text/language_tag.h"

namespace crosstail::index {
namespace {

using F = SegmentFiles;

BlockFileKind records_of(std::string_view kind, std::size_t bytes) {
  return {{kind[0], kind[1], kind[2], kind[3]}, static_cast<std::uint32_t>(bytes), 0, 0};
}

BlockFileKind vectors_of(const SegmentOptions& options) {
  return {{'V', 'E', 'C', 'S'},
          static_cast<std::uint32_t>(options.dimension * size_of(options.type)),
          static_cast<std::uint32_t>(options.type),
          static_cast<std::uint32_t>(options.dimension)};
}

/// Numbers and strings one after the other, for checkpoints.
class StateReader {
 public:
  explicit StateReader(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t number() {
    const auto value = take_length(bytes_);
    ok_ = ok_ && value.has_value();
    return value.value_or(0);
  }
  std::string text() {
    const std::uint64_t size = number();
    ok_ = ok_ && size <= bytes_.size();
    if (!ok_) return {};
    std::string out(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return out;
  }
  [[nodiscard]] bool ok() const { return ok_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

void append_text(std::string& out, std::string_view text) {
  append_length(out, text.size());
  out += text;
}

void append_position(std::string& out, const TextStoreWriter::Position& position) {
  append_length(out, position.compressed);
  append_length(out, position.frames);
  append_length(out, position.strings);
  append_length(out, position.raw);
  append_text(out, position.pending);
}

TextStoreWriter::Position read_position(StateReader& in) {
  TextStoreWriter::Position position;
  position.compressed = in.number();
  position.frames = in.number();
  position.strings = in.number();
  position.raw = in.number();
  position.pending = in.text();
  return position;
}

void append_counts(std::string& out, const std::map<std::string, std::uint64_t>& counts) {
  append_length(out, counts.size());
  for (const auto& [name, count] : counts) {
    append_text(out, name);
    append_length(out, count);
  }
}

std::map<std::string, std::uint64_t> read_counts(StateReader& in) {
  std::map<std::string, std::uint64_t> counts;
  const std::uint64_t size = in.number();
  for (std::uint64_t i = 0; i < size && i < kNoLanguage; ++i) {
    std::string name = in.text();
    counts[std::move(name)] = in.number();
  }
  return counts;
}

}  // namespace

/// Sum of a passage's questions of one source and language.
struct LanguageSum {
  QuestionSource source{};
  std::uint16_t tag = kNoLanguage;  ///< the first tag of the language in the passage
  std::uint16_t language = kNoLanguage;
  std::uint32_t count = 0;
  std::vector<float> sum;
};

struct SegmentWriter::State {
  std::filesystem::path dir;
  SegmentOptions options;
  BlockFileWriter passages, vectors, windows, questions, question_vectors, parts, part_vectors;
  StringStoreWriter fields;
  TextStoreWriter texts, question_texts;
  std::uint64_t passage_count = 0, row_count = 0, question_count = 0, part_count = 0;
  std::vector<std::string> tags;
  std::vector<std::uint16_t> tag_languages;  ///< first tag of the same language
  std::vector<std::string> tag_codes;
  bool parts_are_questions = true;
  Centroids centroids;
  std::map<std::string, std::uint64_t> by_language, by_source;

  // Used again for every passage.
  std::vector<LanguageSum> sums;
  std::size_t sums_used = 0;
  std::string narrow_bytes;
  std::vector<float> widened, fused;
  std::vector<std::vector<float>> fusing_centroids;  ///< by tag, with KeepParts::None

  State(std::filesystem::path folder, const SegmentOptions& o)
      : dir(std::move(folder)), options(o), centroids(o.dimension) {}

  [[nodiscard]] bool keeps_parts() const {
    return options.keep == KeepParts::Total || options.keep == KeepParts::Language;
  }
  template <class Visit>
  Status for_each_block_file(Visit&& visit);
  std::uint16_t number_of_tag(std::string_view tag);
  const std::string& store_vector(const float* vector);
  Status add_vectors(const NewPassage& passage, bool fuse_them);
  Status add_questions(const NewPassage& passage);
  LanguageSum& sum_for(QuestionSource source, std::uint16_t tag);
  Status add_parts(const NewPassage& passage);
  Status add_centroids(const NewPassage& passage);
  void fuse_rows(const NewPassage& passage, std::vector<std::vector<float>>& rows);
  Status write_passage(const NewPassage& passage, std::uint64_t own_parts);
  Status check_room(const NewPassage& passage) const;
  [[nodiscard]] std::uint64_t parts_of_sums() const;
  void restore_tag(const std::string& tag);
  Status write_list(std::string_view name, ExternalSorter& sorter);
  Status write_lists();
};

template <class Visit>
Status SegmentWriter::State::for_each_block_file(Visit&& visit) {
  CT_CHECK(visit(passages, F::kPassages, records_of("PREC", sizeof(PassageRecord))));
  CT_CHECK(visit(vectors, "passages.vec", vectors_of(options)));
  if (options.windows)
    CT_CHECK(visit(windows, F::kWindows, records_of("WIND", sizeof(WindowRecord))));
  CT_CHECK(visit(questions, F::kQuestions, records_of("QREC", sizeof(QuestionRecord))));
  if (options.keep == KeepParts::Question)
    CT_CHECK(visit(question_vectors, F::kQuestionVectors, vectors_of(options)));
  if (keeps_parts()) {
    CT_CHECK(visit(parts, F::kParts, records_of("PART", sizeof(PartRecord))));
    CT_CHECK(visit(part_vectors, F::kPartVectors, vectors_of(options)));
  }
  return {};
}

void SegmentWriter::State::restore_tag(const std::string& tag) {
  const std::string code = canonical_language(tag);
  const auto known = std::find(tag_codes.begin(), tag_codes.end(), code);
  tag_languages.push_back(static_cast<std::uint16_t>(known - tag_codes.begin()));
  tag_codes.push_back(code);
  tags.push_back(tag);
  if (options.keep != KeepParts::None || options.fusion.center == Centering::None ||
      options.centroids == nullptr)
    return;
  fusing_centroids.push_back(options.fusion.center == Centering::Global
                                 ? options.centroids->global()
                                 : options.centroids->language(tag, options.fusion.shrink));
}

std::uint16_t SegmentWriter::State::number_of_tag(std::string_view tag) {
  if (tag.empty()) return kNoLanguage;
  const auto known = std::find(tags.begin(), tags.end(), tag);
  if (known != tags.end()) return static_cast<std::uint16_t>(known - tags.begin());
  if (tags.size() + 1 >= kNoLanguage) return kNoLanguage;
  restore_tag(std::string(tag));
  return static_cast<std::uint16_t>(tags.size() - 1);
}

/// The bytes that are stored; `widened` is what they mean.
const std::string& SegmentWriter::State::store_vector(const float* vector) {
  narrow_bytes.resize(options.dimension * size_of(options.type));
  widened.resize(options.dimension);
  auto* bytes = reinterpret_cast<std::byte*>(narrow_bytes.data());
  narrow(vector, options.type, options.dimension, bytes);
  widen(bytes, options.type, options.dimension, widened.data());
  return narrow_bytes;
}

LanguageSum& SegmentWriter::State::sum_for(QuestionSource source, std::uint16_t tag) {
  const std::uint16_t language = tag == kNoLanguage ? kNoLanguage : tag_languages[tag];
  for (std::size_t i = 0; i < sums_used; ++i)
    if (sums[i].source == source && sums[i].language == language) return sums[i];
  if (sums_used == sums.size()) sums.emplace_back();
  LanguageSum& sum = sums[sums_used++];
  sum.source = source;
  sum.tag = tag;
  sum.language = language;
  sum.count = 0;
  sum.sum.assign(options.dimension, 0.0F);
  return sum;
}

Status SegmentWriter::State::add_questions(const NewPassage& passage) {
  sums_used = 0;
  const auto own_site = site_key(passage.site);
  for (const NewQuestion& question : passage.questions) {
    QuestionRecord record{};
    if (question.keys != nullptr) {
      record.text = question.keys->text;
      record.group = question.keys->group;
      record.site = question.keys->site;
    } else {
      record.text = text_key(question.text);
      record.group = group_key(question.group);
      record.site = question.site.empty() ? own_site : site_key(question.site);
    }
    record.passage = static_cast<std::uint32_t>(passage_count);
    record.confidence = question.confidence;
    record.language = number_of_tag(question.tag);
    record.source = question.source;
    CT_CHECK(questions.append_records(std::span<const QuestionRecord>(&record, 1)));
    if (options.texts)
      CT_CHECK(
          question_texts.append(join_fields<3>({question.group, question.site, question.text})));
    ++by_language[record.language == kNoLanguage ? "und" : tag_codes[record.language]];
    ++by_source[std::string(name_of(question.source))];
    if (question.vector == nullptr) continue;
    LanguageSum& sum = sum_for(question.source, record.language);
    if (options.keep == KeepParts::Question) {
      CT_CHECK(question_vectors.append(store_vector(question.vector)));
      add_scaled(widened.data(), 1, options.dimension, sum.sum.data());
    } else {
      add_widened(reinterpret_cast<const std::byte*>(question.vector), VectorType::F32,
                  options.dimension, sum.sum.data());
    }
    if (++sum.count > 1) parts_are_questions = false;
  }
  question_count += passage.questions.size();
  return {};
}

/// Writes parts; by language, the sums become what is stored of them.
Status SegmentWriter::State::add_parts(const NewPassage& passage) {
  const bool by_language_too = options.keep == KeepParts::Language;
  for (std::size_t i = 0; i < sums_used; ++i) {
    LanguageSum& sum = sums[i];
    PartRecord record{static_cast<std::uint32_t>(passage_count), sum.count, sum.tag, sum.source, 0};
    if (!by_language_too) {
      // One part a source, at its first language; it is added up from the languages' sums.
      const auto first = std::find_if(sums.begin(), sums.end(), [&](const LanguageSum& other) {
        return other.source == sum.source;
      });
      if (&*first != &sum) continue;
      record.language = kNoLanguage;
      fused = sum.sum;
      for (std::size_t j = i + 1; j < sums_used; ++j) {
        if (sums[j].source != sum.source) continue;
        record.count += sums[j].count;
        add_scaled(sums[j].sum.data(), 1, options.dimension, fused.data());
      }
      CT_CHECK(part_vectors.append(store_vector(fused.data())));
    } else {
      CT_CHECK(part_vectors.append(store_vector(sum.sum.data())));
      sum.sum = widened;
    }
    CT_CHECK(parts.append_records(std::span<const PartRecord>(&record, 1)));
    ++part_count;
  }
  (void)passage;
  return {};
}

Status SegmentWriter::State::add_centroids(const NewPassage& passage) {
  for (std::size_t i = 0; i < sums_used; ++i) {
    const LanguageSum& sum = sums[i];
    const std::string_view code =
        sum.tag == kNoLanguage ? std::string_view("und") : std::string_view(tag_codes[sum.tag]);
    auto added = centroids.add(code, sum.sum.data(), sum.count);
    if (!added.ok())
      return std::move(added).error().at("passage \"" + std::string(passage.id) + "\"");
  }
  return {};
}

/// With KeepParts::None the vectors hold the fusion.
void SegmentWriter::State::fuse_rows(const NewPassage& passage,
                                     std::vector<std::vector<float>>& rows) {
  std::vector<FusionPart> fusion_parts;
  for (std::size_t i = 0; i < sums_used; ++i)
    fusion_parts.push_back(
        {sums[i].sum.data(), sums[i].count, sums[i].source, sums[i].language,
         sums[i].tag < fusing_centroids.size() ? fusing_centroids[sums[i].tag].data() : nullptr});
  for (const NewRow& row : passage.rows) {
    rows.emplace_back(options.dimension);
    fuse(row.vector, fusion_parts, options.dimension, options.fusion, rows.back().data());
  }
}

Status SegmentWriter::State::add_vectors(const NewPassage& passage, bool fuse_them) {
  std::vector<std::vector<float>> rows;
  if (fuse_them) fuse_rows(passage, rows);
  for (std::size_t i = 0; i < passage.rows.size(); ++i) {
    const NewRow& row = passage.rows[i];
    CT_CHECK(vectors.append(store_vector(rows.empty() ? row.vector : rows[i].data())));
    if (!options.windows) continue;
    const WindowRecord window{static_cast<std::uint32_t>(passage_count), row.begin, row.end};
    CT_CHECK(windows.append_records(std::span<const WindowRecord>(&window, 1)));
  }
  return {};
}

/// How many parts add_parts() writes.
std::uint64_t SegmentWriter::State::parts_of_sums() const {
  if (options.keep == KeepParts::Language) return sums_used;
  if (options.keep != KeepParts::Total) return 0;
  std::array<bool, kSources> there{};
  for (std::size_t i = 0; i < sums_used; ++i)
    there[static_cast<std::size_t>(sums[i].source)] = true;
  return static_cast<std::uint64_t>(std::count(there.begin(), there.end(), true));
}

Status SegmentWriter::State::check_room(const NewPassage& passage) const {
  if (passage_count >= UINT32_MAX || row_count + passage.rows.size() >= UINT32_MAX)
    return Error{ErrorCode::Limit,
                 "an index holds at most 4,294,967,294 passages; build several with --shard i/n"};
  return {};
}

Status SegmentWriter::State::write_passage(const NewPassage& passage, std::uint64_t own_parts) {
  PassageRecord record{};
  record.id_low = xxh3(passage.id);
  record.id_high = xxh3(passage.id, 1);
  record.content = passage.content;
  record.questions_content = passage.questions_content != 0 ? passage.questions_content
                                                            : questions_content(passage.questions);
  record.doc = group_key(passage.doc.empty() ? passage.id : passage.doc);
  record.site = site_key(passage.site);
  record.group = group_key(passage.group);
  record.first_question = question_count - passage.questions.size();
  record.first_row = row_count;
  record.questions = static_cast<std::uint32_t>(passage.questions.size());
  record.rows = static_cast<std::uint32_t>(passage.rows.size());
  record.language = number_of_tag(passage.tag);
  record.parts = static_cast<std::uint32_t>(own_parts);
  record.first_part = part_count - own_parts;
  CT_CHECK(passages.append_records(std::span<const PassageRecord>(&record, 1)));
  CT_CHECK(fields.append(
      join_fields<5>({passage.id, passage.doc, passage.site, passage.group, passage.url})));
  if (options.texts) CT_CHECK(texts.append(join_fields<2>({passage.title, passage.text})));
  row_count += passage.rows.size();
  ++passage_count;
  return {};
}

SegmentWriter::SegmentWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
SegmentWriter::SegmentWriter(SegmentWriter&&) noexcept = default;
SegmentWriter::~SegmentWriter() = default;

std::uint64_t questions_content(std::span<const NewQuestion> questions) {
  std::string bytes;
  for (const NewQuestion& question : questions) {
    for (const std::string_view text :
         {question.text, question.tag, question.group, question.site, name_of(question.source)})
      append_text(bytes, text);
    bytes.append(reinterpret_cast<const char*>(&question.confidence), sizeof question.confidence);
  }
  return xxh3(bytes);
}

Result<SegmentWriter> SegmentWriter::create(const std::filesystem::path& dir,
                                            const SegmentOptions& options) {
  auto state = std::make_unique<State>(dir, options);
  CT_CHECK(state->for_each_block_file(
      [&](BlockFileWriter& file, std::string_view name, const BlockFileKind& kind) -> Status {
        CT_TRY(file, BlockFileWriter::create(dir / name, kind));
        return {};
      }));
  CT_TRY(state->fields, StringStoreWriter::create(dir / F::kFields));
  if (options.texts) {
    CT_TRY(state->texts, TextStoreWriter::create(dir / F::kTexts));
    CT_TRY(state->question_texts, TextStoreWriter::create(dir / F::kQuestionTexts));
  }
  return SegmentWriter(std::move(state));
}

Result<SegmentWriter> SegmentWriter::resume(const std::filesystem::path& dir,
                                            const SegmentOptions& options, std::string_view bytes) {
  auto state = std::make_unique<State>(dir, options);
  StateReader in(bytes);
  state->passage_count = in.number();
  state->row_count = in.number();
  state->question_count = in.number();
  state->part_count = in.number();
  state->parts_are_questions = in.number() != 0;
  const std::uint64_t tag_count = in.number();
  for (std::uint64_t i = 0; i < tag_count && i < kNoLanguage; ++i) state->restore_tag(in.text());
  CT_CHECK(state->for_each_block_file(
      [&](BlockFileWriter& file, std::string_view name, const BlockFileKind& kind) -> Status {
        CT_TRY(file, BlockFileWriter::reopen(dir / name, kind, in.number()));
        return {};
      }));
  const std::uint64_t field_bytes = in.number();
  CT_TRY(state->fields,
         StringStoreWriter::reopen(dir / F::kFields, field_bytes, state->passage_count));
  if (options.texts) {
    CT_TRY(state->texts, TextStoreWriter::reopen(dir / F::kTexts, read_position(in)));
    CT_TRY(state->question_texts,
           TextStoreWriter::reopen(dir / F::kQuestionTexts, read_position(in)));
  }
  CT_TRY(state->centroids, Centroids::from_bytes(in.text()));
  state->by_language = read_counts(in);
  state->by_source = read_counts(in);
  if (!in.ok())
    return Error{ErrorCode::Corrupt,
                 dir.string() + ": the journal cannot be read; start again without --resume"};
  return SegmentWriter(std::move(state));
}

Result<std::string> SegmentWriter::checkpoint() {
  State& s = *state_;
  std::string out;
  for (const std::uint64_t number :
       {s.passage_count, s.row_count, s.question_count, s.part_count,
        std::uint64_t{s.parts_are_questions}, std::uint64_t{s.tags.size()}})
    append_length(out, number);
  for (const auto& tag : s.tags) append_text(out, tag);
  CT_CHECK(s.for_each_block_file(
      [&](BlockFileWriter& file, std::string_view, const BlockFileKind&) -> Status {
        append_length(out, file.data_bytes());
        return file.sync();
      }));
  CT_CHECK(s.fields.sync());
  append_length(out, s.fields.bytes());
  if (s.options.texts) {
    CT_CHECK(s.texts.sync());
    append_position(out, s.texts.position());
    CT_CHECK(s.question_texts.sync());
    append_position(out, s.question_texts.position());
  }
  append_text(out, s.centroids.to_bytes());
  append_counts(out, s.by_language);
  append_counts(out, s.by_source);
  return out;
}

Status SegmentWriter::add(const NewPassage& passage) {
  State& s = *state_;
  CT_CHECK(s.check_room(passage));
  const auto finite = [&](const float* vector) {
    return all_below(vector, s.options.dimension, 1e37F);
  };
  const auto refuse = [&](std::string_view what) {
    return Error{ErrorCode::InvalidArgument,
                 "passage \"" + std::string(passage.id) + "\": " + std::string(what) +
                     " has a number that is not finite (or beyond 1e37)"};
  };
  for (const NewRow& row : passage.rows)
    if (!finite(row.vector)) return refuse("its vector");
  for (const NewQuestion& question : passage.questions)
    if (!finite(question.vector))
      return refuse("the vector of its question \"" + std::string(question.text.substr(0, 60)) +
                    "\"");
  CT_CHECK(s.add_questions(passage));
  if (s.keeps_parts()) CT_CHECK(s.add_parts(passage));
  CT_CHECK(s.add_centroids(passage));
  CT_CHECK(s.add_vectors(passage, s.options.keep == KeepParts::None));
  return s.write_passage(passage, s.parts_of_sums());
}

Status SegmentWriter::add_stored(const NewPassage& passage, std::span<const StoredPart> parts) {
  State& s = *state_;
  CT_CHECK(s.check_room(passage));
  CT_CHECK(s.add_questions(passage));
  if (s.keeps_parts()) {
    for (const StoredPart& part : parts) {
      const PartRecord record{static_cast<std::uint32_t>(s.passage_count), part.count,
                              s.number_of_tag(part.tag), part.source, 0};
      CT_CHECK(s.part_vectors.append(s.store_vector(part.sum)));
      CT_CHECK(s.parts.append_records(std::span<const PartRecord>(&record, 1)));
      ++s.part_count;
      if (part.count > 1) s.parts_are_questions = false;
    }
  }
  CT_CHECK(s.add_vectors(passage, false));
  return s.write_passage(passage, s.keeps_parts() ? parts.size() : 0);
}

std::uint64_t SegmentWriter::passages() const {
  return state_->passage_count;
}
std::uint64_t SegmentWriter::questions() const {
  return state_->question_count;
}
const std::map<std::string, std::uint64_t>& SegmentWriter::questions_by_language() const {
  return state_->by_language;
}
const std::map<std::string, std::uint64_t>& SegmentWriter::questions_by_source() const {
  return state_->by_source;
}

Status SegmentWriter::State::write_list(std::string_view name, ExternalSorter& sorter) {
  CT_CHECK(sorter.sort());
  CT_TRY(auto file, BlockFileWriter::create(dir / name, records_of("LIST", sizeof(ListEntry))));
  SortRecord record;
  std::optional<ListEntry> last;
  while (true) {
    CT_TRY(const bool more, sorter.next(record));
    if (!more) break;
    const ListEntry entry{record.key, record.next};
    if (last == entry) continue;
    last = entry;
    CT_CHECK(file.append_records(std::span<const ListEntry>(&entry, 1)));
  }
  return file.finish();
}

Status SegmentWriter::State::write_lists() {
  constexpr std::size_t kMemory = std::size_t{128} << 20;
  {
    CT_TRY(const auto file, BlockFile::open(dir / F::kPassages, "PREC"));
    ExternalSorter ids(dir, "ids", kMemory);
    for (std::uint64_t p = 0; p < passage_count; ++p) {
      const auto* passage = file.record<PassageRecord>(p);
      if (passage == nullptr) return file.health();
      CT_CHECK(ids.add(std::max<std::uint64_t>(passage->id_low, 1), p));
    }
    CT_CHECK(write_list(F::kIds, ids));
  }
  CT_TRY(const auto file, BlockFile::open(dir / F::kQuestions, "QREC"));
  const auto list = [&](std::string_view name, std::uint64_t QuestionRecord::*key) -> Status {
    ExternalSorter sorter(dir, std::string(name), kMemory);
    for (std::uint64_t q = 0; q < question_count; ++q) {
      const auto* question = file.record<QuestionRecord>(q);
      if (question == nullptr) return file.health();
      if (question->*key != 0) CT_CHECK(sorter.add(question->*key, question->passage));
    }
    if (sorter.size() == 0) return {};
    return write_list(name, sorter);
  };
  CT_CHECK(list(F::kGroups, &QuestionRecord::group));
  CT_CHECK(list(F::kSites, &QuestionRecord::site));
  return list(F::kTextKeys, &QuestionRecord::text);
}

Result<SegmentFile> write_centroids(const std::filesystem::path& dir, std::string_view name,
                                    const Centroids& centroids) {
  CT_TRY(auto file, BlockFileWriter::create(dir / name, records_of("CENT", 1)));
  CT_CHECK(file.append(centroids.to_bytes()));
  CT_CHECK(file.finish());
  CT_TRY(const auto written, BlockFile::open(dir / name, "CENT"));
  std::error_code ignored;
  return SegmentFile{std::string(name), std::filesystem::file_size(dir / name, ignored),
                     written.checksum()};
}

Result<SegmentRecord> SegmentWriter::finish(const Centroids* given) {
  State& s = *state_;
  CT_CHECK(s.for_each_block_file(
      [](BlockFileWriter& file, std::string_view, const BlockFileKind&) { return file.finish(); }));
  CT_CHECK(s.fields.finish());
  if (s.options.texts) {
    CT_CHECK(s.texts.finish());
    CT_CHECK(s.question_texts.finish());
  }
  CT_CHECK(s.write_lists());
  CT_CHECK(write_centroids(s.dir, F::kCentroids, given == nullptr ? s.centroids : *given));
  SegmentRecord record;
  record.passages = s.passage_count;
  record.rows = s.row_count;
  record.questions = s.question_count;
  record.parts = s.part_count;
  record.tags = s.tags;
  record.parts_are_questions = s.options.keep == KeepParts::Language && s.parts_are_questions;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 20> kAll{
      {{"passages.rec", "PREC"},       {"passages.vec", "VECS"},
       {"windows.rec", "WIND"},        {"questions.rec", "QREC"},
       {"questions.vec", "VECS"},      {"parts.rec", "PART"},
       {"parts.vec", "VECS"},          {"fields.dat", "STRD"},
       {"fields.off", "STRO"},         {"texts.zst", "TXTD"},
       {"texts.frm", "TXTF"},          {"texts.off", "TXTO"},
       {"question-texts.zst", "TXTD"}, {"question-texts.frm", "TXTF"},
       {"question-texts.off", "TXTO"}, {"ids.lst", "LIST"},
       {"groups.lst", "LIST"},         {"sites.lst", "LIST"},
       {"question-texts.lst", "LIST"}, {"centroids.bin", "CENT"}}};
  for (const auto& [name, kind] : kAll) {
    std::error_code failed;
    const std::uint64_t bytes = std::filesystem::file_size(s.dir / name, failed);
    if (failed) continue;
    CT_TRY(const auto file, BlockFile::open(s.dir / name, kind));
    record.files.push_back({std::string(name), bytes, file.checksum()});
  }
  return record;
}

}  // namespace crosstail::index
