#pragma once
/// Writes JSON, one value after another; commas and nesting are kept right by the writer. Strings
/// must be valid UTF-8 and go out as they are, with the escapes that RFC 8259 demands (and U+2028,
/// U+2029, so that a record is one line for every reader).

#include <cstdint>
#include <string>
#include <string_view>

namespace crosstail {

/// Appends `text` quoted and escaped.
void append_json_string(std::string& out, std::string_view text);

class JsonWriter {
 public:
  /// Appends to `out` (borrowed). `indent` > 0 puts members on lines of their own.
  explicit JsonWriter(std::string& out, int indent = 0) : out_(out), indent_(indent) {}

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(std::uint64_t number);
  JsonWriter& value(int number) { return value(static_cast<std::int64_t>(number)); }
  JsonWriter& value(unsigned number) { return value(static_cast<std::uint64_t>(number)); }
  /// Shortest decimal that reads back to the same double; NaN and infinities become null.
  JsonWriter& value(double number);
  JsonWriter& value(bool flag);
  JsonWriter& null();
  template <class T>
  JsonWriter& member(std::string_view name, const T& v) {
    key(name);
    return value(v);
  }

 private:
  void separate();
  void newline();
  std::string& out_;
  int indent_;
  int depth_ = 0;
  bool first_ = true;
  bool after_key_ = false;
};

}  // namespace crosstail
