// States of all tokens as targets: which of the teacher's tokens each of the student's meets.

#include <algorithm>

#include "train/objective.h"

namespace crosstail::train {
namespace {

Error invalid(std::string message) {
  return {ErrorCode::InvalidArgument, std::move(message)};
}

bool in_frame(const text::TokenOffset& place) {
  return place.begin == 0 && place.end == 0;
}

/// Adds `count` rows' mean to `to`, which is zeros.
void add_mean(const float* rows, std::size_t stride, std::size_t count, std::size_t hidden,
              float* to) {
  for (std::size_t r = 0; r < count; ++r, rows += stride)
    for (std::size_t i = 0; i < hidden; ++i) to[i] += rows[i];
  if (count > 1)
    for (std::size_t i = 0; i < hidden; ++i) to[i] /= static_cast<float>(count);
}

}  // namespace

std::vector<TokenRange> overlapping(std::span<const text::TokenOffset> tokens,
                                    std::span<const text::TokenOffset> others) {
  std::vector<TokenRange> out(tokens.size());
  std::size_t begin = 0;
  for (std::size_t t = 0; t < tokens.size(); ++t) {
    const auto& place = tokens[t];
    if (in_frame(place)) {
      const std::size_t other = t == 0 ? 0 : others.size() - 1;
      const bool ends = t == 0 || t + 1 == tokens.size();
      if (ends && !others.empty() && in_frame(others[other])) out[t] = {other, other + 1};
      continue;
    }
    while (begin < others.size() && others[begin].end <= place.begin) ++begin;
    std::size_t end = begin;
    while (end < others.size() && others[end].begin < place.end && !in_frame(others[end])) ++end;
    out[t] = {begin, end};
  }
  return out;
}

Status Objective::open_states() {
  if (!is_distillation(options_.kind))
    return invalid("--state-weight is for distil-mse and distil-cosine");
  const auto& shape = engine_->description().shape;
  const auto& teacher = teacher_->info();
  if (teacher.hidden != shape.hidden)
    return invalid("--state-weight: the teacher's states have " + std::to_string(teacher.hidden) +
                   " numbers, the model's " + std::to_string(shape.hidden));
  std::vector<std::size_t> layers = options_.state_layers;
  if (layers.empty()) {
    layers.assign(shape.layers, 0);
    layers.back() = teacher.layers;
  }
  if (layers.size() != shape.layers)
    return invalid("--state-layers names " + std::to_string(layers.size()) +
                   " layers of the teacher, and the model has " + std::to_string(shape.layers));
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (layers[l] > teacher.layers)
      return invalid("--state-layers " + std::to_string(layers[l]) + ": the teacher has " +
                     std::to_string(teacher.layers) + " layers");
    if (layers[l] == 0) continue;
    taught_layers_.push_back(l + 1);
    teaching_layers_.push_back(layers[l]);
  }
  if (taught_layers_.empty()) return invalid("--state-layers: no layer is to be taught");
  const auto& own = engine_->tokenizer();
  for (std::uint32_t id = 0; id < own.size(); ++id) {
    const auto piece = own.piece(id);
    const auto found = piece.empty() ? std::nullopt : teacher_->tokenizer().id(piece);
    teacher_pieces_.push_back(found ? static_cast<std::int64_t>(*found) : -1);
  }
  return {};
}

/// For each of the student's tokens of a text, whose ids are `own`, the teacher's tokens of the
/// same bytes. Nothing if the two read different texts (other prompts) in different pieces.
std::vector<TokenRange> Objective::teacher_tokens(std::string_view text,
                                                  std::span<const std::int32_t> own) {
  text::EncodeOptions encode;
  encode.max_length = teacher_length(true);
  const std::string prompt = teacher_prompt(true), whole = prompt + std::string(text);
  teacher_->tokenizer().encode(whole, encode, teacher_scratch_, encoding_);
  const bool equal =
      std::ranges::equal(own, encoding_.ids, [&](std::int32_t mine, std::uint32_t theirs) {
        return teacher_pieces_[static_cast<std::size_t>(mine)] == static_cast<std::int64_t>(theirs);
      });
  if (equal) {
    std::vector<TokenRange> out;
    for (std::size_t t = 0; t < own.size(); ++t) out.push_back({t, t + 1});
    return out;
  }
  if (prompt != options_.query_prompt) return std::vector<TokenRange>(own.size());
  encode.offsets = true;
  teacher_->tokenizer().encode(whole, encode, teacher_scratch_, encoding_);
  const auto theirs = encoding_.offsets;
  encode.max_length = options_.question_length;
  engine_->tokenizer().encode(whole, encode, scratch_, encoding_);
  return overlapping(encoding_.offsets, theirs);
}

/// The teacher's vectors of texts, and its states; places[i] is text i's number in the batch.
Status Objective::teach_states(const std::vector<std::string_view>& texts,
                               const std::vector<std::size_t>& places, Prepared& batch,
                               std::vector<float>& vectors) {
  const std::size_t hidden = teacher_->info().hidden;
  StateTargets& to = batch.states;
  to.weight = options_.state_weight;
  to.layers = taught_layers_;
  to.begins.assign(batch.texts.size(), -1);
  std::vector<TokenRange> ranges;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto begin = static_cast<std::size_t>(batch.texts.offsets[places[i]]),
               end = static_cast<std::size_t>(batch.texts.offsets[places[i] + 1]);
    to.begins[places[i]] = static_cast<std::ptrdiff_t>(ranges.size());
    const auto own =
        teacher_tokens(texts[i], std::span(batch.texts.ids).subspan(begin, end - begin));
    ranges.insert(ranges.end(), own.begin(), own.end());
  }
  to.rows = ranges.size();
  for (const auto& range : ranges) to.tokens += range.end > range.begin ? 1 : 0;
  to.states.resize(to.layers.size() * to.rows * hidden);
  CT_TRY(vectors,
         teach(texts, true,
               [&](std::size_t i, std::size_t layer, const float* states, std::size_t stride,
                   std::size_t) {
                 const auto found = std::ranges::find(teaching_layers_, layer);
                 if (found == teaching_layers_.end()) return;
                 const auto at = static_cast<std::size_t>(found - teaching_layers_.begin());
                 const auto first = static_cast<std::size_t>(to.begins[places[i]]);
                 const std::size_t last = i + 1 < texts.size()
                                              ? static_cast<std::size_t>(to.begins[places[i + 1]])
                                              : to.rows;
                 for (std::size_t r = first; r < last; ++r)
                   add_mean(states + ranges[r].begin * stride, stride,
                            ranges[r].end - ranges[r].begin, hidden,
                            to.states.data() + (at * to.rows + r) * hidden);
               }));
  return {};
}

}  // namespace crosstail::train
