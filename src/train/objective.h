#pragma once
/// From a batch of rows to token ids, and from the model's outputs to a loss: one class for each
/// kind of training. The loop knows nothing else of what is learnt.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/training_examples.h"
#include "model/encoder.h"
#include "train/engine.h"
#include "train/losses.h"
#include "train/model_engine.h"

namespace crosstail::train {

enum class ObjectiveKind {
  Contrastive,  ///< InfoNCE over the batch and hard negatives
  MarginMse,    ///< teacher's margins between positive and negatives
  ListwiseKl,   ///< teacher's distribution over positive and negatives
  InBatchKl,    ///< a teacher encoder's distribution over the whole batch
  DistilMse,    ///< a teacher encoder's vector of the question, met by question and positives
  DistilCosine,
  PairScore,  ///< cross-encoder: binary cross-entropy of pairs
  Classes,    ///< cross-entropy over labels
};
std::optional<ObjectiveKind> objective_from(std::string_view name);
std::string_view name_of(ObjectiveKind kind);
bool needs_teacher(ObjectiveKind kind);
bool is_distillation(ObjectiveKind kind);
bool is_for_vectors(ObjectiveKind kind);  ///< an encoder's; else a cross-encoder's or classifier's

struct ObjectiveOptions {
  ObjectiveKind kind = ObjectiveKind::Contrastive;
  double temperature = 0.05;       ///< scores are divided by this
  double teacher_temperature = 1;  ///< the teacher's too
  bool symmetric = false;          ///< contrastive: passages find their questions as well
  std::vector<Cut> cuts;           ///< Matryoshka; empty: the whole vector
  bool normalise = true;           ///< vectors to length 1 before scores are taken
  std::size_t question_length = 64, passage_length = 256;  ///< tokens with specials
  std::string query_prompt, passage_prompt;                ///< texts in front
  std::filesystem::path teacher;
  std::optional<std::string> teacher_prompt;  ///< before all its texts; nothing: its own prompts
  /// distil-*: how much it counts that the states of a text's tokens meet those of the teacher's
  /// tokens that stand for the same bytes.
  double state_weight = 0;
  /// The teacher's layer, from 1, that each of the model's layers meets, 0 for none; empty: the
  /// last layer meets the last.
  std::vector<std::size_t> state_layers;
  std::size_t threads = 1;
};

/// Tokens [begin, end) of a text.
struct TokenRange {
  std::size_t begin = 0, end = 0;
};

/// For each of the first tokens' places in a text, the second tokens that overlap it. Places are in
/// ascending order but those of the frame, {0, 0}, of which the first and the last token's are met
/// by the other's first and last. Private to train.
std::vector<TokenRange> overlapping(std::span<const text::TokenOffset> tokens,
                                    std::span<const text::TokenOffset> others);

/// A batch ready for an engine.
struct Prepared {
  TokenTexts texts;
  std::size_t questions = 0, documents = 0;
  std::vector<std::uint32_t> own;
  std::vector<Excluded> excluded;
  std::vector<Margin> margins;
  std::vector<ListEntry> entries;
  std::vector<double> teacher_scores;  ///< questions × documents
  std::vector<float> targets;          ///< texts × outputs
  StateTargets states;                 ///< for ModelEngine::teach_states
  std::vector<double> pair_targets;
  std::vector<std::int64_t> labels;
};

class Objective {
 public:
  /// Fails with InvalidArgument where objective, model and teacher do not fit.
  static Result<Objective> open(const ObjectiveOptions& options, const ModelEngine& engine);

  /// Tokenizes rows and works out what the loss needs. Fails with InvalidArgument if a row lacks
  /// what the objective needs (a teacher's score, a known label); the message names its line.
  Result<Prepared> prepare(const std::vector<data::TrainingExample>& rows);
  /// outputs: texts × outputs a text.
  double loss(const Prepared& batch, std::span<const float> outputs,
              std::span<float> d_outputs) const;

  /// A single text as the objective tokenizes it.
  void add_text(std::string_view text, bool question, TokenTexts& to);

 private:
  Objective(ObjectiveOptions options, const ModelEngine& engine)
      : options_(std::move(options)), engine_(&engine) {}
  Status prepare_vectors(const std::vector<data::TrainingExample>& rows, Prepared& batch);
  Status prepare_teacher(const std::vector<data::TrainingExample>& rows, Prepared& batch);
  Status prepare_distillation(const std::vector<data::TrainingExample>& rows, Prepared& batch);
  Status prepare_pairs(const std::vector<data::TrainingExample>& rows, Prepared& batch);
  Status prepare_classes(const std::vector<data::TrainingExample>& rows, Prepared& batch);
  using StateObserver = decltype(model::EncodeRequest::states);
  Result<std::vector<float>> teach(const std::vector<std::string_view>& texts, bool question,
                                   const StateObserver& states = {}) const;
  Status open_states();
  [[nodiscard]] std::string teacher_prompt(bool question) const;
  [[nodiscard]] std::size_t teacher_length(bool question) const;
  std::vector<TokenRange> teacher_tokens(std::string_view text, std::span<const std::int32_t> own);
  Status teach_states(const std::vector<std::string_view>& texts,
                      const std::vector<std::size_t>& places, Prepared& batch,
                      std::vector<float>& vectors);
  double vector_loss(const Prepared& batch, const VectorBatch<float>& vectors,
                     const VectorGradients<float>& gradients) const;

  ObjectiveOptions options_;
  const ModelEngine* engine_;
  std::shared_ptr<const model::Encoder> teacher_;
  std::vector<std::int64_t> teacher_pieces_;  ///< by the student's id; -1: it has no such piece
  std::vector<std::size_t> taught_layers_, teaching_layers_;  ///< the model's, the teacher's
  text::TokenizerScratch scratch_, teacher_scratch_;
  text::Encoding encoding_;
};

}  // namespace crosstail::train
