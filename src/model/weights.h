#pragma once
/// The weights of a model directory, whichever files hold them: `model.safetensors`,
/// `model.safetensors.index.json` with its shards, `pytorch_model.bin`, or
/// `pytorch_model.bin.index.json` with its shards; the first of these that is there.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "model/safetensors.h"

namespace crosstail::model {

/// Memory-mapped; movable. Thread-safe once opened.
class Weights {
 public:
  /// Fails with NotFound (no weights there, or a shard that the index names), Corrupt or
  /// Unsupported; messages name file and tensor.
  static Result<Weights> open(const std::filesystem::path& folder);
  /// Tensors of one file that lies in memory; for tests. Borrowed.
  static Weights from_tensors(TensorMap tensors, std::string name);

  [[nodiscard]] bool has(std::string_view name) const { return tensors_.contains(name); }
  [[nodiscard]] const TensorMap& tensors() const { return tensors_; }
  /// f32 numbers of a tensor that must have this shape. Fails with Corrupt: missing, another
  /// shape, NaN.
  [[nodiscard]] Result<FloatArray> floats(std::string_view name,
                                          std::span<const std::size_t> shape) const;
  [[nodiscard]] Result<FloatArray> floats(std::string_view name,
                                          std::initializer_list<std::size_t> shape) const {
    return floats(name, std::span(shape.begin(), shape.size()));
  }
  /// The first of `prefixes` with which `name` is there; NotFound lists what was looked for.
  [[nodiscard]] Result<std::string> prefix_of(
      std::string_view name, std::initializer_list<std::string_view> prefixes) const;

  /// What was opened, for messages: "DIR/model.safetensors".
  [[nodiscard]] const std::string& name() const { return name_; }
  /// The files, relative to the folder, in the order they were opened (the index first).
  [[nodiscard]] const std::vector<std::string>& files() const { return files_; }

 private:
  Status add_file(const std::filesystem::path& folder, const std::string& file);
  Status add_shards(const std::filesystem::path& folder, const std::string& index);

  std::string name_;
  std::vector<std::string> files_;
  std::vector<MappedFile> mapped_;
  TensorMap tensors_;
};

}  // namespace crosstail::model
