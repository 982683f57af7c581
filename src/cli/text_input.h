#pragma once
/// Texts with ids out of JSON lines, CSV, TSV or plain text.
///
/// Rows (JSON lines; CSV and TSV by the file's name, --columns or --format rows) have an id in
/// `_id` or `id` (else their number, from 1) and texts in named fields; "title,text" joins two with
/// a space, leaving out empty ones. Plain text is a text a line, its id the line's number.

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/rows.h"

namespace crosstail::cli {

struct TextRow {
  std::string id;
  std::string text[2];
};

/// Not thread-safe.
class TextInput {
 public:
  /// `format`: "auto", "rows" or "lines". `fields`: for each text the fields it is made of.
  static Result<TextInput> open(const std::string& path, const std::string& format,
                                const data::ColumnMap& columns,
                                std::vector<std::vector<std::string>> fields);
  TextInput(TextInput&&) noexcept;
  TextInput& operator=(TextInput&&) noexcept;
  ~TextInput();

  /// False at the end. Fails with Corrupt: the row's line and what it lacks.
  Result<bool> next(TextRow& row);
  /// The same without looking into the row.
  Result<bool> skip();

 private:
  struct State;
  explicit TextInput(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// "query,title+text" means one field, then two joined: {{"query"}, {"title", "text"}}.
Result<std::vector<std::vector<std::string>>> parse_fields(const std::string& text,
                                                           std::size_t count);

}  // namespace crosstail::cli
