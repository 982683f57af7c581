// Values and gradients: PyTorch's dumps (../shared/fixtures/training), finite differences, and
// numbers worked out by hand.
#include "train/losses.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "support/shared.h"
#include "support/training_dump.h"

namespace crosstail::train {
namespace {

using testing::cast_to;
using testing::read_dump;
using testing::relative_distance;

/// Queries, passages and negatives of one dumped case, as one batch of 6 questions, 18 documents.
template <class Real>
struct DumpedCase {
  DumpedCase(const std::string& name, const std::string& kind) {
    const auto folder = *testing::shared_dir() / "fixtures/training";
    auto dump = read_dump(folder / name / "grads.safetensors");
    simdjson::dom::parser parser;
    const auto json = read_file(folder / name / "loss.json");
    const simdjson::dom::element said = parser.parse(*json);
    loss = said["loss"].get_double();
    if (double s = 0; said["scale"].get_double().get(s) == simdjson::SUCCESS)
      scale = static_cast<Real>(s);
    questions = cast_to<Real>(dump["value." + kind + ".query"].values);
    documents = cast_to<Real>(dump["value." + kind + ".passage"].values);
    const auto negatives = cast_to<Real>(dump["value." + kind + ".negative"].values);
    documents.insert(documents.end(), negatives.begin(), negatives.end());
    d_questions = dump["dvalue." + kind + ".query"].values;
    d_documents = dump["dvalue." + kind + ".passage"].values;
    const auto& more = dump["dvalue." + kind + ".negative"].values;
    d_documents.insert(d_documents.end(), more.begin(), more.end());
    simdjson::dom::parser inputs;
    const auto text = read_file(folder / "inputs.json");
    const simdjson::dom::element teacher = inputs.parse(*text)["teacher"];
    for (const auto row : teacher["margins"].get_array())
      for (const double v : row.get_array()) margins.push_back(v);
    for (const auto row : teacher["list_scores"].get_array())
      for (const double v : row.get_array()) list_scores.push_back(v);
    for (const auto row : teacher["inbatch_scores"].get_array())
      for (const double v : row.get_array()) in_batch_scores.push_back(v);
    for (const auto row : teacher["embeddings"].get_array())
      for (const double v : row.get_array()) targets.push_back(static_cast<Real>(v));
  }

  [[nodiscard]] VectorBatch<Real> batch() const {
    return {questions.data(), documents.data(), 6, 18, 32, own, {}};
  }
  VectorGradients<Real> gradients() {
    got_questions.assign(questions.size(), Real(7));
    got_documents.assign(documents.size(), Real(7));
    return {got_questions.data(), got_documents.data()};
  }
  void expect(double got, double tolerance) {
    EXPECT_NEAR(got, loss, tolerance * std::abs(loss));
    EXPECT_LT(relative_distance(got_questions, d_questions), tolerance);
    EXPECT_LT(relative_distance(got_documents, d_documents), tolerance);
  }

