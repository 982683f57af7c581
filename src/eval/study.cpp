#include "eval/study.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "eval/cluster_t.h"
#include "eval/multiplicity.h"
#include "eval/randomisation.h"

namespace crosstail::eval {
namespace {

std::vector<double> column(const Study& study, std::size_t system, std::size_t measure) {
  std::vector<double> out(study.queries.size());
  for (std::size_t q = 0; q < out.size(); ++q) out[q] = study.value(system, q, measure);
  return out;
}

std::vector<double> difference(const Study& study, std::size_t system, std::size_t baseline,
                               std::size_t measure) {
  std::vector<double> out(study.queries.size());
  for (std::size_t q = 0; q < out.size(); ++q)
    out[q] = study.value(system, q, measure) - study.value(baseline, q, measure);
  return out;
}

Sample sample_of(const Study& study) {
  return {study.clusters.of, study.language};
}

BootstrapOptions bootstrap_options(const StudyOptions& options) {
  return {.resamples = options.resamples,
          .seed = options.seed,
          .level = options.level,
          .resample_strata = options.random_languages};
}

/// Two-sided p of every column: randomisation, or a two-way clustered t where languages are drawn
/// (signs cannot be flipped for languages that were not).
std::vector<double> p_values(const Sample& differences, const StudyOptions& options, Pool* pool) {
  if (!options.random_languages)
    return randomisation_test(differences, options.permutations, options.seed, pool);
  std::vector<double> out;
  for (std::size_t c = 0; c < differences.columns(); ++c)
    out.push_back(
        cluster_t_test(differences, c, {.level = options.level, .random_strata = true}).p);
  return out;
}

/// Estimates of all columns, then all differences from `baseline`'s columns (systems × measures,
/// measures innermost).
struct Figures {
  std::size_t systems, measures, baseline;
  [[nodiscard]] std::size_t mean(std::size_t s, std::size_t m) const { return s * measures + m; }
  [[nodiscard]] std::size_t gain(std::size_t s, std::size_t m) const {
    return systems * measures + mean(s, m);
  }
  [[nodiscard]] std::size_t count() const { return 2 * systems * measures; }

  void fill(const Resample& resample, std::span<double> out) const {
    const std::size_t columns = systems * measures;
    estimates(columns)(resample, out.first(columns));
    for (std::size_t s = 0; s < systems; ++s)
      for (std::size_t m = 0; m < measures; ++m)
        out[gain(s, m)] = out[mean(s, m)] - out[mean(baseline, m)];
  }
};

void warn_of_few_clusters(std::size_t clusters, std::vector<std::string>& warnings) {
  if (clusters < kMinClusters)
    warnings.push_back("only " + std::to_string(clusters) +
                       " clusters of queries: intervals are rough and no p-value is given (" +
                       std::to_string(kMinClusters) + " are needed)");
}

Comparison compare(const Study& study, const Sample& differences, std::size_t place,
                   Comparison base, const StudyOptions& options) {
  const auto t = cluster_t_test(
      differences, place, {.level = options.level, .random_strata = options.random_languages});
  base.difference.value = t.estimate;
  base.effect_size = t.effect_size;
  base.minimum_detectable = t.minimum_detectable;
  if (study.clusters.count >= kMinClusters) base.p_t = t.p;
  for (const double d : differences.column(place)) {
    const double gain = d * study.direction(base.measure);
    ++(gain > 0 ? base.wins : gain < 0 ? base.losses : base.ties);
  }
  return base;
}

void correct(std::vector<Comparison>& comparisons) {
  std::vector<double> p;
  p.reserve(comparisons.size());
  for (const Comparison& c : comparisons)
    p.push_back(c.p.value_or(std::numeric_limits<double>::quiet_NaN()));
  const auto by_holm = holm(p), by_bh = benjamini_hochberg(p);
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!comparisons[i].p) continue;
    comparisons[i].p_holm = by_holm[i];
    comparisons[i].p_bh = by_bh[i];
  }
}

void add_comparisons(const Study& study, const StudyOptions& options, const Bootstrap& bootstrap,
                     const Figures& figures, StudyResult& out, Pool* pool) {
  Sample differences = sample_of(study);
  for (std::size_t m = 0; m < study.measures.size(); ++m)
    for (std::size_t s = 0; s < study.systems.size(); ++s)
      if (s != options.baseline) differences.add(difference(study, s, options.baseline, m));
  std::vector<double> p;
  if (study.clusters.count >= kMinClusters) p = p_values(differences, options, pool);
  std::size_t place = 0;
  for (std::size_t m = 0; m < study.measures.size(); ++m) {
    for (std::size_t s = 0; s < study.systems.size(); ++s) {
      if (s == options.baseline) continue;
      Comparison c = compare(study, differences, place,
                             {.system = s, .baseline = options.baseline, .measure = m}, options);
      c.difference.interval = bootstrap.interval(figures.gain(s, m));
      const double baseline = out.means[options.baseline][m].value;
      c.relative =
          baseline == 0 ? std::numeric_limits<double>::quiet_NaN() : c.difference.value / baseline;
      if (!p.empty()) c.p = p[place];
      ++place;
      out.comparisons.push_back(c);
    }
  }
  correct(out.comparisons);
}

}  // namespace

Study Study::part(const std::vector<std::size_t>& of_queries) const {
  Study out;
  out.measures = measures;
  out.smaller_is_better = smaller_is_better;
  out.systems = systems;
  out.languages = languages;
  out.values.resize(values.size());
  std::vector<std::uint32_t> number(clusters.count, 0xffffffff);
  const std::size_t width = measures.size();
  for (const std::size_t q : of_queries) {
    out.queries.push_back(queries[q]);
    auto& n = number[clusters.of[q]];
    if (n == 0xffffffff) n = static_cast<std::uint32_t>(out.clusters.count++);
    out.clusters.of.push_back(n);
    out.language.push_back(language[q]);
    for (std::size_t s = 0; s < values.size(); ++s)
      for (std::size_t m = 0; m < width; ++m) out.values[s].push_back(values[s][q * width + m]);
  }
  return out;
}

