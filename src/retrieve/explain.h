#pragma once
/// Why a passage came up: the attached question nearest to the query among those that count.

#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "data/queries.h"
#include "index/index_reader.h"
#include "retrieve/search_setting.h"

namespace crosstail::retrieve {

struct Explanation {
  float passage_score = 0;  ///< of the query and the passage's own vector (its best row)
  bool has_question = false;
  std::string question, language;  ///< the nearest, and its language tag as stated
  float question_score = 0;        ///< inner product with its vector
};

/// `vector`: the query's, not centred. The question is absent where none counts or the index keeps
/// no question vectors.
Result<Explanation> explain(const index::IndexReader& index, const data::Query& query,
                            std::span<const float> vector, const SearchSetting& setting,
                            index::PassageNumber passage);

}  // namespace crosstail::retrieve
