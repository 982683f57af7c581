/// Runs as `{"qid": {"docid": score}}`.

#include <simdjson.h>

#include "data/run_builder.h"

namespace crosstail::data {
namespace {

namespace dom = simdjson::dom;

/// Collects the identifiers of a JSON run in one text that hits point into.
class JsonRunParser {
 public:
  explicit JsonRunParser(std::string name) : name_(std::move(name)) {}

  Result<Run> parse(std::string_view text) {
    dom::parser parser;
    dom::object queries;
    if (const auto code = parser.parse(text.data(), text.size()).get(queries))
      return fail(code, "");
    for (const auto& [id, value] : queries) {
      CT_TRY(const TextSpan span, keep(id));
      segment_.groups.push_back({span, segment_.hits.size(), 0});
      dom::object docs;
      if (const auto code = value.get(docs)) return fail(code, id);
      for (const auto& [doc, number] : docs) {
        CT_TRY(const TextSpan place, keep(doc));
        double score = 0;
        if (const auto code = number.get(score)) return fail(code, id);
        segment_.hits.push_back({place, score});
        ++segment_.groups.back().count;
      }
    }
    std::vector<RunSegment> segments;
    segments.push_back(std::move(segment_));
    if (segments[0].groups.empty())
      return Error{ErrorCode::InvalidArgument, name_ + ": the run has no queries"};
    return RunBuilder::build(WholeText::from(std::move(bytes_)), std::move(segments));
  }

 private:
  Result<TextSpan> keep(std::string_view id) {
    if (id.size() > kMaxSpanLength)
      return Error{ErrorCode::Corrupt, name_ + ": an identifier is longer than 65535 bytes"};
    const TextSpan span{bytes_.size() & 0xffffffffffff, id.size() & kMaxSpanLength};
    bytes_.insert(bytes_.end(), id.begin(), id.end());
    return span;
  }

  [[nodiscard]] Error fail(simdjson::error_code code, std::string_view query) const {
    std::string where = name_;
    if (!query.empty()) where += ": query " + quoted_excerpt(query);
    return {ErrorCode::Corrupt, where + ": expected JSON {\"qid\": {\"docid\": score, …}, …}: " +
                                    simdjson::error_message(code)};
  }

  std::string name_;
  std::vector<char> bytes_{'\0'};  // never empty, so that the address is the text's
  RunSegment segment_;
};

}  // namespace

Result<Run> parse_json_run(const WholeText& text, const std::string& name) {
  return JsonRunParser(name).parse(text.text());
}

}  // namespace crosstail::data
