#pragma once
/// Rankings as run files and as text for people.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "data/queries.h"
#include "index/index_reader.h"
#include "retrieve/explain.h"
#include "retrieve/ranking.h"

namespace crosstail::retrieve {

enum class RunFormat {
  Text,  ///< for people
  Json,  ///< an object a query and line
  Trec,  ///< `qid Q0 docid rank score tag`
  Xor,   ///< XOR-TyDi's predictions: one array of {id, lang, ctxs}
};
std::optional<RunFormat> parse_run_format(std::string_view name);

/// Not thread-safe.
class RunFormatter {
 public:
  /// `tag`: of TREC runs.
  RunFormatter(const index::IndexReader& index, RunFormat format, std::string tag)
      : index_(index), format_(format), tag_(std::move(tag)) {}

  /// Appends one query's hits; `explanations` by hit, or empty. Fails with InvalidArgument for an
  /// id with a blank in a TREC run, which has no way to write it.
  Status append(const data::Query& query, const Ranking& ranking,
                const std::vector<Explanation>& explanations, std::string& out);
  /// What ends the file.
  void finish(std::string& out);

 private:
  Status append_text(const data::Query& query, const Ranking& ranking,
                     const std::vector<Explanation>& explanations, std::string& out) const;
  Status append_json(const data::Query& query, const Ranking& ranking,
                     const std::vector<Explanation>& explanations, std::string& out) const;
  Status append_trec(const data::Query& query, const Ranking& ranking, std::string& out) const;
  Status append_xor(const data::Query& query, const Ranking& ranking, std::string& out);

  const index::IndexReader& index_;
  RunFormat format_;
  std::string tag_;
  bool begun_ = false;
};

/// Shortest decimal that reads back to the same f32.
std::string score_text(float score);

}  // namespace crosstail::retrieve
