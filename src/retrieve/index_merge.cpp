/// Joining indexes.

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/json_writer.h"
#include "data/npy.h"
#include "index/fused_rows.h"
#include "index/fusion_kernels.h"
#include "index/segment_writer.h"
#include "retrieve/index_changes.h"
#include "retrieve/index_place.h"

namespace crosstail::retrieve {
namespace {

namespace fs = std::filesystem;
using index::IndexReader;
using index::PassageNumber;

Error invalid(std::string message) {
  return {ErrorCode::InvalidArgument, std::move(message)};
}

/// That `other` was built as `first` was.
Status check_alike(const IndexReader& first, const IndexReader& other) {
  const index::Manifest &a = first.manifest(), &b = other.manifest();
  auto same = index::check_same_model(a.model, b.model);
  if (!same.ok()) return std::move(same).error().at(other.path().string());
  const auto differs = [&](std::string_view what) {
    return invalid(other.path().string() + ": was built with another " + std::string(what) +
                   " than " + first.path().string() + "; build one of them again");
  };
  if (a.keep != b.keep) return differs("--keep-parts");
  if (a.type != b.type) return differs("--vectors");
  if (a.texts != b.texts) return differs("--no-texts");
  if (a.passage_from != b.passage_from) return differs("--passage-from");
  if (a.window != b.window || a.stride != b.stride) return differs("--window or --stride");
  if (a.centroids_from_file != b.centroids_from_file) return differs("--centroid-from");
  if (a.keep == index::KeepParts::None && !(a.fusion == b.fusion)) return differs("--fusion");
  return {};
}

Result<std::vector<std::shared_ptr<const IndexReader>>> open_parts(
    const std::vector<std::string>& dirs) {
  std::vector<std::shared_ptr<const IndexReader>> parts;
  for (const auto& dir : dirs) {
    CT_TRY(auto part, IndexReader::open(dir));
    parts.push_back(std::move(part));
  }
  if (parts.empty()) return invalid("indexes to join are needed");
  for (const auto& part : parts) CT_CHECK(check_alike(*parts.front(), *part));
  const std::uint64_t shards = parts.front()->manifest().shards;
  if (shards == 1) return parts;
  std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) {
    return a->manifest().shard < b->manifest().shard;
  });
  for (std::uint64_t i = 0; i < std::max<std::uint64_t>(shards, parts.size()); ++i)
    if (i >= parts.size() || parts[i]->manifest().shards != shards ||
        parts[i]->manifest().shard != i)
      return invalid("shard " + std::to_string(i) + "/" + std::to_string(shards) +
                     " is missing or there twice; all shards of one build are needed");
  return parts;
}

/// One passage of `index` as the writer takes it; keeps what it borrows.
class StoredPassage {
 public:
  Status read(const IndexReader& index, PassageNumber number);
  Status write(index::SegmentWriter& writer) const { return writer.add_stored(passage_, parts_); }

 private:
  Status read_questions(const IndexReader& index, PassageNumber number);
  Status read_parts(const IndexReader& index, std::size_t s, const index::PassageRecord& record);
  index::NewPassage passage_;
  index::PassageText text_;
  std::vector<std::vector<float>> vectors_;
  std::vector<index::NewRow> rows_;
  std::vector<index::QuestionText> question_texts_;
  std::vector<index::QuestionRecord> keys_;
  std::vector<index::NewQuestion> questions_;
  std::vector<index::StoredPart> parts_;
};

Status StoredPassage::read(const IndexReader& index, PassageNumber number) {
  vectors_.clear();
  rows_.clear();
  CT_TRY(const auto fields, index.fields(number));
  CT_TRY(const auto record, index.record(number));
  passage_ = {};
  passage_.id = fields.id;
  if (fields.doc != fields.id) passage_.doc = fields.doc;
  passage_.site = fields.site;
  passage_.group = fields.group;
  passage_.url = fields.url;
  passage_.tag = fields.language;
  passage_.content = record.content;
  passage_.questions_content = record.questions_content;
  if (index.manifest().texts) {
    CT_TRY(text_, index.text(number));
    passage_.title = text_.title;
    passage_.text = text_.text;
  }
  const auto rows = index.rows_of(number);
  for (std::uint64_t row = rows.begin; row < rows.end; ++row) {
    auto& vector = vectors_.emplace_back(index.dim());
    index.passage_rows().read(row, row + 1, vector.data());
    index::NewRow made{0, 0, nullptr};
    if (index.manifest().window > 0) {
      CT_TRY(const auto window, index.window(row));
      made.begin = static_cast<std::uint32_t>(window.begin);
      made.end = static_cast<std::uint32_t>(window.end);
    }
    rows_.push_back(made);
  }
  const std::size_t row_count = rows_.size();
  CT_CHECK(read_questions(index, number));
  CT_CHECK(read_parts(index, index.segment_of_passage(number), record));
  std::size_t v = 0;
  for (std::size_t i = 0; i < row_count; ++i) rows_[i].vector = vectors_[v++].data();
  if (index.manifest().keep == index::KeepParts::Question)
    for (auto& question : questions_) question.vector = vectors_[v++].data();
  for (auto& part : parts_) part.sum = vectors_[v++].data();
  passage_.rows = rows_;
  passage_.questions = questions_;
  return {};
}