  double loss = 0;
  Real scale = 1;
  std::vector<Real> questions, documents, got_questions, got_documents, targets;
  std::vector<double> d_questions, d_documents, margins, list_scores, in_batch_scores;
  std::vector<std::uint32_t> own = {0, 1, 2, 3, 4, 5};
};

template <class Real>
class DumpedLosses : public ::testing::Test {
 protected:
  void SetUp() override { CROSSTAIL_NEEDS_SHARED(); }
  static constexpr double kTolerance = sizeof(Real) == 8 ? 1e-9 : 1e-4;
  /// tiny-xlmr's dumps hold normalised vectors, tiny-bert's are not normalised at all.
  static std::vector<std::pair<std::string, std::string>> models() {
    return {{"tiny-xlmr", "embedding"}, {"tiny-bert", "pooled"}};
  }
};
using Reals = ::testing::Types<double, float>;
TYPED_TEST_SUITE(DumpedLosses, Reals);

TYPED_TEST(DumpedLosses, InfoNce) {
  for (const auto& [model, kind] : this->models())
    for (const bool symmetric : {false, true}) {
      DumpedCase<TypeParam> c(model + (symmetric ? "-infonce-symmetric" : "-infonce"), kind);
      c.expect(info_nce(c.batch(), c.scale, symmetric, c.gradients()), this->kTolerance);
    }
}

TYPED_TEST(DumpedLosses, MarginMse) {
  for (const auto& [model, kind] : this->models()) {
    DumpedCase<TypeParam> c(model + "-margin-mse", kind);
    std::vector<Margin> margins;
    for (std::uint32_t i = 0; i < 12; ++i) margins.push_back({i / 2, 6 + i, c.margins[i]});
    c.expect(margin_mse(c.batch(), margins, c.gradients()), this->kTolerance);
  }
}

TYPED_TEST(DumpedLosses, ListwiseKl) {
  for (const auto& [model, kind] : this->models()) {
    DumpedCase<TypeParam> c(model + "-kl-list", kind);
    std::vector<ListEntry> entries;
    for (std::uint32_t i = 0; i < 6; ++i)
      for (std::uint32_t j = 0; j < 3; ++j)
        entries.push_back({i, j == 0 ? i : 6 + 2 * i + j - 1, c.list_scores[i * 3 + j]});
    c.expect(listwise_kl(c.batch(), entries, c.scale, 1, c.gradients()), this->kTolerance);
  }
}

TYPED_TEST(DumpedLosses, InBatchKl) {
  DumpedCase<TypeParam> c("tiny-xlmr-kl-inbatch", "embedding");
  c.expect(in_batch_kl<TypeParam>(c.batch(), c.in_batch_scores, c.scale, 1, c.gradients()),
           this->kTolerance);
}

TYPED_TEST(DumpedLosses, DistilledVectors) {
  for (const auto& [model, kind] : this->models())
    for (const bool cosine : {false, true}) {
      DumpedCase<TypeParam> c(model + (cosine ? "-cosine" : "-mse"), kind);
      auto vectors = c.questions;
      vectors.insert(vectors.end(), c.documents.begin(), c.documents.end());
      std::vector<TypeParam> gradient(vectors.size());
      const double loss = (cosine ? vector_cosine<TypeParam>
                                  : vector_mse<TypeParam>)(vectors.data(), c.targets.data(), 24, 32,
                                                           gradient.data());
      auto expected = c.d_questions;
      expected.insert(expected.end(), c.d_documents.begin(), c.d_documents.end());
      EXPECT_NEAR(loss, c.loss, this->kTolerance * c.loss);
      EXPECT_LT(relative_distance(gradient, expected), this->kTolerance);
    }
}

TYPED_TEST(DumpedLosses, MatryoshkaCutsBeforeItNormalises) {
  for (const std::string model : {"tiny-xlmr", "tiny-bert"}) {
    DumpedCase<TypeParam> c(model + "-matryoshka", "pooled");
    const std::vector<Cut> cuts = {{8}, {16}, {32}};
    const auto inner = [&](const VectorBatch<TypeParam>& batch,
                           const VectorGradients<TypeParam>& gradients) {
      return info_nce(batch, c.scale, false, gradients);
    };
    c.expect(with_cuts<TypeParam>(c.batch(), cuts, model == "tiny-xlmr", inner, c.gradients()),
             this->kTolerance);
  }
}

TYPED_TEST(DumpedLosses, CrossEncoderLogits) {
  const auto folder = *testing::shared_dir() / "fixtures/training";
  simdjson::dom::parser parser;
  const auto text = read_file(folder / "inputs.json");
  const simdjson::dom::element pairs = parser.parse(*text)["pairs"];
  std::vector<double> targets;
  for (const double v : pairs["bce_targets"].get_array()) targets.push_back(v);
  std::vector<std::int64_t> labels;
  for (const std::int64_t v : pairs["class_labels"].get_array()) labels.push_back(v);
  for (const std::string name : {"tiny-xlmr-cls1", "tiny-xlmr-cls8"}) {
    auto dump = read_dump(folder / name / "grads.safetensors");
    simdjson::dom::parser said;
    const auto json = read_file(folder / name / "loss.json");
    const double expected = said.parse(*json)["loss"].get_double();
    const auto logits = cast_to<TypeParam>(dump["value.logits"].values);
    std::vector<TypeParam> gradient(logits.size());
    const double loss = name == "tiny-xlmr-cls1"
                            ? binary_cross_entropy<TypeParam>(logits, targets, gradient.data())
                            : cross_entropy<TypeParam>(logits.data(), labels, 8, gradient.data());
    EXPECT_NEAR(loss, expected, this->kTolerance * expected) << name;
    EXPECT_LT(relative_distance(gradient, dump["dvalue.logits"].values), this->kTolerance) << name;
  }
}

TYPED_TEST(DumpedLosses, SingleOperations) {
  auto dump = read_dump(*testing::shared_dir() / "fixtures/training/ops.safetensors");
  for (const std::string name :
       {"cross-entropy-1x1", "cross-entropy-5x17", "cross-entropy-large"}) {
    const auto& in = dump[name + ".in.z"];
    const auto z = cast_to<TypeParam>(in.values);
    std::vector<std::int64_t> labels;
    for (const double v : dump[name + ".in.labels"].values)
      labels.push_back(static_cast<std::int64_t>(v));
    std::vector<TypeParam> gradient(z.size());
    const double scale = dump[name + ".dout"].values[0], expected = dump[name + ".out"].values[0];
    const double loss = cross_entropy<TypeParam>(z.data(), labels, in.shape[1], gradient.data());
    for (auto& g : gradient) g = static_cast<TypeParam>(static_cast<double>(g) * scale);
    EXPECT_NEAR(loss, expected, this->kTolerance * std::max(1.0, std::abs(expected))) << name;
    EXPECT_LT(relative_distance(gradient, dump[name + ".din.z"].values), this->kTolerance) << name;
  }
  const auto z = cast_to<TypeParam>(dump["bce-with-logits.in.z"].values);
  std::vector<TypeParam> gradient(z.size());
  const double loss = binary_cross_entropy<TypeParam>(z, dump["bce-with-logits.in.targets"].values,
                                                      gradient.data());
  for (auto& g : gradient)
    g = static_cast<TypeParam>(static_cast<double>(g) * dump["bce-with-logits.dout"].values[0]);
  EXPECT_NEAR(loss, dump["bce-with-logits.out"].values[0], this->kTolerance);
  EXPECT_LT(relative_distance(gradient, dump["bce-with-logits.din.z"].values), this->kTolerance);
}

/// Random vectors of length near 1 for tests that need no files.
struct RandomBatch {
  explicit RandomBatch(std::size_t n, std::size_t m, std::size_t dim) : n(n), m(m), dim(dim) {
    std::mt19937 random(5);
    std::normal_distribution<double> normal(0, 0.4);
    questions.resize(n * dim);
    documents.resize(m * dim);
    for (auto& v : questions) v = normal(random);
    for (auto& v : documents) v = normal(random);
    for (std::uint32_t i = 0; i < n; ++i) own.push_back(static_cast<std::uint32_t>(m) - 1 - i);
  }
  [[nodiscard]] VectorBatch<double> batch() const {
    return {questions.data(), documents.data(), n, m, dim, own, excluded};
  }
  std::size_t n, m, dim;
  std::vector<double> questions, documents;
  std::vector<std::uint32_t> own;
  std::vector<Excluded> excluded;
};

using BatchLoss = std::function<double(const VectorBatch<double>&, const VectorGradients<double>&)>;

/// Five-point differences along single coordinates, all of them.
void expect_finite_differences(RandomBatch b, const BatchLoss& loss) {
  std::vector<double> dq(b.questions.size()), dd(b.documents.size());
  loss(b.batch(), {dq.data(), dd.data()});
  std::vector<double> unused_q(dq.size()), unused_d(dd.size());
  const VectorGradients<double> unused = {unused_q.data(), unused_d.data()};
  const auto check = [&](std::vector<double>& values, const std::vector<double>& gradient) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double kept = values[i], h = 1e-4;
      const auto at = [&](double step) {
        values[i] = kept + step * h;
        const double l = loss(b.batch(), unused);
        values[i] = kept;
        return l;
      };
      const double slope = (at(-2) - 8 * at(-1) + 8 * at(1) - at(2)) / (12 * h);
      EXPECT_NEAR(gradient[i], slope, 1e-8);
    }
  };
  check(b.questions, dq);
  check(b.documents, dd);
}

