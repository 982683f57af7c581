/// Reads and scores a run: bench_evaluate RUN QRELS [ROUNDS]. Prints seconds a round and in parts.

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

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

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 5;  // NOLINT(cert-err34-c)
  Pool pool(available_threads() - 1);
  for (int round = 0; round < rounds; ++round) {
    const double start = now(), start_cpu = cpu();
    const auto qrels = data::read_qrels(argv[2]);
    const double after_qrels = now();
    const auto run = data::read_run(argv[1], &pool);
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
