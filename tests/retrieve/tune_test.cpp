#include "retrieve/tune.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/interrupt.h"
#include "retrieve/asked_index.h"
#include "retrieve/grid_ranks.h"

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

/// Places by searches, one setting after the other.
std::vector<float> searched(QuerySession& session, const Asked& asked, const SearchSetting& base,
                            const index::FusionSetting& fusion,
                            const std::vector<std::vector<index::PassageNumber>>& relevant) {
  SearchSetting setting = base;
  setting.fusion = fusion;
  setting.k = kMrrDepth;
  const auto rankings = session.search(asked.queries, asked.vectors, setting);
  EXPECT_TRUE(rankings.ok()) << rankings.error().message;
  std::vector<float> out;
  for (std::size_t q = 0; q < rankings->size(); ++q) {
    out.push_back(0);
    for (std::size_t i = 0; i < (*rankings)[q].size() && out.back() == 0; ++i)
      if (std::binary_search(relevant[q].begin(), relevant[q].end(), (*rankings)[q][i].passage))
        out.back() = 1 / static_cast<float>(i + 1);
  }
  return out;
}

TEST(Tune, PlacesOfTheGridAreThoseOfSearchesInEveryMode) {
  TemporaryFolder folder;
  auto passages = with_sites(crosstail::testing::random_passages(90, kDim));
  for (std::size_t p = 0; p < passages.size(); p += 4) {
    auto window = passages[p + 1].rows.front();
    std::reverse(window.begin(), window.end());
    passages[p].rows.push_back(window);
  }
  index::SegmentOptions options;
  options.dimension = kDim;
  options.keep = index::KeepParts::Question;
  options.windows = true;
  ASSERT_TRUE(crosstail::testing::write_small_index(folder / "x", passages, options).ok());
  Pool pool(1);
  auto session = QuerySession::open(folder / "x", pool);
  ASSERT_TRUE(session.ok());
  const Asked asked = asked_of(passages, 50);
  std::vector<std::vector<index::PassageNumber>> relevant;
  for (std::size_t q = 0; q < asked.queries.size(); ++q)
    relevant.push_back(
        {static_cast<index::PassageNumber>(q % 7), static_cast<index::PassageNumber>(10 + q % 80)});
  std::vector<index::FusionSetting> settings;
  for (const auto mode :
       {index::FusionMode::None, index::FusionMode::Sum, index::FusionMode::Mean,
        index::FusionMode::LanguageMean, index::FusionMode::QuestionsOnly, index::FusionMode::Max})
    for (const double alpha : {0.2, 0.7})
      for (const auto center :
           {index::Centering::None, index::Centering::Language, index::Centering::Global}) {
        index::FusionSetting setting;
        setting.mode = mode;
        setting.alpha = alpha;
        setting.beta = 0.6 + alpha;
        setting.center = center;
        setting.strength = center == index::Centering::Language ? 0.5 : 1;
        settings.push_back(setting);
      }
  for (const char* left_out : {"", "language", "language,group", "site", "text"}) {
    SearchSetting base;
    base.leave_out = *parse_leave_out(left_out);
    const auto places =
        grid_reciprocal_ranks(*session, {asked.queries, asked.vectors, relevant}, base, settings);
    ASSERT_TRUE(places.ok()) << places.error().message;
    for (std::size_t s = 0; s < settings.size(); ++s)
      EXPECT_EQ((*places)[s], searched(*session, asked, base, settings[s], relevant))
          << to_text(settings[s]) << " without " << left_out;
  }
}

