#include "model/description.h"

#include <algorithm>
#include <array>

namespace crosstail::model {
namespace {

constexpr std::size_t kMaxHidden = 1 << 16, kMaxLayers = 1 << 10, kMaxRows = 1 << 28;

}  // namespace

std::size_t ModelDescription::outputs() const {
  if (task != Task::Encoder) return labels.size();
  std::size_t width = shape.hidden * std::max<std::size_t>(pooling.size(), 1);
  for (const Step& step : steps)
    if (step.kind == Step::Kind::Dense) width = step.out;
  return width;
}

bool ModelDescription::normalises() const {
  return !steps.empty() && steps.back().kind == Step::Kind::Normalize;
}

std::size_t position_limit(const ModelDescription& d) {
  if (d.family == Family::Static) return 0;
  return d.shape.positions - (d.family == Family::Roberta ? std::size_t{d.pad_id} + 1 : 0);
}

std::string_view name_of(Family family) {
  constexpr std::array<std::string_view, 4> kNames = {"bert", "roberta", "distilbert", "static"};
  return kNames[static_cast<std::size_t>(family)];
}

std::string_view name_of(PoolingMode mode) {
  constexpr std::array<std::string_view, 6> kNames = {
      "cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"};
  return kNames[static_cast<std::size_t>(mode)];
}

std::string_view name_of(Task task) {
  constexpr std::array<std::string_view, 3> kNames = {"encoder", "cross-encoder", "classifier"};
  return kNames[static_cast<std::size_t>(task)];
}

std::string_view name_of(LabelActivation activation) {
  constexpr std::array<std::string_view, 3> kNames = {"identity", "sigmoid", "softmax"};
  return kNames[static_cast<std::size_t>(activation)];
}

Status check(const ModelDescription& d) {
  const auto wrong = [](std::string_view what) {
    return Error{ErrorCode::Corrupt, std::string(what)};
  };
  if (d.shape.hidden == 0 || d.shape.hidden > kMaxHidden)
    return wrong("the hidden size must lie between 1 and 65536");
  if (d.shape.vocabulary == 0 || d.shape.vocabulary > kMaxRows)
    return wrong("vocab_size must lie between 1 and 2^28");
  if (d.family != Family::Static) {
    if (d.shape.layers == 0 || d.shape.layers > kMaxLayers)
      return wrong("the number of layers must lie between 1 and 1024");
    if (d.shape.heads == 0 || d.shape.hidden % d.shape.heads != 0)
      return wrong("the number of attention heads must divide the hidden size");
    if (d.shape.intermediate == 0 || d.shape.intermediate > kMaxHidden * 4)
      return wrong("the intermediate size must lie between 1 and 262144");
    if (d.shape.positions == 0 || d.shape.positions > kMaxRows || d.shape.types > kMaxRows)
      return wrong("max_position_embeddings must lie between 1 and 2^28");
    if (d.family == Family::Roberta && d.pad_id + std::size_t{4} > d.shape.positions)
      return wrong("max_position_embeddings must be larger than pad_token_id + 3");
  }
  std::size_t width = d.shape.hidden * std::max<std::size_t>(d.pooling.size(), 1);
  for (const Step& step : d.steps) {
    if (step.kind != Step::Kind::Dense) continue;
    if (step.in != width || step.out == 0 || step.out > kMaxHidden)
      return wrong("a Dense module takes " + std::to_string(step.in) + " numbers and is given " +
                   std::to_string(width));
    width = step.out;
  }
  if (d.max_length > position_limit(d))
    return wrong("the maximum length is beyond max_position_embeddings");
  if (d.task == Task::Encoder && d.family != Family::Static && d.pooling.size() > 6)
    return wrong("more than 6 poolings");
  if (d.task != Task::Encoder && d.labels.empty()) return wrong("a classifier without labels");
  return {};
}

}  // namespace crosstail::model
