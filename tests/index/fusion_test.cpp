/// Every mode against a direct computation in f64 from design.md §3, and the paper's equation on
/// numbers made by hand.

#include "index/fusion.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "index/fused_rows.h"
#include "support/small_index.h"
#include "support/temporary_folder.h"
#include "text/language_tag.h"

namespace crosstail::index {
namespace {

using testing::SmallPassage;
using testing::SmallQuestion;
using testing::TemporaryFolder;
using Vector = std::vector<double>;

constexpr std::size_t kDim = 24;

SegmentOptions options_with(KeepParts keep) {
  SegmentOptions options;
  options.dimension = kDim;
  options.keep = keep;
  return options;
}

std::shared_ptr<const IndexReader> built(const std::filesystem::path& dir,
                                         const std::vector<SmallPassage>& passages,
                                         const SegmentOptions& options) {
  const auto status = testing::write_small_index(dir, passages, options);
  EXPECT_TRUE(status.ok()) << status.error().message;
  auto index = IndexReader::open(dir);
  EXPECT_TRUE(index.ok()) << (index.ok() ? "" : index.error().message);
  return *index;
}

// ---- the definitions of design.md §3, in f64, straight from the page ----

Vector& add(Vector& to, const Vector& v, double weight = 1) {
  if (to.empty()) to.assign(v.size(), 0);
  for (std::size_t i = 0; i < v.size(); ++i) to[i] += weight * v[i];
  return to;
}

Vector unit(Vector v) {
  double squares = 0;
  for (const double x : v) squares += x * x;
  for (double& x : v) x /= std::sqrt(squares);
  return v;
}

Vector wide(const std::vector<float>& v) {
  return {v.begin(), v.end()};
}

struct Weighed {
  Vector vector;
  std::string language;
  QuestionSource source;
};

/// c_lang and c from all questions of the index.
struct DirectCentroids {
  std::map<std::string, std::pair<Vector, double>> languages;
  std::pair<Vector, double> all{Vector(kDim, 0), 0};

