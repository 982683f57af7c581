#include "model/encoder.h"

#include <algorithm>

#include "model/engine.h"
#include "model/pooling.h"

namespace crosstail::model {
namespace {

/// Pooled numbers through the steps after pooling. `lane.a` holds them; the result is in the
/// vector returned by reference.
std::vector<float>& apply_steps(const LoadedModel& model, std::optional<bool> wanted, Lane& lane) {
  const auto& steps = model.description.steps;
  std::vector<float>*from = &lane.a, *to = &lane.b;
  std::size_t layer = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind == Step::Kind::Dense) {
      to->resize(steps[i].out);
      model.layers[layer++].apply(from->data(), 1, to->data());
      std::swap(from, to);
    } else if (i + 1 < steps.size() || wanted.value_or(true)) {
      normalise(from->data(), from->size());
    }
  }
  if (wanted.value_or(false) && !model.description.normalises())
    normalise(from->data(), from->size());
  return *from;
}

/// How many tokens at the front of a text are the prompt's: its own ids without the special at the
/// end (sentence-transformers, Transformer._get_prompt_length).
std::size_t prompt_length(const LoadedModel& model, const std::string& prompt) {
  if (prompt.empty() || model.description.include_prompt) return 0;
  const auto ids = model.tokenizer.encode(prompt);
  return ids.size() - (!ids.empty() && model.tokenizer.is_special(ids.back()) ? 1 : 0);
}

/// Logits of a classification model's two layers, from the state of the first token.
void classify_state(const LoadedModel& model, const float* state, bool raw, Lane& lane,
                    float* out) {
  lane.a.resize(model.layers[0].out());
  model.layers[0].apply(state, 1, lane.a.data());
  model.layers[1].apply(lane.a.data(), 1, out);
  if (!raw) activate(model.description.label_activation, out, model.description.labels.size());
}

Result<std::shared_ptr<const Engine>> open_as(const std::filesystem::path& path,
                                              const ModelOptions& options, Task task) {
  CT_TRY(auto engine, Engine::open(path, options));
  const Task found = engine->model().description.task;
  const bool fits = found == task || (task == Task::Classifier && found != Task::Encoder);
  if (fits) return engine;
  constexpr const char* kVerbs[] = {"crosstail encode", "crosstail score", "crosstail classify"};
  return Error{ErrorCode::InvalidArgument, path.string() + ": is a model for `" +
                                               kVerbs[static_cast<std::size_t>(found)] + "` (" +
                                               std::string(name_of(found)) + "); expected a " +
                                               std::string(name_of(task))};
}

}  // namespace

void EncodeStats::add(const EncodeStats& other) {
  texts += other.texts;
  empty += other.empty;
  tokens += other.tokens;
  truncated += other.truncated;
  cut_tokens += other.cut_tokens;
  invalid_utf8 += other.invalid_utf8;
}

double EncodeStats::cut_share() const {
  const std::uint64_t all = tokens + cut_tokens;
  return all == 0 ? 0 : static_cast<double>(cut_tokens) / static_cast<double>(all);
}

Result<Encoder> Encoder::open(const std::filesystem::path& path, const ModelOptions& options) {
  CT_TRY(auto engine, open_as(path, options, Task::Encoder));
  return Encoder(std::move(engine));
}

const ModelInfo& Encoder::info() const {
  return engine_->info();
}

const text::Tokenizer& Encoder::tokenizer() const {
  return engine_->model().tokenizer;
}

Result<std::string> Encoder::prompt(std::string_view name) const {
  const auto& prompts = info().prompts;
  std::string wanted(name.empty() ? std::string_view(info().default_prompt) : name);
  if (wanted.empty()) return std::string();
  auto found = prompts.find(wanted);
  if (found == prompts.end() && wanted == "passage") found = prompts.find("document");
  if (found == prompts.end() && wanted == "document") found = prompts.find("passage");
  if (found != prompts.end()) return found->second;
  std::string names;
  for (const auto& [known, text] : prompts) names += (names.empty() ? "" : ", ") + known;
  return Error{ErrorCode::InvalidArgument,
               info().path + ": has no prompt \"" + wanted + "\"; " +
                   (names.empty() ? "it states none: give the text itself (--prompt-text)"
                                  : "it has " + names)};
}

Result<EncodeStats> Encoder::encode(std::span<const std::string_view> texts,
                                    const EncodeRequest& request, float* out) const {
  const LoadedModel& model = engine_->model();
  CT_TRY(const std::size_t limit, engine_->length_limit(request.max_length));
  const std::size_t width = dim(), skip = prompt_length(model, request.prompt_text);
  Engine::Job job;
  job.count = texts.size();
  job.tokenize = [&](std::size_t i, Lane& lane, EncodeStats& stats) {
    std::string_view text = texts[i];
    if (text.empty()) ++stats.empty;
    if (!request.prompt_text.empty()) {
      lane.text = request.prompt_text;
      lane.text += text;
      text = lane.text;
    }
    engine_->tokenize(text, limit, lane, stats);
  };
  job.observe = request.states;
  job.finish = [&](std::size_t i, const float* states, std::size_t tokens, Lane& lane) {
    const auto& d = model.description;
    if (d.family == Family::Static) {
      lane.a.assign(states, states + d.shape.hidden);
    } else {
      lane.a.resize(d.pooling.size() * d.shape.hidden);
      pool(d.pooling, states, tokens, d.shape.hidden, skip, lane.a.data());
    }
    std::ranges::copy(apply_steps(model, request.normalise, lane), out + i * width);
  };
  return engine_->run(job);
}

Result<CrossEncoder> CrossEncoder::open(const std::filesystem::path& path,
                                        const ModelOptions& options) {
  CT_TRY(auto engine, open_as(path, options, Task::CrossEncoder));
  return CrossEncoder(std::move(engine));
}

const ModelInfo& CrossEncoder::info() const {
  return engine_->info();
}

Result<EncodeStats> CrossEncoder::score(std::span<const TextPair> pairs, bool raw,
                                        float* out) const {
  Engine::Job job;
  job.count = pairs.size();
  job.tokenize = [&](std::size_t i, Lane& lane, EncodeStats& stats) {
    if (pairs[i].first.empty() || pairs[i].second.empty()) ++stats.empty;
    engine_->tokenize_pair(pairs[i], info().max_length, lane, stats);
  };
  job.finish = [&](std::size_t i, const float* states, std::size_t, Lane& lane) {
    classify_state(engine_->model(), states, raw, lane, out + i);
  };
  return engine_->run(job);
}

Result<Classifier> Classifier::open(const std::filesystem::path& path,
                                    const ModelOptions& options) {
  CT_TRY(auto engine, open_as(path, options, Task::Classifier));
  return Classifier(std::move(engine));
}

const ModelInfo& Classifier::info() const {
  return engine_->info();
}

Result<EncodeStats> Classifier::classify(std::span<const std::string_view> texts, bool raw,
                                         float* out) const {
  Engine::Job job;
  job.count = texts.size();
  const std::size_t width = labels().size();
  job.tokenize = [&](std::size_t i, Lane& lane, EncodeStats& stats) {
    if (texts[i].empty()) ++stats.empty;
    engine_->tokenize(texts[i], info().max_length, lane, stats);
  };
  job.finish = [&](std::size_t i, const float* states, std::size_t, Lane& lane) {
    classify_state(engine_->model(), states, raw, lane, out + i * width);
  };
  return engine_->run(job);
}

}  // namespace crosstail::model
