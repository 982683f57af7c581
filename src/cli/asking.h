#pragma once
/// What `search` and `tune` share: where the vectors of queries and the centroids come from.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/options.h"
#include "data/queries.h"
#include "retrieve/query_encoder.h"
#include "retrieve/session.h"

namespace crosstail::cli {

struct AskingOptions {
  std::string model, precision = "auto", query_prompt = "query", query_vectors, centroid_from;
  std::uint64_t query_max_length = 0, threads = 0;
};

void declare_asking(OptionTable& options, AskingOptions& o);

/// Vectors of queries by file or model, whichever was asked for; opened when first needed.
class Asking {
 public:
  Asking(const AskingOptions& options, retrieve::QuerySession& session)
      : options_(options), session_(session) {}

  /// Opens the model (that of --model, else the one that the index names).
  Result<const retrieve::QueryEncoder*> encoder();
  /// Gives BM25 its tokenizer.
  Status give_tokenizer();
  /// Reads --centroid-from, if given, into the session; else, with `tuned`, the centroids that the
  /// index was tuned with, if those were not its own.
  Status use_centroids(bool tuned = false);
  /// Keeps the session's centroids with the index for searches by what `tune` chose; takes away
  /// what was kept before.
  Status keep_tuned_centroids() const;
  /// Vectors of queries [begin, begin + queries.size()) of `all`.
  Result<std::vector<float>> vectors(std::size_t begin, std::span<const data::Query> queries,
                                     std::size_t all);
  [[nodiscard]] std::string model_name() const;
  [[nodiscard]] std::string model_identity() const;

 private:
  const AskingOptions& options_;
  retrieve::QuerySession& session_;
  std::optional<retrieve::QueryEncoder> encoder_;
  std::optional<std::vector<float>> file_vectors_;
};

}  // namespace crosstail::cli
