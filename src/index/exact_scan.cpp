#include "index/exact_scan.h"

#include <algorithm>
#include <array>
#include <bit>

namespace crosstail::index {

namespace {

/// Every row of [begin, end) that counts; whole words of rows that do not are skipped.
template <class Body>
void for_counted(const ScanPlan& plan, std::size_t begin, std::size_t end, const Body& body) {
  for (std::size_t word = begin; word < end; word += 64) {
    const std::size_t stop = std::min(word + 64, end);
    if (plan.counts.empty()) {
      for (std::size_t r = word; r < stop; ++r) body(r);
      continue;
    }
    std::uint64_t bits = plan.counts[word / 64];
    if (stop - word < 64) bits &= (std::uint64_t{1} << (stop - word)) - 1;
    for (; bits != 0; bits &= bits - 1)
      body(word + static_cast<std::size_t>(std::countr_zero(bits)));
  }
}

}  // namespace

float score_of(const ScanPlan& plan, std::size_t query, std::uint32_t row) {
  if (plan.view)
    return score_kernel(plan.view->type, plan.isa)(plan.query(query), plan.view->row(row),
                                                   plan.dim);
  std::vector<float> numbers(plan.dim);
  plan.rows.read(row, std::size_t{row} + 1, numbers.data());
  return score_kernel(VectorType::F32, plan.isa)(
      plan.query(query), reinterpret_cast<const std::byte*>(numbers.data()), plan.dim);
}

ScanWorker::ScanWorker(ScanPlan& plan)
    : plan_(plan),
      lists_(plan.query_count(), CandidateList(plan.k, plan.owner_of)),
      thresholds_(plan.query_count(), -kInfinity) {
  if (plan.kernel == nullptr) return;
  tile_.emplace(plan.dim, *plan.kernel, plan.isa);
  values_.resize(plan.kernel->row_block * kPanelQueries);
  thresholds_.resize(plan.panels->panels() * kPanelQueries, kInfinity);
}

RowScore ScanWorker::row_score(std::size_t query) {
  if (plan_.view || plan_.codes != nullptr)
    return [this, query](std::uint32_t row) { return score_of(plan_, query, row); };
  return [this, query](std::uint32_t row) {
    const float* numbers = &chunk_[(row - chunk_begin_) * plan_.dim];
    return score_kernel(VectorType::F32, plan_.isa)(
        plan_.query(query), reinterpret_cast<const std::byte*>(numbers), plan_.dim);
  };
}

void ScanWorker::prune(std::size_t query) {
  CandidateList& list = lists_[query];
  list.prune(row_score(query));
  std::atomic<float>& shared = plan_.thresholds[query];
  float known = shared.load(std::memory_order_relaxed);
  while (known < list.threshold() &&
         !shared.compare_exchange_weak(known, list.threshold(), std::memory_order_relaxed)) {
  }
  list.raise(known);
  thresholds_[query] = list.threshold();
}

void ScanWorker::push(std::size_t query, std::uint32_t row, float value, float bound) {
  const float highest = highest_score(value, bound);
  if (highest < thresholds_[query]) return;
  largest_bound_ = std::max(largest_bound_, bound);
  if (lists_[query].push(row, lowest_score(value, bound), highest)) prune(query);
}

void ScanWorker::scan(std::size_t begin, std::size_t end) {
  const std::size_t queries = plan_.query_count();
  for (std::size_t q = 0; q < queries; ++q) {
    lists_[q].raise(plan_.thresholds[q].load(std::memory_order_relaxed));
    thresholds_[q] = lists_[q].threshold();
  }
  seen_ += queries * (end - begin);
  if (plan_.codes != nullptr) return scan_codes(begin, end);
  bool any = plan_.counts.empty();
  for (std::size_t word = begin / 64; !any && word < (end + 63) / 64; ++word)
    any = plan_.counts[word] != 0;
  if (!any) return;
  VectorView rows;
  if (plan_.view) {
    rows = *plan_.view;
    rows.data += begin * rows.stride_bytes;
  } else {
    chunk_.resize((end - begin) * plan_.dim);
    chunk_begin_ = begin;
    plan_.rows.read(begin, end, chunk_.data());
    rows = view_of(chunk_, plan_.dim);
  }
  if (plan_.kernel == nullptr) return score_all(rows, begin, end);
  multiply_all(rows, begin, end);
  if (plan_.view) return;
  for (std::size_t q = 0; q < queries; ++q) lists_[q].score_open(row_score(q));
}

void ScanWorker::scan_codes(std::size_t begin, std::size_t end) {
  const CodeScan scan_block = code_scan(plan_.isa);
  const Codes& codes = *plan_.codes;
  std::array<float, kCodeBlockRows> values{}, bounds{};
  for (std::size_t first = begin; first < end; first += kCodeBlockRows) {
    std::uint32_t rows = 0xffff;
    if (!plan_.counts.empty())
      rows = static_cast<std::uint32_t>(plan_.counts[first / 64] >> (first % 64)) & 0xffff;
    if (end - first < kCodeBlockRows) rows &= (1U << (end - first)) - 1;
    if (rows == 0) continue;
    const std::uint8_t* block = codes.block(first / kCodeBlockRows);
    for (std::size_t q = 0; q < plan_.code_queries.size(); ++q) {
      std::uint32_t passing = rows & scan_block(block, codes.stride(), plan_.code_queries[q],
                                                thresholds_[q], values.data(), bounds.data());
      for (; passing != 0; passing &= passing - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(passing));
        push(q, static_cast<std::uint32_t>(first + i), values[i], bounds[i]);
      }
    }
  }
}

