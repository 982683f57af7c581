#pragma once
/// A token's first state: word + position + type embedding (Devlin et al., 2019, figure 2), before
/// LayerNorm.

#include <cstddef>
#include <cstdint>
#include <span>

namespace crosstail::nn {

/// Row-major tables, `hidden` columns each; `type` may be empty (DistilBERT). Borrowed.
struct EmbeddingWeights {
  std::span<const float> word, position, type;
};

/// The definition, for tests. types may be null when the table is empty or all types are 0.
template <class Real>
void embed_plain(const Real* word, const Real* position, const Real* type, std::size_t hidden,
                 std::span<const std::int32_t> ids, std::span<const std::int32_t> positions,
                 std::span<const std::int32_t> types, Real* out) {
  for (std::size_t t = 0; t < ids.size(); ++t)
    for (std::size_t c = 0; c < hidden; ++c) {
      Real x = word[static_cast<std::size_t>(ids[t]) * hidden + c] +
               position[static_cast<std::size_t>(positions[t]) * hidden + c];
      if (type != nullptr)
        x += type[(types.empty() ? 0 : static_cast<std::size_t>(types[t])) * hidden + c];
      out[t * hidden + c] = x;
    }
}

}  // namespace crosstail::nn
