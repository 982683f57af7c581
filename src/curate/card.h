#pragma once
/// The data card: what a curated data set holds, for people (Markdown) and programs (JSON). The
/// same for the same data, options and seed; nothing in it depends on time, threads or machine.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/counters.h"
#include "curate/options.h"
#include "curate/question_type.h"
#include "curate/splits.h"

namespace crosstail::curate {

/// Lengths in code points, in buckets that grow by a tenth; enough for quantiles within 10%.
class LengthHistogram {
 public:
  void add(std::uint32_t length);
  /// The upper end of the bucket that holds the quantile q in [0, 1]; 0 if nothing was added.
  [[nodiscard]] std::uint32_t quantile(double q) const;
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  std::array<std::uint64_t, 256> buckets_{};
  std::uint64_t count_ = 0;
};

struct LanguageCard {
  std::uint64_t pairs = 0;
  std::array<std::uint64_t, kSplits> splits{};
  std::array<std::uint64_t, kQuestionTypes> types{};
  LengthHistogram question_lengths, answer_lengths;
  std::vector<std::pair<std::string, std::string>> examples;  ///< question, answer; at most two
};

struct DataCard {
  std::uint64_t rows = 0, kept = 0;
  Counters dropped;  ///< by reason
  std::map<std::string, LanguageCard> languages;
  std::map<std::string, std::uint64_t> licenses;  ///< as given; "" = none stated
  std::uint64_t sites = 0;
  std::vector<std::pair<std::string, std::uint64_t>> largest_sites;  ///< at most 20
  std::uint64_t components = 0;
  double largest_component = 0;  ///< share of the kept pairs
  std::string note;              ///< a warning with its remedy, or empty
};

std::string card_markdown(const DataCard& card, const CurateOptions& options);
std::string card_json(const DataCard& card, const CurateOptions& options);

}  // namespace crosstail::curate
