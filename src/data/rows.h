#pragma once
/// Rows of records, whichever of three formats the file has: JSON lines, CSV (RFC 4180) or
/// tab-separated values. A row of CSV or TSV is handed on as the JSON object that it means, so that
/// everything that reads JSON lines reads these too.
///
/// The first byte that is not a space tells JSON lines (`{`) from the other two; a tab in the first
/// line tells TSV from CSV. Columns are chosen by `--columns id=…,text=…,lang=…`: field names of
/// the record, each with the column's name in the header line, or its number from 1. If any column
/// is given by name, or if no columns are given at all, the first line is the header; without
/// --columns each column is a field of its header's name. Compression and `-` as in base/stream.h.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/stream.h"

namespace crosstail::data {

/// What `--columns` says: field name, column name or number.
struct ColumnMap {
  std::vector<std::pair<std::string, std::string>> fields;

  /// "id=ID,text=Question,lang=3". Fails with InvalidArgument: a part without '=', a field twice.
  static Result<ColumnMap> parse(std::string_view text);
  [[nodiscard]] bool by_name() const;
};

struct Row {
  std::string_view json;     ///< one JSON object; valid until the next call
  std::uint64_t line = 0;    ///< where it begins in the file, from 1
  std::string_view problem;  ///< not empty: the row is malformed, and this is what was expected
};

/// Not thread-safe.
class RowReader {
 public:
  /// Fails with NotFound/Io, or InvalidArgument when a column named in `columns` is not in the
  /// header (the message lists the header).
  static Result<RowReader> open(const std::filesystem::path& path, const ColumnMap& columns = {});

  /// False at the end. Blank lines are passed over. A row that is not well-formed CSV or TSV comes
  /// with `problem` set; damaged compressed data and rows over 64 MiB are errors.
  Result<bool> next(Row& row);

  [[nodiscard]] const std::string& name() const { return lines_.name(); }

 private:
  enum class Format { Json, Csv, Tsv };
  explicit RowReader(LineReader lines) : lines_(std::move(lines)) {}
  Status read_header(const ColumnMap& columns);
  Result<bool> next_line(std::string_view& line);
  /// Reads one CSV record that starts with `line`; it may go over several lines.
  Status split_csv(std::string_view line);
  void write_json();

  LineReader lines_;
  Format format_ = Format::Json;
  std::string first_;  ///< the first line, read to recognise the format
  bool has_first_ = false;
  std::vector<std::pair<std::string, std::size_t>> columns_;  ///< field, index of the column
  std::size_t width_ = 0;                                     ///< number of columns, 0 until known
  std::vector<std::string> cells_;
  std::size_t cell_count_ = 0;
  std::string json_, problem_;
};

}  // namespace crosstail::data