TEST(Losses, GradientsAreTheSlopesOfTheLosses) {
  RandomBatch b(3, 5, 4);
  b.excluded = {{0, 1}, {2, 4}};
  expect_finite_differences(b, [](const auto& batch, const auto& gradients) {
    return info_nce(batch, 3.0, false, gradients);
  });
  expect_finite_differences(b, [](const auto& batch, const auto& gradients) {
    return info_nce(batch, 3.0, true, gradients);
  });
  const std::vector<double> scores = {.1, 2, 3, .4, .5, 1, 1, 1, 2, 2, -1, 0, 1, 2, 3};
  expect_finite_differences(b, [&](const auto& batch, const auto& gradients) {
    return in_batch_kl<double>(batch, scores, 3.0, 0.7, gradients);
  });
  const std::vector<Margin> margins = {{0, 1, .5}, {2, 0, -.25}};
  expect_finite_differences(b, [&](const auto& batch, const auto& gradients) {
    return margin_mse<double>(batch, margins, gradients);
  });
  const std::vector<ListEntry> entries = {{0, 4, 2}, {0, 1, 1}, {2, 2, .5}, {2, 0, 3}, {2, 1, 1}};
  expect_finite_differences(b, [&](const auto& batch, const auto& gradients) {
    return listwise_kl<double>(batch, entries, 3.0, 2, gradients);
  });
  const std::vector<Cut> cuts = {{2, .5}, {4, 1}};
  expect_finite_differences(b, [&](const auto& batch, const auto& gradients) {
    return with_cuts<double>(
        batch, cuts, true,
        [](const auto& cut, const auto& d) { return info_nce(cut, 3.0, false, d); }, gradients);
  });
}

