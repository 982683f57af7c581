#include "nn/parameters.h"

#include <algorithm>

namespace crosstail::nn {

template <class Real>
std::size_t Parameters<Real>::add(std::string name, std::size_t rows, std::size_t columns,
                                  std::size_t depth, bool decays) {
  std::size_t offset = 0;
  if (!list.empty()) offset = list.back().offset + list.back().size();
  list.push_back({std::move(name), rows, columns, offset, depth, decays});
  return offset;
}

template <class Real>
void Parameters<Real>::allocate(bool word_table) {
  const std::size_t total = list.empty() ? 0 : list.back().offset + list.back().size();
  first_dense = word_table ? list.front().size() : 0;
  values.resize(total);
  gradients.resize(total - first_dense);
  std::fill_n(values.data(), total, Real(0));
  if (word_table) word_gradients.resize(list.front().rows, list.front().columns);
  clear_gradients();
}

template <class Real>
void Parameters<Real>::clear_gradients() {
  std::fill_n(gradients.data(), gradients.size(), Real(0));
  word_gradients.clear();
}

template <class Real>
const Parameter* Parameters<Real>::find(std::string_view name) const {
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const auto& p) { return p.name == name; });
  return found == list.end() ? nullptr : &*found;
}

template struct Parameters<float>;
template struct Parameters<double>;

}  // namespace crosstail::nn
