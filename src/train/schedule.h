#pragma once
/// The learning rate over the steps of a run: a linear rise, then constant, linear or cosine to 0.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

namespace crosstail::train {

enum class Decay { Constant, Linear, Cosine };

constexpr std::optional<Decay> decay_from(std::string_view name) {
  if (name == "constant") return Decay::Constant;
  if (name == "linear") return Decay::Linear;
  if (name == "cosine") return Decay::Cosine;
  return std::nullopt;
}

struct Schedule {
  double peak = 2e-5;
  std::uint64_t warmup = 0, total = 1;  ///< steps
  Decay decay = Decay::Linear;

  /// The rate of step k, from 0 (transformers' get_linear_ and get_cosine_schedule_with_warmup).
  [[nodiscard]] double rate(std::uint64_t k) const {
    if (k < warmup) return peak * static_cast<double>(k) / static_cast<double>(warmup);
    if (decay == Decay::Constant) return peak;
    const double left = total > k ? static_cast<double>(total - k) : 0;
    const double share = left / static_cast<double>(std::max<std::uint64_t>(1, total - warmup));
    if (decay == Decay::Linear) return peak * share;
    return peak * 0.5 * (1 - std::cos(3.14159265358979323846 * share));
  }
};

}  // namespace crosstail::train
