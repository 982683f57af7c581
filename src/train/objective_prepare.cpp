#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/hash.h"
#include "train/objective.h"

namespace crosstail::train {
namespace {

Error row_error(const data::TrainingExample& row, std::string_view what) {
  return {ErrorCode::InvalidArgument, "training row of line " + std::to_string(row.line) + " (" +
                                          row.question.substr(0, 40) + "…): " + std::string(what)};
}

/// Documents equal to a question's own one, or that stand as somebody's own one for an equal
/// question, must not count against it: pairs of question and such document.
std::vector<Excluded> equal_documents(const std::vector<std::uint64_t>& hashes,
                                      const std::vector<std::uint32_t>& own) {
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> places;
  for (std::uint32_t d = 0; d < hashes.size(); ++d) places[hashes[d]].push_back(d);
  std::vector<Excluded> out;
  for (std::uint32_t q = 0; q < own.size(); ++q)
    for (const auto d : places[hashes[own[q]]])
      if (d != own[q]) out.push_back({q, d});
  return out;
}

}  // namespace

std::string Objective::teacher_prompt(bool question) const {
  if (options_.teacher_prompt) return *options_.teacher_prompt;
  const auto own = teacher_->prompt(question ? "query" : "passage");
  return own.ok() ? *own : std::string();
}

/// The teacher reads no more of a text than the student.
std::size_t Objective::teacher_length(bool question) const {
  const std::size_t limit = teacher_->info().max_length,
                    own = question ? options_.question_length : options_.passage_length;
  return limit > 0 && own > limit ? limit : own;
}

Result<std::vector<float>> Objective::teach(const std::vector<std::string_view>& texts,
                                            bool question, const StateObserver& states) const {
  std::vector<float> out(texts.size() * teacher_->dim());
  model::EncodeRequest request;
  request.states = states;
  request.prompt_text = teacher_prompt(question);
  request.max_length = teacher_length(question);
  CT_TRY([[maybe_unused]] const auto stats, teacher_->encode(texts, request, out.data()));
  return out;
}

/// Questions, then their positives, then all negatives.
Status Objective::prepare_vectors(const std::vector<data::TrainingExample>& rows, Prepared& batch) {
  std::vector<std::uint64_t> hashes;
  for (const auto& row : rows) add_text(row.question, true, batch.texts);
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    if (rows[i].positives.empty()) return row_error(rows[i], "no positive passage");
    add_text(rows[i].positives[0].text, false, batch.texts);
    hashes.push_back(xxh3(rows[i].positives[0].text));
    batch.own.push_back(i);
  }
  const bool scored =
      options_.kind == ObjectiveKind::MarginMse || options_.kind == ObjectiveKind::ListwiseKl;
  auto document = static_cast<std::uint32_t>(rows.size());
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    const double positive = rows[i].positives[0].score;
    if (scored && std::isnan(positive))
      return row_error(rows[i], "the positive has no teacher score, which this objective needs");
    if (scored && rows[i].negatives.empty())
      return row_error(rows[i], "no negative, which this objective needs");
    batch.entries.push_back({i, i, positive});
    for (const auto& negative : rows[i].negatives) {
      if (scored && std::isnan(negative.score))
        return row_error(rows[i], "a negative has no teacher score, which this objective needs");
      add_text(negative.text, false, batch.texts);
      hashes.push_back(xxh3(negative.text));
      batch.margins.push_back({i, document, positive - negative.score});
      batch.entries.push_back({i, document, negative.score});
      ++document;
    }
  }
  batch.questions = rows.size();
  batch.documents = document;
  batch.excluded = equal_documents(hashes, batch.own);
  if (options_.kind == ObjectiveKind::InBatchKl) CT_CHECK(prepare_teacher(rows, batch));
  return {};
}

Status Objective::prepare_teacher(const std::vector<data::TrainingExample>& rows, Prepared& batch) {
  std::vector<std::string_view> questions, documents;
  for (const auto& row : rows) questions.push_back(row.question);
  for (const auto& row : rows) documents.push_back(row.positives[0].text);
  for (const auto& row : rows)
    for (const auto& n : row.negatives) documents.push_back(n.text);
  CT_TRY(const auto q, teach(questions, true));
  CT_TRY(const auto d, teach(documents, false));
  const std::size_t dim = teacher_->dim();
  std::vector<float> scores(questions.size() * documents.size());
  nn::multiply<float>(nn::Transpose::No, nn::Transpose::Yes, questions.size(), documents.size(),
                      dim, q.data(), d.data(), scores.data());
  batch.teacher_scores.assign(scores.begin(), scores.end());
  return {};
}

/// Texts, then what stands in their rows as positives (translations): all meet the teacher's vector
/// of the text. Every text is a document here, as there are no questions to score.
Status Objective::prepare_distillation(const std::vector<data::TrainingExample>& rows,
                                       Prepared& batch) {
  std::vector<std::string_view> originals;
  std::vector<std::size_t> of, places;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    originals.push_back(rows[i].question);
    places.push_back(of.size());
    add_text(rows[i].question, true, batch.texts);
    of.push_back(i);
    for (const auto& translation : rows[i].positives) {
      add_text(translation.text, true, batch.texts);
      of.push_back(i);
    }
  }
  std::vector<float> vectors;
  if (options_.state_weight > 0) {
    CT_CHECK(teach_states(originals, places, batch, vectors));
  } else {
    CT_TRY(vectors, teach(originals, true));
  }
  const std::size_t dim = teacher_->dim();
  batch.documents = of.size();
  batch.targets.resize(of.size() * dim);
  for (std::size_t t = 0; t < of.size(); ++t)
    std::copy_n(vectors.data() + of[t] * dim, dim, batch.targets.data() + t * dim);
  return {};
}

Status Objective::prepare_pairs(const std::vector<data::TrainingExample>& rows, Prepared& batch) {
  text::EncodeOptions encode;
  encode.max_length = options_.passage_length;
  const bool types = engine_->description().use_types;
  const auto add = [&](const std::string& first, const std::string& second, double target) {
    engine_->tokenizer().encode_pair(first, second, encode, scratch_, encoding_);
    batch.texts.add(encoding_.ids, types ? std::span<const std::uint8_t>(encoding_.type_ids)
                                         : std::span<const std::uint8_t>());
    batch.pair_targets.push_back(target);
  };
  for (const auto& row : rows) {
    if (row.positives.empty()) return row_error(row, "no second text");
    const double target = row.score.value_or(1);
    if (target < 0 || target > 1)
      return row_error(row, "the score of a pair must lie between 0 and 1");
    add(row.question, row.positives[0].text, target);
    for (const auto& negative : row.negatives) add(row.question, negative.text, 0);
  }
  return {};
}

Status Objective::prepare_classes(const std::vector<data::TrainingExample>& rows, Prepared& batch) {
  const auto& labels = engine_->description().labels;
  for (const auto& row : rows) {
    if (!row.label) return row_error(row, "no label");
    const auto found = std::find(labels.begin(), labels.end(), *row.label);
    std::size_t label = static_cast<std::size_t>(found - labels.begin());
    if (found == labels.end()) {
      const bool number = !row.label->empty() &&
                          row.label->find_first_not_of("0123456789") == std::string::npos &&
                          row.label->size() < 10;
      label = number ? std::stoul(*row.label) : labels.size();
    }
    if (label >= labels.size())
      return row_error(
          row, "label " + *row.label + " is none of the model's " + std::to_string(labels.size()));
    add_text(row.question, false, batch.texts);
    batch.labels.push_back(static_cast<std::int64_t>(label));
  }
  return {};
}

}  // namespace crosstail::train
