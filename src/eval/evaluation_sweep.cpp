/// Runs that differ only in α, as curves.

#include <algorithm>
#include <array>
#include <map>

#include "eval/evaluation_parts.h"

namespace crosstail::eval {
namespace {

/// All that α is compared under. The first part always stands in a curve's name, the others where
/// they tell curves apart.
using Setting = std::array<std::string, 8>;

Setting setting_of(const data::RunMeta& meta) {
  std::string left_out;
  for (const std::string& what : meta.leave_out) left_out += (left_out.empty() ? "" : "+") + what;
  const bool centred = !meta.center.empty() && meta.center != "none";
  const auto& others = meta.other_languages;
  return {meta.fusion,
          !others   ? ""
          : *others ? "other languages"
                    : "own language only",
          centred ? "centre " + meta.center : "not centred",
          meta.system,
          meta.passage_from,
          meta.model_name.empty() ? meta.model_identity : meta.model_name,
          meta.index_identity,
          left_out.empty() ? "nothing left out" : "without " + left_out};
}

using Curves = std::map<Setting, std::vector<SweepPoint>>;

std::string curve_name(const Setting& setting, const Curves& curves) {
  std::string out = setting[0];
  for (std::size_t i = 1; i < setting.size(); ++i) {
    const bool varies = std::any_of(curves.begin(), curves.end(), [&](const auto& other) {
      return other.first[i] != setting[i];
    });
    if (varies && !setting[i].empty()) out += ", " + setting[i];
  }
  return out;
}

}  // namespace

void add_sweep(Evaluation& out) {
  Curves curves;
  for (std::size_t s = 0; s < out.systems.size(); ++s) {
    const auto& meta = out.systems[s].meta;
    if (!meta || !meta->alpha || meta->fusion.empty() || meta->fusion == "none") continue;
    curves[setting_of(*meta)].push_back({{}, meta->fusion, meta->center, *meta->alpha, s});
  }
  std::erase_if(curves, [](const auto& curve) { return curve.second.size() < 2; });
  for (auto& [setting, points] : curves) {
    std::sort(points.begin(), points.end(),
              [](const SweepPoint& a, const SweepPoint& b) { return a.alpha < b.alpha; });
    for (SweepPoint& point : points) {
      point.curve = curve_name(setting, curves);
      out.sweep.push_back(point);
    }
  }
}

}  // namespace crosstail::eval
