#include "retrieve/corpus_rows.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/hash.h"
#include "data/faq_record.h"
#include "retrieve/json_row.h"
#include "retrieve/listed_rows.h"

namespace crosstail::retrieve {
namespace {

constexpr std::array<std::string_view, 5> kFromNames{"usual", "text", "title+text", "answer",
                                                     "question+answer"};

/// {"ja": ["…", …], "de": "…"}.
Status read_generated(const JsonRow& json, CorpusRow& row) {
  simdjson::dom::object languages;
  if (json.object().at_key("generated_queries").get(languages) != simdjson::SUCCESS)
    return Error{ErrorCode::Corrupt,
                 "field `generated_queries`: expected an object of language and questions"};
  for (const auto& [language, value] : languages) {
    std::string_view one;
    simdjson::dom::array many;
    if (value.get(one) == simdjson::SUCCESS) {
      row.generated.emplace_back(language, one);
      continue;
    }
    if (value.get(many) != simdjson::SUCCESS)
      return Error{ErrorCode::Corrupt, "field `generated_queries." + std::string(language) +
                                           "`: expected an array of strings"};
    for (const simdjson::dom::element item : many) {
      if (item.get(one) != simdjson::SUCCESS)
        return Error{ErrorCode::Corrupt,
                     "field `generated_queries." + std::string(language) + "`: expected strings"};
      row.generated.emplace_back(language, one);
    }
  }
  return {};
}

Status parse_row(simdjson::dom::parser& parser, std::string_view text, CorpusRow& row) {
  CT_TRY(const JsonRow json, JsonRow::parse(parser, text));
  row.pair = json.has("question") && json.has("answer");
  row.generated.clear();
  row.text.clear();
  row.question.clear();
  row.answer.clear();
  const bool has_id = json.text({"_id", "docid", "id", "doc_id"}, row.id) && !row.id.empty();
  if (row.pair) {
    if (!json.text({"question"}, row.question) || !json.text({"answer"}, row.answer))
      return Error{ErrorCode::Corrupt, "fields `question` and `answer`: expected strings"};
    if (!has_id) row.id = data::faq_id(row.question, row.answer);
  } else {
    if (!has_id)
      return Error{ErrorCode::Corrupt,
                   "expected an id (`_id`, `docid` or `id`), or a pair `question`, `answer`"};
    if (!json.text({"text", "contents", "passage"}, row.text))
      return Error{ErrorCode::Corrupt,
                   "passage \"" + row.id + "\": expected a text (`text` or `contents`)"};
    if (json.has("generated_queries")) CT_CHECK(read_generated(json, row));
  }
  if (row.id.find('\0') != std::string::npos || row.id.size() > 4096)
    return Error{ErrorCode::Corrupt, "field `_id`: longer than 4,096 bytes, or with a zero byte"};
  // The members may be missing.
  (void)json.text({"title"}, row.title);
  (void)json.text({"lang", "language"}, row.tag);
  (void)json.text({"doc"}, row.doc);
  (void)json.text({"group"}, row.group);
  (void)json.text({"url"}, row.url);
  if (!json.text({"site", "origin", "scheme_host"}, row.site) && !row.url.empty())
    row.site = data::url_origin(row.url);
  return {};
}

}  // namespace

std::string_view name_of(PassageFrom from) {
  return kFromNames[static_cast<std::size_t>(from)];
}

std::optional<PassageFrom> parse_passage_from(std::string_view name) {
  const auto found = std::find(kFromNames.begin(), kFromNames.end(), name);
  if (found == kFromNames.end()) return std::nullopt;
  return static_cast<PassageFrom>(found - kFromNames.begin());
}

Result<std::pair<std::string, std::string>> CorpusRow::passage(PassageFrom from) const {
  const auto missing = [&](std::string_view field) {
    return Error{ErrorCode::InvalidArgument, place + ": passage \"" + id + "\" has no " +
                                                 std::string(field) + ", which --passage-from " +
                                                 std::string(name_of(from)) + " needs"};
  };
  if (pair) {
    if (from == PassageFrom::Text || from == PassageFrom::TitleText) return missing("`text`");
    return std::pair(from == PassageFrom::QuestionAnswer ? question : std::string(), answer);
  }
  if (from == PassageFrom::Answer || from == PassageFrom::QuestionAnswer)
    return missing("`answer`");
  return std::pair(from == PassageFrom::Text ? std::string() : title, text);
}

std::uint64_t CorpusRow::content() const {
  std::string bytes;
  for (const std::string* field :
       {&title, &text, &question, &answer, &tag, &doc, &site, &group, &url}) {
    const std::uint64_t size = field->size();
    bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
    bytes += *field;
  }
  return xxh3(bytes);
}

struct CorpusReader::State {
  explicit State(std::vector<std::string> files) : rows(std::move(files)) {}
  ListedRows rows;
  simdjson::dom::parser parser;
};

CorpusReader::CorpusReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
CorpusReader::CorpusReader(CorpusReader&&) noexcept = default;
CorpusReader::~CorpusReader() = default;

Result<CorpusReader> CorpusReader::open(std::vector<std::string> files) {
  return CorpusReader(std::make_unique<State>(std::move(files)));
}

Result<bool> CorpusReader::next(CorpusRow& row) {
  State& s = *state_;
  data::Row raw;
  CT_TRY(const bool more, s.rows.next(raw));
  if (!more) return false;
  row.place = s.rows.place();
  auto parsed = parse_row(s.parser, raw.json, row);
  if (!parsed.ok()) return std::move(parsed).error().at(row.place);
  return true;
}

}  // namespace crosstail::retrieve
