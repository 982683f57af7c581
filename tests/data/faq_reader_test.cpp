#include "data/faq_reader.h"

#include <gtest/gtest.h>

namespace crosstail::data {
namespace {

TEST(FaqReader, ReadsBackWhatIsWritten) {
  FaqRecord record;
  record.id = "0123";
  record.url = "https://a.example/de/faq";
  record.origin = "https://a.example";
  record.language = "de";
  record.confidence = 0.5;
  record.question = "Was \"ist\"\nes?";
  record.answer = "Ein \\ Ding.";
  record.position = 7;
  record.alternates = {{"en", "https://a.example/en/faq"}, {"fr", "https://a.example/fr/faq"}};
  std::string line;
  append_json_line(line, record);
  FaqParser parser;
  FaqRow row;
  ASSERT_TRUE(parser.parse(line, row));
  EXPECT_EQ(row.record.question, record.question);
  EXPECT_EQ(row.record.answer, record.answer);
  EXPECT_EQ(row.record.alternates, record.alternates);
  EXPECT_EQ(row.record.position, 7U);
  EXPECT_EQ(row.record.confidence, 0.5);
}

TEST(FaqReader, ReadsWebFaqV1AndShortNames) {
  FaqParser parser;
  FaqRow row;
  ASSERT_TRUE(parser.parse(
      R"({"id":"x","url":"u","scheme_host":"https://a.example","language":"eng","confidence":0.9,"question":"Q","answer":"A"})",
      row));
  EXPECT_EQ(row.record.origin, "https://a.example");
  ASSERT_TRUE(parser.parse(
      R"({"query":"Q","positive":"A","lang":"de","licence":"MIT","group":"g","other":{"x":[1,2]}})",
      row));
  EXPECT_EQ(row.record.question, "Q");
  EXPECT_EQ(row.record.answer, "A");
  EXPECT_EQ(row.record.language, "de");
  EXPECT_EQ(row.license, "MIT");
  EXPECT_EQ(row.group, "g");
  EXPECT_EQ(row.record.origin, "") << "nothing is left of the row before";
}

TEST(FaqReader, WhatIsNoRecordIsRefused) {
  FaqParser parser;
  FaqRow row;
  for (const char* bad :
       {"", "null", "[]", "{", "{\"question\":\"a\"", "{\"question\":\"a\",\"answer\":[]}",
        "{\"question\":\"a\"}", "{\"answer\":\"a\"}", "{\"question\":\"a\",\"answer\":\"b\"} x",
        "{\"question\":\"a\" \"answer\":\"b\"}", "{\"question\":\"\xff\",\"answer\":\"b\"}"}) {
    const auto status = parser.parse(bad, row);
    ASSERT_FALSE(status.ok()) << bad;
    EXPECT_NE(status.error().message.find("expected"), std::string::npos) << bad;
  }
  std::string deep = "{\"x\":" + std::string(100000, '[') + std::string(100000, ']') + "}";
  EXPECT_FALSE(parser.parse(deep, row).ok());
}

}  // namespace
}  // namespace crosstail::data
