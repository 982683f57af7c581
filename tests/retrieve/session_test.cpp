#include "retrieve/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "retrieve/hybrid.h"
#include "retrieve/leaks.h"
#include "retrieve/search_job.h"
#include "retrieve/sweep.h"
#include "retrieve/tune.h"
#include "support/small_index.h"
#include "support/temporary_folder.h"
#include "text/language_tag.h"

namespace crosstail::retrieve {
namespace {

using crosstail::testing::SmallPassage;
using crosstail::testing::SmallQuestion;
using crosstail::testing::TemporaryFolder;

constexpr std::size_t kDim = 16;

void write(const std::filesystem::path& dir, const std::vector<SmallPassage>& passages,
           index::KeepParts keep = index::KeepParts::Question) {
  index::SegmentOptions options;
  options.dimension = kDim;
  options.keep = keep;
  const auto written = crosstail::testing::write_small_index(dir, passages, options);
  ASSERT_TRUE(written.ok()) << written.error().message;
}

/// Queries that are questions of the index, so that every leave-out bites.
struct Asked {
  std::vector<data::Query> queries;
  std::vector<float> vectors;
};
Asked asked_of(const std::vector<SmallPassage>& passages, std::size_t count) {
  Asked out;
  for (std::size_t p = 0; p < passages.size() && out.queries.size() < count; ++p) {
    if (passages[p].questions.empty()) continue;
    const SmallQuestion& question = passages[p].questions.front();
    data::Query query;
    query.id = "q" + std::to_string(out.queries.size());
    query.text = question.text;
    query.language = question.tag;
    query.group = question.group;
    query.fields.emplace_back("site", passages[p].site);
    out.queries.push_back(query);
    const auto& other = passages[(p * 7 + 3) % passages.size()].rows.front();
    for (std::size_t i = 0; i < kDim; ++i)
      out.vectors.push_back(question.vector[i] + 0.5F * other[i]);
  }
  return out;
}

std::vector<SmallPassage> with_sites(std::vector<SmallPassage> passages) {
  for (auto& passage : passages)
    for (std::size_t q = 0; q < passage.questions.size(); ++q)
      passage.questions[q].site = "site" + std::to_string(q % 5) + ".example";
  return passages;
}

bool left_out(const SmallQuestion& question, const data::Query& query, const LeaveOut& what) {
  return (what.language && text::same_language(question.tag, query.language)) ||
         (what.group && question.group == query.group) ||
         (what.site && question.site == *query.field("site")) ||
         (what.text && question.text == query.text);
}

Ranking only(QuerySession& session, const data::Query& query, std::span<const float> vector,
             const SearchSetting& setting) {
  auto found = session.search({&query, 1}, vector, setting);
  EXPECT_TRUE(found.ok()) << found.error().message;
  return found.ok() ? found->front() : Ranking{};
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

TEST(Session, KCountsDocumentsAfterGrouping) {
  TemporaryFolder folder;
  auto passages = crosstail::testing::random_passages(90, kDim);
  // All the best hits fall into few documents.
  for (std::size_t p = 0; p < passages.size(); ++p)
    passages[p].doc = p % 10 == 0 ? "doc" + std::to_string(p) : "big" + std::to_string(p % 2);
  write(folder / "x", passages);
  Pool pool(1);
  auto session = QuerySession::open(folder / "x", pool);
  ASSERT_TRUE(session.ok());
  const Asked asked = asked_of(passages, 5);
  SearchSetting setting;
  setting.k = 90;
  auto all = session->search(asked.queries, asked.vectors, setting);
  ASSERT_TRUE(all.ok());
  setting.group_by_doc = true;
  for (const std::size_t k : {1U, 3U, 8U, 11U, 50U}) {
    setting.k = k;
    const auto grouped = session->search(asked.queries, asked.vectors, setting);
    ASSERT_TRUE(grouped.ok());
    for (std::size_t q = 0; q < asked.queries.size(); ++q) {
      Ranking expected;
      std::set<std::string> seen;
      for (const auto& hit : (*all)[q])
        if (expected.size() < k && seen.insert(passages[hit.passage].doc).second)
          expected.push_back(hit);
      EXPECT_EQ((*grouped)[q], expected) << k;
    }
  }
}

TEST(Session, CollapsingAGroupGivesTheReadersLanguage) {
  TemporaryFolder folder;
  auto passages = crosstail::testing::random_passages(12, kDim);
  for (std::size_t p = 0; p < passages.size(); ++p) {
    passages[p].group = "page" + std::to_string(p / 3);
    passages[p].tag = p % 3 == 0 ? "en" : p % 3 == 1 ? "pt-BR" : "ja";
  }
  passages[4].tag = "fr";  // group page1 has no Portuguese
  write(folder / "x", passages);
  Pool pool(0);
  auto session = QuerySession::open(folder / "x", pool);
  ASSERT_TRUE(session.ok());
  const Asked asked = asked_of(passages, 3);
  SearchSetting setting;
  setting.k = 4;
  setting.collapse_group = true;
  setting.prefer_language = "pt";
  const auto found = session->search(asked.queries, asked.vectors, setting);
  ASSERT_TRUE(found.ok());
  for (const auto& ranking : *found) {
    ASSERT_EQ(ranking.size(), 4U);
    std::set<std::string> groups;
    for (const auto& hit : ranking) {
      groups.insert(passages[hit.passage].group);
      if (passages[hit.passage].group != "page1") {
        EXPECT_EQ(passages[hit.passage].tag, "pt-BR");
      }
    }
    EXPECT_EQ(groups.size(), 4U);
  }
}

TEST(Session, ARecallTargetFindsThatShareOfTheExactHitsAndTheirScores) {
  TemporaryFolder folder;
  const auto passages = crosstail::testing::random_passages(1500, kDim);
  write(folder / "x", passages);
  Pool pool(0);
  auto session = QuerySession::open(folder / "x", pool);
  ASSERT_TRUE(session.ok());
  const Asked asked = asked_of(passages, 40);
  for (const auto mode :
       {index::FusionMode::None, index::FusionMode::Mean, index::FusionMode::Max}) {
    SearchSetting setting;
    setting.fusion.mode = mode;
    setting.leave_out.group = true;
    const auto exact = session->search(asked.queries, asked.vectors, setting);
    setting.recall = 0.95;
    const auto found = session->search(asked.queries, asked.vectors, setting);
    ASSERT_TRUE(exact.ok() && found.ok()) << found.error().message;
    std::size_t of = 0, same = 0;
    for (std::size_t q = 0; q < exact->size(); ++q)
      for (const auto& hit : (*exact)[q]) {
        ++of;
        same += static_cast<std::size_t>(
            std::any_of((*found)[q].begin(), (*found)[q].end(), [&](const auto& other) {
              return other.passage == hit.passage && other.score == hit.score;
            }));
      }
    EXPECT_GE(static_cast<double>(same), 0.9 * static_cast<double>(of));
  }
  EXPECT_TRUE(std::filesystem::exists(folder / "x/graphs"));
  // The second session finds the graphs and the same hits.
  auto again = QuerySession::open(folder / "x", pool);
  SearchSetting setting;
  setting.recall = 0.95;
  const auto one = session->search(asked.queries, asked.vectors, setting);
  const auto two = again->search(asked.queries, asked.vectors, setting);
  ASSERT_TRUE(one.ok() && two.ok());
  for (std::size_t q = 0; q < one->size(); ++q)
    for (std::size_t i = 0; i < (*one)[q].size(); ++i) {
      EXPECT_EQ((*one)[q][i].passage, (*two)[q][i].passage);
      EXPECT_EQ((*one)[q][i].score, (*two)[q][i].score);
    }
}

TEST(Session, FiltersKeepTheBestOfWhatCounts) {
  TemporaryFolder folder;
  auto passages = crosstail::testing::random_passages(40, kDim);
  for (std::size_t p = 0; p < passages.size(); p += 2) passages[p].tag = "de-AT";
  write(folder / "x", passages);
  Pool pool(0);
  auto session = QuerySession::open(folder / "x", pool);
  ASSERT_TRUE(session.ok());
  const Asked asked = asked_of(passages, 4);
  for (const auto system : {System::Dense, System::Bm25, System::Hybrid}) {
    SearchSetting setting;
    setting.system = system;
    setting.words = true;
    setting.fields = Bm25Fields::Both;
    setting.fusion.mode = index::FusionMode::Max;
    setting.languages = {"de"};
    setting.sites = {"site2.example", "site4.example"};
    const auto found = session->search(asked.queries, asked.vectors, setting);
    ASSERT_TRUE(found.ok()) << found.error().message;
    for (const auto& ranking : *found) {
      EXPECT_FALSE(ranking.empty());
      for (const auto& hit : ranking) {
        EXPECT_EQ(hit.passage % 2, 0U);
        EXPECT_TRUE(hit.passage % 5 == 2 || hit.passage % 5 == 4);
      }
    }
  }
}

TEST(Hybrid, JoinsByRanksAndByScaledScores) {
  const Ranking a{{5, 9.0F}, {2, 7.0F}, {8, 5.0F}}, b{{2, 0.9F}, {4, 0.3F}};
  const Ranking ranks = by_reciprocal_rank(a, b, 10);
  ASSERT_EQ(ranks.size(), 4U);
  EXPECT_EQ(ranks[0].passage, 2U);
  EXPECT_FLOAT_EQ(ranks[0].score, static_cast<float>(1.0 / 62 + 1.0 / 61));
  EXPECT_EQ(ranks[1].passage, 5U);  // 1/61
  EXPECT_EQ(ranks[2].passage, 4U);  // 1/62
  EXPECT_EQ(ranks[3].passage, 8U);  // 1/63
  // a scaled: 5: 1, 2: 0.5, 8: 0; b scaled: 2: 1, 4: 0. With 0.75: 5: 0.75, 2: 0.625.
  const Ranking sums = by_weighted_sum(a, b, 0.75, 3);
  ASSERT_EQ(sums.size(), 3U);
  EXPECT_EQ(sums[0].passage, 5U);
  EXPECT_FLOAT_EQ(sums[0].score, 0.75F);
  EXPECT_EQ(sums[1].passage, 2U);
  EXPECT_FLOAT_EQ(sums[1].score, 0.625F);
  EXPECT_EQ(sums[2].passage, 4U);  // 0, and the smaller number than 8
}

TEST(Sweep, IsEveryCombination) {
  const auto settings =
      parse_sweep("alpha=0:0.2:0.01,max-per-language=1..5,languages-attached=all|de|de+fr", {});
  ASSERT_TRUE(settings.ok()) << settings.error().message;
  ASSERT_EQ(settings->size(), 21U * 5 * 3);
  EXPECT_EQ((*settings)[7 * 15].fusion.alpha, 0.07);
  EXPECT_EQ(settings->back().fusion.alpha, 0.2);
  EXPECT_EQ(settings->back().questions.max_per_language, 5U);
  EXPECT_EQ(settings->back().questions.languages, (std::vector<std::string>{"de", "fr"}));
  for (const char* wrong : {"alpha=0:2:1", "alpha=0.2:0:1", "alpha", "size=3", "alpha=0:1:0",
                            "max-per-language=5..1", "fusion=most", "alpha=0:1:1e-9"})
    EXPECT_EQ(parse_sweep(wrong, {}).error().code, ErrorCode::InvalidArgument) << wrong;
}

class JobTest : public ::testing::Test {
 protected:
  void SetUp() override {
    passages_ = with_sites(crosstail::testing::random_passages(80, kDim));
    write(folder_ / "x", passages_);
    const Asked asked = asked_of(passages_, 50);
    vectors_ = asked.vectors;
    for (const auto& query : asked.queries) ASSERT_TRUE(queries_.add(query).ok());
  }
  Result<SearchJobResult> search(const std::string& name, const SearchSetting& setting,
                                 std::size_t threads, std::size_t batch) {
    Pool pool(threads - 1);
    CT_TRY(auto session, QuerySession::open(folder_ / "x", pool));
    SearchJobOptions options;
    options.batch = batch;
    options.version = "test";
    options.encode = [this](std::size_t begin,
                            std::span<const data::Query> asked) -> Result<std::vector<float>> {
      const auto at = vectors_.begin() + static_cast<std::ptrdiff_t>(begin * kDim);
      return std::vector<float>(at, at + static_cast<std::ptrdiff_t>(asked.size() * kDim));
    };
    return run_search(session, queries_, {{setting, (folder_ / name).string(), "tag"}}, nullptr,
                      options);
  }
  TemporaryFolder folder_;
  std::vector<SmallPassage> passages_;
  data::Queries queries_;
  std::vector<float> vectors_;
};

TEST_F(JobTest, RunFilesAreEqualForAnyThreadsAndBatch) {
  for (const auto system : {System::Dense, System::Bm25, System::Hybrid}) {
    SearchSetting setting;
    setting.system = system;
    setting.words = true;
    setting.fields = Bm25Fields::Both;
    setting.fusion.mode = index::FusionMode::Mean;
    setting.fusion.center = index::Centering::Language;
    setting.leave_out = *parse_leave_out("language,group");
    ASSERT_TRUE(search("a", setting, 1, 1000).ok());
    ASSERT_TRUE(search("b", setting, 3, 7).ok());
    EXPECT_EQ(*read_file(folder_ / "a"), *read_file(folder_ / "b"));
    EXPECT_EQ(*read_file(folder_ / "a.meta.json"), *read_file(folder_ / "b.meta.json"));
  }
}

TEST_F(JobTest, TheMetaFileNamesTheLeaksThatRemain) {
  SearchSetting setting;
  setting.fusion.mode = index::FusionMode::Mean;
  const auto open = search("open", setting, 2, 100);
  ASSERT_TRUE(open.ok()) << open.error().message;
  EXPECT_EQ(open->queries_with_leaks, queries_.size()) << "every query is an attached question";
  const auto meta = data::read_run_meta(folder_ / "open.meta.json");
  ASSERT_TRUE(meta.ok()) << meta.error().message;
  EXPECT_EQ(meta->system, "dense");
  EXPECT_EQ(meta->fusion, "mean");
  EXPECT_EQ(meta->other_languages, true);
  // Query q0 is the first question of the first passage that has any.
  const auto first = std::find_if(passages_.begin(), passages_.end(),
                                  [](const auto& p) { return !p.questions.empty(); });
  const auto& leaks = meta->leaks.at("q0");
  ASSERT_GE(leaks.size(), 2U);
  EXPECT_EQ(leaks[0].grade, data::LeakGrade::SameText);
  EXPECT_EQ(leaks[0].passages.front(), first->id);

  setting.leave_out = *parse_leave_out("group,text");
  ASSERT_TRUE(search("closed", setting, 2, 100).ok());
  const auto closed = data::read_run_meta(folder_ / "closed.meta.json");
  ASSERT_TRUE(closed.ok());
  for (const auto& [query, found] : closed->leaks)
    for (const auto& leak : found) EXPECT_EQ(leak.grade, data::LeakGrade::NearCopy) << query;
  EXPECT_EQ(closed->leave_out, (std::vector<std::string>{"group", "text"}));
}

TEST_F(JobTest, NothingIsPutInPlaceWhenAQueryCannotBeAsked) {
  data::Query lacking;
  lacking.id = "lacking";
  lacking.text = "no language";
  ASSERT_TRUE(queries_.add(lacking).ok());
  SearchSetting setting;
  setting.leave_out.language = true;
  EXPECT_FALSE(search("x.trec", setting, 1, 8).ok());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.trec"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.trec.part"));
}

/// Passages whose vectors say nothing and whose questions say all, or the other way round.
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
