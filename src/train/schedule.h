#pragma once
/// The learning rate over the steps of a run: a linear rise, then linear or cosine to 0, or
/// constant and, if asked, linear to 0 over the last steps only.

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
  std::uint64_t cooldown = 0;  ///< last steps of a constant rate, over which it falls to 0

  /// The first step whose rate depends on how many there are in all.
  [[nodiscard]] std::uint64_t cooldown_start() const {
    return total > cooldown ? total - cooldown : 0;
  }

  /// The rate of step k, from 0 (transformers' get_linear_ and get_cosine_schedule_with_warmup).
  [[nodiscard]] double rate(std::uint64_t k) const {
    if (k < warmup) return peak * static_cast<double>(k) / static_cast<double>(warmup);
    const double left = total > k ? static_cast<double>(total - k) : 0;
    if (decay == Decay::Constant)
      return k < cooldown_start() || cooldown == 0 ? peak
                                                   : peak * left / static_cast<double>(cooldown);
    const double share = left / static_cast<double>(std::max<std::uint64_t>(1, total - warmup));
    if (decay == Decay::Linear) return peak * share;
    return peak * 0.5 * (1 - std::cos(3.14159265358979323846 * share));
  }
};

}  // namespace crosstail::train