  explicit DirectCentroids(const std::vector<SmallPassage>& passages) {
    for (const auto& p : passages)
      for (const auto& q : p.questions) {
        auto& [sum, n] = languages[text::language_code(q.tag)];
        add(sum, wide(q.vector));
        n += 1;
        add(all.first, wide(q.vector));
        all.second += 1;
      }
  }
  [[nodiscard]] Vector global() const {
    Vector c;
    return add(c, all.first, 1 / all.second);
  }
  [[nodiscard]] Vector language(const std::string& code, double s) const {
    const auto& [sum, n] = languages.at(code);
    Vector c;
    add(c, sum, 1 / (n + s));
    return add(c, global(), s / (n + s));
  }
};

Vector mean_of(const std::vector<Weighed>& questions) {
  Vector sum;
  for (const auto& q : questions) add(sum, q.vector, 1 / static_cast<double>(questions.size()));
  return sum;
}

Vector mean_of_languages(const std::vector<Weighed>& questions) {
  std::map<std::string, std::vector<Weighed>> languages;
  for (const auto& q : questions) languages[q.language].push_back(q);
  Vector mean;
  for (const auto& [language, own] : languages)
    add(mean, mean_of(own), 1 / static_cast<double>(languages.size()));
  return mean;
}

Vector sum_of(const std::vector<Weighed>& questions) {
  Vector sum;
  for (const auto& q : questions) add(sum, q.vector);
  return sum;
}

Vector direct(const Vector& passage, std::vector<Weighed> questions, const FusionSetting& setting) {
  if (setting.source_alpha && setting.mode != FusionMode::QuestionsOnly)
    std::erase_if(questions, [&](const Weighed& q) {
      return (*setting.source_alpha)[static_cast<std::size_t>(q.source)] == 0;
    });
  if (questions.empty() || setting.mode == FusionMode::None) return passage;
  if (setting.mode == FusionMode::QuestionsOnly) {
    Vector mean = mean_of(questions);
    return setting.renormalise ? unit(mean) : mean;
  }
  const auto made = [&](const std::vector<Weighed>& own) {
    if (setting.mode == FusionMode::Sum) return sum_of(own);
    return setting.mode == FusionMode::Mean ? mean_of(own) : mean_of_languages(own);
  };
  Vector fused;
  if (setting.source_alpha) {
    std::map<QuestionSource, std::vector<Weighed>> sources;
    for (const auto& q : questions) sources[q.source].push_back(q);
    double left = 1;
    for (const auto& [source, own] : sources) {
      const double alpha = (*setting.source_alpha)[static_cast<std::size_t>(source)];
      add(fused, made(own), alpha);
      left -= alpha;
    }
    add(fused, passage, left);
  } else {
    add(fused, passage, 1 - setting.alpha);
    add(fused, made(questions), setting.alpha);
  }
  return setting.mode == FusionMode::Sum || !setting.renormalise ? fused : unit(fused);
}

/// Which questions count, from the words of the page.
std::vector<Weighed> counting(const SmallPassage& passage, const QuestionFilter& filter,
                              const FusionSetting& setting, const DirectCentroids& centroids) {
  std::vector<Weighed> out;
  std::map<std::pair<std::string, QuestionSource>, std::size_t> seen;
  for (const auto& q : passage.questions) {
    const std::string code = text::language_code(q.tag);
    if (!filter.without_language.empty() && text::same_language(q.tag, filter.without_language))
      continue;
    if (filter.without_group != 0 && group_key(q.group) == filter.without_group) continue;
    if (filter.without_text != 0 && text_key(q.text) == filter.without_text) continue;
    if (filter.without_site != 0 &&
        site_key(q.site.empty() ? passage.site : q.site) == filter.without_site)
      continue;
    if (!filter.languages.empty() &&
        std::none_of(filter.languages.begin(), filter.languages.end(),
                     [&](const std::string& tag) { return text::same_language(tag, q.tag); }))
      continue;
    if ((filter.sources >> static_cast<unsigned>(q.source) & 1) == 0) continue;
    if (static_cast<double>(q.confidence) < filter.min_confidence) continue;
    if (filter.max_per_language > 0 && ++seen[{code, q.source}] > filter.max_per_language) continue;
    Vector v = wide(q.vector);
    if (setting.center == Centering::Global) add(v, centroids.global(), -1);
    if (setting.center == Centering::Language) add(v, centroids.language(code, setting.shrink), -1);
    out.push_back({std::move(v), code, q.source});
  }
  return out;
}

void expect_near(const std::vector<float>& got, const Vector& expected, const std::string& what) {
  ASSERT_EQ(got.size(), expected.size());
  double scale = 1e-3;
  for (const double x : expected) scale = std::max(scale, std::fabs(x));
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_NEAR(static_cast<double>(got[i]), expected[i], 4e-6 * scale)
        << what << ", element " << i;
}

void check_all_rows(const std::shared_ptr<const IndexReader>& index,
                    const std::vector<SmallPassage>& passages, const FusionSetting& setting,
                    const QuestionFilter& filter, const std::string& what) {
  auto rows = FusedRows::make(index, setting, filter);
  ASSERT_TRUE(rows.ok()) << what << ": " << rows.error().message;
  const DirectCentroids centroids(passages);
  std::vector<float> all(passages.size() * kDim);
  (*rows)->read(0, passages.size(), all.data());
  for (std::size_t p = 0; p < passages.size(); ++p) {
    const std::vector<float> got(all.begin() + static_cast<std::ptrdiff_t>(p * kDim),
                                 all.begin() + static_cast<std::ptrdiff_t>((p + 1) * kDim));
    const auto questions = counting(passages[p], filter, setting, centroids);
    expect_near(got, direct(wide(passages[p].rows[0]), questions, setting),
                what + ", passage " + std::to_string(p));
  }
}

std::vector<FusionSetting> settings() {
  std::vector<FusionSetting> all;
  for (const FusionMode mode : {FusionMode::None, FusionMode::Sum, FusionMode::Mean,
                                FusionMode::LanguageMean, FusionMode::QuestionsOnly})
    for (const Centering center : {Centering::None, Centering::Global, Centering::Language})
      for (const bool renormalise : {true, false})
        for (const bool by_source : {false, true}) {
          FusionSetting setting;
          setting.mode = mode;
          setting.alpha = mode == FusionMode::Sum ? 0.01 : 0.7;
          setting.center = center;
          setting.renormalise = renormalise;
          setting.shrink = 5;
          if (by_source) setting.source_alpha = std::array<double, kSources>{0.5, 0.2, 0.1, 0};
          all.push_back(setting);
        }
  return all;
}

TEST(Fusion, PaperEquationOnHandMadeNumbers) {
  // e(p) = (1, 2), two questions (10, 0) and (0, 20), α = 0.01:
  // 0.99·(1, 2) + 0.01·(10, 20) = (1.09, 2.18); no re-normalisation.
  const std::vector<float> passage{1, 2}, sum{10, 20};
  FusionSetting setting;
  setting.mode = FusionMode::Sum;
  std::vector<float> out(2);
  const FusionPart part{sum.data(), 2, QuestionSource::Generated, 0, nullptr};
  fuse(passage.data(), std::span(&part, 1), 2, setting, out.data());
  EXPECT_FLOAT_EQ(out[0], 1.09F);
  EXPECT_FLOAT_EQ(out[1], 2.18F);
}

TEST(Fusion, LanguageMeanWeighsLanguagesAlike) {
  // Three German questions that sum to (3, 0), one French (0, 1), α = 0.5, e_p = (0, 0):
  // mean of the means (1, 0) and (0, 1) is (0.5, 0.5); half of it is (0.25, 0.25).
  const std::vector<float> passage{0, 0}, german{3, 0}, french{0, 1};
  FusionSetting setting;
  setting.mode = FusionMode::LanguageMean;
  setting.alpha = 0.5;
  setting.renormalise = false;
  const std::vector<FusionPart> parts{{german.data(), 3, QuestionSource::Annotated, 0, nullptr},
                                      {french.data(), 1, QuestionSource::Aligned, 1, nullptr}};
  std::vector<float> out(2);
  fuse(passage.data(), parts, 2, setting, out.data());
  EXPECT_FLOAT_EQ(out[0], 0.25F);
  EXPECT_FLOAT_EQ(out[1], 0.25F);
}

TEST(Fusion, AlphaBySourceSharesTheRestWithThePassage) {
  // annotated 0.5 with mean (2, 0), generated 0.25 with mean (0, 4), e_p = (8, 8):
  // 0.25·(8, 8) + 0.5·(2, 0) + 0.25·(0, 4) = (3, 3).
  const std::vector<float> passage{8, 8}, annotated{4, 0}, generated{0, 4};
  FusionSetting setting;
  setting.mode = FusionMode::Mean;
  setting.renormalise = false;
  ASSERT_TRUE(parse_alpha("annotated=0.5,generated=0.25,log=0.25", setting).ok());
  const std::vector<FusionPart> parts{{annotated.data(), 2, QuestionSource::Annotated, 0, nullptr},
                                      {generated.data(), 1, QuestionSource::Generated, 0, nullptr}};
  std::vector<float> out(2);
  fuse(passage.data(), parts, 2, setting, out.data());
  EXPECT_FLOAT_EQ(out[0], 3.0F);
  EXPECT_FLOAT_EQ(out[1], 3.0F);
}

TEST(Fusion, BadAlphasAreErrors) {
  FusionSetting setting;
  for (const char* text : {"1.5", "-0.1", "nan", "x", "annotated=0.6,log=0.5", "page=0.5", ""})
    EXPECT_FALSE(parse_alpha(text, setting).ok()) << text;
}

TEST(Fusion, EveryModeAgreesWithTheDirectComputation) {
  const TemporaryFolder folder;
  const auto passages = testing::random_passages(60, kDim);
  for (const KeepParts keep : {KeepParts::Question, KeepParts::Language, KeepParts::Total}) {
    const auto index = built(folder / std::string(name_of(keep)), passages, options_with(keep));
    for (const auto& setting : settings()) {
      if (keep == KeepParts::Total && setting.mode == FusionMode::LanguageMean) continue;
      check_all_rows(index, passages, setting, {},
                     std::string(name_of(keep)) + " " + to_text(setting));
    }
  }
}

TEST(Fusion, EveryFilterAgreesWithTheDirectComputation) {
  const TemporaryFolder folder;
  const auto passages = testing::random_passages(60, kDim, 2);
  const auto index = built(folder / "i", passages, options_with(KeepParts::Question));
  std::vector<QuestionFilter> filters(9);
  filters[0].without_language = "pt-PT";
  filters[1].without_group = group_key("g17");
  filters[2].without_site = site_key("SITE3.example");
  filters[3].without_text = text_key("question 17");
  filters[4].languages = {"zh", "fr"};
  filters[5].sources = 0b1010;
  filters[6].min_confidence = 0.5;
  filters[7].max_per_language = 1;
  filters[8].max_per_language = 2;
  filters[8].without_language = "de";
  filters[8].without_group = group_key("g3");
  for (std::size_t f = 0; f < filters.size(); ++f)
    for (const auto& setting : settings())
      check_all_rows(index, passages, setting, filters[f],
                     "filter " + std::to_string(f) + " " + to_text(setting));
}

TEST(Fusion, LanguagePartsAnswerLeaveOutLanguage) {
  const TemporaryFolder folder;
  const auto passages = testing::random_passages(60, kDim, 3);
  const auto index = built(folder / "i", passages, options_with(KeepParts::Language));
  QuestionFilter filter;
  filter.without_language = "pt";
  for (const auto& setting : settings())
    check_all_rows(index, passages, setting, filter, to_text(setting));
}

TEST(Fusion, MaxScoresTheBestRow) {
  const TemporaryFolder folder;
  const auto passages = testing::random_passages(40, kDim, 4);
  const auto index = built(folder / "i", passages, options_with(KeepParts::Question));
  const DirectCentroids centroids(passages);
  FusionSetting setting;
  setting.mode = FusionMode::Max;
  setting.beta = 0.95;
  setting.center = Centering::Language;
  QuestionFilter filter;
  filter.without_language = "ja";
  auto rows = MaxRows::make(index, setting);
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  const auto counts = (*rows)->counts(filter);
  const Vector query = wide(passages[7].rows[0]);
  std::vector<double> best(passages.size(), -1e9);
  std::vector<float> row(kDim);
  for (std::size_t r = 0; r < (*rows)->rows(); ++r) {
    if ((counts[r / 64] >> (r % 64) & 1) == 0) continue;
    (*rows)->read(r, r + 1, row.data());
    double score = 0;
    for (std::size_t i = 0; i < kDim; ++i) score += query[i] * static_cast<double>(row[i]);
    auto& into = best[(*rows)->owners()[r]];
    into = std::max(into, score);
  }
  for (std::size_t p = 0; p < passages.size(); ++p) {
    double expected = 0;
    for (std::size_t i = 0; i < kDim; ++i)
      expected += query[i] * static_cast<double>(passages[p].rows[0][i]);
    for (const auto& q : counting(passages[p], filter, setting, centroids)) {
      const Vector centred = unit(q.vector);
      double score = 0;
      for (std::size_t i = 0; i < kDim; ++i) score += query[i] * centred[i];
      expected = std::max(expected, 0.95 * score);
    }
    EXPECT_NEAR(best[p], expected, 1e-5) << "passage " << p;
  }
}

TEST(Fusion, LeaveOutIsTheIndexBuiltWithoutThoseQuestions) {
  const TemporaryFolder folder;
  const auto passages = testing::random_passages(50, kDim, 5);
  auto without = passages;
  for (auto& p : without)
    std::erase_if(p.questions,
                  [](const SmallQuestion& q) { return text::same_language(q.tag, "pt"); });
  QuestionFilter filter;
  filter.without_language = "pt-BR";
  for (const KeepParts keep : {KeepParts::Question, KeepParts::Language}) {
    const std::string name(name_of(keep));
    const auto whole = built(folder / (name + "-whole"), passages, options_with(keep));
    const auto less = built(folder / (name + "-less"), without, options_with(keep));
    for (const auto& setting : settings()) {
      if (setting.center != Centering::None) continue;  // centroids are of the whole index
      const auto a = FusedRows::make(whole, setting, filter);
      const auto b = FusedRows::make(less, setting);
      ASSERT_TRUE(a.ok() && b.ok());
      std::vector<float> x(passages.size() * kDim), y(x.size());
      (*a)->read(0, passages.size(), x.data());
      (*b)->read(0, passages.size(), y.data());
      EXPECT_EQ(x, y) << name << " " << to_text(setting);
    }
  }
}

TEST(Fusion, PartsByLanguageWithOneQuestionEachAreQuestions) {
  const TemporaryFolder folder;
  auto passages = testing::random_passages(40, kDim, 6);
  for (auto& p : passages) {
    std::set<std::pair<std::string, QuestionSource>> seen;
    std::erase_if(p.questions, [&](const SmallQuestion& q) {
      return !seen.insert({text::language_code(q.tag), q.source}).second;
    });
  }
  const auto index = built(folder / "i", passages, options_with(KeepParts::Language));
  EXPECT_TRUE(index->has_question_vectors());
  QuestionFilter filter;
  filter.without_group = group_key("g11");
  filter.min_confidence = 0.3;
  for (const auto& setting : settings())
    check_all_rows(index, passages, setting, filter, to_text(setting));
}

TEST(Fusion, WhatThePartsCannotGiveIsAnErrorThatNamesTheRebuild) {
  const TemporaryFolder folder;
  const auto passages = testing::random_passages(20, kDim, 7);
  const auto asked = [&](KeepParts keep, FusionMode mode, const QuestionFilter& filter) {
    const auto index = built(folder / std::string(name_of(keep)), passages, options_with(keep));
    FusionSetting setting;
    setting.mode = mode;
    const auto status = check_parts(*index, setting, filter);
    return status.ok() ? std::string() : status.error().message;
  };
  QuestionFilter language, group;
  language.without_language = "de";
  group.without_group = group_key("g1");
  EXPECT_EQ(asked(KeepParts::Total, FusionMode::Sum, {}), "");
  EXPECT_NE(asked(KeepParts::Total, FusionMode::LanguageMean, {}).find("--keep-parts language"),
            std::string::npos);
  EXPECT_NE(asked(KeepParts::Total, FusionMode::Mean, language).find("--keep-parts language"),
            std::string::npos);
  EXPECT_EQ(asked(KeepParts::Language, FusionMode::Mean, language), "");
  EXPECT_NE(asked(KeepParts::Language, FusionMode::Mean, group).find("--keep-parts question"),
            std::string::npos);
  EXPECT_NE(asked(KeepParts::Language, FusionMode::Max, {}).find("--keep-parts question"),
            std::string::npos);
  EXPECT_EQ(asked(KeepParts::None, FusionMode::None, {}), "");
  EXPECT_NE(asked(KeepParts::None, FusionMode::Mean, {}).find("--keep-parts question"),
            std::string::npos);
}

TEST(Fusion, RowsHaveTheSameBitsWhateverTheRange) {
  const TemporaryFolder folder;
  const auto passages = testing::random_passages(50, kDim, 8);
  const auto index = built(folder / "i", passages, options_with(KeepParts::Question));
  FusionSetting setting;
  setting.mode = FusionMode::LanguageMean;
  setting.center = Centering::Language;
  const auto rows = FusedRows::make(index, setting);
  ASSERT_TRUE(rows.ok());
  std::vector<float> all(passages.size() * kDim), one(kDim);
  (*rows)->read(0, passages.size(), all.data());
  for (std::size_t p = passages.size(); p-- > 0;) {
    (*rows)->read(p, p + 1, one.data());
    EXPECT_TRUE(
        std::equal(one.begin(), one.end(), all.begin() + static_cast<std::ptrdiff_t>(p * kDim)));
  }
}

}  // namespace
}  // namespace crosstail::index
