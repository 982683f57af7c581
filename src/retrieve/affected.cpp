#include "retrieve/affected.h"

#include <algorithm>

namespace crosstail::retrieve {

Result<std::vector<index::PassageNumber>> affected_passages(const index::IndexReader& index,
                                                            const index::QuestionFilter& filter) {
  std::vector<index::PassageNumber> all;
  const auto take = [&](Result<std::vector<index::PassageNumber>> listed) -> Status {
    CT_TRY(const auto passages, std::move(listed));
    all.insert(all.end(), passages.begin(), passages.end());
    return {};
  };
  if (filter.without_group != 0) CT_CHECK(take(index.passages_with_group(filter.without_group)));
  if (filter.without_site != 0) CT_CHECK(take(index.passages_with_site(filter.without_site)));
  if (filter.without_text != 0) CT_CHECK(take(index.passages_with_text(filter.without_text)));
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::erase_if(all, [&](index::PassageNumber passage) { return index.deleted(passage); });
  return all;
}

}  // namespace crosstail::retrieve
