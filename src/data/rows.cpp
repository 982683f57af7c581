#include "data/rows.h"

#include <algorithm>
#include <charconv>

#include "base/json_writer.h"
#include "text/utf8.h"

namespace crosstail::data {
namespace {

constexpr std::size_t kMaxRowBytes = std::size_t{64} << 20;
constexpr std::size_t kMaxCells = 65536;
constexpr const char* kTooManyCells = "expected at most 65536 columns";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

/// Column number from 1, or 0 if `text` is no number.
std::size_t column_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

}  // namespace

Result<ColumnMap> ColumnMap::parse(std::string_view text) {
  ColumnMap map;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == part.size())
      return Error{ErrorCode::InvalidArgument,
                   "'" + std::string(part) + "': expected FIELD=COLUMN, as in text=Question"};
    const std::string field(part.substr(0, equals));
    for (const auto& [known, column] : map.fields)
      if (known == field)
        return Error{ErrorCode::InvalidArgument, "the field '" + field + "' is given twice"};
    map.fields.emplace_back(field, part.substr(equals + 1));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return map;
}

bool ColumnMap::by_name() const {
  return std::any_of(fields.begin(), fields.end(),
                     [](const auto& field) { return column_number(field.second) == 0; });
}

Result<RowReader> RowReader::open(const std::filesystem::path& path, const ColumnMap& columns) {
  CT_TRY(auto lines, open_lines(path));
  RowReader reader(std::move(lines));
  std::string_view line;
  CT_TRY(bool more, reader.lines_.next(line));
  if (more && line.substr(0, 3) == kByteOrderMark) line.remove_prefix(3);
  while (more && is_blank(line)) {
    CT_TRY(more, reader.lines_.next(line));
  }
  if (!more) return reader;
  reader.first_ = line;
  reader.has_first_ = true;
  const std::size_t begin = line.find_first_not_of(" \t");
  if (line[begin] == '{') return reader;
  reader.format_ = line.find('\t') != std::string_view::npos ? Format::Tsv : Format::Csv;
  CT_CHECK(reader.read_header(columns));
  return reader;
}

Status RowReader::read_header(const ColumnMap& columns) {
  if (!columns.fields.empty() && !columns.by_name()) {
    for (const auto& [field, column] : columns.fields)
      columns_.emplace_back(field, column_number(column) - 1);
    return {};
  }
  Row header;
  CT_TRY(const bool more, next(header));
  if (!more || !header.problem.empty())
    return Error{
        ErrorCode::Corrupt,
        name() + ":1: expected JSON objects, a line each, or a header line with column names"};
  width_ = cell_count_;
  if (columns.fields.empty()) {
    for (std::size_t i = 0; i < cell_count_; ++i) columns_.emplace_back(cells_[i], i);
    return {};
  }
  for (const auto& [field, column] : columns.fields) {
    const auto end = cells_.begin() + static_cast<std::ptrdiff_t>(cell_count_);
    const auto found = std::find(cells_.begin(), end, column);
    std::size_t index = static_cast<std::size_t>(found - cells_.begin());
    if (found == end) {
      const std::size_t number = column_number(column);
      if (number == 0 || number > cell_count_) {
        std::string known;
        for (std::size_t i = 0; i < cell_count_; ++i) known += (i == 0 ? "" : ", ") + cells_[i];
        return Error{ErrorCode::InvalidArgument, name() + ": there is no column '" + column +
                                                     "' in its header (" + known + ")"};
      }
      index = number - 1;
    }
    columns_.emplace_back(field, index);
  }
  return {};
}

Result<bool> RowReader::next_line(std::string_view& line) {
  if (has_first_) {
    has_first_ = false;
    line = first_;
    return true;
  }
  return lines_.next(line);
}

Result<bool> RowReader::next(Row& row) {
  std::string_view line;
  do {
    CT_TRY(const bool more, next_line(line));
    if (!more) return false;
  } while (is_blank(line));
  row.line = lines_.number();
  row.problem = {};
  if (format_ == Format::Json) {
    row.json = line;
    return true;
  }
  problem_.clear();
  if (!text::is_valid_utf8(line)) problem_ = "expected UTF-8";
  cell_count_ = 0;
  const auto cell = [&]() -> std::string& {
    if (cell_count_ == cells_.size()) cells_.emplace_back();
    std::string& out = cells_[cell_count_++];
    out.clear();
    return out;
  };
  if (format_ == Format::Tsv) {
    for (std::size_t begin = 0; begin <= line.size();) {
      if (cell_count_ == kMaxCells) {
        problem_ = kTooManyCells;
        break;
      }
      const std::size_t end = std::min(line.find('\t', begin), line.size());
      cell() = line.substr(begin, end - begin);
      begin = end + 1;
    }
  } else {
    CT_CHECK(split_csv(line));
  }
  write_json();
  row.json = json_;
  row.problem = problem_;
  return true;
}

Status RowReader::split_csv(std::string_view line) {
  bool quoted = false;
  std::string* cell = nullptr;
  const auto open_cell = [&] {
    if (cell_count_ == kMaxCells) {
      problem_ = kTooManyCells;
      --cell_count_;  // the last one takes the rest of the row
    }
    if (cell_count_ == cells_.size()) cells_.emplace_back();
    cell = &cells_[cell_count_++];
    cell->clear();
  };
  open_cell();
  std::size_t bytes = 0;
  while (true) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      if (quoted) {
        if (c != '"') {
          const std::size_t end = std::min(line.find('"', i), line.size());
          cell->append(line, i, end - i);
          i = end - 1;
        } else if (i + 1 < line.size() && line[i + 1] == '"') {
          *cell += '"';
          ++i;
        } else {
          quoted = false;
        }
      } else if (c == ',') {
        open_cell();
      } else if (c == '"' && cell->empty()) {
        quoted = true;
      } else {
        *cell += c;
      }
    }
    if (!quoted) return {};
    bytes += line.size() + 1;
    if (bytes > kMaxRowBytes)
      return Error{ErrorCode::Limit, name() + ":" + std::to_string(lines_.number()) +
                                         ": a quoted cell goes on for more than 64 MiB; expected a "
                                         "closing quote"};
    *cell += '\n';
    CT_TRY(const bool more, lines_.next(line));
    if (!more) {
      problem_ = "expected a closing quote";
      return {};
    }
    if (!text::is_valid_utf8(line)) problem_ = "expected UTF-8";
  }
}

void RowReader::write_json() {
  json_.clear();
  if (!problem_.empty()) return;
  if (width_ != 0 && cell_count_ != width_) {
    problem_ =
        "expected " + std::to_string(width_) + " columns, found " + std::to_string(cell_count_);
    return;
  }
  JsonWriter json(json_);
  json.begin_object();
  for (const auto& [field, index] : columns_) {
    if (index >= cell_count_) {
      problem_ = "expected at least " + std::to_string(index + 1) + " columns, found " +
                 std::to_string(cell_count_);
      return;
    }
    json.member(field, std::string_view(cells_[index]));
  }
  json.end_object();
}

}  // namespace crosstail::data
