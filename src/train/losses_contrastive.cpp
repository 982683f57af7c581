#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/training_product.h"
#include "train/losses.h"
#include "train/score_rows.h"

namespace crosstail::train {
namespace {

using nn::Transpose;

/// questions × documents of q·d; excluded ones are -inf.
template <class Real>
std::vector<Real> score_matrix(const VectorBatch<Real>& batch) {
  std::vector<Real> scores(batch.question_count * batch.document_count);
  nn::multiply<Real>(Transpose::No, Transpose::Yes, batch.question_count, batch.document_count,
                     batch.dim, batch.questions, batch.documents, scores.data());
  for (const auto& pair : batch.excluded)
    scores[pair.question * batch.document_count + pair.document] =
        -std::numeric_limits<Real>::infinity();
  return scores;
}

/// From d loss / d score to d loss / d vector, where score = q·d.
template <class Real>
void from_scores(const VectorBatch<Real>& batch, const std::vector<Real>& d_scores,
                 const VectorGradients<Real>& gradients) {
  nn::multiply<Real>(Transpose::No, Transpose::No, batch.question_count, batch.dim,
                     batch.document_count, d_scores.data(), batch.documents, gradients.questions);
  nn::multiply<Real>(Transpose::Yes, Transpose::No, batch.document_count, batch.dim,
                     batch.question_count, d_scores.data(), batch.questions, gradients.documents);
}

/// Adds the loss from own documents to questions, and its gradient, each times 1/2.
template <class Real>
double add_reverse(const VectorBatch<Real>& batch, Real scale, const std::vector<Real>& scores,
                   std::vector<Real>& d_scores) {
  const std::size_t n = batch.question_count;
  std::vector<Real> column(n), d_column(n);
  double loss = 0;
  const Real share = Real(0.5) / static_cast<Real>(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t document = batch.own[i];
    for (std::size_t j = 0; j < n; ++j)
      column[j] = scores[j * batch.document_count + document] * scale;
    loss += negative_log_softmax<Real>(column, i, d_column);
    for (std::size_t j = 0; j < n; ++j)
      d_scores[j * batch.document_count + document] += d_column[j] * scale * share;
  }
  return loss / (2 * static_cast<double>(n));
}

}  // namespace

template <class Real>
double info_nce(const VectorBatch<Real>& batch, Real scale, bool symmetric,
                const VectorGradients<Real>& gradients) {
  const std::size_t n = batch.question_count, m = batch.document_count;
  const auto scores = score_matrix(batch);
  std::vector<Real> d_scores(scores.size()), row(m);
  const Real share = (symmetric ? Real(0.5) : Real(1)) / static_cast<Real>(n);
  double loss = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < m; ++j) row[j] = scores[i * m + j] * scale;
    const std::span<Real> d_row(d_scores.data() + i * m, m);
    loss += negative_log_softmax<Real>(row, batch.own[i], d_row);
    for (auto& d : d_row) d *= scale * share;
  }
  loss /= static_cast<double>(n) * (symmetric ? 2 : 1);
  if (symmetric) loss += add_reverse(batch, scale, scores, d_scores);
  from_scores(batch, d_scores, gradients);
  return loss;
}

template <class Real>
double in_batch_kl(const VectorBatch<Real>& batch, std::span<const double> teacher_scores,
                   Real scale, double teacher_temperature, const VectorGradients<Real>& gradients) {
  const std::size_t n = batch.question_count, m = batch.document_count;
  const auto scores = score_matrix(batch);
  std::vector<Real> d_scores(scores.size()), row(m);
  std::vector<double> teacher(m);
  double loss = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < m; ++j) {
      row[j] = scores[i * m + j] * scale;
      teacher[j] = std::isinf(row[j]) ? -std::numeric_limits<double>::infinity()
                                      : teacher_scores[i * m + j] / teacher_temperature;
    }
    const std::span<Real> d_row(d_scores.data() + i * m, m);
    loss += soft_cross_entropy<Real>(row, teacher, d_row);
    for (auto& d : d_row) d *= scale / static_cast<Real>(n);
  }
  from_scores(batch, d_scores, gradients);
  return loss / static_cast<double>(n);
}

template double info_nce(const VectorBatch<float>&, float, bool, const VectorGradients<float>&);
template double info_nce(const VectorBatch<double>&, double, bool, const VectorGradients<double>&);
template double in_batch_kl(const VectorBatch<float>&, std::span<const double>, float, double,
                            const VectorGradients<float>&);
template double in_batch_kl(const VectorBatch<double>&, std::span<const double>, double, double,
                            const VectorGradients<double>&);

}  // namespace crosstail::train
