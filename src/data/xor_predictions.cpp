#include "data/xor_predictions.h"

#include <simdjson.h>

#include "data/whole_text.h"

namespace crosstail::data {
namespace {

namespace dom = simdjson::dom;

Error expected(const std::string& where, const char* what) {
  return {ErrorCode::Corrupt, where + ": expected " + what};
}

Result<XorPrediction> parse(dom::element element, const std::string& where) {
  XorPrediction out;
  std::string_view id, language;
  dom::array passages;
  if (element["id"].get(id) != simdjson::SUCCESS) return expected(where, "a string in `id`");
  if (element["lang"].get(language) != simdjson::SUCCESS)
    return expected(where, "a string in `lang`");
  if (element["ctxs"].get(passages) != simdjson::SUCCESS)
    return expected(where, "an array of texts in `ctxs`");
  out.id = id;
  out.language = language;
  for (const dom::element passage : passages) {
    std::string_view text;
    if (passage.get(text) != simdjson::SUCCESS && passage["text"].get(text) != simdjson::SUCCESS)
      return expected(where, "strings, or objects with `text`, in `ctxs`");
    out.passages.emplace_back(text);
  }
  return out;
}

}  // namespace

Result<std::vector<XorPrediction>> read_xor_predictions(const std::filesystem::path& path) {
  CT_TRY(const auto whole, WholeText::open(path));
  const auto text = whole.text();
  dom::parser parser;
  dom::array rows;
  if (const auto code = parser.parse(text.data(), text.size()).get(rows))
    return Error{ErrorCode::Corrupt,
                 path.string() + ": expected a JSON array of {\"id\", \"lang\", \"ctxs\"}: " +
                     simdjson::error_message(code)};
  std::vector<XorPrediction> out;
  for (const dom::element row : rows) {
    CT_TRY(auto prediction, parse(row, path.string() + ": element " + std::to_string(out.size())));
    out.push_back(std::move(prediction));
  }
  if (out.empty())
    return Error{ErrorCode::InvalidArgument, path.string() + ": no predictions in it"};
  return out;
}

}  // namespace crosstail::data
