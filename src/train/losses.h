#pragma once
/// What an encoder is trained to make small: losses on the vectors of one batch, with their
/// gradients. Everything is computed in Real (f32 to train, f64 to check); sums over the batch are
/// f64 and in a fixed order, so results do not depend on threads. Logarithms are natural.
///
/// Formulas: InfoNCE, van den Oord et al. 2018 (in batch: Henderson et al. 2017, "multiple
/// negatives ranking"); MarginMSE, Hofstätter et al. 2020; listwise KL, Cao et al. 2007 with soft
/// labels; distillation across languages, Reimers and Gurevych 2020; Matryoshka, Kusupati et al.
/// 2022.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace crosstail::train {

/// Question and document that must not be compared: the document answers the question too.
struct Excluded {
  std::uint32_t question, document;
};

/// Vectors of one batch, row-major, borrowed. Question i owns document own[i].
template <class Real>
struct VectorBatch {
  const Real* questions = nullptr;
  const Real* documents = nullptr;
  std::size_t question_count = 0, document_count = 0, dim = 0;
  std::span<const std::uint32_t> own;  ///< one a question
  std::span<const Excluded> excluded;  ///< never an own document
};

/// Where the gradients go: the shapes of the batch's vectors. Overwritten.
template <class Real>
struct VectorGradients {
  Real* questions = nullptr;
  Real* documents = nullptr;
};

/// Mean over questions of -log softmax(scale q·d)[own], over all documents but the excluded ones.
/// With `symmetric`, the mean of that and of the same from own documents to questions.
template <class Real>
double info_nce(const VectorBatch<Real>& batch, Real scale, bool symmetric,
                const VectorGradients<Real>& gradients);

/// A teacher's view of one negative: score of the question's own document less that of `document`.
struct Margin {
  std::uint32_t question, document;
  double margin;
};

/// Mean over `margins` of (q·own - q·document - margin)².
template <class Real>
double margin_mse(const VectorBatch<Real>& batch, std::span<const Margin> margins,
                  const VectorGradients<Real>& gradients);

/// One document of a question's list with the teacher's score. Entries of a question stand
/// together.
struct ListEntry {
  std::uint32_t question, document;
  double score;
};

/// Mean over questions with entries of Σ t (log t - log s) over the question's list: t =
/// softmax(teacher scores / teacher_temperature), s = softmax(scale q·d).
template <class Real>
double listwise_kl(const VectorBatch<Real>& batch, std::span<const ListEntry> entries, Real scale,
                   double teacher_temperature, const VectorGradients<Real>& gradients);

/// The same over all documents of the batch: `teacher_scores` is questions × documents.
template <class Real>
double in_batch_kl(const VectorBatch<Real>& batch, std::span<const double> teacher_scores,
                   Real scale, double teacher_temperature, const VectorGradients<Real>& gradients);

/// Mean over all numbers of (vector - target)². vectors, targets, gradient: rows × dim.
template <class Real>
double vector_mse(const Real* vectors, const Real* targets, std::size_t rows, std::size_t dim,
                  Real* gradient);

/// 1 - mean cosine of vector and target. A vector of length 0 has cosine 0 and no gradient.
template <class Real>
double vector_cosine(const Real* vectors, const Real* targets, std::size_t rows, std::size_t dim,
                     Real* gradient);

/// |state - target|² / |target|² of one row; gradient: `scale` times its slope, overwritten. A
/// target of length 0 asks for nothing.
template <class Real>
double state_distance(const Real* state, const Real* target, std::size_t dim, double scale,
                      Real* gradient);

/// Mean over rows of the binary cross-entropy of sigmoid(logit) with a target in [0, 1].
template <class Real>
double binary_cross_entropy(std::span<const Real> logits, std::span<const double> targets,
                            Real* gradient);

/// Mean over rows whose label is not negative of -log softmax(logits)[label]. logits: rows ×
/// classes. Rows with a negative label get no gradient; if all have one, the loss is 0.
template <class Real>
double cross_entropy(const Real* logits, std::span<const std::int64_t> labels, std::size_t classes,
                     Real* gradient);

/// One length at which vectors are cut, and how much its loss counts.
struct Cut {
  std::size_t dim;
  double weight = 1;
};

/// Matryoshka: Σ weight · inner(vectors cut to dim, then brought to length 1 if `normalise`).
/// `pooled` holds vectors before normalisation; gradients are with respect to those. A single cut
/// at the full dimension is the ordinary loss.
template <class Real>
double with_cuts(
    const VectorBatch<Real>& pooled, std::span<const Cut> cuts, bool normalise,
    const std::function<double(const VectorBatch<Real>&, const VectorGradients<Real>&)>& inner,
    const VectorGradients<Real>& gradients);

}  // namespace crosstail::train
