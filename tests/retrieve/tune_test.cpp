#include "retrieve/tune.h"

#include <gtest/gtest.h>

#include "retrieve/asked_index.h"

namespace crosstail::retrieve {
namespace {

std::vector<SmallPassage> telling(bool questions_tell, std::vector<float>& vectors,
                                  std::vector<data::Query>& queries,
                                  std::vector<std::vector<index::PassageNumber>>& relevant) {
  std::vector<SmallPassage> passages;
  for (std::size_t p = 0; p < kDim; ++p) {
    std::vector<float> own(kDim, 0.0F), other(kDim, 0.0F);
    own[p] = 1;
    other[(p * 5 + 3) % kDim] = 1;
    SmallPassage passage;
    passage.id = "p" + std::to_string(p);
    passage.rows.push_back(questions_tell ? other : own);
    for (const char* tag : {"de", "fr"}) {
      SmallQuestion question;
      question.text = "question " + std::to_string(p) + tag;
      question.tag = tag;
      question.group = tag + std::to_string(p);
      question.vector = questions_tell ? own : other;
      passage.questions.push_back(question);
      data::Query query;
      query.id = tag + std::to_string(p);
      query.language = tag;
      query.text = "asked";
      queries.push_back(query);
      relevant.push_back({static_cast<index::PassageNumber>(p)});
      vectors.insert(vectors.end(), own.begin(), own.end());
    }
    passages.push_back(passage);
  }
  return passages;
}

TEST(Tune, ChoosesQuestionsWhereTheyTellAndPassagesWhereThoseDo) {
  for (const bool questions_tell : {true, false}) {
    TemporaryFolder folder;
    std::vector<float> vectors;
    std::vector<data::Query> queries;
    std::vector<std::vector<index::PassageNumber>> relevant;
    write(folder / "x", telling(questions_tell, vectors, queries, relevant));
    Pool pool(1);
    auto session = QuerySession::open(folder / "x", pool);
    ASSERT_TRUE(session.ok());
    EXPECT_FALSE(session->tuned().ok()) << "--fusion auto is an error before";
    SearchSetting base;
    base.leave_out.language = true;
    const auto tuned = tune(*session, queries, vectors, relevant, base);
    ASSERT_TRUE(tuned.ok()) << tuned.error().message;
    EXPECT_DOUBLE_EQ(tuned->curve[tuned->best].mrr, 1.0);
    EXPECT_EQ(tuned->languages, 2U);
    if (questions_tell) {
      EXPECT_NE(tuned->curve[tuned->best].setting.fusion.mode, index::FusionMode::None);
    } else {
      EXPECT_EQ(tuned->curve[tuned->best].setting.fusion.mode, index::FusionMode::None);
    }
  }
}

TEST(Tune, AsksTheAttachedQuestionsWithTheirLanguageAndGroupLeftOut) {
  TemporaryFolder folder;
  std::vector<float> vectors;
  std::vector<data::Query> queries;
  std::vector<std::vector<index::PassageNumber>> relevant;
  write(folder / "x", telling(true, vectors, queries, relevant));
  Pool pool(1);
  auto session = QuerySession::open(folder / "x", pool);
  ASSERT_TRUE(session.ok());
  const auto asked = questions_as_queries(session->index(), 1000);
  ASSERT_TRUE(asked.ok()) << asked.error().message;
  EXPECT_EQ(asked->queries.size(), 2 * kDim);
  EXPECT_TRUE(asked->leave_out.language && asked->leave_out.group);
  SearchSetting base;
  base.leave_out = asked->leave_out;
  const auto tuned = tune(*session, asked->queries, asked->vectors, asked->relevant, base);
  ASSERT_TRUE(tuned.ok()) << tuned.error().message;
  // The same question in the other language is another group here, and counts.
  EXPECT_DOUBLE_EQ(tuned->curve[tuned->best].mrr, 1.0);
}

}  // namespace
}  // namespace crosstail::retrieve
