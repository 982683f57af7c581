/// What is left out is as if it had never been attached.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

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

class LeaveOutTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    write(folder_ / "all", passages_);
    auto opened = QuerySession::open(folder_ / "all", pool_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    session_ = std::make_unique<QuerySession>(std::move(*opened));
    setting_.leave_out = *parse_leave_out(GetParam());
  }

  [[nodiscard]] std::span<const float> vector(std::size_t q) const {
    return std::span(asked_.vectors).subspan(q * kDim, kDim);
  }
  /// What an index without the questions that query q leaves out finds.
  Ranking from_an_index_without(std::size_t q, std::string_view name) {
    auto without = passages_;
    for (auto& passage : without)
      std::erase_if(passage.questions, [&](const SmallQuestion& question) {
        return left_out(question, asked_.queries[q], setting_.leave_out);
      });
    const auto dir = folder_ / ("without-" + std::to_string(q) + std::string(name));
    write(dir, without);
    auto other = QuerySession::open(dir, pool_);
    EXPECT_TRUE(other.ok());
    if (!other.ok()) return {};
    SearchSetting plain = setting_;
    plain.leave_out = {};
    return only(*other, asked_.queries[q], vector(q), plain);
  }

  TemporaryFolder folder_;
  std::vector<SmallPassage> passages_ = with_sites(crosstail::testing::random_passages(60, kDim));
  Asked asked_ = asked_of(passages_, 12);
  Pool pool_{1};
  std::unique_ptr<QuerySession> session_;
  SearchSetting setting_;
};

TEST_P(LeaveOutTest, EqualsBuildingTheIndexWithoutThoseQuestions) {
  setting_.k = 25;
  for (const auto mode : {index::FusionMode::None, index::FusionMode::Sum, index::FusionMode::Mean,
                          index::FusionMode::LanguageMean, index::FusionMode::QuestionsOnly,
                          index::FusionMode::Max}) {
    setting_.fusion.mode = mode;
    setting_.fusion.alpha = 0.4;
    const auto together = session_->search(asked_.queries, asked_.vectors, setting_);
    ASSERT_TRUE(together.ok()) << together.error().message;
    for (std::size_t q = 0; q < asked_.queries.size(); ++q)
      EXPECT_EQ((*together)[q], from_an_index_without(q, name_of(mode)))
          << name_of(mode) << " query " << q;
  }
}

TEST_P(LeaveOutTest, OfBm25LeavesNoQuestionOfTheKind) {
  setting_.system = System::Bm25;
  setting_.words = true;
  setting_.k = 60;
  for (const auto fields : {Bm25Fields::Questions, Bm25Fields::Both}) {
    setting_.fields = fields;
    for (std::size_t q = 0; q < asked_.queries.size(); ++q) {
      auto expected = from_an_index_without(q, name_of(fields));
      auto found = only(*session_, asked_.queries[q], vector(q), setting_);
      if (!setting_.leave_out.per_query()) {
        EXPECT_EQ(found, expected) << name_of(fields) << " query " << q;
        continue;
      }
      // Statistics are those of the whole index, so scores differ; what is found does not.
      const auto by_number = [](const RankedPassage& a, const RankedPassage& b) {
        return a.passage < b.passage;
      };
      std::sort(found.begin(), found.end(), by_number);
      std::sort(expected.begin(), expected.end(), by_number);
      ASSERT_EQ(found.size(), expected.size());
      for (std::size_t i = 0; i < found.size(); ++i)
        EXPECT_EQ(found[i].passage, expected[i].passage);
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
    EXPECT_EQ(found.error().code, ErrorCode::Corrupt);
    EXPECT_NE(found.error().message.find("query `q7` has no `" +
                                         (field == "language" ? std::string("lang") : field)),
              std::string::npos)
        << found.error().message;
  }
}

}  // namespace
}  // namespace crosstail::retrieve
