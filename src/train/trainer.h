#pragma once
/// The whole run: rows to batches, batches to steps, metrics, dev evaluations, checkpoints, and at
/// the end a directory that other tools load. (design.md §6; docs/train.md for users.)

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "train/batches.h"
#include "train/model_engine.h"
#include "train/objective.h"
#include "train/optimizer.h"
#include "train/schedule.h"

namespace crosstail::train {

struct TrainOptions {
  std::filesystem::path model;   ///< Hugging Face or sentence-transformers directory
  std::filesystem::path output;  ///< the result; while training, OUTPUT.training holds the state
  BatchOptions data;
  std::vector<std::string> corpus;  ///< files of the passages that rows name by id
  ObjectiveOptions objective;
  bool normalise_given = false;  ///< objective.normalise was chosen, not left to the model
  EngineOptions engine;
  AdamOptions adam;
  double learning_rate = 2e-5;
  double warmup = 0.1;  ///< share of the steps if below 1, else steps
  Decay decay = Decay::Linear;
  /// Of a constant rate: last steps over which it falls to 0; a share of the steps if below 1. No
  /// checkpoint is written during them, so a run may be resumed with another number of steps.
  double cooldown = 0;
  double epochs = 1;
  std::uint64_t steps = 0;               ///< 0: as many as the epochs need
  std::uint64_t accumulate = 1;          ///< batches a step
  std::uint64_t tokens_at_once = 16384;  ///< beyond it a batch goes through by gradient caching
  double dropout = 0.1, attention_dropout = 0.1;
  std::vector<std::string> dev;
  std::uint64_t dev_rows = 1000;     ///< at most so many
  std::uint64_t evaluate_every = 0;  ///< steps; 0: at start and end only
  std::uint64_t patience = 0;        ///< evaluations without a better measure; 0: no early stopping
  std::uint64_t checkpoint_every = 500;  ///< steps
  bool resume = false;
  bool keep_state = false;  ///< OUTPUT.training stays, to go on from with more steps
};

struct TrainReport {
  std::uint64_t steps = 0, rows = 0;
  double final_loss = 0;
  bool evaluated = false, stopped_early = false;
  double dev_before = 0, dev_after = 0;
  std::uint64_t best_step = 0;
};

/// Fails as the parts do; with Interrupted after an interrupt (a checkpoint was written), and with
/// Corrupt when the loss or the gradient is not a number (the message names step and rows; the last
/// checkpoint stays).
Result<TrainReport> train(const TrainOptions& options);

/// What must be equal for a resume to make sense: options and contents, one a line.
Result<std::string> fingerprint_of(const TrainOptions& options);

/// README.md of the result: data, recipe, hashes, pairs per language, measured quality.
std::string model_card(const TrainOptions& options, const DataSummary& data,
                       const TrainReport& report, const std::string& fingerprint);

}  // namespace crosstail::train
