#include "index/segment_writer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/hash.h"
#include "index/fusion_kernels.h"
#include "index/segment_writer_state.h"
#include "index/state_codec.h"

namespace crosstail::index {
namespace {

using F = SegmentFiles;

BlockFileKind vectors_of(const SegmentOptions& options) {
  return {{'V', 'E', 'C', 'S'},
          static_cast<std::uint32_t>(options.dimension * size_of(options.type)),
          static_cast<std::uint32_t>(options.type),
          static_cast<std::uint32_t>(options.dimension)};
}

}  // namespace

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
