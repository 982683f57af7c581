#include "index/segment.h"

#include <algorithm>

namespace crosstail::index {
namespace {

Error mismatch(const std::string& path, const std::string& what) {
  return {ErrorCode::Corrupt, path + ": " + what +
                                  "; the file belongs to another build: copy the whole index again "
                                  "or rebuild it"};
}

/// Opens files as the manifest names them.
class Opener {
 public:
  Opener(const std::filesystem::path& dir, const SegmentRecord& record)
      : dir_(dir), record_(record) {}

  [[nodiscard]] bool has(std::string_view name) const {
    return std::any_of(record_.files.begin(), record_.files.end(),
                       [&](const SegmentFile& file) { return file.name == name; });
  }
  Status records(std::string_view name, std::string_view kind, std::size_t record_bytes,
                 std::uint64_t expected, BlockFile& into) const {
    CT_TRY(into, BlockFile::open(dir_ / name, kind));
    if (into.kind().record_bytes != record_bytes || into.records() != expected)
      return mismatch(into.path(), "holds " + std::to_string(into.records()) + " records of " +
                                       std::to_string(into.kind().record_bytes) +
                                       " bytes, the manifest says " + std::to_string(expected) +
                                       " of " + std::to_string(record_bytes));
    return {};
  }
  Status vectors(std::string_view name, const Manifest& manifest, std::uint64_t expected,
                 BlockFile& into) const {
    const auto record_bytes = manifest.model.dimension * size_of(manifest.type);
    CT_CHECK(records(name, "VECS", record_bytes, expected, into));
    if (into.kind().dimension != manifest.model.dimension ||
        into.kind().type != static_cast<std::uint32_t>(manifest.type))
      return mismatch(into.path(), "has dimension " + std::to_string(into.kind().dimension) +
                                       ", the manifest says " +
                                       std::to_string(manifest.model.dimension));
    return {};
  }
  /// An inverted list has any number of entries.
  Status list(std::string_view name, BlockFile& into) const {
    if (!has(name)) return {};
    CT_TRY(into, BlockFile::open(dir_ / name, "LIST"));
    if (into.kind().record_bytes != sizeof(ListEntry))
      return mismatch(into.path(), "has records of another size");
    return {};
  }
  Status check(const BlockFile& file) const {
    const auto name = std::filesystem::path(file.path()).filename().string();
    const auto listed = std::find_if(record_.files.begin(), record_.files.end(),
                                     [&](const SegmentFile& f) { return f.name == name; });
    if (listed == record_.files.end()) return mismatch(file.path(), "is not in the manifest");
    if (listed->checksum != file.checksum())
      return mismatch(file.path(), "has another checksum than the manifest says");
    return {};
  }
  /// Deleting passages writes centroids of another name.
  [[nodiscard]] std::string centroids() const {
    for (const SegmentFile& file : record_.files)
      if (file.name.starts_with("centroids")) return file.name;
    return {};
  }
  [[nodiscard]] std::filesystem::path path(std::string_view name) const { return dir_ / name; }

 private:
  std::filesystem::path dir_;
  const SegmentRecord& record_;
};

Status open_questions(const Opener& open, const Manifest& manifest, Segment& segment) {
  using F = SegmentFiles;
  const SegmentRecord& record = segment.record;
  CT_CHECK(open.records(F::kQuestions, "QREC", sizeof(QuestionRecord), record.questions,
                        segment.questions));
  if (manifest.texts) {
    CT_TRY(segment.question_texts, TextStore::open(open.path(F::kQuestionTexts)));
    if (segment.question_texts.size() != record.questions)
      return mismatch(open.path(F::kQuestionTexts).string(), "holds another number of texts");
  }
  if (manifest.keep == KeepParts::Question)
    CT_CHECK(
        open.vectors(F::kQuestionVectors, manifest, record.questions, segment.question_vectors));
  if (manifest.keep == KeepParts::Total || manifest.keep == KeepParts::Language) {
    CT_CHECK(open.records(F::kParts, "PART", sizeof(PartRecord), record.parts, segment.parts));
    CT_CHECK(open.vectors(F::kPartVectors, manifest, record.parts, segment.part_vectors));
  }
  CT_CHECK(open.list(F::kGroups, segment.groups));
  CT_CHECK(open.list(F::kSites, segment.sites));
  return open.list(F::kTextKeys, segment.text_keys);
}

}  // namespace

Result<Segment> Segment::open(const std::filesystem::path& dir, const SegmentRecord& record,
                              const Manifest& manifest) {
  using F = SegmentFiles;
  const Opener open(dir, record);
  Segment segment;
  segment.record = record;
  CT_CHECK(
      open.records(F::kPassages, "PREC", sizeof(PassageRecord), record.passages, segment.passages));
  CT_CHECK(open.vectors("passages.vec", manifest, record.rows, segment.passage_vectors));
  if (open.has(F::kWindows))
    CT_CHECK(open.records(F::kWindows, "WIND", sizeof(WindowRecord), record.rows, segment.windows));
  else if (record.rows != record.passages)
    return mismatch(open.path(F::kPassages).string(), "has windows, but windows.rec is missing");
  CT_TRY(segment.fields, StringStore::open(open.path(F::kFields)));
  if (segment.fields.size() != record.passages)
    return mismatch(open.path(F::kFields).string(), "holds another number of passages");
  if (manifest.texts) {
    CT_TRY(segment.texts, TextStore::open(open.path(F::kTexts)));
    if (segment.texts.size() != record.passages)
      return mismatch(open.path(F::kTexts).string(), "holds another number of texts");
  }
  CT_CHECK(open.list(F::kIds, segment.ids));
  if (!segment.ids.is_open() || segment.ids.records() != record.passages)
    return mismatch(open.path(F::kIds).string(), "is missing or holds another number of ids");
  if (const auto name = open.centroids(); !name.empty()) {
    CT_TRY(segment.centroids, BlockFile::open(open.path(name), "CENT"));
  }
  CT_CHECK(open_questions(open, manifest, segment));
  Status checked;
  segment.for_each_file([&](const BlockFile& file) {
    if (checked.ok()) checked = open.check(file);
  });
  CT_CHECK(std::move(checked));
  return segment;
}

Status Segment::health() const {
  Status first;
  for_each_file([&](const BlockFile& file) {
    if (first.ok()) first = file.health();
  });
  return first;
}

VectorView view_of(const BlockFile& vectors) {
  return {vectors.data(), vectors.records(), vectors.kind().dimension, vectors.kind().record_bytes,
          static_cast<VectorType>(vectors.kind().type)};
}

}  // namespace crosstail::index
