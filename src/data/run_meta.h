#pragma once
/// RUN.meta.json: what `search` knows about a run and `evaluate` needs: which system made it, and
/// which leaks remain (design.md §4). Lies beside the run file; docs/formats/run-meta.md is its
/// page.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace crosstail::data {

/// How an attached question that counts for a query resembles the query.
enum class LeakGrade : std::uint8_t {
  SameText,   ///< equal after normalising (NFKC, case folded, blanks and punctuation dropped)
  SameGroup,  ///< a translation of the query
  NearCopy,   ///< cosine at or above 0.95
};
inline constexpr std::size_t kLeakGrades = 3;
std::string_view leak_grade_name(LeakGrade grade);  ///< "same-text", "same-group", "near-copy"

/// Passages that carry such a question for one query.
struct Leak {
  LeakGrade grade;
  std::vector<std::string> passages;
};

struct RunMeta {
  std::string crosstail_version;
  std::string system;  ///< "dense", "bm25", "hybrid"
  std::string index_identity, model_name, model_identity;
  std::string fusion;  ///< "none", "sum", "mean", …; empty for bm25 alone
  std::optional<double> alpha, beta;
  std::string center;        ///< "none", "global", "language"
  std::string passage_from;  ///< "text", "title+text", …
  std::vector<std::string> leave_out;
  /// Questions counted that are in another language than their passage. What the headline turns on:
  /// the best system without is the baseline.
  std::optional<bool> other_languages;
  std::uint64_t passages = 0, passages_with_questions = 0;  ///< of the whole index; 0: not known
  /// Grades that were looked for; the others are unchecked.
  std::vector<LeakGrade> checked;
  std::unordered_map<std::string, std::vector<Leak>>
      leaks;  ///< by query; queries without are absent
};

/// PATH with `.meta.json` after it (after `.gz` or `.zst` is taken off).
std::filesystem::path run_meta_path(const std::filesystem::path& run);

/// Fails with NotFound when there is no such file, with Corrupt (naming the field) when it is not
/// ours.
Result<RunMeta> read_run_meta(const std::filesystem::path& path);

/// The file's text. `seconds` and the like do not belong here: equal runs have equal files.
std::string run_meta_json(const RunMeta& meta);

}  // namespace crosstail::data
