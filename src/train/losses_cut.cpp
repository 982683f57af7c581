#include <algorithm>

#include "nn/pooling_backward.h"
#include "train/losses.h"

namespace crosstail::train {
namespace {

/// rows × dim from the first numbers of rows × full.
template <class Real>
std::vector<Real> cut_rows(const Real* from, std::size_t rows, std::size_t full, std::size_t dim) {
  std::vector<Real> out(rows * dim);
  for (std::size_t r = 0; r < rows; ++r) std::copy_n(from + r * full, dim, out.data() + r * dim);
  return out;
}

template <class Real>
void add_weighted(const std::vector<Real>& from, std::size_t rows, std::size_t full,
                  std::size_t dim, Real weight, Real* to) {
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = 0; i < dim; ++i) to[r * full + i] += weight * from[r * dim + i];
}

}  // namespace

template <class Real>
double with_cuts(
    const VectorBatch<Real>& pooled, std::span<const Cut> cuts, bool normalise,
    const std::function<double(const VectorBatch<Real>&, const VectorGradients<Real>&)>& inner,
    const VectorGradients<Real>& gradients) {
  const std::size_t n = pooled.question_count, m = pooled.document_count, full = pooled.dim;
  std::fill_n(gradients.questions, n * full, Real(0));
  std::fill_n(gradients.documents, m * full, Real(0));
  double loss = 0;
  for (const auto& cut : cuts) {
    auto questions = cut_rows(pooled.questions, n, full, cut.dim);
    auto documents = cut_rows(pooled.documents, m, full, cut.dim);
    const auto raw_questions = questions, raw_documents = documents;
    if (normalise) {
      nn::l2_normalise(questions.data(), n, cut.dim);
      nn::l2_normalise(documents.data(), m, cut.dim);
    }
    std::vector<Real> dq(questions.size()), dd(documents.size());
    VectorBatch<Real> batch = pooled;
    batch.questions = questions.data();
    batch.documents = documents.data();
    batch.dim = cut.dim;
    loss += cut.weight * inner(batch, {dq.data(), dd.data()});
    if (normalise) {
      nn::l2_normalise_backward(raw_questions.data(), n, cut.dim, dq.data());
      nn::l2_normalise_backward(raw_documents.data(), m, cut.dim, dd.data());
    }
    add_weighted(dq, n, full, cut.dim, static_cast<Real>(cut.weight), gradients.questions);
    add_weighted(dd, m, full, cut.dim, static_cast<Real>(cut.weight), gradients.documents);
  }
  return loss;
}

template double with_cuts(
    const VectorBatch<float>&, std::span<const Cut>, bool,
    const std::function<double(const VectorBatch<float>&, const VectorGradients<float>&)>&,
    const VectorGradients<float>&);
template double with_cuts(
    const VectorBatch<double>&, std::span<const Cut>, bool,
    const std::function<double(const VectorBatch<double>&, const VectorGradients<double>&)>&,
    const VectorGradients<double>&);

}  // namespace crosstail::train
