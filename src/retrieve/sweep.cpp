#include "retrieve/sweep.h"

#include <charconv>
#include <cmath>
#include <functional>
#include <string>

namespace crosstail::retrieve {
namespace {

constexpr std::size_t kMostSettings = 10000;

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t end = text.find(at);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

Error wrong(std::string_view part, const std::string& what) {
  return {ErrorCode::InvalidArgument, "\"" + std::string(part) + "\": " + what};
}

template <class Number>
Result<Number> number(std::string_view text, std::string_view part) {
  Number value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size())
    return wrong(part, "expected a number, got \"" + std::string(text) + "\"");
  return value;
}

/// FROM:TO:STEP or A|B|C. Steps are counted, so that 0:0.2:0.01 has 21 values and no drift.
Result<std::vector<double>> reals(std::string_view text, std::string_view part) {
  std::vector<double> out;
  if (text.find(':') == std::string_view::npos) {
    for (const auto one : split(text, '|')) {
      CT_TRY(const double value, number<double>(one, part));
      out.push_back(value);
    }
    return out;
  }
  const auto bounds = split(text, ':');
  if (bounds.size() != 3) return wrong(part, "expected FROM:TO:STEP");
  CT_TRY(const double from, number<double>(bounds[0], part));
  CT_TRY(const double to, number<double>(bounds[1], part));
  CT_TRY(const double step, number<double>(bounds[2], part));
  if (!(step > 0) || !(to >= from) || !((to - from) / step < kMostSettings))
    return wrong(part, "expected FROM:TO:STEP with FROM ≤ TO and a STEP above 0");
  const auto steps = static_cast<std::size_t>(std::floor((to - from) / step + 1e-9));
  // To 12 digits: 0.07, not 0.07 and a rounding error.
  for (std::size_t i = 0; i <= steps; ++i)
    out.push_back(std::round((from + static_cast<double>(i) * step) * 1e12) / 1e12);
  return out;
}

Result<std::vector<std::uint32_t>> wholes(std::string_view text, std::string_view part) {
  std::vector<std::uint32_t> out;
  if (const auto dots = text.find(".."); dots != std::string_view::npos) {
    CT_TRY(const auto from, number<std::uint32_t>(text.substr(0, dots), part));
    CT_TRY(const auto to, number<std::uint32_t>(text.substr(dots + 2), part));
    if (to < from || to - from >= kMostSettings) return wrong(part, "expected FROM..TO");
    for (std::uint32_t value = from; value <= to; ++value) out.push_back(value);
    return out;
  }
  for (const auto one : split(text, '|')) {
    CT_TRY(const auto value, number<std::uint32_t>(one, part));
    out.push_back(value);
  }
  return out;
}

using Change = std::function<void(SearchSetting&)>;

Result<std::vector<Change>> real_changes(std::string_view name, std::string_view values,
                                         std::string_view part) {
  CT_TRY(const auto numbers, reals(values, part));
  std::vector<Change> out;
  for (const double value : numbers) {
    if ((name == "alpha" || name == "b") && !(value >= 0 && value <= 1))
      return wrong(part, "expected numbers from 0 to 1");
    if (!(value >= 0 && value <= 1000)) return wrong(part, "expected numbers from 0 to 1000");
    if (name == "alpha") {
      out.emplace_back([value](SearchSetting& s) {
        s.fusion.alpha = value;
        s.fusion.source_alpha.reset();
      });
    } else if (name == "beta") {
      out.emplace_back([value](SearchSetting& s) { s.fusion.beta = value; });
    } else if (name == "center-strength") {
      out.emplace_back([value](SearchSetting& s) { s.fusion.strength = value; });
    } else if (name == "k1") {
      out.emplace_back([value](SearchSetting& s) { s.bm25.k1 = static_cast<float>(value); });
    } else {
      out.emplace_back([value](SearchSetting& s) { s.bm25.b = static_cast<float>(value); });
    }
  }
  return out;
}

Result<std::vector<Change>> named_changes(std::string_view name, std::string_view values,
                                          std::string_view part) {
  std::vector<Change> out;
  for (const auto one : split(values, '|')) {
    if (name == "fusion") {
      const auto mode = index::parse_fusion_mode(one);
      if (!mode) return wrong(part, "unknown mode \"" + std::string(one) + "\"");
      out.emplace_back([mode](SearchSetting& s) { s.fusion.mode = *mode; });
    } else if (name == "center") {
      const auto center = index::parse_centering(one);
      if (!center) return wrong(part, "expected none, global or language");
      out.emplace_back([center](SearchSetting& s) { s.fusion.center = *center; });
    } else {
      std::vector<std::string> languages;
      if (one != "all")
        for (const auto language : split(one, '+')) languages.emplace_back(language);
      out.emplace_back([languages](SearchSetting& s) { s.questions.languages = languages; });
    }
  }
  return out;
}

Result<std::vector<Change>> changes(std::string_view part) {
  const std::size_t equals = part.find('=');
  if (equals == std::string_view::npos) return wrong(part, "expected NAME=VALUES");
  const auto name = part.substr(0, equals), values = part.substr(equals + 1);
  if (name == "alpha" || name == "beta" || name == "center-strength" || name == "k1" || name == "b")
    return real_changes(name, values, part);
  if (name == "fusion" || name == "center" || name == "languages-attached")
    return named_changes(name, values, part);
  if (name != "max-per-language")
    return wrong(part,
                 "expected alpha, beta, fusion, center, center-strength, max-per-language, "
                 "languages-attached, k1 or b before the =");
  CT_TRY(const auto numbers, wholes(values, part));
  std::vector<Change> out;
  out.reserve(numbers.size());
  for (const auto value : numbers)
    out.emplace_back([value](SearchSetting& s) { s.questions.max_per_language = value; });
  return out;
}

}  // namespace

Result<std::vector<SearchSetting>> parse_sweep(std::string_view text, const SearchSetting& base) {
  std::vector<SearchSetting> settings{base};
  for (const auto part : split(text, ',')) {
    CT_TRY(const auto made, changes(part));
    if (settings.size() * made.size() > kMostSettings)
      return wrong(part, "more than 10,000 settings");
    std::vector<SearchSetting> next;
    for (const auto& setting : settings)
      for (const auto& change : made) {
        next.push_back(setting);
        change(next.back());
      }
    settings = std::move(next);
  }
  return settings;
}

}  // namespace crosstail::retrieve
