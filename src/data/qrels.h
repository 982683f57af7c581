#pragma once
/// Relevance judgments. Read from
///   - TREC: `qid 0 docid relevance` a line, separated by blanks; # starts a comment line;
///   - BEIR: tab-separated `query-id corpus-id score`, with or without that header line;
///   - JSON: `{"qid": {"docid": relevance, …}, …}` (pytrec_eval, ranx),
/// plain, gzip or zstd. The first line says which. A negative relevance is trec_eval's "in the pool
/// but not judged".

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "data/whole_text.h"

namespace crosstail::data {

struct Judgment {
  std::string_view doc;
  std::int32_t relevance;
};

/// The same passage judged (or returned) twice for one query.
enum class Duplicates {
  Error,  ///< names the query and the passage
  Best,   ///< the highest relevance (score) counts
};

/// Thread-safe once read. Queries are in order of first appearance.
class Qrels {
 public:
  [[nodiscard]] std::size_t size() const { return queries_.size(); }
  [[nodiscard]] std::string_view query(std::size_t q) const { return queries_[q].id; }
  /// Sorted by passage id (bytes), each once.
  [[nodiscard]] std::span<const Judgment> judgments(std::size_t q) const {
    return {judgments_.data() + queries_[q].first, queries_[q].count};
  }
  [[nodiscard]] std::optional<std::size_t> find(std::string_view query) const;
  /// The relevance of a passage, if it has one.
  [[nodiscard]] std::optional<std::int32_t> relevance(std::size_t q, std::string_view doc) const;
  [[nodiscard]] std::size_t total() const { return judgments_.size(); }
  /// Lines that Duplicates::Best passed over.
  [[nodiscard]] std::size_t duplicates() const { return duplicates_; }

 private:
  friend class QrelsReader;
  struct Query {
    std::string_view id;
    std::size_t first, count;
  };
  WholeText text_;
  std::vector<Judgment> judgments_;
  std::vector<Query> queries_;
  std::unordered_map<std::string_view, std::size_t> by_id_;
  std::size_t duplicates_ = 0;
};

/// Errors name file, line and what was expected. An empty file is an error.
Result<Qrels> read_qrels(const std::filesystem::path& path,
                         Duplicates duplicates = Duplicates::Error);
Result<Qrels> read_qrels_text(WholeText text, const std::string& name,
                              Duplicates duplicates = Duplicates::Error);

}  // namespace crosstail::data
