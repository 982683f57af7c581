#include "train/objective.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace crosstail::train {
namespace {

constexpr std::array<std::pair<std::string_view, ObjectiveKind>, 8> kNames = {
    {{"contrastive", ObjectiveKind::Contrastive},
     {"margin-mse", ObjectiveKind::MarginMse},
     {"listwise-kl", ObjectiveKind::ListwiseKl},
     {"in-batch-kl", ObjectiveKind::InBatchKl},
     {"distil-mse", ObjectiveKind::DistilMse},
     {"distil-cosine", ObjectiveKind::DistilCosine},
     {"pair-score", ObjectiveKind::PairScore},
     {"classes", ObjectiveKind::Classes}}};

Error invalid(std::string message) {
  return {ErrorCode::InvalidArgument, std::move(message)};
}

}  // namespace

bool is_distillation(ObjectiveKind kind) {
  return kind == ObjectiveKind::DistilMse || kind == ObjectiveKind::DistilCosine;
}

std::optional<ObjectiveKind> objective_from(std::string_view name) {
  for (const auto& [n, kind] : kNames)
    if (n == name) return kind;
  return std::nullopt;
}

std::string_view name_of(ObjectiveKind kind) {
  for (const auto& [n, k] : kNames)
    if (k == kind) return n;
  return "";
}

bool needs_teacher(ObjectiveKind kind) {
  return is_distillation(kind) || kind == ObjectiveKind::InBatchKl;
}

bool is_for_vectors(ObjectiveKind kind) {
  return kind != ObjectiveKind::PairScore && kind != ObjectiveKind::Classes;
}

Result<Objective> Objective::open(const ObjectiveOptions& options, const ModelEngine& engine) {
  Objective objective(options, engine);
  const auto& d = engine.description();
  const std::string name(name_of(options.kind));
  if (is_for_vectors(options.kind) != (d.task == model::Task::Encoder))
    return invalid("--objective " + name + " is for " +
                   (is_for_vectors(options.kind) ? "encoders" : "models with labels") +
                   ", and the model is one of the others (" + std::string(model::name_of(d.task)) +
                   ")");
  if (options.kind == ObjectiveKind::PairScore && engine.outputs_per_text() != 1)
    return invalid("--objective pair-score needs a model with one label; this one has " +
                   std::to_string(engine.outputs_per_text()));
  const std::size_t dim = engine.outputs_per_text();
  auto& cuts = objective.options_.cuts;
  if (cuts.empty()) cuts.push_back({dim, 1});
  for (const auto& cut : cuts)
    if (cut.dim == 0 || cut.dim > dim)
      return invalid("--matryoshka " + std::to_string(cut.dim) + ": the model's vectors have " +
                     std::to_string(dim) + " numbers");
  const std::size_t limit = d.max_length;
  for (auto* length : {&objective.options_.question_length, &objective.options_.passage_length})
    if (*length == 0 || (limit > 0 && *length > limit)) *length = limit;
  if (!needs_teacher(options.kind)) return objective;
  if (options.teacher.empty()) return invalid("--objective " + name + " needs --teacher DIR");
  model::ModelOptions model;
  model.threads = options.threads;
  CT_TRY(auto teacher, model::Encoder::open(options.teacher, model));
  if (is_distillation(options.kind) && teacher.dim() != dim)
    return invalid("the teacher's vectors have " + std::to_string(teacher.dim()) +
                   " numbers, the model's " + std::to_string(dim));
  objective.teacher_ = std::make_shared<const model::Encoder>(std::move(teacher));
  if (options.state_weight > 0) CT_CHECK(objective.open_states());
  return objective;
}

void Objective::add_text(std::string_view text, bool question, TokenTexts& to) {
  const std::string whole =
      (question ? options_.query_prompt : options_.passage_prompt) + std::string(text);
  text::EncodeOptions encode;
  encode.max_length = question ? options_.question_length : options_.passage_length;
  if (engine_->description().truncate_left) encode.truncate = text::TruncateSide::Left;
  engine_->tokenizer().encode(whole, encode, scratch_, encoding_);
  const bool types = engine_->description().use_types;
  to.add(encoding_.ids, types ? std::span<const std::uint8_t>(encoding_.type_ids)
                              : std::span<const std::uint8_t>());
}

Result<Prepared> Objective::prepare(const std::vector<data::TrainingExample>& rows) {
  Prepared batch;
  switch (options_.kind) {
    case ObjectiveKind::PairScore:
      CT_CHECK(prepare_pairs(rows, batch));
      break;
    case ObjectiveKind::Classes:
      CT_CHECK(prepare_classes(rows, batch));
      break;
    case ObjectiveKind::DistilMse:
    case ObjectiveKind::DistilCosine:
      CT_CHECK(prepare_distillation(rows, batch));
      break;
    default:
      CT_CHECK(prepare_vectors(rows, batch));
  }
  return batch;
}

double Objective::vector_loss(const Prepared& batch, const VectorBatch<float>& vectors,
                              const VectorGradients<float>& gradients) const {
  const auto scale = static_cast<float>(1 / options_.temperature);
  switch (options_.kind) {
    case ObjectiveKind::MarginMse:
      return margin_mse<float>(vectors, batch.margins, gradients);
    case ObjectiveKind::ListwiseKl:
      return listwise_kl<float>(vectors, batch.entries, scale, options_.teacher_temperature,
                                gradients);
    case ObjectiveKind::InBatchKl:
      return in_batch_kl<float>(vectors, batch.teacher_scores, scale, options_.teacher_temperature,
                                gradients);
    case ObjectiveKind::DistilMse:
    case ObjectiveKind::DistilCosine: {
      const bool mse = options_.kind == ObjectiveKind::DistilMse;
      // Targets are whole vectors; a cut meets the first numbers of them.
      const std::size_t full = batch.targets.size() / batch.texts.size();
      std::vector<float> targets(batch.texts.size() * vectors.dim);
      for (std::size_t r = 0; r < batch.texts.size(); ++r)
        std::copy_n(batch.targets.data() + r * full, vectors.dim, targets.data() + r * vectors.dim);
      return (mse ? vector_mse<float> : vector_cosine<float>)(vectors.documents, targets.data(),
                                                              vectors.document_count, vectors.dim,
                                                              gradients.documents);
    }
    default:
      return info_nce<float>(vectors, scale, options_.symmetric, gradients);
  }
}

double Objective::loss(const Prepared& batch, std::span<const float> outputs,
                       std::span<float> d_outputs) const {
  if (options_.kind == ObjectiveKind::PairScore)
    return binary_cross_entropy<float>(outputs, batch.pair_targets, d_outputs.data());
  if (options_.kind == ObjectiveKind::Classes)
    return cross_entropy<float>(outputs.data(), batch.labels, engine_->outputs_per_text(),
                                d_outputs.data());
  const std::size_t dim = engine_->outputs_per_text(), documents = batch.questions * dim;
  const VectorBatch<float> pooled = {
      outputs.data(), outputs.data() + documents, batch.questions, batch.documents, dim, batch.own,
      batch.excluded};
  return with_cuts<float>(pooled, options_.cuts, options_.normalise,
                          [&](const VectorBatch<float>& b, const VectorGradients<float>& g) {
                            return vector_loss(batch, b, g);
                          },
                          {d_outputs.data(), d_outputs.data() + documents});
}

}  // namespace crosstail::train
