#pragma once
/// Centroids of attached questions, by language, with their counts (design.md §3, centring).
/// Sums are kept as whole numbers of 2⁻³⁶, so they do not depend on the order of additions: shards
/// joined, questions added and taken away give the same bits as one build.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crosstail::index {

__extension__ using Int128 = __int128;

/// Components of vectors must lie within ±kCentroidRange.
inline constexpr float kCentroidRange = 16384.0F;

/// Not thread-safe while it changes; then thread-safe.
class Centroids {
 public:
  explicit Centroids(std::size_t dim = 0) : dim_(dim) {}

  /// Adds `count` questions of `language` (a tag; variants are one) whose vectors sum to `sum` (dim
  /// numbers). Centroids of an index are made of such sums, passage by passage. Fails with
  /// InvalidArgument when a number is outside the range (or NaN).
  Status add(std::string_view language, const float* sum, std::uint64_t count);
  Status subtract(std::string_view language, const float* sum, std::uint64_t count);
  void merge(const Centroids& other);

  [[nodiscard]] std::size_t dim() const { return dim_; }
  [[nodiscard]] bool empty() const { return languages_.empty(); }
  /// Canonical codes (text/language_tag.h), sorted, with the number of questions of each.
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> counts() const;
  [[nodiscard]] std::uint64_t count(std::string_view language) const;

  /// c: the mean over all questions; zeros where there are none.
  [[nodiscard]] std::vector<float> global() const;
  /// (n·c_lang + shrink·c)/(n + shrink); c where there are no questions of the language.
  [[nodiscard]] std::vector<float> language(std::string_view language, double shrink) const;

  /// Bytes for a file or journal, and back. Fails with Corrupt.
  [[nodiscard]] std::string to_bytes() const;
  static Result<Centroids> from_bytes(std::string_view bytes);
  bool operator==(const Centroids&) const = default;

 private:
  struct Sum {
    std::uint64_t count = 0;
    std::vector<Int128> numbers;  ///< dim of them, in units of 2⁻³⁶
    bool operator==(const Sum&) const = default;
  };
  Status change(std::string_view language, const float* sum, std::uint64_t count, bool less);
  std::size_t dim_;
  std::map<std::string, Sum, std::less<>> languages_;
};

/// A share of a centroid (FusionSetting::strength); of 1 the same bits.
std::vector<float> share_of(std::vector<float> centroid, double strength);

/// The name under which a language is counted: the canonical code of a tag, or the tag itself where
/// it names no language.
std::string canonical_language(std::string_view tag);

}  // namespace crosstail::index
