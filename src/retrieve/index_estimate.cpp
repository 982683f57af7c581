/// What a build would cost, measured on a sample.

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/file.h"
#include "retrieve/build_index.h"
#include "retrieve/index_place.h"

namespace crosstail::retrieve {
namespace {

constexpr std::size_t kSample = 256;

/// Seconds to encode all of `count` texts, from encoding some of them; 0 for .npy files.
template <class Encode>
Result<double> seconds_for(std::vector<std::string> sample, std::uint64_t count, std::size_t dim,
                           Encode&& encode) {
  if (sample.empty() || count == 0) return 0.0;
  std::vector<std::string_view> texts(sample.begin(), sample.end());
  std::vector<float> out(texts.size() * dim);
  // The first call loads what is loaded once.
  CT_CHECK(encode(std::span<const std::string_view>(texts).first(1), out.data()));
  const auto start = std::chrono::steady_clock::now();
  CT_CHECK(encode(std::span<const std::string_view>(texts), out.data()));
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return seconds / static_cast<double>(texts.size()) * static_cast<double>(count);
}

}  // namespace

Result<Estimate> estimate_index(const BuildOptions& options) {
  MakerOptions vectors = options.vectors;
  vectors.has_questions = !options.questions.files.empty();
  CT_TRY(const auto maker, make_vectors(vectors));
  IndexPlace place(options.output + ".estimate");
  CT_CHECK(place.take());
  CT_CHECK(place.start(false));
  const std::filesystem::path& work = place.part();
  Estimate estimate;
  std::vector<std::string> sample;
  std::uint64_t step = 1, seen = 0, text_bytes = 0;
  Status failed;
  Counters counters;
  {
    auto ids = IdTable::build(options.corpus, work, [&](const CorpusRow& row) {
      text_bytes += row.text.size() + row.answer.size() + row.title.size() + row.id.size();
      if (seen++ % step != 0) return;
      const auto passage = row.passage(options.passage_from);
      if (!passage.ok()) {
        if (failed.ok()) failed = passage.error();
        return;
      }
      sample.push_back(passage->first.empty() ? passage->second
                                              : passage->first + " " + passage->second);
      if (sample.size() < 2 * kSample) return;
      for (std::size_t i = 1; i * 2 < sample.size(); ++i) sample[i] = std::move(sample[i * 2]);
      sample.resize(kSample);
      step *= 2;
    });
    std::error_code ignored;
    if (!ids.ok() || !failed.ok()) {
      std::filesystem::remove_all(work, ignored);
      if (!failed.ok()) return std::move(failed).error();
      return std::move(ids).error();
    }
    estimate.passages = ids->size() / options.shards;
    auto groups = QuestionGroups::build(options.questions, *ids, work, counters);
    if (!groups.ok()) {
      std::filesystem::remove_all(work, ignored);
      return std::move(groups).error();
    }
    estimate.questions = groups->size() / options.shards;
    const std::size_t dim = maker->model().dimension;
    const bool encodes = maker->encoder() != nullptr;
    if (encodes && !maker->passage_rows()) {
      CT_TRY(estimate.seconds,
             seconds_for(sample, estimate.passages, dim,
                         [&](std::span<const std::string_view> texts, float* out) -> Status {
                           CT_CHECK(maker->passages(texts, {}, out));
                           return {};
                         }));
      estimate.sampled_texts += sample.size();
    }
    if (encodes && !maker->question_rows()) {
      const auto questions = groups->sample();
      CT_TRY(const double seconds,
             seconds_for(questions, estimate.questions, dim,
                         [&](std::span<const std::string_view> texts, float* out) -> Status {
                           CT_CHECK(maker->questions(texts, {}, out));
                           return {};
                         }));
      estimate.seconds += seconds;
      estimate.sampled_texts += questions.size();
    }
    // Languages a passage, for parts by language: no more than there are questions.
    const std::uint64_t vector_bytes = dim * index::size_of(options.type);
    std::uint64_t stored = estimate.passages;
    if (options.keep == index::KeepParts::Question) stored += estimate.questions;
    if (options.keep == index::KeepParts::Total)
      stored += std::min(estimate.passages, estimate.questions);
    if (options.keep == index::KeepParts::Language) stored += estimate.questions;
    std::uint64_t question_bytes = 0;
    for (const auto& text : groups->sample()) question_bytes += text.size();
    if (!groups->sample().empty()) question_bytes /= groups->sample().size();
    // Texts compress to about 0.4 of their size; records and lists are docs/formats/index.md's.
    estimate.disk_bytes =
        stored * vector_bytes + estimate.passages * 150 + estimate.questions * (40 + 3 * 16) +
        (options.texts ? (text_bytes + estimate.questions * question_bytes) * 2 / 5 : 0);
    estimate.work_bytes =
        estimate.passages * 24 + estimate.questions * (question_bytes + 64) +
        (maker->question_rows() && !groups->in_order() ? estimate.questions * (dim * 4 + 8) : 0);
    estimate.memory_bytes = 2 * options.questions.memory_bytes + (std::uint64_t{64} << 20);
  }
  std::error_code ignored;
  std::filesystem::remove_all(work, ignored);
  return estimate;
}

}  // namespace crosstail::retrieve