TEST(Losses, AStatesDistanceByHand) {
  // |(1, 2) - (3, 4)|² / |(3, 4)|² = 8 / 25; slope 2 (state - target) / 25, times the scale 5.
  const double state[] = {1, 2}, target[] = {3, 4}, null[] = {0, 0};
  double gradient[2];
  EXPECT_DOUBLE_EQ(state_distance(state, target, 2, 5, gradient), 8.0 / 25);
  EXPECT_DOUBLE_EQ(gradient[0], 5 * 2 * -2.0 / 25);
  EXPECT_DOUBLE_EQ(gradient[1], 5 * 2 * -2.0 / 25);
  EXPECT_EQ(state_distance(state, null, 2, 5, gradient), 0);
  EXPECT_EQ(gradient[0], 0);
}

TEST(Losses, AnExcludedDocumentIsAsIfItWereNotThere) {
  RandomBatch with(2, 4, 3), without(2, 3, 3);
  // Document 0 is nobody's own; in `without` it is gone and the others move up.
  without.questions = with.questions;
  without.documents.assign(with.documents.begin() + 3, with.documents.end());
  without.own = {with.own[0] - 1, with.own[1] - 1};
  with.excluded = {{0, 0}, {1, 0}};
  std::vector<double> dq(6), dd(12), eq(6), ed(9);
  EXPECT_DOUBLE_EQ(info_nce(with.batch(), 2.0, false, {dq.data(), dd.data()}),
                   info_nce(without.batch(), 2.0, false, {eq.data(), ed.data()}));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(dd[i], 0);
  for (std::size_t i = 0; i < 9; ++i) EXPECT_DOUBLE_EQ(dd[3 + i], ed[i]);
}

TEST(Losses, TwoDocumentsByHand) {
  // One question (1, 0), own document (1, 0), another (0, 1), scale 2: scores 2 and 0.
  const std::vector<double> q = {1, 0}, d = {1, 0, 0, 1};
  const std::vector<std::uint32_t> own = {0};
  std::vector<double> dq(2), dd(4);
  const double p = std::exp(2.0) / (std::exp(2.0) + 1);
  EXPECT_NEAR(
      info_nce<double>({q.data(), d.data(), 1, 2, 2, own, {}}, 2, false, {dq.data(), dd.data()}),
      -std::log(p), 1e-15);
  EXPECT_NEAR(dq[0], 2 * (p - 1), 1e-15);
  EXPECT_NEAR(dq[1], 2 * (1 - p), 1e-15);
}

TEST(Losses, HugeScoresNeitherOverflowNorVanish) {
  const std::vector<float> q = {100, 0}, d = {100, 0, 0, 100};
  const std::vector<std::uint32_t> own = {1};
  std::vector<float> dq(2), dd(4);
  EXPECT_FLOAT_EQ(static_cast<float>(info_nce<float>({q.data(), d.data(), 1, 2, 2, own, {}}, 1,
                                                     false, {dq.data(), dd.data()})),
                  10000.0F);
  EXPECT_FLOAT_EQ(dq[0], 100.0F);
}

TEST(Losses, NothingToLearnFromIsNoLoss) {
  std::vector<double> gradient(4, 7);
  const std::vector<std::int64_t> ignored = {-100, -100};
  EXPECT_EQ(cross_entropy<double>(gradient.data(), ignored, 2, gradient.data()), 0);
  EXPECT_EQ(gradient, std::vector<double>(4, 0));
}

}  // namespace
}  // namespace crosstail::train
