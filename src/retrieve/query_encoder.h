#pragma once
/// Queries to vectors: by the index's model with its `query` prompt, or read from a .npy file.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/queries.h"
#include "index/manifest.h"
#include "model/encoder.h"

namespace crosstail::retrieve {

struct QueryEncoderOptions {
  std::string prompt = "query";  ///< its name in the model directory
  std::size_t max_length = 0;    ///< tokens; 0: what the index encoded its questions with
  model::ModelOptions model;
};

/// Thread-safe once opened.
class QueryEncoder {
 public:
  /// Fails with InvalidArgument where the model is not the index's, naming what differs.
  static Result<QueryEncoder> open(const std::filesystem::path& model,
                                   const index::ModelRecord& record,
                                   const QueryEncoderOptions& options);

  /// queries × dim.
  Result<std::vector<float>> encode(std::span<const data::Query> queries) const;
  [[nodiscard]] const model::Encoder& encoder() const { return encoder_; }

 private:
  explicit QueryEncoder(model::Encoder encoder) : encoder_(std::move(encoder)) {}
  model::Encoder encoder_;
  model::EncodeRequest request_;
};

/// A row a query, in file order. Fails with InvalidArgument where rows or dimensions differ, or a
/// number is not finite, naming the row.
Result<std::vector<float>> read_query_vectors(const std::filesystem::path& path,
                                              std::size_t queries, std::size_t dim);

}  // namespace crosstail::retrieve
