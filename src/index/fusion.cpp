#include "index/fusion.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "index/fusion_kernels.h"

namespace crosstail::index {
namespace {

constexpr std::array<std::string_view, 6> kModeNames{
    "none", "sum", "mean", "language-mean", "questions-only", "max"};
constexpr std::array<std::string_view, 3> kCenterNames{"none", "global", "language"};

template <class Enum, std::size_t N>
std::optional<Enum> parse(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

Result<double> parse_weight(std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || !(value >= 0) || value > 1)
    return Error{ErrorCode::InvalidArgument,
                 "expected a number from 0 to 1, got \"" + std::string(text) + "\""};
  return value;
}

std::string shortest(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

bool counts(const FusionPart& part, const FusionSetting& setting) {
  if (part.count == 0) return false;
  return setting.mode == FusionMode::QuestionsOnly || !setting.source_alpha ||
         (*setting.source_alpha)[static_cast<std::size_t>(part.source)] > 0;
}

/// What Σ of each part is multiplied by, for the means: 1 / (number of questions averaged with it),
/// or 1 / (their languages × questions of its language).
class Shares {
 public:
  Shares(std::span<const FusionPart> parts, const FusionSetting& setting)
      : parts_(parts),
        setting_(setting),
        by_source_(setting.source_alpha && setting.mode != FusionMode::QuestionsOnly) {
    for (std::size_t j = 0; j < parts.size(); ++j) {
      if (!counts(parts[j], setting)) continue;
      questions_[bucket(parts[j])] += parts[j].count;
      if (setting.mode == FusionMode::LanguageMean && first_of_its_language(j))
        languages_[bucket(parts[j])] += 1;
    }
  }

  [[nodiscard]] double of(std::size_t j) const {
    const FusionPart& part = parts_[j];
    if (setting_.mode != FusionMode::LanguageMean) return 1 / questions_[bucket(part)];
    double same = 0;
    for (const auto& other : parts_)
      if (together(part, other)) same += other.count;
    return 1 / (languages_[bucket(part)] * same);
  }

 private:
  [[nodiscard]] std::size_t bucket(const FusionPart& part) const {
    return by_source_ ? static_cast<std::size_t>(part.source) : 0;
  }
  /// Same language, and averaged together.
  [[nodiscard]] bool together(const FusionPart& a, const FusionPart& b) const {
    return counts(b, setting_) && a.language == b.language && bucket(a) == bucket(b);
  }
  [[nodiscard]] bool first_of_its_language(std::size_t j) const {
    return std::none_of(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(j),
                        [&](const FusionPart& before) { return together(parts_[j], before); });
  }

  std::span<const FusionPart> parts_;
  const FusionSetting& setting_;
  bool by_source_;
  std::array<double, kSources> questions_{}, languages_{};
};

double alpha_of(const FusionPart& part, const FusionSetting& setting) {
  if (setting.mode == FusionMode::QuestionsOnly) return 1;
  return setting.source_alpha ? (*setting.source_alpha)[static_cast<std::size_t>(part.source)]
                              : setting.alpha;
}

/// 1 − α, or 1 − Σα_s over the sources that are there.
double passage_weight(std::span<const FusionPart> parts, const FusionSetting& setting) {
  if (setting.mode == FusionMode::QuestionsOnly) return 0;
  if (!setting.source_alpha) return 1 - setting.alpha;
  std::array<bool, kSources> there{};
  for (const auto& part : parts)
    if (counts(part, setting)) there[static_cast<std::size_t>(part.source)] = true;
  double weight = 1;
  for (std::size_t s = 0; s < kSources; ++s)
    if (there[s]) weight -= (*setting.source_alpha)[s];
  return weight;
}

}  // namespace

void to_unit_length(float* vector, std::size_t dim) {
  std::array<double, 4> lanes{};
  std::size_t i = 0;
  for (; i + 4 <= dim; i += 4)
    for (std::size_t lane = 0; lane < 4; ++lane)
      lanes[lane] += static_cast<double>(vector[i + lane]) * static_cast<double>(vector[i + lane]);
  for (; i < dim; ++i) lanes[0] += static_cast<double>(vector[i]) * static_cast<double>(vector[i]);
  const double squares = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
  if (!(squares > 0)) return;
  const auto scale = static_cast<float>(1 / std::sqrt(squares));
  for (std::size_t j = 0; j < dim; ++j) vector[j] *= scale;
}

std::string_view name_of(FusionMode mode) {
  return kModeNames[static_cast<std::size_t>(mode)];
}
std::string_view name_of(Centering center) {
  return kCenterNames[static_cast<std::size_t>(center)];
}
std::optional<FusionMode> parse_fusion_mode(std::string_view name) {
  return parse<FusionMode>(kModeNames, name);
}
std::optional<Centering> parse_centering(std::string_view name) {
  return parse<Centering>(kCenterNames, name);
}

Status parse_alpha(std::string_view text, FusionSetting& setting) {
  if (text.find('=') == std::string_view::npos) {
    CT_TRY(setting.alpha, parse_weight(text));
    setting.source_alpha.reset();
    return {};
  }
  std::array<double, kSources> alphas{};
  double sum = 0;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const std::string_view item = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const auto equals = std::min(item.find('='), item.size());
    const auto source = parse_source(item.substr(0, equals));
    if (!source || equals == item.size())
      return Error{ErrorCode::InvalidArgument,
                   "expected SOURCE=NUMBER with annotated, aligned, generated or log, got \"" +
                       std::string(item) + "\""};
    CT_TRY(const double alpha, parse_weight(item.substr(equals + 1)));
    alphas[static_cast<std::size_t>(*source)] = alpha;
  }
  for (const double alpha : alphas) sum += alpha;
  if (sum > 1 + 1e-12)
    return Error{ErrorCode::InvalidArgument,
                 "the numbers add up to " + shortest(sum) + "; at most 1 is left to share"};
  setting.source_alpha = alphas;
  return {};
}

std::string to_text(const FusionSetting& setting) {
  std::string text = "--fusion " + std::string(name_of(setting.mode));
  const bool weighted = setting.mode == FusionMode::Sum || setting.mode == FusionMode::Mean ||
                        setting.mode == FusionMode::LanguageMean;
  if (weighted && setting.source_alpha) {
    text += " --alpha ";
    for (std::size_t s = 0; s < kSources; ++s)
      text += (s > 0 ? "," : "") + std::string(name_of(static_cast<QuestionSource>(s))) + "=" +
              shortest((*setting.source_alpha)[s]);
  } else if (weighted) {
    text += " --alpha " + shortest(setting.alpha);
  }
  if (setting.mode == FusionMode::Max) text += " --beta " + shortest(setting.beta);
  if (weighted && setting.mode != FusionMode::Sum && !setting.renormalise)
    text += " --no-renormalise";
  if (setting.center != Centering::None) {
    text += " --center " + std::string(name_of(setting.center));
    if (setting.center == Centering::Language)
      text += " --centroid-shrink " + shortest(setting.shrink);
    if (setting.strength != 1) text += " --center-strength " + shortest(setting.strength);
  }
  return text;
}

void fuse(const float* passage, std::span<const FusionPart> parts, std::size_t dim,
          const FusionSetting& setting, float* out) {
  const bool any = std::any_of(parts.begin(), parts.end(),
                               [&](const FusionPart& part) { return counts(part, setting); });
  if (out != passage) std::copy_n(passage, dim, out);
  if (!any || setting.mode == FusionMode::None || setting.mode == FusionMode::Max) return;
  const auto own = static_cast<float>(passage_weight(parts, setting));
  for (std::size_t i = 0; i < dim; ++i) out[i] *= own;
  const Shares shares(parts, setting);
  for (std::size_t j = 0; j < parts.size(); ++j) {
    const FusionPart& part = parts[j];
    if (!counts(part, setting)) continue;
    const double share = setting.mode == FusionMode::Sum ? 1 : shares.of(j);
    const auto weight = static_cast<float>(alpha_of(part, setting) * share);
    if (part.centroid == nullptr)
      add_scaled(part.sum, weight, dim, out);
    else
      add_centred(part.sum, weight, static_cast<float>(part.count), part.centroid, dim, out);
  }
  if (setting.mode != FusionMode::Sum && setting.renormalise) to_unit_length(out, dim);
}

}  // namespace crosstail::index
