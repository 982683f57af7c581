#pragma once
/// The options of `crosstail search`, and the setting they mean.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/asking.h"
#include "cli/options.h"
#include "retrieve/search_setting.h"
#include "retrieve/session.h"

namespace crosstail::cli {

/// How questions enter and which of them count; shared with `tune`.
struct FusionOptions {
  std::string fusion, alpha, center, leave_out, languages_attached, sources;
  double beta = 1, shrink = 100, strength = 1, min_confidence = 0;
  bool beta_given = false, shrink_given = false, strength_given = false, renormalise = true;
  std::uint64_t max_per_language = 0;
};

struct SearchOptions {
  std::vector<std::string> arguments;  ///< DIR, then queries
  std::string queries, query_language, format = "text", k = "10", output = "-", tag;
  AskingOptions asking;
  FusionOptions fusion;
  std::string languages, sites, group_by, collapse, prefer_language;
  bool bm25 = false, explain = false;
  std::string fields, bm25_terms = "subwords", hybrid;
  double recall = 0;
  std::string codes = "auto";
  double k1 = 0.9, b = 0.4;
  std::uint64_t hybrid_depth = 1000, rerank_depth = 100, batch = 16384;
  std::string rerank, sweep, qrels;
};

void declare_fusion(OptionTable& options, FusionOptions& o);
void declare_search(OptionTable& options, SearchOptions& o);

/// Leave-out and filters of questions.
Status read_question_filter(const FusionOptions& o, retrieve::SearchSetting& setting);
/// Everything. Fails with InvalidArgument, naming the option.
Result<retrieve::SearchSetting> read_setting(const SearchOptions& o,
                                             const retrieve::QuerySession& session);

/// "a,b,c"; empty parts are passed over.
std::vector<std::string> comma_separated(const std::string& text);

}  // namespace crosstail::cli
