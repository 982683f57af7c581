#pragma once
/// One batch through an engine in bounded memory (Gao et al., 2021, "Scaling deep contrastive
/// learning batch size under memory limited setup"): outputs of all texts piece by piece without
/// keeping anything, the loss on all of them, then each piece once more to take its gradients.

#include <functional>

#include "train/engine.h"

namespace crosstail::train {

/// Given all outputs (texts × outputs a text), fills their gradients and returns the loss.
using OutputLoss =
    std::function<double(std::span<const float> outputs, std::span<float> d_outputs)>;

/// Adds the batch's gradients to the engine's. A batch of at most `tokens_at_once` tokens goes
/// through once. If the loss is not finite no gradient is taken.
Result<double> run_batch(Engine& engine, const TokenTexts& texts, const nn::DropoutKey& dropout,
                         std::size_t tokens_at_once, const OutputLoss& loss);

/// Ends (exclusive) of consecutive pieces of at most `tokens_at_once` tokens, one text at least.
std::vector<std::size_t> cut_pieces(const TokenTexts& texts, std::size_t tokens_at_once);

}  // namespace crosstail::train
