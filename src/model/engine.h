#pragma once
/// Texts through a model on all threads: tokenized, sorted by length within a window, batched by
/// tokens, each batch computed by one thread, results handed out by text.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/pool.h"
#include "base/result.h"
#include "model/encoder.h"
#include "model/loaded_model.h"
#include "nn/workspace.h"

namespace crosstail::model {

/// What one thread works with; kept from call to call.
struct Lane {
  text::TokenizerScratch scratch;
  text::Encoding encoding;
  std::string text;  ///< prompt and text together
  nn::Workspace workspace;
  std::vector<float> hidden, a, b;
  std::vector<std::int32_t> ids, positions, types, offsets;
};

/// Thread-safe.
class Engine {
 public:
  /// Fails with InvalidArgument: a maximum length beyond the model's positions.
  static Result<std::shared_ptr<const Engine>> open(const std::filesystem::path& path,
                                                    const ModelOptions& options);

  /// One call's texts. Both functions are called from any thread, for different texts at once.
  struct Job {
    std::size_t count = 0;
    /// Fills lane.encoding with the ids of text `index`.
    std::function<void(std::size_t index, Lane& lane, EncodeStats& stats)> tokenize;
    /// states: tokens × hidden, of text `index`. Static models: the mean of the tokens' vectors,
    /// tokens is 1.
    std::function<void(std::size_t index, const float* states, std::size_t tokens, Lane& lane)>
        finish;
    /// If set: called for each text after each layer, counted from 1; rows of states are `stride`
    /// numbers apart. Not for static models.
    std::function<void(std::size_t index, std::size_t layer, const float* states,
                       std::size_t stride, std::size_t tokens)>
        observe;
  };
  Result<EncodeStats> run(const Job& job) const;

  /// `max_length` of a request, or the model's; 0: no limit.
  [[nodiscard]] Result<std::size_t> length_limit(std::size_t requested) const;
  /// Tokenizes `text` (or a pair) as the model wants it into lane.encoding, counting what is cut.
  void tokenize(std::string_view text, std::size_t max_length, Lane& lane,
                EncodeStats& stats) const;
  void tokenize_pair(const TextPair& pair, std::size_t max_length, Lane& lane,
                     EncodeStats& stats) const;

  [[nodiscard]] const LoadedModel& model() const { return *model_; }
  [[nodiscard]] const ModelInfo& info() const { return info_; }

 private:
  Engine(std::shared_ptr<const LoadedModel> model, std::size_t threads);

  /// A lane on loan.
  class Loan;
  struct Window;
  void tokenize_window(const Job& job, Window& window) const;
  void finish_without_tokens(const Job& job, const Window& window, std::size_t begin) const;
  Status compute_window(const Job& job, const Window& window) const;
  Status compute_batch(const Job& job, const Window& window, std::size_t batch, bool split) const;
  Result<EncodeStats> run_static(const Job& job) const;
  void fill_positions(Lane& lane, std::size_t begin) const;

  std::shared_ptr<const LoadedModel> model_;
  ModelInfo info_;
  std::size_t threads_;
  std::unique_ptr<Pool> pool_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Lane>> idle_;
};

}  // namespace crosstail::model
