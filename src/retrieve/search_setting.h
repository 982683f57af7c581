#pragma once
/// Everything that decides which passages come back for a query, but for the query itself: the
/// system, fusion, what is left out, filters, grouping (design.md §3).

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/queries.h"
#include "index/bm25_builder.h"
#include "index/fusion.h"

namespace crosstail::retrieve {

/// Attached questions that share this with the query do not count for it.
struct LeaveOut {
  bool language = false, group = false, site = false, text = false;

  /// More than the language: decided query by query.
  [[nodiscard]] bool per_query() const { return group || site || text; }
  [[nodiscard]] std::vector<std::string> names() const;
};
/// "language,group". Fails with InvalidArgument.
Result<LeaveOut> parse_leave_out(std::string_view text);

enum class System { Dense, Bm25, Hybrid };
std::string_view name_of(System system);  ///< "dense"

/// What of a passage BM25 indexes.
enum class Bm25Fields { Passages, Questions, Both };
std::string_view name_of(Bm25Fields fields);
std::optional<Bm25Fields> parse_bm25_fields(std::string_view name);

/// Whether exact search of a few queries goes by int8 codes of the vectors (retrieve/row_files.h).
/// Hits are the same either way.
enum class CodeUse {
  Never,
  Kept,       ///< where codes were made before
  WhenWorth,  ///< and made where a scan of the vectors is long
  Always,
};
std::optional<CodeUse> parse_code_use(std::string_view name);

struct SearchSetting {
  System system = System::Dense;
  index::FusionSetting fusion;
  LeaveOut leave_out;
  /// Which questions may count at all: languages, sources, confidence, number per language.
  index::QuestionFilter questions;

  Bm25Fields fields = Bm25Fields::Passages;
  bool words = false;  ///< BM25 over ICU's words, not the model's subwords
  index::Bm25Parameters bm25;

  bool reciprocal_rank = true;      ///< of hybrid: Σ 1 / (60 + rank); else a weighted sum
  double dense_weight = 0.5;        ///< of the weighted sum of scores scaled to 0…1 per query
  std::size_t hybrid_depth = 1000;  ///< hits of each system that are joined

  std::vector<std::string> languages, sites;  ///< only passages of these; empty: all
  bool group_by_doc = false;                  ///< one hit a document
  bool collapse_group = false;                ///< one hit a passage group …
  std::string prefer_language;                ///< … in this language where there is one
  std::size_t k = 10;
  /// Of the k best, the share to be found by walking a graph; 0: all of them, exactly.
  double recall = 0;
  CodeUse codes = CodeUse::Kept;
};

/// A field of a query that gives its group as a key (index/records.h), in decimal, in place of
/// `group`; for attached questions asked as queries, whose groups are only known by key. 0: none.
inline constexpr std::string_view kGroupKeyField = "\1group-key";

/// Which questions count for `query`. Fails with Corrupt where the query lacks a field that
/// leave-out needs, naming both: the data, not the command, is to be changed.
Result<index::QuestionFilter> filter_for(const data::Query& query, const SearchSetting& setting);

/// One line that tells settings apart, as "mean-alpha0.9-center-language"; fit for a file's name
/// and a run's tag.
std::string setting_name(const SearchSetting& setting);

}  // namespace crosstail::retrieve
