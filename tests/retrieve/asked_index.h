#pragma once
/// A small index and queries that ask it its own questions; what the tests of sessions share.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "retrieve/session.h"
#include "support/small_index.h"
#include "support/temporary_folder.h"

namespace crosstail::retrieve {

using crosstail::testing::SmallPassage;
using crosstail::testing::SmallQuestion;
using crosstail::testing::TemporaryFolder;

inline constexpr std::size_t kDim = 16;

inline void write(const std::filesystem::path& dir, const std::vector<SmallPassage>& passages,
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
inline Asked asked_of(const std::vector<SmallPassage>& passages, std::size_t count) {
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
inline std::vector<SmallPassage> with_sites(std::vector<SmallPassage> passages) {
  for (auto& passage : passages)
    for (std::size_t q = 0; q < passage.questions.size(); ++q)
      passage.questions[q].site = "site" + std::to_string(q % 5) + ".example";
  return passages;
}

inline Ranking only(QuerySession& session, const data::Query& query, std::span<const float> vector,
                    const SearchSetting& setting) {
  auto found = session.search({&query, 1}, vector, setting);
  EXPECT_TRUE(found.ok()) << found.error().message;
  return found.ok() ? found->front() : Ranking{};
}

}  // namespace crosstail::retrieve
