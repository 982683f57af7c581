/// bench_evaluate score RUN QRELS [ROUNDS]: reads and scores a run; seconds a round and in parts.
/// bench_evaluate words PUNKT_DIR: the tokens of R@kt of every line of standard input.
/// bench_evaluate permute [ROUNDS]: 10,000 permutations of 10 runs against a baseline, 10,000
/// queries.

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "eval/bootstrap.h"
#include "eval/counter_random.h"
#include "eval/nltk_words.h"
#include "eval/randomisation.h"
#include "eval/run_scores.h"

namespace {

using namespace crosstail;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// One line of text in, its tokens out, a tab between them.
int words(const char* folder) {
  auto parameters = eval::PunktParameters::read(folder);
  if (!parameters) return 1;
  const eval::Punkt punkt(*std::move(parameters));
  for (std::string line; std::getline(std::cin, line);) {
    // A line holds one text with its line breaks written as U+2424.
    for (std::size_t at = 0; (at = line.find("\u2424", at)) != std::string::npos;)
      line.replace(at, 3, "\n");
    const auto tokens = eval::nltk_words(punkt, line);
    for (std::size_t i = 0; i < tokens.size(); ++i)
      std::printf("%s%s", i == 0 ? "" : "\t", tokens[i].c_str());
    std::puts("");
  }
  return 0;
}

int permute(int rounds, Pool& pool) {
  constexpr std::size_t kQueries = 10000, kRuns = 10;
  std::vector<std::uint32_t> cluster(kQueries);
  for (std::size_t q = 0; q < kQueries; ++q) cluster[q] = static_cast<std::uint32_t>(q);
  eval::Sample sample(cluster, {});
  const eval::CounterRandom random(1, 99);
  for (std::size_t r = 0; r < kRuns; ++r) {
    std::vector<double> values(kQueries);
    for (std::size_t q = 0; q < kQueries; ++q)
      values[q] = static_cast<double>(random.at(r, q) >> 11) * 0x1p-53 - 0.5 +
                  0.001 * static_cast<double>(r);
    sample.add(values);
  }
  for (int round = 0; round < rounds; ++round) {
    const double start = now(), start_cpu = cpu();
    const auto p = eval::randomisation_test(sample, 10000, 1, &pool);
    const double middle = now();
    const auto intervals = eval::bootstrap_intervals(sample, {.resamples = 10000}, &pool);
    std::printf(
        "randomisation %.3f s, bootstrap %.3f s, %.3f CPU s in all; p %.4f … %.4f, [%.4f, %.4f]\n",
        middle - start, now() - middle, cpu() - start_cpu, p.front(), p.back(),
        intervals.back().low, intervals.back().high);
  }
  return 0;
}

int score(const char* run_path, const char* qrels_path, int rounds, Pool& pool) {
  for (int round = 0; round < rounds; ++round) {
    const double start = now(), start_cpu = cpu();
    const auto qrels = data::read_qrels(qrels_path);
    const double after_qrels = now();
    const auto run = data::read_run(run_path, &pool);
    const double after_run = now();
    if (!qrels || !run) return 1;
    const auto measures = eval::parse_measures("ndcg@10,map,mrr");
    const auto scores = eval::score_run(*run, *qrels, *measures, {}, &pool);
    if (!scores) return 1;
    const double end = now();
    std::printf(
        "%.3f s (qrels %.3f, run %.3f, score %.3f), %.3f CPU s; ndcg@10 %.4f map %.4f mrr %.4f\n",
        end - start, after_qrels - start, after_run - after_qrels, end - after_run,
        cpu() - start_cpu, scores->mean(0, eval::Missing::Zero),
        scores->mean(1, eval::Missing::Zero), scores->mean(2, eval::Missing::Zero));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  const int last = std::atoi(argv[argc - 1]);  // NOLINT(cert-err34-c): 0 means none was given
  const int rounds = last > 0 ? last : 5;
  Pool pool(available_threads() - 1);
  if (what == "words" && argc > 2) return words(argv[2]);
  if (what == "permute") return permute(rounds, pool);
  if (what == "score" && argc > 3) return score(argv[2], argv[3], rounds, pool);
  std::fputs(
      "usage: bench_evaluate score RUN QRELS [ROUNDS] | words PUNKT_DIR | permute [ROUNDS]\n",
      stderr);
  return 2;
}
