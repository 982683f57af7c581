#include "base/json_writer.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <limits>

namespace crosstail {
namespace {

TEST(JsonWriter, EscapesWhatRfc8259Demands) {
  std::string out;
  append_json_string(out, std::string_view("a\"b\\c\n\r\t\x01\x00z/é", 14));
  EXPECT_EQ(out, "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u0000z/é\"");
}

TEST(JsonWriter, EscapesLineSeparators) {
  std::string out;
  append_json_string(out, "a\u2028b\u2029c\u2027");
  EXPECT_EQ(out, "\"a\\u2028b\\u2029c\u2027\"");
}

TEST(JsonWriter, NestsAndSeparates) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("a").begin_array().value(1).value("x").begin_object().end_object();
  json.end_array().member("b", true).key("c").null().end_object();
  EXPECT_EQ(out, R"({"a":[1,"x",{}],"b":true,"c":null})");
}

TEST(JsonWriter, IndentsWhenAsked) {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object().member("a", 1).key("b").begin_array().value(2).end_array().end_object();
  EXPECT_EQ(out, "{\n  \"a\": 1,\n  \"b\": [\n    2\n  ]\n}");
}

TEST(JsonWriter, NumbersReadBackAsTheyWere) {
  std::string out;
  JsonWriter json(out);
  json.begin_array().value(0.1).value(1e300).value(std::numeric_limits<double>::quiet_NaN());
  json.value(std::numeric_limits<std::uint64_t>::max()).value(-5).end_array();
  EXPECT_EQ(out, "[0.1,1e+300,null,18446744073709551615,-5]");
}

TEST(JsonWriter, EveryByteStringOfValidUtf8ComesBack) {
  std::string text;
  for (char c = 0; c < 127; ++c) text += c;
  text += "\x7f ü 漢 😀";
  std::string out;
  append_json_string(out, text);
  simdjson::dom::parser parser;
  std::string_view back;
  ASSERT_EQ(parser.parse(out).get(back), simdjson::SUCCESS);
  EXPECT_EQ(back, text);
}

}  // namespace
}  // namespace crosstail
