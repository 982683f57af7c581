#pragma once
/// A Hugging Face or sentence-transformers directory as an engine on this machine's processors, and
/// the way back to such a directory.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/pool.h"
#include "model/description.h"
#include "nn/pooling_backward.h"
#include "nn/trainable_encoder.h"
#include "nn/trainable_head.h"
#include "text/tokenizer.h"
#include "train/engine.h"

namespace crosstail::train {

struct EngineOptions {
  nn::ProductMode mode = nn::ProductMode::F32;
  std::size_t threads = 1;
  nn::Frozen frozen;
  /// The rate of a layer is that of the one above times this; embeddings are below the first.
  double layer_decay = 1;
};

/// Not thread-safe; it uses its own threads.
class ModelEngine : public Engine {
 public:
  /// Fails as model::read_layout and model::Weights do, and with Unsupported: poolings other than
  /// the first token and the mean, prompts left out of pooling, static embeddings.
  static Result<std::unique_ptr<ModelEngine>> open(const std::filesystem::path& folder,
                                                   const EngineOptions& options);

  [[nodiscard]] std::size_t outputs_per_text() const override;
  Result<std::vector<float>> outputs(const TokenTexts& texts, std::uint64_t first_number,
                                     const nn::DropoutKey& dropout, Keep keep) override;
  void gradients(std::span<const float> d_outputs) override;
  StepReport step(const AdamOptions& options, double rate, double gradient_scale) override;

  /// From now on outputs() with Keep::Yes also measures how far states are from `targets`
  /// (borrowed; null: nothing is measured): weight × mean over layers and tokens that have a target
  /// of |state - target|² / |target|², and gradients() adds what follows from that. Clears the sum.
  void teach_states(const StateTargets* targets);
  [[nodiscard]] double state_loss() const { return state_loss_; }  ///< since teach_states()

  [[nodiscard]] const model::ModelDescription& description() const { return description_; }
  [[nodiscard]] const text::Tokenizer& tokenizer() const { return *tokenizer_; }
  [[nodiscard]] nn::Parameters<float>& parameters() { return parameters_; }
  [[nodiscard]] AdamW<float>& optimizer() { return *optimizer_; }
  [[nodiscard]] nn::ProductMode mode() const { return options_.mode; }
  /// After the parameters' values were set from outside.
  void weights_changed() { encoder_->weights_changed(); }

  /// Writes the directory with the present weights (f32 safetensors) into `folder`, which is made:
  /// configuration and tokenizer files are the source's own; tensors that do not learn are kept.
  /// A source that states no pooling gets modules.json with what was trained.
  Status save(const std::filesystem::path& folder, bool normalise) const;

 private:
  ModelEngine(std::filesystem::path folder, const EngineOptions& options)
      : folder_(std::move(folder)), options_(options), pool_(options.threads) {}
  Status load();
  Status add_head();
  [[nodiscard]] std::string file_name(const std::string& parameter) const;
  Status save_tensors(const std::filesystem::path& folder, const std::string& part) const;
  void fill_positions(std::span<const std::int32_t> ids, std::vector<std::int32_t>& out) const;

  /// One piece of a kept batch.
  struct Piece {
    nn::EncoderTape<float> tape;
    nn::HeadTape<float> head;
    std::size_t texts = 0;
    nn::AlignedBuffer<float> d_states;  ///< taught layers × tokens × hidden, or not used
    bool taught = false;
  };
  void measure_states(std::uint64_t first_text, const TokenTexts& texts, std::size_t layer,
                      Piece& piece);
  void add_state_gradients(const Piece& piece, std::size_t layer);

  std::filesystem::path folder_;
  EngineOptions options_;
  Pool pool_;
  model::ModelDescription description_;
  std::optional<text::Tokenizer> tokenizer_;
  std::string prefix_;  ///< of the encoder's tensors in the file
  nn::TextPooling pooling_ = nn::TextPooling::Mean;
  nn::Parameters<float> parameters_;
  std::unique_ptr<nn::TrainableEncoder<float>> encoder_;
  std::unique_ptr<nn::TrainableHead<float>> head_;
  std::unique_ptr<AdamW<float>> optimizer_;
  std::vector<Piece> pieces_;
  std::size_t piece_count_ = 0;
  nn::AlignedBuffer<float> hidden_;
  const StateTargets* targets_ = nullptr;
  double state_loss_ = 0;
};

}  // namespace crosstail::train
