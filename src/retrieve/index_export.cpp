/// `index export`: passages and questions with their vectors, as `index` reads them.

#include <filesystem>

#include "base/file.h"
#include "base/json_writer.h"
#include "data/npy.h"
#include "index/fused_rows.h"
#include "retrieve/index_changes.h"

namespace crosstail::retrieve {
namespace {

namespace fs = std::filesystem;
using index::IndexReader;
using index::PassageNumber;

/// A file that is written in large pieces and in place when complete.
class PartWriter {
 public:
  static Result<PartWriter> create(const fs::path& path) {
    PartWriter writer;
    writer.path_ = path;
    CT_TRY(writer.file_, OutputFile::create(path.string() + ".part"));
    return writer;
  }
  /// A .npy file of f32 rows begins with its header.
  static Result<PartWriter> npy(const fs::path& path, std::size_t rows, std::size_t columns) {
    CT_TRY(auto writer, create(path));
    writer.buffer_ = data::npy_header(data::NpyType::F32, rows, columns);
    return writer;
  }
  Status add(const std::vector<float>& row) {
    buffer_.append(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(float));
    return flush_if_long();
  }
  std::string& line() { return buffer_; }
  Status end_line() {
    buffer_ += '\n';
    return flush_if_long();
  }
  Status finish() {
    CT_CHECK(flush());
    CT_CHECK(file_.close());
    return commit_rename(path_.string() + ".part", path_);
  }

 private:
  Status flush_if_long() { return buffer_.size() < (std::size_t{1} << 20) ? Status() : flush(); }
  Status flush() {
    CT_CHECK(file_.write(buffer_));
    buffer_.clear();
    return {};
  }
  OutputFile file_;
  fs::path path_;
  std::string buffer_;
};

Status export_passages(const IndexReader& index, const index::RowSource& rows,
                       const fs::path& folder) {
  CT_TRY(auto lines, PartWriter::create(folder / "passages.jsonl"));
  std::uint64_t live = 0;
  for (std::uint64_t row = 0; row < index.rows(); ++row)
    if (!index.deleted(index.passage_of(row))) ++live;
  CT_TRY(auto vectors, PartWriter::npy(folder / "passages.npy", live, index.dim()));
  std::vector<float> vector(index.dim());
  for (std::uint64_t p = 0; p < index.passages(); ++p) {
    const auto number = static_cast<PassageNumber>(p);
    if (index.deleted(number)) continue;
    CT_TRY(const auto fields, index.fields(number));
    index::PassageText text;
    if (index.manifest().texts) {
      CT_TRY(text, index.text(number));
    }
    const auto range = index.rows_of(number);
    for (std::uint64_t row = range.begin; row < range.end; ++row) {
      std::string id(fields.id);
      std::string_view body = text.text;
      if (index.has_windows()) {
        CT_TRY(const auto window, index.window(row));
        id += "@" + std::to_string(row - range.begin);
        body = body.substr(std::min<std::size_t>(window.begin, body.size()), window.size());
      }
      JsonWriter json(lines.line());
      json.begin_object().member("_id", id).member("title", text.title).member("text", body);
      const std::string_view doc = index.has_windows() ? fields.id : fields.doc;
      for (const auto& [name, value] :
           {std::pair<std::string_view, std::string_view>{"lang", fields.language},
            {"doc", doc == id ? std::string_view() : doc},
            {"site", fields.site},
            {"group", fields.group},
            {"url", fields.url}})
        if (!value.empty()) json.member(name, value);
      json.end_object();
      CT_CHECK(lines.end_line());
      rows.read(row, row + 1, vector.data());
      CT_CHECK(vectors.add(vector));
    }
  }
  CT_CHECK(lines.finish());
  return vectors.finish();
}

Status export_questions(const IndexReader& index, const fs::path& folder) {
  std::uint64_t live = 0;
  for (std::uint64_t p = 0; p < index.passages(); ++p)
    if (!index.deleted(static_cast<PassageNumber>(p)))
      live += index.questions_of(static_cast<PassageNumber>(p)).size();
  CT_TRY(auto lines, PartWriter::create(folder / "questions.jsonl"));
  CT_TRY(auto vectors, PartWriter::npy(folder / "questions.npy", live, index.dim()));
  std::vector<float> vector(index.dim());
  for (std::uint64_t p = 0; p < index.passages(); ++p) {
    const auto number = static_cast<PassageNumber>(p);
    if (index.deleted(number)) continue;
    CT_TRY(const auto fields, index.fields(number));
    const auto range = index.questions_of(number);
    for (std::uint64_t q = range.begin; q < range.end; ++q) {
      const auto known = index.question(q);
      CT_TRY(const auto text, index.question_fields(q));
      JsonWriter json(lines.line());
      json.begin_object()
          .member("passage_id", fields.id)
          .member("lang", known.tag)
          .member("text", text.text);
      if (!text.group.empty()) json.member("group", text.group);
      if (!text.site.empty()) json.member("site", text.site);
      json.member("source", name_of(known.source));
      if (known.confidence != 1) json.member("confidence", static_cast<double>(known.confidence));
      json.end_object();
      CT_CHECK(lines.end_line());
      index.question_vector(q, vector.data());
      CT_CHECK(vectors.add(vector));
    }
  }
  CT_CHECK(lines.finish());
  return vectors.finish();
}

}  // namespace

Status export_index(const std::string& dir, const ExportOptions& options) {
  CT_TRY(const auto index, IndexReader::open(dir));
  index::FusionSetting setting = options.fused ? options.fusion : index::FusionSetting();
  if (!options.fused && index->manifest().keep == index::KeepParts::None)
    setting = index->manifest().fusion;
  CT_TRY(const auto rows, index::FusedRows::make(index, setting));
  std::error_code error;
  fs::create_directories(options.output, error);
  if (error) return system_error(options.output, "create", error.value());
  CT_CHECK(export_passages(*index, *rows, options.output));
  if (options.questions && index->questions() > 0 && index->has_question_vectors() &&
      index->manifest().texts && !index->has_windows())
    CT_CHECK(export_questions(*index, options.output));
  return index->health();
}

}  // namespace crosstail::retrieve
