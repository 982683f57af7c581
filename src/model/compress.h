#pragma once
/// A model directory made smaller: fewer pieces in its vocabulary, fewer layers. The result is a
/// directory like the source (f32 safetensors), with an identity of its own.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace crosstail::model {

struct CompressPlan {
  std::filesystem::path source;  ///< a directory
  /// Which of the source's layers stay, ascending, from 0; empty: all.
  std::vector<std::size_t> layers;
  /// Which of the source's pieces stay: old ids, ascending (model/vocabulary.h); nothing: all.
  std::optional<std::vector<std::uint32_t>> pieces;
  std::vector<std::string> languages;  ///< for its card; empty: those of the source's
  std::vector<std::string> origin;  ///< lines for the model card: what was done, with which texts
};

/// "4": so many of `layers`, evenly spread with both ends; "0,3,11": these, in any order. Fails
/// with InvalidArgument.
Result<std::vector<std::size_t>> parse_layers(std::string_view text, std::size_t layers);

/// Writes `folder`, which must not exist or be empty; it is put in place when complete. Word
/// embeddings, tokenizer files and configuration lose the pieces that go, together; a
/// SentencePiece file beside tokenizer.json is left out, since it would give other ids. Tensors of
/// heads that no encoder reads (`lm_head.`, `cls.`) are left out.
/// Fails with Corrupt, Unsupported or InvalidArgument; messages name file and field.
Status compress_model(const CompressPlan& plan, const std::filesystem::path& folder);

}  // namespace crosstail::model