Result<StudyResult> run_study(const Study& study, const StudyOptions& options, Pool* pool) {
  if (study.queries.empty() || study.systems.empty() || study.measures.empty())
    return Error{ErrorCode::InvalidArgument,
                 "nothing to evaluate: no query, run or measure is left"};
  StudyResult out;
  out.queries = study.queries.size();
  out.clusters = study.clusters.count;
  warn_of_few_clusters(out.clusters, out.warnings);
  Sample sample = sample_of(study);
  for (std::size_t s = 0; s < study.systems.size(); ++s)
    for (std::size_t m = 0; m < study.measures.size(); ++m) sample.add(column(study, s, m));
  const Figures figures{study.systems.size(), study.measures.size(), options.baseline};
  if (options.random_languages && study.languages.size() < 10)
    out.warnings.push_back("only " + std::to_string(study.languages.size()) +
                           " languages: too few to speak for languages not tested");
  const Bootstrap bootstrap(
      sample, bootstrap_options(options), figures.count(),
      [&](const Resample& r, std::span<double> o) { figures.fill(r, o); }, pool);
  out.means.resize(study.systems.size());
  for (std::size_t s = 0; s < study.systems.size(); ++s)
    for (std::size_t m = 0; m < study.measures.size(); ++m)
      out.means[s].push_back(
          {sample.estimate(figures.mean(s, m)), bootstrap.interval(figures.mean(s, m))});
  if (study.systems.size() > 1) add_comparisons(study, options, bootstrap, figures, out, pool);
  return out;
}

SliceResult run_slice(const Study& part, const StudyOptions& of_all, Pool* pool) {
  SliceResult out;
  StudyOptions options = of_all;
  // One language alone cannot be drawn from languages.
  if (std::all_of(part.language.begin(), part.language.end(),
                  [&](std::uint32_t l) { return l == part.language[0]; }))
    options.random_languages = false;
  out.queries = part.queries.size();
  out.clusters = part.clusters.count;
  if (out.queries == 0) return out;
  Sample sample = sample_of(part);
  for (std::size_t s = 0; s < part.systems.size(); ++s) sample.add(column(part, s, 0));
  const Figures figures{part.systems.size(), 1, options.baseline};
  const Bootstrap bootstrap(
      sample, bootstrap_options(options), figures.count(),
      [&](const Resample& r, std::span<double> o) { figures.fill(r, o); }, pool);
  const double baseline = sample.estimate(options.baseline);
  for (std::size_t s = 0; s < part.systems.size(); ++s) {
    out.means.push_back({sample.estimate(s), bootstrap.interval(figures.mean(s, 0))});
    out.gains.push_back({sample.estimate(s) - baseline, bootstrap.interval(figures.gain(s, 0))});
  }
  out.p.resize(part.systems.size());
  if (out.clusters < kMinClusters || part.systems.size() < 2) return out;
  Sample differences = sample_of(part);
  for (std::size_t s = 0; s < part.systems.size(); ++s)
    if (s != options.baseline) differences.add(difference(part, s, options.baseline, 0));
  const auto p = p_values(differences, options, pool);
  for (std::size_t s = 0, place = 0; s < part.systems.size(); ++s)
    if (s != options.baseline) out.p[s] = p[place++];
  return out;
}

std::optional<Headline> find_headline(const Study& study,
                                      const std::vector<std::optional<bool>>& other_languages,
                                      std::optional<std::size_t> system,
                                      const StudyOptions& options, Pool* pool) {
  std::vector<std::size_t> with, without;
  std::vector<double> means;
  Sample plain = sample_of(study);
  for (std::size_t s = 0; s < study.systems.size(); ++s) {
    plain.add(column(study, s, 0));
    means.push_back(study.direction(0) * plain.estimate(s));
    if (other_languages[s]) (*other_languages[s] ? with : without).push_back(s);
  }
  if (system) with = {*system};
  if (with.empty() || without.empty()) return std::nullopt;
  const auto better = [&](std::size_t a, std::size_t b) { return means[a] < means[b]; };
  Headline out;
  out.system = *std::max_element(with.begin(), with.end(), better);
  out.baseline = *std::max_element(without.begin(), without.end(), better);
  out.candidates = with.size();
  out.baselines = without.size();
  out.queries = study.queries.size();
  out.clusters = study.clusters.count;

  Sample gain = sample_of(study);
  gain.add(difference(study, out.system, out.baseline, 0));
  out.gain = {gain.estimate(0), bootstrap_intervals(gain, bootstrap_options(options), pool)[0]};
  if (study.clusters.count < kMinClusters) return out;
  Sample all = sample_of(study);
  for (const std::size_t s : with)
    for (const std::size_t b : without) all.add(difference(study, s, b, 0));
  const auto p = p_values(all, options, pool);
  std::vector<double> worst;
  for (std::size_t i = 0; i < with.size(); ++i) {
    double largest = 0;
    for (std::size_t b = 0; b < without.size(); ++b) {
      const std::size_t c = i * without.size() + b;
      // A test against the wrong side proves nothing of "better".
      largest = std::max(largest, study.direction(0) * all.estimate(c) > 0 ? p[c] : 1);
    }
    worst.push_back(largest);
  }
  const auto place =
      static_cast<std::size_t>(std::find(with.begin(), with.end(), out.system) - with.begin());
  out.p = holm(worst)[place];
  return out;
}

}  // namespace crosstail::eval
