#include "model/compare.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace crosstail::model {
namespace {

/// Unit vectors, so that products are cosines.
std::vector<float> unit_rows(std::span<const float> vectors, std::size_t dim) {
  std::vector<float> out(vectors.begin(), vectors.end());
  for (std::size_t at = 0; at + dim <= out.size(); at += dim) {
    double squares = 0;
    for (std::size_t c = 0; c < dim; ++c) squares += double{out[at + c]} * double{out[at + c]};
    const double length = std::max(std::sqrt(squares), 1e-12);
    for (std::size_t c = 0; c < dim; ++c)
      out[at + c] = static_cast<float>(double{out[at + c]} / length);
  }
  return out;
}

double cosine(const float* a, const float* b, std::size_t dim) {
  double sum = 0;
  for (std::size_t c = 0; c < dim; ++c) sum += double{a[c]} * double{b[c]};
  return sum;
}

/// The nearest `count` others of `rows[self]` among `rows`, best first.
std::vector<std::size_t> nearest(const std::vector<float>& vectors, std::size_t dim,
                                 const std::vector<std::size_t>& rows, std::size_t self,
                                 std::size_t count) {
  std::vector<std::pair<float, std::size_t>> scored;
  const float* own = vectors.data() + rows[self] * dim;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == self) continue;
    const float* other = vectors.data() + rows[i] * dim;
    float sum = 0;
    for (std::size_t c = 0; c < dim; ++c) sum += own[c] * other[c];
    scored.emplace_back(-sum, i);
  }
  count = std::min(count, scored.size());
  std::partial_sort(scored.begin(), scored.begin() + static_cast<std::ptrdiff_t>(count),
                    scored.end());
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < count; ++i) found.push_back(scored[i].second);
  return found;
}

Agreement agreement(const std::vector<float>& a, const std::vector<float>& b, std::size_t dim,
                    std::span<const std::string> texts, const std::vector<std::size_t>& rows,
                    std::size_t neighbours) {
  Agreement out;
  out.texts = rows.size();
  for (const std::size_t row : rows) {
    const double value = cosine(a.data() + row * dim, b.data() + row * dim, dim);
    out.mean_cosine += value / static_cast<double>(rows.size());
    if (value >= out.worst_cosine && !out.worst_text.empty()) continue;
    if (value < out.worst_cosine || out.worst_text.empty()) {
      out.worst_cosine = std::min(out.worst_cosine, value);
      out.worst_text = texts[row];
    }
  }
  if (rows.size() < 2) return out;
  for (std::size_t self = 0; self < rows.size(); ++self) {
    const auto x = nearest(a, dim, rows, self, neighbours);
    const auto y = nearest(b, dim, rows, self, neighbours);
    std::size_t shared = 0;
    for (const std::size_t i : x) shared += static_cast<std::size_t>(std::ranges::count(y, i));
    const auto count = static_cast<double>(rows.size());
    out.neighbours_shared += static_cast<double>(shared) / static_cast<double>(x.size()) / count;
    out.nearest_same += (x[0] == y[0] ? 1.0 : 0.0) / count;
  }
  return out;
}

}  // namespace

Comparison compare_vectors(std::span<const float> a, std::span<const float> b, std::size_t dim,
                           std::span<const std::string> texts,
                           std::span<const std::string> languages, std::size_t neighbours) {
  const auto x = unit_rows(a, dim), y = unit_rows(b, dim);
  std::vector<std::size_t> all(texts.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  Comparison out;
  out.all = agreement(x, y, dim, texts, all, neighbours);
  std::map<std::string, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < languages.size(); ++i) groups[languages[i]].push_back(i);
  for (const auto& [language, rows] : groups)
    out.by_language[language] = agreement(x, y, dim, texts, rows, neighbours);
  return out;
}

Result<Comparison> compare_models(const Encoder& first, const Encoder& second,
                                  const std::string& prompt, std::span<const std::string> texts,
                                  std::span<const std::string> languages) {
  if (first.dim() != second.dim())
    return Error{ErrorCode::InvalidArgument,
                 "the models' vectors have " + std::to_string(first.dim()) + " and " +
                     std::to_string(second.dim()) + " dimensions; only equal ones can be compared"};
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const EncodeRequest request{.prompt_text = prompt};
  std::vector<float> a(texts.size() * first.dim()), b(a.size());
  CT_CHECK([&]() -> Status {
    CT_TRY([[maybe_unused]] const auto x, first.encode(views, request, a.data()));
    CT_TRY([[maybe_unused]] const auto y, second.encode(views, request, b.data()));
    return {};
  }());
  return compare_vectors(a, b, first.dim(), texts, languages);
}

}  // namespace crosstail::model
