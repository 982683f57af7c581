#include "retrieve/row_files.h"

#include <utility>

#include "base/hash.h"
#include "retrieve/index_identity.h"

namespace crosstail::retrieve {
namespace {

namespace fs = std::filesystem;

/// Everything besides the index's files that the rows depend on, as text.
std::string recipe(const index::IndexReader& index, const RowsAsked& asked) {
  const index::FusionSetting& fusion = asked.fusion;
  if (fusion.mode == index::FusionMode::None) return "none";
  std::string out = to_text(fusion);
  if (fusion.center != index::Centering::None) {
    const auto& centroids = asked.centroids != nullptr ? *asked.centroids : index.centroids();
    out += "|centroids:" + sha256_hex(centroids.to_bytes());
  }
  // Of `max` all questions are rows, and some are not looked at.
  if (fusion.mode == index::FusionMode::Max) return out;
  const index::QuestionFilter& filter = asked.filter;
  out += "|without:" + (filter.without_language.empty()
                            ? std::string()
                            : index::canonical_language(filter.without_language));
  for (const auto& language : filter.languages) out += "|" + index::canonical_language(language);
  return out + "|sources:" + std::to_string(filter.sources) +
         "|confidence:" + std::to_string(filter.min_confidence) +
         "|max:" + std::to_string(filter.max_per_language);
}

Error of_other_rows(const fs::path& path) {
  return {ErrorCode::Corrupt,
          path.string() + ": is of other vectors; take it away and it is built again"};
}

Error taken_away(Error error) {
  error.message += " (take the file away and it is made again)";
  return error;
}

}  // namespace

RowFiles::RowFiles(std::shared_ptr<const index::IndexReader> index, Pool& pool)
    : index_(std::move(index)),
      pool_(pool),
      kept_(index_->path(), "rows", rows_identity(index_->manifest())) {}

Status RowFiles::open(const RowsAsked& asked, const std::string& label, Entry& entry) const {
  if (const auto path = kept_.find(kept_.name(label, ".codes")); path && !entry.codes) {
    auto codes = index::Codes::open(*path);
    if (!codes.ok()) return taken_away(std::move(codes).error());
    if (codes->rows() != asked.rows.rows() || codes->dim() != asked.rows.dim())
      return of_other_rows(*path);
    entry.codes = std::make_shared<const index::Codes>(std::move(*codes));
  }
  const auto path = kept_.find(kept_.name(label, ".graph"));
  if (!entry.codes || !path || entry.graph) return {};
  auto graph = std::make_shared<Graph>();
  graph->codes = entry.codes;
  auto opened = index::ApproximateIndex::open(*path, *entry.codes);
  if (!opened.ok()) return taken_away(std::move(opened).error());
  graph->graph = std::move(*opened);
  entry.graph = std::move(graph);
  return {};
}

Status RowFiles::make(const RowsAsked& asked, const std::string& label, bool graph,
                      Entry& entry) const {
  CT_TRY(const Making making, kept_.make());
  CT_CHECK(open(asked, label, entry));  // another process may have made it meanwhile
  if (!entry.codes) {
    const std::string name = kept_.name(label, ".codes");
    CT_CHECK(index::Codes::build(asked.rows, making.part(name), &pool_));
    CT_CHECK(making.keep(name));
    CT_CHECK(open(asked, label, entry));
  }
  if (!graph || entry.graph) return {};
  const std::string name = kept_.name(label, ".graph");
  CT_CHECK(index::ApproximateIndex::build(asked.rows, *entry.codes, making.part(name), {}, &pool_));
  CT_CHECK(making.keep(name));
  return open(asked, label, entry);
}

Result<RowFiles::Entry*> RowFiles::entry(const RowsAsked& asked, bool make_codes, bool make_graph) {
  const std::string label = recipe(*index_, asked);
  Entry& found = entries_[label];
  if (!found.codes || !found.graph) CT_CHECK(open(asked, label, found));
  if ((make_codes && !found.codes) || (make_graph && !found.graph))
    CT_CHECK(make(asked, label, make_graph, found));
  return &found;
}

Result<std::shared_ptr<const index::Codes>> RowFiles::codes(const RowsAsked& asked, bool make) {
  CT_TRY(Entry * found, entry(asked, make, false));
  if (found->codes && !found->verified) {
    auto whole = found->codes->verify(&pool_);
    if (!whole.ok()) return taken_away(std::move(whole).error());
    found->verified = true;
  }
  return found->codes;
}

Result<std::shared_ptr<const RowFiles::Graph>> RowFiles::graph(const RowsAsked& asked) {
  CT_TRY(const Entry* found, entry(asked, true, true));
  return found->graph;
}

}  // namespace crosstail::retrieve
