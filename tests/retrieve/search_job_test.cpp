#include "retrieve/search_job.h"

#include <gtest/gtest.h>

#include "retrieve/asked_index.h"
#include "retrieve/leaks.h"
#include "retrieve/sweep.h"

namespace crosstail::retrieve {
namespace {

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

}  // namespace
}  // namespace crosstail::retrieve
