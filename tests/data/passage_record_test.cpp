#include "data/passage_record.h"

#include <gtest/gtest.h>

namespace crosstail::data {
namespace {

TEST(PassageRecord, IsOneLineWithItsFieldsInOrder) {
  std::string out;
  append_json_line(out, {"de/faq.html",
                         "preis",
                         "https://example.org/de/faq.html",
                         "de",
                         "FAQ",
                         {"FAQ", "\"Preis\""},
                         "Preis\nEs kostet nichts."});
  EXPECT_EQ(out,
            "{\"_id\":\"de/faq.html#preis\",\"doc\":\"de/faq.html\","
            "\"url\":\"https://example.org/de/faq.html\",\"language\":\"de\",\"title\":\"FAQ\","
            "\"headings\":[\"FAQ\",\"\\\"Preis\\\"\"],\"text\":\"Preis\\nEs kostet nichts.\"}\n");
}

TEST(PassageRecord, WithoutHeadingsHasAnEmptyList) {
  std::string out;
  append_json_line(out, {"a", "section-1", "a", "", "", {}, "t"});
  EXPECT_EQ(out,
            "{\"_id\":\"a#section-1\",\"doc\":\"a\",\"url\":\"a\",\"language\":\"\",\"title\":\"\","
            "\"headings\":[],\"text\":\"t\"}\n");
}

}  // namespace
}  // namespace crosstail::data
