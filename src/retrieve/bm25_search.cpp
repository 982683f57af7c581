#include "retrieve/bm25_search.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include "retrieve/affected.h"

namespace crosstail::retrieve {
namespace {

index::Bm25Query query_of(const index::Bm25Index& bm25, const Bm25Document& terms) {
  return bm25.terms() == index::Bm25Terms::Words
             ? bm25.query(std::span<const std::string>(terms.words))
             : bm25.query(std::span<const std::uint32_t>(terms.ids));
}

/// How often each term of the query stands in a document.
std::vector<std::uint32_t> frequencies_in(const index::Bm25Index& bm25,
                                          const index::Bm25Query& query,
                                          const Bm25Document& document) {
  std::vector<std::uint32_t> out(query.terms.size(), 0);
  const auto count = [&](std::optional<std::uint32_t> entry) {
    if (!entry) return;
    const auto found = std::lower_bound(
        query.terms.begin(), query.terms.end(), *entry,
        [](const auto& term, std::uint32_t wanted) { return term.entry < wanted; });
    if (found != query.terms.end() && found->entry == *entry)
      ++out[static_cast<std::size_t>(found - query.terms.begin())];
  };
  for (const auto id : document.ids) count(bm25.find(id));
  for (const auto& word : document.words) count(bm25.find(std::string_view(word)));
  return out;
}

/// Searches of one thread over one file.
class Bm25Asker {
 public:
  Bm25Asker(const index::IndexReader& index, const Bm25Store& store, const index::Bm25Index& bm25,
            const SearchSetting& setting, std::size_t depth, const PassageMask& mask)
      : index_(index), store_(store), bm25_(bm25), setting_(setting), depth_(depth), mask_(mask) {}

  Result<Ranking> ask(const data::Query& asked, const index::QuestionFilter& filter) {
    CT_TRY(const auto terms, store_.analyse(asked.text, setting_.words));
    const auto query = query_of(bm25_, terms);
    std::vector<index::PassageNumber> affected;
    if (setting_.fields != Bm25Fields::Passages && setting_.leave_out.per_query()) {
      CT_TRY(affected, affected_passages(index_, filter));
    }
    CT_TRY(const auto hits, bm25_.search(query, depth_ + affected.size(), scratch_, mask_));
    Ranking found, changed;
    for (const auto& hit : hits) found.push_back({hit.row, hit.score});
    for (const auto passage : affected) {
      CT_TRY(const auto document, store_.document(passage, setting_, filter));
      const auto length = static_cast<std::uint32_t>(document.ids.size() + document.words.size());
      // Passages that sink to 0 are taken out below.
      changed.push_back(
          {passage, counts(mask_, passage)
                        ? bm25_.score(query, frequencies_in(bm25_, query, document), length)
                        : 0.0F});
    }
    Ranking joined = with_changed(std::move(found), changed, depth_);
    std::erase_if(joined, [](const RankedPassage& hit) { return hit.score <= 0; });
    return joined;
  }

 private:
  const index::IndexReader& index_;
  const Bm25Store& store_;
  const index::Bm25Index& bm25_;
  const SearchSetting& setting_;
  std::size_t depth_;
  const PassageMask& mask_;
  index::Bm25Scratch scratch_;
};

}  // namespace

Result<std::vector<Ranking>> bm25_search(const index::IndexReader& index, Bm25Store& store,
                                         std::span<const data::Query> queries,
                                         const SearchSetting& setting, std::size_t depth,
                                         const PassageMask& mask, Pool& pool) {
  // By the language left out: each is a file of its own.
  std::map<std::string, std::vector<std::size_t>> batches;
  std::vector<index::QuestionFilter> filters;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    CT_TRY(auto filter, filter_for(queries[q], setting));
    const bool by_language =
        setting.fields != Bm25Fields::Passages && !filter.without_language.empty();
    batches[by_language ? index::canonical_language(filter.without_language) : ""].push_back(q);
    filters.push_back(std::move(filter));
  }
  std::vector<Ranking> out(queries.size());
  for (const auto& batch : batches) {
    const std::vector<std::size_t>& places = batch.second;
    CT_TRY(const auto bm25, store.get(setting, filters[places.front()]));
    constexpr std::size_t kAtOnce = 32;
    std::mutex mutex;
    std::optional<Error> failed;
    pool.parallel_for((places.size() + kAtOnce - 1) / kAtOnce, [&](std::size_t piece) {
      Bm25Asker asker(index, store, *bm25, setting, depth, mask);
      const std::size_t end = std::min(places.size(), (piece + 1) * kAtOnce);
      for (std::size_t i = piece * kAtOnce; i < end; ++i) {
        auto ranking = asker.ask(queries[places[i]], filters[places[i]]);
        if (ranking.ok()) {
          out[places[i]] = *std::move(ranking);
        } else {
          const std::lock_guard lock(mutex);
          if (!failed) failed = ranking.error();
        }
      }
    });
    if (failed) return *failed;
  }
  return out;
}

}  // namespace crosstail::retrieve
