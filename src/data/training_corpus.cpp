#include "data/training_corpus.h"

#include <simdjson.h>

#include "base/hash.h"
#include "data/rows.h"

namespace crosstail::data {
namespace {

using simdjson::dom::object;

/// The first of the members that is a text or a number; empty if none is.
std::string first_of(const object& row, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    simdjson::dom::element value;
    if (row[name].get(value) != simdjson::SUCCESS) continue;
    if (std::string_view text; value.get(text) == simdjson::SUCCESS && !text.empty())
      return std::string(text);
    if (value.is_number()) return simdjson::minify(value);
  }
  return "";
}

}  // namespace

Result<TrainingCorpus> TrainingCorpus::read(const std::vector<std::string>& files) {
  TrainingCorpus corpus;
  simdjson::dom::parser parser;
  for (const auto& file : files) {
    CT_TRY(auto rows, RowReader::open(file));
    Row row;
    while (true) {
      CT_TRY(const bool more, rows.next(row));
      if (!more) break;
      const auto corrupt = [&](std::string_view what) {
        return Error{ErrorCode::Corrupt,
                     rows.name() + ":" + std::to_string(row.line) + ": " + std::string(what)};
      };
      if (!row.problem.empty()) return corrupt(row.problem);
      object fields;
      if (const auto error = parser.parse(row.json.data(), row.json.size()).get(fields);
          error != simdjson::SUCCESS)
        return corrupt(std::string("expected a JSON object: ") + simdjson::error_message(error));
      const auto id = first_of(fields, {"docid", "_id", "id"});
      if (id.empty()) return corrupt("expected a passage with docid, _id or id");
      const auto title = first_of(fields, {"title"});
      std::string text = first_of(fields, {"text", "contents"});
      if (!title.empty()) text = title + " " + text;
      const auto [at, is_new] = corpus.places_.try_emplace(xxh3(id));
      if (!is_new) continue;
      at->second = {corpus.bytes_.size(), static_cast<std::uint32_t>(id.size()),
                    static_cast<std::uint32_t>(text.size())};
      corpus.bytes_ += id;
      corpus.bytes_ += text;
    }
  }
  return corpus;
}

std::string_view TrainingCorpus::find(std::string_view id) const {
  const auto found = places_.find(xxh3(id));
  if (found == places_.end()) return {};
  const auto& [begin, id_bytes, text_bytes] = found->second;
  const std::string_view all = bytes_;
  if (all.substr(begin, id_bytes) != id) return {};
  return all.substr(begin + id_bytes, text_bytes);
}

}  // namespace crosstail::data
