#pragma once
/// Vectors that are hard for filters, the score written out from its definition, and a search that
/// looks at every row: what the searches are held against.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "index/exact_search.h"
#include "index/hits.h"
#include "index/row_source.h"

namespace crosstail::testing {

/// score.h's definition, written from its words.
inline float defined_score(const float* query, const float* row, std::size_t dim) {
  std::array<float, 32> lane{};
  for (std::size_t i = 0; i < (dim + 31) / 32 * 32; ++i)
    lane[i % 32] = std::fma(i < dim ? query[i] : 0.0F, i < dim ? row[i] : 0.0F, lane[i % 32]);
  for (const std::size_t half : {16UL, 8UL, 4UL, 2UL, 1UL})
    for (std::size_t j = 0; j < half; ++j) lane[j] = lane[j] + lane[j + half];
  return std::isnan(lane[0]) ? -std::numeric_limits<float>::infinity() : lane[0];
}

inline std::vector<index::Hit> brute_force(const std::vector<float>& rows, std::size_t dim,
                                           const float* query,
                                           const index::SearchRequest& request) {
  std::map<std::uint32_t, index::Hit> of_owner;
  for (std::size_t r = 0; r < rows.size() / dim; ++r) {
    if (!request.counts.empty() && (request.counts[r / 64] >> (r % 64) & 1) == 0) continue;
    const auto id = static_cast<std::uint32_t>(r);
    const std::uint32_t owner = request.owner_of.empty() ? id : request.owner_of[r];
    const index::Hit hit{id, owner, defined_score(query, &rows[r * dim], dim)};
    const auto [at, added] = of_owner.try_emplace(owner, hit);
    if (!added && hit.score > at->second.score) at->second = hit;
  }
  std::vector<index::Hit> hits;
  for (const auto& [owner, hit] : of_owner) hits.push_back(hit);
  std::stable_sort(hits.begin(), hits.end(),
                   [](const index::Hit& a, const index::Hit& b) { return a.score > b.score; });
  hits.resize(std::min(hits.size(), request.k));
  return hits;
}

enum class Kind { Normal, Clustered, Ties, Duplicates, Zeros, Huge, Tiny, Mixed, Common };
inline constexpr std::array kKinds = {Kind::Normal,     Kind::Clustered, Kind::Ties,
                                      Kind::Duplicates, Kind::Zeros,     Kind::Huge,
                                      Kind::Tiny,       Kind::Mixed,     Kind::Common};
inline const char* name_of(Kind kind) {
  static constexpr std::array kNames = {"normal", "clustered", "ties",  "duplicates", "zeros",
                                        "huge",   "tiny",      "mixed", "common"};
  return kNames[static_cast<std::size_t>(kind)];
}

/// `count` × dim numbers of one kind.
inline std::vector<float> vectors(Kind kind, std::size_t count, std::size_t dim,
                                  std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> numbers(count * dim), centre(dim);
  for (auto& x : numbers) x = normal(random) / std::sqrt(static_cast<float>(dim));
  for (auto& x : centre) x = normal(random);
  for (std::size_t r = 0; r < count; ++r) {
    float* row = &numbers[r * dim];
    const auto pick = random();
    for (std::size_t k = 0; k < dim; ++k) {
      if (kind == Kind::Clustered) row[k] = 0.01F * row[k] + centre[(k * 7 + r % 5) % dim];
      if (kind == Kind::Ties) row[k] = static_cast<float>(random() % 3) - 1;
      if (kind == Kind::Zeros && pick % 2 == 0) row[k] = k % 2 == 0 ? 0.0F : -0.0F;
      if (kind == Kind::Huge) row[k] *= 1e30F;
      if (kind == Kind::Tiny) row[k] *= pick % 2 == 0 ? 1e-42F : 1e-30F;
      if (kind == Kind::Mixed) row[k] *= std::pow(10.0F, static_cast<float>(pick % 61) - 30);
      if (kind == Kind::Common) row[k] = 0.1F * row[k] + 3;
    }
    if (kind == Kind::Duplicates && r > 0 && pick % 3 != 0)
      std::copy_n(&numbers[pick % r * dim], dim, row);
  }
  return numbers;
}

/// Numbers cut to bf16, and the same stored as bf16.
inline std::vector<std::uint16_t> as_bf16(std::vector<float>& numbers) {
  std::vector<std::uint16_t> stored;
  for (auto& x : numbers) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &x, 4);
    bits &= 0xffff0000;
    std::memcpy(&x, &bits, 4);
    stored.push_back(static_cast<std::uint16_t>(bits >> 16));
  }
  return stored;
}

/// Rows that only come by read().
class HiddenRows final : public index::RowSource {
 public:
  explicit HiddenRows(index::VectorView view) : view_(view) {}
  [[nodiscard]] std::size_t rows() const override { return view_.rows; }
  [[nodiscard]] std::size_t dim() const override { return view_.dim; }
  void read(std::size_t begin, std::size_t end, float* out) const override {
    view_.read(begin, end, out);
  }

 private:
  index::VectorView view_;
};

}  // namespace crosstail::testing
