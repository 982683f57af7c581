#include "eval/passage_texts.h"

#include <simdjson.h>

#include "data/rows.h"

namespace crosstail::eval {
namespace {

bool member(simdjson::dom::object row, const char* name, std::string_view& value) {
  return row[name].get(value) == simdjson::SUCCESS;
}

}  // namespace

std::string excerpt_of(std::string_view valid, std::size_t characters) {
  std::string out;
  bool blank = false;
  for (const char c : valid) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7f) {
      blank = !out.empty();
      continue;
    }
    const bool starts = (byte & 0xc0) != 0x80;
    const std::size_t cost = (starts ? 1U : 0U) + (blank ? 1U : 0U);
    if (characters < cost) return out + "…";
    characters -= cost;
    if (blank) out += ' ';
    blank = false;
    out += c;
  }
  return out;
}

Result<PassageTexts> read_passage_texts(const std::filesystem::path& path,
                                        const std::unordered_set<std::string>& wanted,
                                        std::size_t characters) {
  CT_TRY(auto rows, data::RowReader::open(path));
  simdjson::dom::parser parser;
  PassageTexts out;
  data::Row row;
  while (true) {
    CT_TRY(const bool more, rows.next(row));
    if (!more) break;
    const auto wrong = [&](std::string_view what) {
      return Error{ErrorCode::Corrupt,
                   rows.name() + ":" + std::to_string(row.line) + ": " + std::string(what)};
    };
    if (!row.problem.empty()) return wrong(row.problem);
    simdjson::dom::object object;
    std::string_view id, title, text;
    if (parser.parse(row.json.data(), row.json.size()).get(object) != simdjson::SUCCESS ||
        (!member(object, "_id", id) && !member(object, "id", id)) || !member(object, "text", text))
      return wrong("expected a passage: {\"_id\", \"text\", perhaps \"title\"}");
    ++out.passages;
    const auto chosen = wanted.find(std::string(id));
    if (chosen == wanted.end()) continue;
    std::string whole;
    if (member(object, "title", title) && !title.empty()) whole = std::string(title) + ": ";
    whole += text;
    out.excerpts[*chosen] = excerpt_of(whole, characters);
  }
  return out;
}

}  // namespace crosstail::eval
