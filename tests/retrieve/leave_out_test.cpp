/// What is left out is as if it had never been attached.

#include <gtest/gtest.h>

#include <algorithm>

#include "retrieve/asked_index.h"
#include "text/language_tag.h"

namespace crosstail::retrieve {
namespace {

bool left_out(const SmallQuestion& question, const data::Query& query, const LeaveOut& what) {
  return (what.language && text::same_language(question.tag, query.language)) ||
         (what.group && question.group == query.group) ||
         (what.site && question.site == *query.field("site")) ||
         (what.text && question.text == query.text);
}

class LeaveOutTest : public ::testing::TestWithParam<std::string> {};

TEST_P(LeaveOutTest, EqualsBuildingTheIndexWithoutThoseQuestions) {
  TemporaryFolder folder;
  const auto passages = with_sites(crosstail::testing::random_passages(60, kDim));
  write(folder / "all", passages);
  Pool pool(1);
  auto session = QuerySession::open(folder / "all", pool);
  ASSERT_TRUE(session.ok()) << session.error().message;
  const Asked asked = asked_of(passages, 12);
  SearchSetting setting;
  setting.k = 25;
  setting.leave_out = *parse_leave_out(GetParam());
  for (const auto mode : {index::FusionMode::None, index::FusionMode::Sum, index::FusionMode::Mean,
                          index::FusionMode::LanguageMean, index::FusionMode::QuestionsOnly,
                          index::FusionMode::Max}) {
    setting.fusion.mode = mode;
    setting.fusion.alpha = 0.4;
    const auto together = session->search(asked.queries, asked.vectors, setting);
    ASSERT_TRUE(together.ok()) << together.error().message;
    for (std::size_t q = 0; q < asked.queries.size(); ++q) {
      auto without = passages;
      for (auto& passage : without)
        std::erase_if(passage.questions, [&](const SmallQuestion& question) {
          return left_out(question, asked.queries[q], setting.leave_out);
        });
      const auto dir = folder / ("without-" + std::to_string(q) + std::string(name_of(mode)));
      write(dir, without);
      auto other = QuerySession::open(dir, pool);
      ASSERT_TRUE(other.ok()) << other.error().message;
      SearchSetting plain = setting;
      plain.leave_out = {};
      EXPECT_EQ((*together)[q], only(*other, asked.queries[q],
                                     std::span(asked.vectors).subspan(q * kDim, kDim), plain))
          << name_of(mode) << " query " << q;
    }
  }
}

TEST_P(LeaveOutTest, OfBm25LeavesNoQuestionOfTheKind) {
  TemporaryFolder folder;
  const auto passages = with_sites(crosstail::testing::random_passages(60, kDim));
  write(folder / "all", passages);
  Pool pool(1);
  auto session = QuerySession::open(folder / "all", pool);
  ASSERT_TRUE(session.ok()) << session.error().message;
  const Asked asked = asked_of(passages, 12);
  SearchSetting setting;
  setting.system = System::Bm25;
  setting.words = true;
  setting.k = 60;
  setting.leave_out = *parse_leave_out(GetParam());
  for (const auto fields : {Bm25Fields::Questions, Bm25Fields::Both}) {
    setting.fields = fields;
    for (std::size_t q = 0; q < asked.queries.size(); ++q) {
      auto without = passages;
      for (auto& passage : without)
        std::erase_if(passage.questions, [&](const SmallQuestion& question) {
          return left_out(question, asked.queries[q], setting.leave_out);
        });
      const auto dir = folder / ("without-" + std::to_string(q) + std::string(name_of(fields)));
      write(dir, without);
      auto other = QuerySession::open(dir, pool);
      ASSERT_TRUE(other.ok());
      SearchSetting plain = setting;
      plain.leave_out = {};
      auto expected = only(*other, asked.queries[q], {}, plain);
      auto found = only(*session, asked.queries[q], {}, setting);
      if (setting.leave_out.per_query()) {
        // Statistics are those of the whole index, so scores differ; what is found does not.
        const auto by_number = [](const RankedPassage& a, const RankedPassage& b) {
          return a.passage < b.passage;
        };
        std::sort(found.begin(), found.end(), by_number);
        std::sort(expected.begin(), expected.end(), by_number);
        ASSERT_EQ(found.size(), expected.size());
        for (std::size_t i = 0; i < found.size(); ++i)
          EXPECT_EQ(found[i].passage, expected[i].passage);
      } else {
        EXPECT_EQ(found, expected) << name_of(fields) << " query " << q;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, LeaveOutTest,
                         ::testing::Values("language", "group", "site", "text", "language,group",
                                           "language,group,site,text"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), ',', '_');
                           return name;
                         });

TEST(Session, AQueryWithoutTheFieldIsAnErrorThatNamesIt) {
  TemporaryFolder folder;
  write(folder / "x", crosstail::testing::random_passages(5, kDim));
  Pool pool(0);
  auto session = QuerySession::open(folder / "x", pool);
  ASSERT_TRUE(session.ok());
  data::Query query;
  query.id = "q7";
  query.text = "text";
  const std::vector<float> vector(kDim, 0.1F);
  for (const std::string field : {"language", "group", "site"}) {
    SearchSetting setting;
    setting.leave_out = *parse_leave_out(field);
    const auto found = session->search({&query, 1}, vector, setting);
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, ErrorCode::InvalidArgument);
    EXPECT_NE(found.error().message.find("query `q7` has no `" +
                                         (field == "language" ? std::string("lang") : field)),
              std::string::npos)
        << found.error().message;
  }
}

}  // namespace
}  // namespace crosstail::retrieve
