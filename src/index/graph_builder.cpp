#include "index/graph_builder.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/interrupt.h"

namespace crosstail::index {

std::vector<std::size_t> level_sizes(std::size_t rows) {
  constexpr std::size_t kRatio = 16, kSmallest = 1024;
  std::vector<std::size_t> sizes;
  for (std::size_t size = rows / kRatio; size >= kSmallest; size /= kRatio) sizes.push_back(size);
  return sizes;
}

std::size_t entry_count(std::size_t rows) {
  return std::min<std::size_t>(rows, 64);
}

/// One thread's memory.
struct GraphBuilder::Worker {
  Worker(const Codes& codes, nn::Isa isa) : search(codes, isa) {}

  BeamSearch search;
  CodePlane plane, other;
  std::vector<Near> candidates;
  std::vector<std::uint32_t> ids;
  std::vector<std::int32_t> products;
  std::vector<float> distances;
};

GraphBuilder::GraphBuilder(const Codes& codes, const GraphOptions& options, Pool* pool, nn::Isa isa)
    : codes_(codes),
      options_(options),
      pool_(pool),
      capacity_(options.degree + options.degree / 2),
      place_(codes.rows()),
      lists_(codes.rows() * capacity_, kNoRow),
      terms_(codes.rows()),
      extra_(codes.rows()) {
  const std::size_t threads = pool == nullptr ? 1 : pool->threads() + 1;
  for (std::size_t i = 0; i < threads; ++i) workers_.emplace_back(codes, isa);
  if (options_.max_batch == 0) options_.max_batch = std::max<std::size_t>(codes.rows() / 50, 256);
  level_sizes_ = level_sizes(codes.rows());
  order_.reserve(codes.rows());
  measure_rows();
}

GraphBuilder::~GraphBuilder() = default;

template <class Body>
void GraphBuilder::in_parts(std::size_t count, std::size_t part, const Body& body) {
  const std::size_t parts = (count + part - 1) / part;
  std::atomic<std::size_t> next{0};
  const auto work = [&](std::size_t w) {
    for (std::size_t p = next++; p < parts; p = next++)
      body(workers_[w], p * part, std::min((p + 1) * part, count));
  };
  if (pool_ == nullptr || parts == 1)
    work(0);
  else
    pool_->parallel_for(workers_.size(), work);
}

void GraphBuilder::measure_rows() {
  const auto mean = codes_.mean();
  double mean_squares = 0;
  for (const float x : mean) mean_squares += static_cast<double>(x) * static_cast<double>(x);
  std::vector<float> lengths(codes_.rows());  // squared, of the whole vectors
  in_parts(codes_.rows(), 1024, [&](Worker&, std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) {
      const std::uint8_t* row = codes_.row(r);
      std::int64_t squares = 0;
      double with_mean = 0;
      for (std::size_t k = 0; k < codes_.dim(); ++k) {
        const int number = row[k] - 128;
        squares += std::int64_t{number} * number;
        with_mean += static_cast<double>(mean[k]) * number;
      }
      const double scale = static_cast<double>(codes_.scale(r));
      terms_[r] = {codes_.scale(r),
                   static_cast<float>(scale * scale * static_cast<double>(squares))};
      lengths[r] = static_cast<float>(mean_squares + 2 * scale * with_mean +
                                      static_cast<double>(terms_[r].offset));
    }
  });
  double sum = 0, largest = 0;
  for (const float length : lengths) {
    sum += static_cast<double>(length);
    largest = std::max(largest, static_cast<double>(length));
  }
  // A few rows far longer than the others would drown all distances in the extra coordinate.
  const double most =
      std::min(largest, 16 * sum / static_cast<double>(std::max<std::size_t>(lengths.size(), 1)));
  for (std::size_t r = 0; r < lengths.size(); ++r) {
    const double missing = most - static_cast<double>(lengths[r]);
    extra_[r] = missing > 1e-3 * most ? static_cast<float>(std::sqrt(missing)) : 0.0F;
    terms_[r].offset += extra_[r] * extra_[r];
  }
  if (std::all_of(extra_.begin(), extra_.end(), [](float x) { return x == 0; })) extra_ = {};
}

float GraphBuilder::distance(std::uint32_t a, std::uint32_t b, std::int32_t product) const {
  float inner = terms_[a].scale * terms_[b].scale * static_cast<float>(product);
  if (!extra_.empty()) inner += extra_[a] * extra_[b];
  return terms_[a].offset + terms_[b].offset - 2 * inner;
}

void GraphBuilder::insert(std::span<const std::uint32_t> rows) {
  std::size_t done = 0;
  while (done < rows.size() && !interrupt_requested()) {
    std::size_t size =
        std::min({rows.size() - done, std::max<std::size_t>(order_.size(), 1), options_.max_batch});
    if (!level_sizes_.empty()) size = std::min(size, level_sizes_.back() - order_.size());
    insert_batch(rows.subspan(done, size));
    done += size;
    if (!level_sizes_.empty() && order_.size() == level_sizes_.back()) keep_level();
  }
}

void GraphBuilder::keep_level() {
  std::vector<std::uint32_t> lists;
  lists.reserve(order_.size() * options_.degree);
  for (const std::uint32_t row : order_) {
    cut(workers_[0], row);
    const auto kept = list(row).first(options_.degree);
    lists.insert(lists.end(), kept.begin(), kept.end());
  }
  upper_.insert(upper_.begin(), std::move(lists));
  level_sizes_.pop_back();
}

