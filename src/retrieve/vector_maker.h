#pragma once
/// Where the vectors of a build come from: a model that encodes texts, or .npy files of any
/// encoder, row for row in the order of the corpus and of the questions' files.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "index/manifest.h"
#include "model/encoder.h"

namespace crosstail::retrieve {

/// Thread-safe.
class VectorMaker {
 public:
  virtual ~VectorMaker() = default;
  [[nodiscard]] virtual const index::ModelRecord& model() const = 0;
  /// n × dimension floats into `out`. `numbers`: of the passages in the corpus, of the questions in
  /// their files, from 0. Texts with their titles, without prompts.
  virtual Result<model::EncodeStats> passages(std::span<const std::string_view> texts,
                                              std::span<const std::uint64_t> numbers,
                                              float* out) const = 0;
  virtual Result<model::EncodeStats> questions(std::span<const std::string_view> texts,
                                               std::span<const std::uint64_t> numbers,
                                               float* out) const = 0;
  /// The model behind it, for windows and strictness; null for .npy files.
  [[nodiscard]] virtual const model::Encoder* encoder() const { return nullptr; }
  /// Rows that there must be; nothing: any number.
  [[nodiscard]] virtual std::optional<std::uint64_t> passage_rows() const { return {}; }
  [[nodiscard]] virtual std::optional<std::uint64_t> question_rows() const { return {}; }
};

struct MakerOptions {
  std::string model;  ///< path of the model; empty: only .npy files
  std::string passage_prompt = "passage", question_prompt = "query";  ///< names
  std::uint64_t max_length = 0, question_max_length = 0;              ///< 0: the model's
  std::string precision;                                              ///< "", "f32", "bf16", "int8"
  std::size_t threads = 0;
  std::string passage_vectors, question_vectors;  ///< .npy files, or empty
  bool has_questions = false;                     ///< question vectors are needed
};

/// Fails with InvalidArgument (dimensions differ, prompts unknown, vectors of one kind only without
/// a model), or as model::Encoder::open and data::NpyArray::open do.
Result<std::unique_ptr<VectorMaker>> make_vectors(const MakerOptions& options);

}  // namespace crosstail::retrieve
