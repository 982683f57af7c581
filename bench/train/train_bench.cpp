// Steps of in-batch contrastive training on random token ids: seconds a step, tokens a second, peak
// memory. bench/train/compare.py runs it beside sentence-transformers.
//   bench_train MODEL_DIR [--mode f32|f32x3|bf16] [--threads N] [--batch N] [--question N]
//               [--passage N] [--steps N] [--tokens-at-once N]
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>

#include "train/gradient_cache.h"
#include "train/losses.h"
#include "train/model_engine.h"

namespace {

using namespace crosstail;

/// User and system time of all threads: what other people's work on the machine changes least.
double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto in_seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime);
}

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

train::TokenTexts random_texts(std::size_t batch, std::size_t question, std::size_t passage,
                               std::size_t vocabulary) {
  std::mt19937 random(1);
  std::uniform_int_distribution<std::uint32_t> id(5, static_cast<std::uint32_t>(vocabulary - 1));
  train::TokenTexts texts;
  for (std::size_t i = 0; i < 2 * batch; ++i) {
    std::vector<std::uint32_t> ids(i < batch ? question : passage);
    for (auto& one : ids) one = id(random);
    texts.add(ids, {});
  }
  return texts;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: bench_train MODEL_DIR [options]\n"), 2;
  std::map<std::string, std::string> options = {{"--mode", "f32"},
                                                {"--threads", "2"},
                                                {"--batch", "64"},
                                                {"--question", "32"},
                                                {"--passage", "128"},
                                                {"--steps", "5"},
                                                {"--tokens-at-once", "1000000"}};
  for (int i = 2; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  const auto number = [&](const char* name) {
    return static_cast<std::size_t>(std::strtoull(options[name].c_str(), nullptr, 10));
  };
  train::EngineOptions engine_options;
  engine_options.threads = number("--threads");
  engine_options.mode = options["--mode"] == "bf16"    ? nn::ProductMode::BF16
                        : options["--mode"] == "f32x3" ? nn::ProductMode::F32x3
                                                       : nn::ProductMode::F32;
  auto engine = train::ModelEngine::open(argv[1], engine_options);
  if (!engine.ok()) return std::fprintf(stderr, "%s\n", engine.error().message.c_str()), 1;
  const std::size_t batch = number("--batch"), dim = (*engine)->outputs_per_text();
  const auto texts = random_texts(batch, number("--question"), number("--passage"),
                                  (*engine)->description().shape.vocabulary);
  std::vector<std::uint32_t> own(batch);
  for (std::uint32_t i = 0; i < batch; ++i) own[i] = i;
  const std::vector<train::Cut> cuts = {{dim, 1}};
  double value = 0;
  for (std::size_t step = 0; step <= number("--steps"); ++step) {
    const double start = seconds(), cpu_start = cpu_seconds();
    const auto loss = train::run_batch(
        **engine, texts, {1, step, 0.1F, 0.1F}, number("--tokens-at-once"),
        [&](std::span<const float> out, std::span<float> d) {
          return train::with_cuts<float>(
              {out.data(), out.data() + batch * dim, batch, batch, dim, own, {}}, cuts, true,
              [](const train::VectorBatch<float>& b, const train::VectorGradients<float>& g) {
                return train::info_nce(b, 20.0F, false, g);
              },
              {d.data(), d.data() + batch * dim});
        });
    if (!loss.ok()) return std::fprintf(stderr, "%s\n", loss.error().message.c_str()), 1;
    const double computed = seconds();
    (*engine)->step({}, 1e-5, 1);
    value = *loss;
    if (step == 0) continue;  // warm-up
    const double end = seconds();
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    std::printf(
        "{\"seconds\":%.4f,\"cpu_seconds\":%.4f,\"optimizer_seconds\":%.4f,\"tokens_per_second\":%."
        "0f,"
        "\"peak_mb\":%ld,\"loss\":%.5f}\n",
        end - start, cpu_seconds() - cpu_start, end - computed,
        static_cast<double>(texts.tokens()) / (end - start), usage.ru_maxrss / 1024, value);
    std::fflush(stdout);
  }
  return 0;
}
