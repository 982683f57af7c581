#include "cli/text_input.h"

#include <simdjson.h>

#include <optional>

#include "base/file.h"
#include "text/utf8.h"

namespace crosstail::cli {
namespace {

constexpr std::size_t kSniffed = 4096;

/// "rows" or "lines", by the name, then by the first byte that is not a space.
Result<std::string> detect(const std::string& path, const data::ColumnMap& columns) {
  if (!columns.fields.empty()) return std::string("rows");
  std::string name = path;
  for (const char* end : {".gz", ".zst"})
    if (name.ends_with(end)) name.resize(name.size() - std::string_view(end).size());
  for (const char* end : {".csv", ".tsv", ".jsonl", ".ndjson", ".json"})
    if (name.ends_with(end)) return std::string("rows");
  if (name.ends_with(".txt")) return std::string("lines");
  if (path == "-") return std::string("lines");
  CT_TRY(auto source, open_source(path));
  std::string head(kSniffed, '\0');
  CT_TRY(const std::size_t got, source->read(head.data(), head.size()));
  head.resize(got);
  const std::size_t first = head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  return std::string(first != std::string::npos && head[first] == '{' ? "rows" : "lines");
}

/// Text of a member: a string, or a number as it is written.
std::optional<std::string> member_text(const simdjson::dom::object& row, std::string_view name) {
  simdjson::dom::element value;
  if (row.at_key(name).get(value) != simdjson::SUCCESS) return std::nullopt;
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  if (value.is_null()) return std::string();
  if (value.is_number()) return simdjson::to_string(value);
  return std::nullopt;
}

std::string names_of(const simdjson::dom::object& row) {
  std::string names;
  for (const auto& [key, value] : row) {
    if (names.size() > 200) return names + ", …";
    names += (names.empty() ? "" : ", ") + std::string(key);
  }
  return names.empty() ? "none" : names;
}

}  // namespace

struct TextInput::State {
  std::string path;
  std::vector<std::vector<std::string>> fields;
  std::optional<data::RowReader> rows;
  std::optional<LineReader> lines;
  simdjson::dom::parser parser;
  std::uint64_t number = 0;

  Error wrong(std::uint64_t line, std::string_view what) const {
    return {ErrorCode::Corrupt, path + ", line " + std::to_string(line) + ": " + std::string(what)};
  }

  Status read(const data::Row& row, TextRow& out) {
    simdjson::dom::object object;
    if (parser.parse(row.json).get(object) != simdjson::SUCCESS)
      return wrong(row.line, "expected a JSON object");
    auto id = member_text(object, "_id");
    if (!id) id = member_text(object, "id");
    out.id = id && !id->empty() ? *id : std::to_string(number);
    for (std::size_t f = 0; f < fields.size(); ++f) {
      out.text[f].clear();
      for (const auto& name : fields[f]) {
        const auto text = member_text(object, name);
        if (!text)
          return wrong(row.line, "no text in the field \"" + name + "\"; the row has " +
                                     names_of(object) +
                                     " (name it with --text-field or --columns)");
        if (!out.text[f].empty() && !text->empty()) out.text[f] += ' ';
        out.text[f] += *text;
      }
    }
    return {};
  }

  Result<bool> next_row(TextRow* out) {
    data::Row row;
    CT_TRY(const bool more, rows->next(row));
    if (!more) return false;
    ++number;
    if (!row.problem.empty()) return wrong(row.line, row.problem);
    if (out != nullptr) CT_CHECK(read(row, *out));
    return true;
  }

  Result<bool> next_line(TextRow* out) {
    std::string_view line;
    CT_TRY(const bool more, lines->next(line));
    if (!more) return false;
    ++number;
    if (out == nullptr) return true;
    out->id = std::to_string(number);
    out->text[0] = line;
    if (fields.size() < 2) return true;
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos)
      return wrong(lines->number(), "expected two texts with a tab between them");
    out->text[0] = line.substr(0, tab);
    out->text[1] = line.substr(tab + 1);
    return true;
  }
};

TextInput::TextInput(std::unique_ptr<State> state) : state_(std::move(state)) {}
TextInput::TextInput(TextInput&&) noexcept = default;
TextInput& TextInput::operator=(TextInput&&) noexcept = default;
TextInput::~TextInput() = default;

Result<TextInput> TextInput::open(const std::string& path, const std::string& format,
                                  const data::ColumnMap& columns,
                                  std::vector<std::vector<std::string>> fields) {
  auto state = std::make_unique<State>();
  state->path = path == "-" ? "standard input" : path;
  state->fields = std::move(fields);
  std::string kind = format;
  if (kind == "auto") {
    CT_TRY(kind, detect(path, columns));
  }
  if (kind == "rows") {
    CT_TRY(auto rows, data::RowReader::open(path, columns));
    state->rows.emplace(std::move(rows));
  } else {
    CT_TRY(auto lines, open_lines(path));
    state->lines.emplace(std::move(lines));
  }
  return TextInput(std::move(state));
}

Result<bool> TextInput::next(TextRow& row) {
  return state_->rows ? state_->next_row(&row) : state_->next_line(&row);
}

Result<bool> TextInput::skip() {
  return state_->rows ? state_->next_row(nullptr) : state_->next_line(nullptr);
}

Result<std::vector<std::vector<std::string>>> parse_fields(const std::string& text,
                                                           std::size_t count) {
  std::vector<std::vector<std::string>> fields(1);
  std::string name;
  for (const char c : text + ",") {
    if (c != ',' && c != '+') {
      name += c;
      continue;
    }
    if (name.empty())
      return Error{ErrorCode::InvalidArgument, "--text-field " + text + ": an empty name"};
    fields.back().push_back(std::move(name));
    name.clear();
    if (c == ',') fields.emplace_back();
  }
  fields.pop_back();
  if (fields.size() != count)
    return Error{ErrorCode::InvalidArgument,
                 "--text-field " + text + ": expected " + std::to_string(count) +
                     (count == 1 ? " field (join fields with +, as in title+text)"
                                 : " fields with a comma between them, as in query,text")};
  return fields;
}

}  // namespace crosstail::cli