Status StoredPassage::read_questions(const IndexReader& index, PassageNumber number) {
  question_texts_.clear();
  keys_.clear();
  questions_.clear();
  const auto range = index.questions_of(number);
  question_texts_.resize(range.size());
  keys_.resize(range.size());
  for (std::uint64_t i = 0; i < range.size(); ++i) {
    const auto known = index.question(range.begin + i);
    keys_[i].text = known.text;
    keys_[i].group = known.group;
    keys_[i].site = known.site;
    index::NewQuestion question;
    if (index.manifest().texts) {
      CT_TRY(question_texts_[i], index.question_fields(range.begin + i));
      question.text = question_texts_[i].text;
      question.group = question_texts_[i].group;
      question.site = question_texts_[i].site;
    }
    question.tag = known.tag;
    question.source = known.source;
    question.confidence = known.confidence;
    question.keys = &keys_[i];
    questions_.push_back(question);
    if (index.manifest().keep == index::KeepParts::Question)
      index.question_vector(range.begin + i, vectors_.emplace_back(index.dim()).data());
  }
  return {};
}

Status StoredPassage::read_parts(const IndexReader& index, std::size_t s,
                                 const index::PassageRecord& record) {
  parts_.clear();
  const index::Segment& segment = index.segments()[s];
  if (!segment.parts.is_open()) return {};
  for (std::uint64_t p = record.first_part; p < record.first_part + record.parts; ++p) {
    const auto* part = segment.parts.record<index::PartRecord>(p);
    if (part == nullptr) return segment.parts.health();
    index::StoredPart stored;
    stored.source = part->source;
    if (part->language < segment.record.tags.size())
      stored.tag = segment.record.tags[part->language];
    stored.count = part->count;
    index::read_vector(segment.part_vectors, p, vectors_.emplace_back(index.dim()).data());
    parts_.push_back(stored);
  }
  return {};
}

/// What the joined index says of itself: as one build of the whole corpus would.
index::Manifest joined_manifest(const std::vector<std::shared_ptr<const IndexReader>>& parts,
                                const std::string& version) {
  index::Manifest manifest = parts.front()->manifest();
  manifest.crosstail = version;
  manifest.shard = 0;
  manifest.shards = 1;
  manifest.segments.clear();
  manifest.tuned.reset();
  manifest.options.erase("fingerprint");
  manifest.questions_by_language.clear();
  manifest.questions_by_source.clear();
  for (const auto& part : parts)
    manifest.centroids_complete =
        manifest.centroids_complete && part->manifest().centroids_complete;
  return manifest;
}

}  // namespace

Result<BuildReport> merge_indexes(const std::vector<std::string>& dirs, const std::string& output,
                                  const std::string& version) {
  CT_TRY(const auto parts, open_parts(dirs));
  IndexPlace place(output);
  CT_CHECK(place.check_replaceable());
  CT_CHECK(place.take());
  CT_CHECK(place.start(false));
  index::Manifest manifest = joined_manifest(parts, version);
  index::SegmentOptions options;
  options.dimension = manifest.model.dimension;
  options.type = manifest.type;
  options.keep = manifest.keep;
  options.texts = manifest.texts;
  options.windows = manifest.window > 0;
  const fs::path folder = place.part() / "segment-00000";
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return system_error(folder.string(), "create", error.value());
  CT_TRY(auto writer, index::SegmentWriter::create(folder, options));
  index::Centroids centroids(options.dimension);
  std::map<std::string, std::uint64_t> counters;
  StoredPassage passage;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const IndexReader& part = *parts[i];
    for (std::uint64_t p = 0; p < part.passages(); ++p) {
      const auto number = static_cast<PassageNumber>(p);
      if (part.deleted(number)) continue;
      CT_TRY(const auto fields, part.fields(number));
      for (std::size_t earlier = 0; earlier < i; ++earlier) {
        CT_TRY(const auto known, parts[earlier]->find(fields.id));
        if (known)
          return invalid(part.path().string() + ": passage \"" + std::string(fields.id) +
                         "\" is in " + parts[earlier]->path().string() +
                         " too; delete it in one of them");
      }
      CT_CHECK(passage.read(part, number));
      CT_CHECK(passage.write(writer));
    }
    CT_CHECK(part.health());
    if (!manifest.centroids_from_file || i == 0) centroids.merge(part.centroids());
    for (const auto& segment : part.manifest().segments)
      for (const auto& [name, count] : segment.counters) {
        // Every shard reads all questions.
        if (part.manifest().shards > 1 && i > 0 &&
            (name == "questions.read" || name == "questions.unknown-passage"))
          continue;
        counters[name] += count;
      }
  }
  CT_TRY(auto record, writer.finish(&centroids));
  record.folder = "segment-00000";
  record.counters = std::move(counters);
  manifest.questions_by_language = writer.questions_by_language();
  manifest.questions_by_source = writer.questions_by_source();
  BuildReport report;
  report.passages = record.passages;
  report.rows = record.rows;
  report.questions = record.questions;
  manifest.segments.push_back(std::move(record));
  CT_CHECK(index::write_manifest(place.part(), manifest));
  CT_CHECK(place.put_in_place());
  return report;
}

}  // namespace crosstail::retrieve
