#pragma once
/// Runs: what a system returned for each query, with scores. Read from
///   - TREC: `qid Q0 docid rank score tag` a line, separated by blanks; fields after the tag, blank
///     lines and lines that start with # are passed over, as trec_eval does. The rank is ignored.
///   - JSON: `{"qid": {"docid": score, …}, …}` (BEIR, pytrec_eval, ranx).
/// plain, gzip or zstd. Which of the two it is says the first character.
///
/// Scores are doubles; a score that is not a number is an error. Hits stay in the order of the
/// file: ranking and ties are eval/judged_ranking.h's business.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/pool.h"
#include "base/result.h"
#include "data/whole_text.h"

namespace crosstail::data {

struct Hit {
  TextSpan doc;  ///< in the run's text
  double score;
};

/// Thread-safe once read. Queries are in order of first appearance.
class Run {
 public:
  [[nodiscard]] std::size_t size() const { return queries_.size(); }
  [[nodiscard]] std::string_view query(std::size_t q) const { return queries_[q].id; }
  [[nodiscard]] std::span<const Hit> hits(std::size_t q) const { return queries_[q].hits; }
  /// Address that Hit::doc counts from: `hit.doc.in(run.base())`.
  [[nodiscard]] const char* base() const { return text_.text().data(); }
  [[nodiscard]] std::string_view doc(const Hit& hit) const { return hit.doc.in(base()); }
  [[nodiscard]] std::optional<std::size_t> find(std::string_view query) const;
  [[nodiscard]] std::size_t total_hits() const;
  /// The run's tag: that of its last line; empty for JSON.
  [[nodiscard]] std::string_view tag() const { return tag_; }

 private:
  friend class RunBuilder;
  struct Query {
    std::string_view id;
    std::span<const Hit> hits;
  };
  WholeText text_;
  std::vector<std::vector<Hit>> storage_;
  std::vector<Query> queries_;
  std::unordered_map<std::string_view, std::size_t> by_id_;
  std::string_view tag_;
};

/// Errors name file, line (offset for JSON) and what was expected. `pool`, if given, shares the
/// work; the result does not depend on it. An empty file is an error.
Result<Run> read_run(const std::filesystem::path& path, Pool* pool = nullptr);

/// The same from text in memory; `name` is for messages.
Result<Run> read_run_text(WholeText text, const std::string& name, Pool* pool = nullptr);

/// A decimal number as in run files; empty where `text` is not one, or is not a number (NaN).
std::optional<double> parse_score(std::string_view text);

}  // namespace crosstail::data
