#pragma once
/// What the loop knows of a model that learns: outputs for a batch, their gradients, a step.
/// Gradient caching (gradient_cache.h) needs just these, and so will an engine on a GPU.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "nn/dropout.h"
#include "train/optimizer.h"

namespace crosstail::train {

/// Token ids of texts (or pairs) back to back, without padding. Text i is offsets[i] …
/// offsets[i+1].
struct TokenTexts {
  std::vector<std::int32_t> ids, types;  ///< types: empty, or one an id
  std::vector<std::int32_t> offsets = {0};

  [[nodiscard]] std::size_t size() const { return offsets.size() - 1; }
  [[nodiscard]] std::size_t tokens() const { return ids.size(); }
  void add(std::span<const std::uint32_t> text_ids, std::span<const std::uint8_t> text_types);
  /// Texts [begin, end) on their own.
  [[nodiscard]] TokenTexts slice(std::size_t begin, std::size_t end) const;
};

/// What the states of some texts of a batch should be after some layers, token by token: text i's
/// are rows `begins[i]` … of each layer's part of `states`, if that is not negative. A row of zeros
/// is a token without a target.
struct StateTargets {
  std::vector<std::size_t> layers;  ///< the student's, from 1, ascending
  std::vector<float> states;        ///< layer after layer: rows × hidden each
  std::vector<std::ptrdiff_t> begins;
  std::size_t rows = 0;    ///< of one layer
  std::size_t tokens = 0;  ///< with a target, in the whole batch
  double weight = 0;       ///< of the mean over layers of their loss

  [[nodiscard]] bool wanted(std::size_t text) const {
    return text < begins.size() && begins[text] >= 0;
  }
};

enum class Keep : bool { No, Yes };

class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  /// Numbers a text: of its vector before normalisation, or its logits.
  [[nodiscard]] virtual std::size_t outputs_per_text() const = 0;
  /// texts × outputs_per_text(). `first_number`: the first text's number in the step's batch, which
  /// the dropout masks depend on (not on how a batch is cut). Keep::Yes: gradients() may follow.
  virtual Result<std::vector<float>> outputs(const TokenTexts& texts, std::uint64_t first_number,
                                             const nn::DropoutKey& dropout, Keep keep) = 0;
  /// Of the last outputs() with Keep::Yes; adds to the parameters' gradients.
  virtual void gradients(std::span<const float> d_outputs) = 0;
  /// Moves the weights; see AdamW::step.
  virtual StepReport step(const AdamOptions& options, double rate, double gradient_scale) = 0;
};

}  // namespace crosstail::train