TEST(Tune, APeakOfOnePointDoesNotDecide) {
  // Half of the weight is the neighbours': 0.1, 0.9, 0.1 is worth less than 0.6, 0.6, 0.6.
  TemporaryFolder folder;
  std::vector<float> vectors;
  std::vector<data::Query> queries;
  std::vector<std::vector<index::PassageNumber>> relevant;
  write(folder / "x", telling(true, vectors, queries, relevant));
  Pool pool(0);
  auto session = QuerySession::open(folder / "x", pool);
  const auto tuned = tune(*session, queries, vectors, relevant, {});
  ASSERT_TRUE(tuned.ok());
  const auto& curve = tuned->curve;
  for (std::size_t i = 1; i + 1 < curve.size(); ++i) {
    const auto& fusion = curve[i].setting.fusion;
    if (fusion.mode != index::FusionMode::Mean || fusion.center != index::Centering::None) continue;
    if (curve[i - 1].setting.fusion.mode != fusion.mode ||
        curve[i + 1].setting.fusion.mode != fusion.mode)
      continue;
    EXPECT_NEAR(curve[i].smoothed, curve[i - 1].mrr / 4 + curve[i].mrr / 2 + curve[i + 1].mrr / 4,
                1e-12);
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

/// A grid over queries in two languages, so that it has batches, and what it finds when nothing
/// stops it.
class StoppedGrid : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto passages = with_sites(crosstail::testing::random_passages(700, kDim));
    write(folder_ / "x", passages);
    session_ = std::make_unique<QuerySession>(*QuerySession::open(folder_ / "x", pool_));
    asked_ = asked_of(passages, 40);
    for (std::size_t q = 0; q < asked_.queries.size(); ++q)
      relevant_.push_back({static_cast<index::PassageNumber>(17 * q)});
    base_.leave_out = *parse_leave_out("language,group");
    for (const double alpha : {0.2, 0.5, 0.8}) {
      index::FusionSetting setting;
      setting.mode = index::FusionMode::Mean;
      setting.alpha = alpha;
      settings_.push_back(setting);
    }
    expected_ = *run({});
  }
  void TearDown() override { clear_interrupt(); }

  Result<std::vector<std::vector<float>>> run(const GridRun& how) {
    return grid_reciprocal_ranks(*session_, {asked_.queries, asked_.vectors, relevant_}, base_,
                                 settings_, how);
  }

  /// Interrupted as soon as `share` is done; the share that was.
  double stop_at(double share) {
    double reached = 0;
    GridRun how;
    how.state = folder_ / "state";
    how.done = [&](double done) {
      reached = done;
      if (done >= share) request_interrupt();
    };
    const auto stopped = run(how);
    EXPECT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().code, ErrorCode::Interrupted);
    clear_interrupt();
    return reached;
  }

  /// Runs to the end; the first share that it reports.
  double go_on() {
    double first = 2;
    GridRun how;
    how.state = folder_ / "state";
    how.done = [&](double done) { first = std::min(first, done); };
    const auto places = run(how);
    EXPECT_TRUE(places.ok()) << places.error().message;
    EXPECT_EQ(*places, expected_);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "state"));
    return first;
  }

  TemporaryFolder folder_;
  Pool pool_{1};
  std::unique_ptr<QuerySession> session_;
  Asked asked_;
  std::vector<std::vector<index::PassageNumber>> relevant_;
  SearchSetting base_;
  std::vector<index::FusionSetting> settings_;
  std::vector<std::vector<float>> expected_;
};

TEST_F(StoppedGrid, GoesOnWhereItStoppedAndFindsTheSame) {
  double before = 0;
  for (const double share : {0.01, 0.4, 0.8}) {
    const double reached = stop_at(share);
    EXPECT_GE(reached, share);
    EXPECT_GT(reached, before);
    EXPECT_LT(reached, 1);
    before = reached;
  }
  EXPECT_GT(go_on(), before);
}

TEST_F(StoppedGrid, BeginsAgainWhereTheStateIsDamagedOrOfOtherQueries) {
  const double alone = go_on();
  stop_at(0.5);
  {
    std::fstream file(folder_ / "state", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file.put('x');
    file.put('y');
  }
  EXPECT_DOUBLE_EQ(go_on(), alone);
  stop_at(0.5);
  std::filesystem::resize_file(folder_ / "state", 30);
  EXPECT_DOUBLE_EQ(go_on(), alone);
  stop_at(0.5);
  asked_.vectors[0] += 0.5F;
  expected_ = *run({});
  EXPECT_DOUBLE_EQ(go_on(), alone);
}

}  // namespace
}  // namespace crosstail::retrieve
