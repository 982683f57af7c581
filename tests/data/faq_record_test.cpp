#include "data/faq_record.h"

#include <gtest/gtest.h>

namespace crosstail::data {
namespace {

// printf 'What is it? A tool. It works.' | md5sum
TEST(FaqRecord, IdIsTheMd5OfQuestionAndAnswerWithNewlinesAsSpaces) {
  EXPECT_EQ(faq_id("What is it?", "A tool.\nIt works."), "bc93d5ab9f08dc39a6242d71acbf31c6");
}

TEST(FaqRecord, OriginIsSchemeAndHost) {
  EXPECT_EQ(url_origin("https://www.example.org:8080/de/faq?x=1"), "https://www.example.org:8080");
  EXPECT_EQ(url_origin("https://example.org"), "https://example.org");
  EXPECT_EQ(url_origin("https://example.org?x"), "https://example.org");
  EXPECT_EQ(url_origin("site/de/faq.html"), "site");
  EXPECT_EQ(url_origin("faq.html"), "");
  EXPECT_EQ(url_origin("-"), "");
}

TEST(FaqRecord, IsOneJsonLineWithTheFieldsOfWebFaqFirst) {
  FaqRecord record;
  record.id = "0";
  record.url = "u";
  record.origin = "o";
  record.question = "q\u2028\"";
  record.answer = "a\nb";
  record.kind = "jsonld";
  record.position = 3;
  record.alternates = {{"de", "d.html"}};
  std::string line;
  append_json_line(line, record);
  EXPECT_EQ(
      line,
      R"({"id":"0","url":"u","origin":"o","language":"","confidence":0,"question":"q\u2028\"",)"
      R"("answer":"a\nb","title":"","description":"","keywords":"","author":"","warc_date":"",)"
      R"("kind":"jsonld","page_type":"","position":3,"page_language":"",)"
      R"("alternates":[{"hreflang":"de","url":"d.html"}]})"
      "\n");
}

}  // namespace
}  // namespace crosstail::data
