#pragma once
/// Fusion: how attached questions enter a passage's vector (design.md §3). All modes but `max` give
/// one vector a passage:
///   none            e_p
///   sum             (1-α)·e_p + α·Σ e_i                 (xQG, arXiv 2305.03950, §3)
///   mean            (1-α)·e_p + α·mean(e_i), to length 1
///   language-mean   the same with the mean of the per-language means
///   questions-only  mean(e_i), to length 1
/// and with an α_s for each source s: (1-Σα_s)·e_p + Σ_s α_s·m_s over the sources that the passage
/// has, m_s the source's sum or mean. One α for all takes the questions of all sources together
/// (for means that is α_s = α·n_s/n). A passage for which no question counts keeps e_p, unscaled,
/// in every mode. `max` scores rows, not vectors: max(e_q·e_p, β·max_i e_q·e_i). Centring: e_i −
/// c_lang(i), never e_p; the query is centred by whoever asks.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "index/records.h"

namespace crosstail::index {

enum class FusionMode : std::uint8_t { None, Sum, Mean, LanguageMean, QuestionsOnly, Max };
enum class Centering : std::uint8_t { None, Global, Language };

std::string_view name_of(FusionMode mode);  ///< "language-mean"
std::string_view name_of(Centering center);
std::optional<FusionMode> parse_fusion_mode(std::string_view name);
std::optional<Centering> parse_centering(std::string_view name);

struct FusionSetting {
  FusionMode mode = FusionMode::None;
  double alpha = 0.01;
  /// By QuestionSource; in place of `alpha`. A source with 0 does not count.
  std::optional<std::array<double, kSources>> source_alpha;
  double beta = 1;          ///< of `max`
  bool renormalise = true;  ///< of `mean` and `language-mean`, and `questions-only`
  Centering center = Centering::None;
  double shrink = 100;  ///< s of the centroids: (n·c_lang + s·c)/(n + s)
  double strength = 1;  ///< the share of a centroid that is taken out, of questions and queries

  bool operator==(const FusionSetting&) const = default;
};

/// "0.9", or "annotated=0.5,generated=0.01" (sources not named: 0), into the setting. Fails with
/// InvalidArgument: not a number, an unknown source, outside 0…1, a sum over 1.
Status parse_alpha(std::string_view text, FusionSetting& setting);

/// The setting as a person would type it, for manifests and run files: one line of options.
std::string to_text(const FusionSetting& setting);

/// Which attached questions count. Languages are compared as text/language_tag.h does, so variants
/// of a language are one.
struct QuestionFilter {
  std::string without_language;  ///< leave-out language: a tag; empty: none left out
  std::uint64_t without_group = 0, without_site = 0, without_text = 0;  ///< leave-out; keys, or 0
  std::vector<std::string> languages;                                   ///< only these; empty: all
  std::uint8_t sources = 0xf;                                           ///< bit 1 << QuestionSource
  double min_confidence = 0;
  std::uint32_t max_per_language = 0;  ///< the first so many of a passage, source, language; 0: all

  bool operator==(const QuestionFilter&) const = default;
  /// True when parts by language are enough to answer.
  [[nodiscard]] bool by_language() const {
    return without_group == 0 && without_site == 0 && without_text == 0 && min_confidence <= 0 &&
           max_per_language == 0;
  }
  /// True when parts by source are enough.
  [[nodiscard]] bool by_source() const {
    return by_language() && without_language.empty() && languages.empty();
  }
};

/// The sum of the questions that count of one passage, one source and one language.
struct FusionPart {
  const float* sum = nullptr;
  std::uint32_t count = 0;
  QuestionSource source{};
  std::uint32_t language = 0;       ///< any number that tells languages apart
  const float* centroid = nullptr;  ///< of its language; null: not centred
};

/// One passage's vector, `dim` floats into `out` (which may be `passage`). `parts`: those with
/// count > 0, each source and language at most once, in the order in which they are to be added.
/// Additions in f32 in that order, element by element, so the bits depend on nothing else. Not for
/// Max, which leaves e_p. Thread-safe.
void fuse(const float* passage, std::span<const FusionPart> parts, std::size_t dim,
          const FusionSetting& setting, float* out);

/// To length 1; zeros stay. The sum of squares is taken in f64 in four lanes, always the same.
void to_unit_length(float* vector, std::size_t dim);

}  // namespace crosstail::index
