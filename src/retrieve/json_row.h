#pragma once
/// Reads the members of one JSON object by any of several names. Private to retrieve.

#include <simdjson.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"

namespace crosstail::retrieve {

using Names = std::initializer_list<std::string_view>;

/// Borrows the parser's memory: valid until it parses again.
class JsonRow {
 public:
  /// Fails with Corrupt.
  static Result<JsonRow> parse(simdjson::dom::parser& parser, std::string_view json) {
    simdjson::dom::object object;
    if (const auto code = parser.parse(json.data(), json.size()).get(object))
      return Error{ErrorCode::Corrupt,
                   std::string("expected a JSON object: ") + simdjson::error_message(code)};
    return JsonRow(object);
  }

  /// The first of these members that is there and not null; numbers as they are written.
  [[nodiscard]] bool text(Names names, std::string& into) const {
    into.clear();
    for (const std::string_view name : names) {
      simdjson::dom::element value;
      if (object_.at_key(name).get(value) != simdjson::SUCCESS || value.is_null()) continue;
      if (value.is_array() || value.is_object()) continue;
      if (value.is_string())
        into = value.get_string().value_unsafe();
      else
        into = simdjson::minify(value);
      return true;
    }
    return false;
  }
  [[nodiscard]] bool has(std::string_view name) const {
    return object_.at_key(name).error() == simdjson::SUCCESS;
  }
  [[nodiscard]] const simdjson::dom::object& object() const { return object_; }

 private:
  explicit JsonRow(simdjson::dom::object object) : object_(object) {}
  simdjson::dom::object object_;
};

}  // namespace crosstail::retrieve
