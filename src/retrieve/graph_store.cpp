#include "retrieve/graph_store.h"

#include <unistd.h>

#include <utility>

#include "base/file.h"
#include "base/hash.h"
#include "retrieve/bm25_store.h"

namespace crosstail::retrieve {
namespace {

namespace fs = std::filesystem;

/// Everything that the rows depend on, as text.
std::string recipe(const index::Manifest& manifest, const index::FusionSetting& fusion,
                   const index::QuestionFilter& filter) {
  std::string out = contents_identity(manifest) + '|';
  if (fusion.mode == index::FusionMode::None) return out + "none";
  out += to_text(fusion) + "|without:" +
         (filter.without_language.empty() ? std::string()
                                          : index::canonical_language(filter.without_language));
  for (const auto& language : filter.languages) out += "|" + index::canonical_language(language);
  return out + "|sources:" + std::to_string(filter.sources) +
         "|confidence:" + std::to_string(filter.min_confidence) +
         "|max:" + std::to_string(filter.max_per_language);
}

}  // namespace

Result<std::shared_ptr<const GraphStore::Graph>> GraphStore::open(const index::RowSource& rows,
                                                                  const fs::path& stem) const {
  CT_TRY(auto codes, index::Codes::open(stem.string() + ".codes"));
  auto graph = std::make_shared<Graph>(std::move(codes));
  CT_TRY(graph->graph, index::ApproximateIndex::open(stem.string() + ".graph", graph->codes));
  if (graph->codes.rows() != rows.rows() || graph->codes.dim() != rows.dim())
    return Error{ErrorCode::Corrupt, stem.string() +
                                         ".codes: is of other vectors; take it away and it "
                                         "is built again"};
  return std::shared_ptr<const Graph>(std::move(graph));
}

Result<std::shared_ptr<const GraphStore::Graph>> GraphStore::get(
    const index::RowSource& rows, const index::FusionSetting& fusion,
    const index::QuestionFilter& filter) {
  const std::string label = recipe(index_->manifest(), fusion, filter);
  if (const auto found = open_.find(label); found != open_.end()) return found->second;
  const std::string name = "rows-" + sha256_hex(label).substr(0, 32);
  const fs::path folder = index_->path() / "graphs";
  fs::path stem = folder / name;
  std::error_code ignored;
  if (!fs::exists(stem.string() + ".graph", ignored)) {
    fs::create_directory(folder, ignored);
    if (::access(folder.c_str(), W_OK) != 0)
      stem = fs::temp_directory_path() / ("crosstail-" + name);
  }
  auto opened = open(rows, stem);
  if (!opened.ok()) {
    // Of their own names, so that processes that build the same graph do not meet.
    const std::string made = stem.string() + "." + std::to_string(::getpid());
    CT_CHECK(index::Codes::build(rows, made + ".codes", &pool_));
    CT_TRY(const auto codes, index::Codes::open(made + ".codes"));
    CT_CHECK(index::ApproximateIndex::build(rows, codes, made + ".graph", {}, &pool_));
    CT_CHECK(commit_rename(made + ".codes", stem.string() + ".codes"));
    CT_CHECK(commit_rename(made + ".graph", stem.string() + ".graph"));
    opened = open(rows, stem);
  }
  CT_TRY(auto graph, std::move(opened));
  return open_[label] = std::move(graph);
}

}  // namespace crosstail::retrieve