LevelsView GraphBuilder::view() const {
  LevelsView view;
  view.entries = std::span(order_).first(std::min(order_.size(), entry_count(codes_.rows())));
  for (std::size_t i = upper_.size(); i > 0; --i) {
    const auto& lists = upper_[i - 1];
    view.levels.push_back(
        {lists.data(), lists.size() / options_.degree, options_.degree, place_.data()});
  }
  view.levels.push_back({lists_.data(), codes_.rows(), capacity_, nullptr});
  return view;
}

void GraphBuilder::insert_batch(std::span<const std::uint32_t> rows) {
  const LevelsView levels = view();
  in_parts(rows.size(), 16, [&](Worker& worker, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) find_neighbours(worker, levels, rows[i]);
  });
  for (const std::uint32_t row : rows) {
    place_[row] = static_cast<std::uint32_t>(order_.size());
    order_.push_back(row);
  }
  std::vector<Edge> edges;
  edges.reserve(rows.size() * options_.degree);
  for (const std::uint32_t row : rows)
    for (const std::uint32_t neighbour : list(row)) {
      if (neighbour == kNoRow) break;
      edges.push_back({neighbour, row});
    }
  std::sort(edges.begin(), edges.end());
  std::vector<std::size_t> groups;  // where the edges to another row begin
  for (std::size_t i = 0; i < edges.size(); ++i)
    if (i == 0 || edges[i].to != edges[i - 1].to) groups.push_back(i);
  groups.push_back(edges.size());
  in_parts(groups.size() - 1, 64, [&](Worker& worker, std::size_t begin, std::size_t end) {
    for (std::size_t g = begin; g < end; ++g)
      add_edges(worker, std::span(edges).subspan(groups[g], groups[g + 1] - groups[g]));
  });
}

void GraphBuilder::find_neighbours(Worker& worker, const LevelsView& levels, std::uint32_t row) {
  worker.plane.take(codes_.row(row), codes_.stride());
  WalkTarget target{worker.plane, -2 * codes_.scale(row), terms_.data()};
  if (!extra_.empty()) {
    target.extra_factor = -2 * extra_[row];
    target.extra = extra_.data();
  }
  const auto found = worker.search.descend(levels, target, options_.beam);
  worker.ids.clear();
  for (const Near& near : found)
    if (near.row != row) worker.ids.push_back(near.row);
  rank(worker, row);
  choose(worker, row);
}

void GraphBuilder::rank(Worker& worker, std::uint32_t row) {
  worker.products.resize(worker.ids.size());
  worker.distances.resize(worker.ids.size());
  worker.search.products(worker.plane, worker.ids, worker.products.data());
  worker.candidates.clear();
  for (std::size_t i = 0; i < worker.ids.size(); ++i)
    worker.candidates.push_back(
        {distance(row, worker.ids[i], worker.products[i]), worker.ids[i], false});
  std::sort(worker.candidates.begin(), worker.candidates.end(), [](const Near& a, const Near& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
  });
}

void GraphBuilder::choose(Worker& worker, std::uint32_t row) {
  const auto to = list(row);
  std::fill(to.begin(), to.end(), kNoRow);
  auto& left = worker.candidates;
  const float factor = options_.alpha * options_.alpha;
  const float same = 1e-6F * terms_[row].offset;  // nearer than this is a duplicate of the row
  std::size_t duplicates = 0;
  for (std::size_t chosen = 0; chosen < options_.degree && !left.empty(); ++chosen) {
    const std::uint32_t nearest = left.front().row;
    to[chosen] = nearest;
    // The rule would keep one duplicate of a row, and many duplicates would lose each other; more
    // than a sixteenth of the edges, and rows beside a heap of duplicates would lose the others.
    const bool spare = left.front().distance <= same && ++duplicates < options_.degree / 16;
    left.erase(left.begin());
    if (left.empty()) return;
    worker.ids.clear();
    for (const Near& near : left) worker.ids.push_back(near.row);
    worker.products.resize(worker.ids.size());
    worker.other.take(codes_.row(nearest), codes_.stride());
    worker.search.products(worker.other, worker.ids, worker.products.data());
    std::size_t kept = 0;
    for (std::size_t i = 0; i < left.size(); ++i)
      if ((spare && left[i].distance <= same) ||
          factor * distance(nearest, left[i].row, worker.products[i]) > left[i].distance)
        left[kept++] = left[i];
    left.resize(kept);
  }
}

void GraphBuilder::add_edges(Worker& worker, std::span<const Edge> edges) {
  const std::uint32_t row = edges[0].to;
  const auto to = list(row);
  const auto used = static_cast<std::size_t>(std::find(to.begin(), to.end(), kNoRow) - to.begin());
  if (used + edges.size() <= capacity_) {
    for (std::size_t i = 0; i < edges.size(); ++i) to[used + i] = edges[i].from;
    return;
  }
  worker.ids.assign(to.begin(), to.begin() + static_cast<std::ptrdiff_t>(used));
  for (const Edge& edge : edges) worker.ids.push_back(edge.from);
  worker.plane.take(codes_.row(row), codes_.stride());
  rank(worker, row);
  choose(worker, row);
}

void GraphBuilder::cut(Worker& worker, std::uint32_t row) {
  const auto to = list(row);
  if (to[options_.degree] == kNoRow) return;
  worker.ids.assign(to.begin(), std::find(to.begin(), to.end(), kNoRow));
  worker.plane.take(codes_.row(row), codes_.stride());
  rank(worker, row);
  choose(worker, row);
}

void GraphBuilder::finish() {
  in_parts(codes_.rows(), 1024, [&](Worker& worker, std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) cut(worker, static_cast<std::uint32_t>(r));
  });
}

}  // namespace crosstail::index
