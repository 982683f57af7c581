#include "data/queries.h"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "base/stream.h"
#include "text/utf8.h"

namespace crosstail::data {
namespace {

namespace dom = simdjson::dom;

constexpr std::array<std::string_view, 4> kIdNames{"_id", "id", "query_id", "qid"};
constexpr std::array<std::string_view, 3> kTextNames{"text", "query", "question"};
constexpr std::array<std::string_view, 2> kLanguageNames{"lang", "language"};

template <std::size_t N>
bool one_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// One line of JSON to a Query; a parser of its own keeps simdjson's buffers between lines.
class QueryParser {
 public:
  Result<Query> parse(std::string_view line) {
    dom::object object;
    Query query;
    if (const auto code = parser_.parse(line.data(), line.size()).get(object))
      return Error{ErrorCode::Corrupt,
                   std::string("expected a JSON object with `_id` and `text`: ") +
                       simdjson::error_message(code)};
    for (const auto& [name, value] : object) CT_CHECK(take(query, name, value));
    return query;
  }

 private:
  static Status take(Query& query, std::string_view name, dom::element value) {
    if (value.is_array() && name == "answers") return take_answers(query, value);
    if (value.is_array() || value.is_object() || value.is_null()) return {};
    std::string text = value.is_string() ? std::string(value.get_string().value_unsafe())
                                         : simdjson::minify(value);
    if (one_of(kIdNames, name) && query.id.empty()) {
      query.id = std::move(text);
    } else if (one_of(kTextNames, name) && query.text.empty()) {
      query.text = std::move(text);
    } else if (one_of(kLanguageNames, name) && query.language.empty()) {
      query.language = std::move(text);
    } else if (name == "group") {
      query.group = std::move(text);
    } else {
      query.fields.emplace_back(name, std::move(text));
    }
    return {};
  }

  static Status take_answers(Query& query, dom::element value) {
    const dom::array answers = value.get_array().value_unsafe();
    for (const dom::element item : answers) {
      std::string_view answer;
      if (const auto code = item.get(answer))
        return Error{ErrorCode::Corrupt, std::string("field `answers`: expected strings: ") +
                                             simdjson::error_message(code)};
      query.answers.emplace_back(answer);
    }
    return {};
  }

  dom::parser parser_;
};

Result<Query> parse_row(QueryParser& parser, std::string_view line) {
  if (line.find_first_not_of(" \t") != std::string_view::npos &&
      line[line.find_first_not_of(" \t")] == '{')
    return parser.parse(line);
  const auto tab = line.find('\t');
  if (tab == std::string_view::npos)
    return Error{ErrorCode::Corrupt, "expected JSON with `_id` and `text`, or `id TAB text`"};
  Query query;
  query.id = line.substr(0, tab);
  query.text = line.substr(tab + 1);
  return query;
}

}  // namespace

std::optional<std::string_view> Query::field(std::string_view name) const {
  if (one_of(kIdNames, name)) return id;
  if (one_of(kTextNames, name)) return text;
  if (one_of(kLanguageNames, name))
    return language.empty() ? std::nullopt : std::optional<std::string_view>(language);
  if (name == "group") return group.empty() ? std::nullopt : std::optional<std::string_view>(group);
  for (const auto& [key, value] : fields)
    if (key == name) return value;
  return std::nullopt;
}

std::optional<std::size_t> Queries::find(std::string_view id) const {
  const auto found = by_id_.find(std::string(id));
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

Status Queries::add(Query query) {
  if (!by_id_.emplace(query.id, rows_.size()).second)
    return Error{ErrorCode::Corrupt, "the query id \"" + query.id + "\" occurs twice"};
  rows_.push_back(std::move(query));
  return {};
}

Result<Queries> read_queries(const std::filesystem::path& path) {
  CT_TRY(auto lines, open_lines(path));
  Queries queries;
  QueryParser parser;
  std::string_view line;
  while (true) {
    CT_TRY(const bool more, lines.next(line));
    if (!more) break;
    const auto where = [&] { return lines.name() + ":" + std::to_string(lines.number()); };
    if (lines.number() == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (!text::is_valid_utf8(line)) return Error{ErrorCode::Corrupt, where() + ": expected UTF-8"};
    auto query = parse_row(parser, line);
    if (!query) return std::move(query).error().at(where());
    if (query->id.empty())
      return Error{ErrorCode::Corrupt, where() + ": expected a query id in `_id` (or `id`)"};
    if (auto added = queries.add(*std::move(query)); !added)
      return std::move(added).error().at(where());
  }
  if (queries.size() == 0)
    return Error{ErrorCode::InvalidArgument, path.string() + ": no queries in it"};
  return queries;
}

}  // namespace crosstail::data
