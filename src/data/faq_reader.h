#pragma once
/// Reads FAQ records back: what `extract` and `curate` write, WebFAQ's v1 and v2 records and the
/// Hugging Face columns (conventions.md), and rows with only a question and an answer.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "data/faq_record.h"

namespace crosstail::data {

/// A record with what others may have added to it.
struct FaqRow {
  FaqRecord record;
  std::string license;  ///< `license` or `licence`, as given
  std::string group;    ///< names what is a translation of what; `group`
};

/// Parses one JSON object after the other, reusing its memory. One a thread.
class FaqParser {
 public:
  FaqParser();
  ~FaqParser();
  FaqParser(FaqParser&&) noexcept;

  /// Fills `row`. Names: question (or query, text, anchor), answer (or positive, passage), origin
  /// (or scheme_host), language (or lang); everything but question and answer may be missing. Fails
  /// with Corrupt: not a JSON object, a member of the wrong type, no question or no answer member.
  Status parse(std::string_view json, FaqRow& row);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace crosstail::data
