#include <algorithm>
#include <cmath>

#include "train/losses.h"
#include "train/score_rows.h"

namespace crosstail::train {
namespace {

template <class Real>
Real dot(const Real* a, const Real* b, std::size_t dim) {
  double sum = 0;
  for (std::size_t i = 0; i < dim; ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return static_cast<Real>(sum);
}

template <class Real>
void clear(const VectorBatch<Real>& batch, const VectorGradients<Real>& gradients) {
  std::fill_n(gradients.questions, batch.question_count * batch.dim, Real(0));
  std::fill_n(gradients.documents, batch.document_count * batch.dim, Real(0));
}

/// score = q·d has gained `slope`: adds slope · d to q's gradient and slope · q to d's.
template <class Real>
void add_pair(const VectorBatch<Real>& batch, std::size_t question, std::size_t document,
              Real slope, const VectorGradients<Real>& gradients) {
  const std::size_t dim = batch.dim;
  const Real *q = batch.questions + question * dim, *d = batch.documents + document * dim;
  Real *dq = gradients.questions + question * dim, *dd = gradients.documents + document * dim;
  for (std::size_t i = 0; i < dim; ++i) {
    dq[i] += slope * d[i];
    dd[i] += slope * q[i];
  }
}

template <class Real>
Real pair_score(const VectorBatch<Real>& batch, std::size_t question, std::size_t document) {
  return dot(batch.questions + question * batch.dim, batch.documents + document * batch.dim,
             batch.dim);
}

}  // namespace

template <class Real>
double margin_mse(const VectorBatch<Real>& batch, std::span<const Margin> margins,
                  const VectorGradients<Real>& gradients) {
  clear(batch, gradients);
  double loss = 0;
  const double count = static_cast<double>(margins.size());
  for (const auto& m : margins) {
    const std::size_t own = batch.own[m.question];
    const double off = static_cast<double>(pair_score(batch, m.question, own)) -
                       static_cast<double>(pair_score(batch, m.question, m.document)) - m.margin;
    loss += off * off;
    const auto slope = static_cast<Real>(2 * off / count);
    add_pair(batch, m.question, own, slope, gradients);
    add_pair(batch, m.question, m.document, -slope, gradients);
  }
  return margins.empty() ? 0 : loss / count;
}

template <class Real>
double listwise_kl(const VectorBatch<Real>& batch, std::span<const ListEntry> entries, Real scale,
                   double teacher_temperature, const VectorGradients<Real>& gradients) {
  clear(batch, gradients);
  double questions = 0;
  for (std::size_t i = 0; i < entries.size(); ++i)
    questions += i == 0 || entries[i].question != entries[i - 1].question ? 1 : 0;
  double loss = 0;
  std::vector<Real> row, slope;
  std::vector<double> teacher;
  for (std::size_t begin = 0, end = 0; begin < entries.size(); begin = end) {
    row.clear();
    teacher.clear();
    for (end = begin; end < entries.size() && entries[end].question == entries[begin].question;
         ++end) {
      row.push_back(scale * pair_score(batch, entries[end].question, entries[end].document));
      teacher.push_back(entries[end].score / teacher_temperature);
    }
    slope.resize(row.size());
    loss += soft_cross_entropy<Real>(row, teacher, slope);
    for (std::size_t i = begin; i < end; ++i)
      add_pair(batch, entries[i].question, entries[i].document,
               slope[i - begin] * scale / static_cast<Real>(questions), gradients);
  }
  return entries.empty() ? 0 : loss / questions;
}

template <class Real>
double vector_mse(const Real* vectors, const Real* targets, std::size_t rows, std::size_t dim,
                  Real* gradient) {
  const auto count = static_cast<double>(rows * dim);
  double loss = 0;
  for (std::size_t i = 0; i < rows * dim; ++i) {
    const double off = static_cast<double>(vectors[i]) - static_cast<double>(targets[i]);
    loss += off * off;
    gradient[i] = static_cast<Real>(2 * off / count);
  }
  return rows * dim == 0 ? 0 : loss / count;
}

template <class Real>
double vector_cosine(const Real* vectors, const Real* targets, std::size_t rows, std::size_t dim,
                     Real* gradient) {
  double cosines = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    const Real *x = vectors + r * dim, *t = targets + r * dim;
    double xt = 0, xx = 0, tt = 0;
    for (std::size_t i = 0; i < dim; ++i) {
      const auto xi = static_cast<double>(x[i]), ti = static_cast<double>(t[i]);
      xt += xi * ti;
      xx += xi * xi;
      tt += ti * ti;
    }
    const bool null = xx <= 0 || tt <= 0;
    const double lengths = std::sqrt(xx * tt), cosine = null ? 0 : xt / lengths;
    cosines += cosine;
    // d cosine / dx = t / (|x| |t|) - cosine x / |x|²
    for (std::size_t i = 0; i < dim; ++i)
      gradient[r * dim + i] = null ? Real(0)
                                   : static_cast<Real>(-(static_cast<double>(t[i]) / lengths -
                                                         cosine * static_cast<double>(x[i]) / xx) /
                                                       static_cast<double>(rows));
  }
  return rows == 0 ? 0 : 1 - cosines / static_cast<double>(rows);
}

template <class Real>
double state_distance(const Real* state, const Real* target, std::size_t dim, double scale,
                      Real* gradient) {
  double off = 0, length = 0;
  for (std::size_t i = 0; i < dim; ++i) {
    const auto t = static_cast<double>(target[i]), d = static_cast<double>(state[i]) - t;
    off += d * d;
    length += t * t;
  }
  const bool null = length <= 0;
  const auto slope = static_cast<Real>(null ? 0 : 2 * scale / length);
  for (std::size_t i = 0; i < dim; ++i) gradient[i] = slope * (state[i] - target[i]);
  return null ? 0 : off / length;
}

template double state_distance(const float*, const float*, std::size_t, double, float*);
template double state_distance(const double*, const double*, std::size_t, double, double*);
template double margin_mse(const VectorBatch<float>&, std::span<const Margin>,
                           const VectorGradients<float>&);
template double margin_mse(const VectorBatch<double>&, std::span<const Margin>,
                           const VectorGradients<double>&);
template double listwise_kl(const VectorBatch<float>&, std::span<const ListEntry>, float, double,
                            const VectorGradients<float>&);
template double listwise_kl(const VectorBatch<double>&, std::span<const ListEntry>, double, double,
                            const VectorGradients<double>&);
template double vector_mse(const float*, const float*, std::size_t, std::size_t, float*);
template double vector_mse(const double*, const double*, std::size_t, std::size_t, double*);
template double vector_cosine(const float*, const float*, std::size_t, std::size_t, float*);
template double vector_cosine(const double*, const double*, std::size_t, std::size_t, double*);

}  // namespace crosstail::train
