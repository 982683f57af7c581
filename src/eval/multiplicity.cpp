#include "eval/multiplicity.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace crosstail::eval {
namespace {

std::vector<std::size_t> ascending(const std::vector<double>& p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i)
    if (!std::isnan(p[i])) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&p](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  return order;
}

}  // namespace

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<double> out = p;
  const auto order = ascending(p);
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, std::min(1.0, p[order[i]] * static_cast<double>(order.size() - i)));
    out[order[i]] = largest;
  }
  return out;
}

std::vector<double> benjamini_hochberg(const std::vector<double>& p) {
  std::vector<double> out = p;
  const auto order = ascending(p);
  double smallest = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    smallest = std::min(
        smallest, p[order[i]] * static_cast<double>(order.size()) / static_cast<double>(i + 1));
    out[order[i]] = smallest;
  }
  return out;
}

}  // namespace crosstail::eval
