#include "base/counters.h"

#include <gtest/gtest.h>

namespace crosstail {
namespace {

TEST(Counters, NestByDots) {
  Counters counters;
  counters.add("pages.read", 3);
  counters.add("pages.dropped", "no-markup", 2);
  counters.add("pages.dropped", "empty", 1);
  counters.add("bytes", 7);
  counters.add("pages.none", 0);
  std::string out;
  JsonWriter json(out);
  counters.write(json);
  EXPECT_EQ(out, R"({"bytes":7,"pages":{"dropped":{"empty":1,"no-markup":2},"read":3}})");
}

TEST(Counters, ANameThatIsAGroupTooBecomesItsTotal) {
  Counters counters;
  counters.add("repairs", 5);
  counters.add("repairs.comma", 5);
  std::string out;
  JsonWriter json(out);
  counters.write(json);
  EXPECT_EQ(out, R"({"repairs":{"total":5,"comma":5}})");
}

TEST(Counters, SumAGroup) {
  Counters counters;
  counters.add("a.b.c", 1);
  counters.add("a.b.d", 2);
  counters.add("a.bb", 4);
  EXPECT_EQ(counters.sum("a.b"), 3u);
  EXPECT_EQ(counters.sum("a"), 7u);
}

TEST(Counters, ReadBackWhatTheyWrote) {
  Counters counters;
  counters.add("a.b", 1);
  counters.add("name with space", 18446744073709551615u);
  auto back = Counters::from_lines(counters.to_lines());
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->all(), counters.all());
  EXPECT_FALSE(Counters::from_lines("nonsense").ok());
}

}  // namespace
}  // namespace crosstail