void ScanWorker::score_all(const VectorView& rows, std::size_t begin, std::size_t end) {
  const ScoreKernel kernel = score_kernel(rows.type, plan_.isa);
  for_counted(plan_, begin, end, [&](std::size_t r) {
    for (std::size_t q = 0; q < lists_.size(); ++q) {
      const float score = kernel(plan_.query(q), rows.row(r - begin), plan_.dim);
      if (score < thresholds_[q]) continue;
      if (lists_[q].push_settled(static_cast<std::uint32_t>(r), score)) prune(q);
    }
    scored_at_once_ += lists_.size();
  });
}

void ScanWorker::multiply_all(const VectorView& rows, std::size_t begin, std::size_t end) {
  for_counted(plan_, begin, end, [&](std::size_t r) {
    tile_->add(rows, r - begin, static_cast<std::uint32_t>(r));
    if (tile_->full()) multiply_tile();
  });
  if (tile_->size() > 0) multiply_tile();
}

void ScanWorker::multiply_tile() {
  tile_->finish();
  plan_.kernel->enter();
  for (std::size_t panel = 0; panel < plan_.panels->panels(); ++panel) multiply_panel(panel);
  plan_.kernel->leave();
  tile_->clear();
}

void ScanWorker::multiply_panel(std::size_t panel) {
  const PanelKernel& kernel = *plan_.kernel;
  const std::size_t first = panel * kPanelQueries, padded_dim = kernel.padded(plan_.dim);
  const std::size_t left = plan_.query_count() - first;
  const std::uint32_t queries =
      left >= kPanelQueries ? ~std::uint32_t{0} : (std::uint32_t{1} << left) - 1;
  std::array<float, kPanelQueries> limits{};
  for (std::size_t j = 0; j < kPanelQueries; ++j)
    limits[j] = exclusion_limit(
        thresholds_[first + j],
        plan_.panels->bound(first + j)(tile_->largest_norm(), tile_->largest_residual()));
  for (std::size_t begin = 0; begin < tile_->size(); begin += kernel.row_block) {
    kernel.multiply(tile_->row(begin), tile_->stride_bytes(), plan_.panels->panel(panel),
                    padded_dim, values_.data());
    const std::size_t end = std::min(begin + kernel.row_block, tile_->size());
    for (std::size_t i = begin; i < end; ++i) {
      const float* values = &values_[(i - begin) * kPanelQueries];
      const std::uint32_t passing = kernel.passing(values, limits.data()) & queries;
      if (passing != 0) push_passing(panel, i, passing, values);
    }
  }
}

void ScanWorker::push_passing(std::size_t panel, std::size_t tile_row, std::uint32_t passing,
                              const float* values) {
  for (; passing != 0; passing &= passing - 1) {
    const auto j = static_cast<std::size_t>(std::countr_zero(passing));
    const std::size_t query = panel * kPanelQueries + j;
    const float bound =
        plan_.panels->bound(query)(tile_->norm(tile_row), tile_->residual(tile_row));
    push(query, tile_->id(tile_row), values[j], bound);
  }
}

}  // namespace crosstail::index
