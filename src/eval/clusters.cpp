#include "eval/clusters.h"

#include <numeric>
#include <unordered_map>

namespace crosstail::eval {
namespace {

/// Union by size with path halving.
class Components {
 public:
  explicit Components(std::size_t n) : parent_(n), size_(n, 1) {
    std::iota(parent_.begin(), parent_.end(), 0U);
  }
  std::uint32_t root(std::uint32_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(std::uint32_t a, std::uint32_t b) {
    a = root(a);
    b = root(b);
    if (a == b) return;
    if (size_[a] < size_[b]) std::swap(a, b);
    parent_[b] = a;
    size_[a] += size_[b];
  }

 private:
  std::vector<std::uint32_t> parent_, size_;
};

/// Joins `query` to the first query seen with the same key.
void join_by(std::unordered_map<std::string_view, std::uint32_t>& first, std::string_view key,
             std::uint32_t query, Components& components) {
  const auto [at, is_new] = first.try_emplace(key, query);
  if (!is_new) components.join(at->second, query);
}

Clusters numbered(Components& components, std::size_t queries) {
  Clusters out;
  out.of.resize(queries);
  std::vector<std::uint32_t> number(queries, 0xffffffff);
  for (std::uint32_t q = 0; q < queries; ++q) {
    auto& n = number[components.root(q)];
    if (n == 0xffffffff) n = static_cast<std::uint32_t>(out.count++);
    out.of[q] = n;
  }
  return out;
}

}  // namespace

Clusters connected_clusters(const data::Qrels& qrels, const std::vector<std::string_view>& keys,
                            std::int32_t level) {
  const auto queries = qrels.size();
  Components components(queries);
  std::unordered_map<std::string_view, std::uint32_t> first_by_doc, first_by_key;
  for (std::uint32_t q = 0; q < queries; ++q) {
    for (const auto& judgment : qrels.judgments(q))
      if (judgment.relevance >= level && judgment.relevance >= 0)
        join_by(first_by_doc, judgment.doc, q, components);
    if (q < keys.size() && !keys[q].empty()) join_by(first_by_key, keys[q], q, components);
  }
  return numbered(components, queries);
}

Clusters clusters_by_key(const std::vector<std::string_view>& keys) {
  Components components(keys.size());
  std::unordered_map<std::string_view, std::uint32_t> first;
  for (std::uint32_t q = 0; q < keys.size(); ++q)
    if (!keys[q].empty()) join_by(first, keys[q], q, components);
  return numbered(components, keys.size());
}

Clusters single_clusters(std::size_t queries) {
  Components components(queries);
  return numbered(components, queries);
}

}  // namespace crosstail::eval
