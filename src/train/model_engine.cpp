#include "train/model_engine.h"

#include <algorithm>
#include <cmath>

#include "model/layout.h"
#include "model/transformer_weights.h"
#include "model/weights.h"
#include "train/gradient_cache.h"
#include "train/losses.h"

namespace crosstail::train {
namespace {

/// Tokens that go through the encoder at once: fixed, as the weights' gradients are summed in this
/// order.
constexpr std::size_t kTokensAtOnce = 4096;

Error unsupported(const std::filesystem::path& folder, std::string_view what) {
  return {ErrorCode::Unsupported, folder.string() + ": " + std::string(what)};
}

Status copy_floats(const model::Weights& weights, const std::string& name,
                   std::vector<std::size_t> shape, float* to) {
  CT_TRY(const auto floats, weights.floats(name, shape));
  std::copy(floats.view().begin(), floats.view().end(), to);
  return {};
}

}  // namespace

Result<std::unique_ptr<ModelEngine>> ModelEngine::open(const std::filesystem::path& folder,
                                                       const EngineOptions& options) {
  std::unique_ptr<ModelEngine> engine(new ModelEngine(folder, options));
  CT_CHECK(engine->load());
  return engine;
}

/// Names as BertModel has them to those of the file: DistilBERT's differ.
std::string ModelEngine::file_name(const std::string& parameter) const {
  if (description_.family != model::Family::DistilBert) return parameter;
  std::string name = parameter;
  const auto replace = [&name](std::string_view from, std::string_view to) {
    if (const auto at = name.find(from); at != std::string::npos) name.replace(at, from.size(), to);
  };
  replace("encoder.layer.", "transformer.layer.");
  replace("attention.self.query", "attention.q_lin");
  replace("attention.self.key", "attention.k_lin");
  replace("attention.self.value", "attention.v_lin");
  replace("attention.output.dense", "attention.out_lin");
  replace("attention.output.LayerNorm", "sa_layer_norm");
  replace("intermediate.dense", "ffn.lin1");
  if (name.find("embeddings") == std::string::npos)
    replace(".output.LayerNorm", ".output_layer_norm");
  replace(".output.dense", ".ffn.lin2");
  return name;
}

Status ModelEngine::add_head() {
  using model::Family;
  using model::Task;
  std::vector<nn::DenseShape> layers;
  const std::size_t h = description_.shape.hidden, labels = description_.labels.size();
  if (description_.task == Task::Encoder) {
    for (std::size_t i = 0; i < description_.steps.size(); ++i) {
      const auto& step = description_.steps[i];
      if (step.kind == model::Step::Kind::Normalize) {
        if (i + 1 != description_.steps.size())
          return unsupported(folder_, "a module after Normalize cannot be trained");
        continue;
      }
      layers.push_back({step.folder + "/linear.weight",
                        step.bias ? step.folder + "/linear.bias" : "", step.in, step.out,
                        step.activation, false});
    }
  } else {
    const bool roberta = description_.family == Family::Roberta,
               distil = description_.family == Family::DistilBert;
    const std::string first = roberta  ? "classifier.dense"
                              : distil ? "pre_classifier"
                                       : "bert.pooler.dense",
                      last = roberta ? "classifier.out_proj" : "classifier";
    layers.push_back({first + ".weight", first + ".bias", h, h,
                      distil ? nn::Activation::Relu : nn::Activation::Tanh, roberta});
    layers.push_back({last + ".weight", last + ".bias", h, labels, nn::Activation::Identity, true});
  }
  head_ =
      std::make_unique<nn::TrainableHead<float>>(std::move(layers), description_.shape.layers + 1,
                                                 4 * (description_.shape.layers + 1), parameters_);
  return {};
}

Status ModelEngine::load() {
  CT_TRY(description_, model::read_layout(folder_));
  const auto source = folder_ / description_.folder;
  CT_TRY(tokenizer_, text::load_tokenizer(source));
  model::limit_length(description_, tokenizer_->model_max_length());
  if (description_.family == model::Family::Static)
    return unsupported(folder_, "static embeddings cannot be trained");
  if (description_.lower_case)
    return unsupported(folder_,
                       "do_lower_case in sentence_bert_config.json cannot be trained; "
                       "let the tokenizer lower the text");
  if (description_.task == model::Task::Encoder) {
    const auto& pooling = description_.pooling;
    const bool mean = pooling == std::vector{model::PoolingMode::Mean};
    if (!mean && pooling != std::vector{model::PoolingMode::Cls})
      return unsupported(folder_, "only pooling by mean or by the first token can be trained");
    if (!description_.include_prompt)
      return unsupported(folder_, "include_prompt = false cannot be trained");
    pooling_ = mean ? nn::TextPooling::Mean : nn::TextPooling::FirstToken;
  } else {
    pooling_ = nn::TextPooling::FirstToken;
  }
  CT_TRY(const auto weights, model::Weights::open(source));
  CT_TRY(prefix_, weights.prefix_of("embeddings.word_embeddings.weight",
                                    {"", "bert.", "roberta.", "distilbert.", "camembert."}));
  encoder_ = std::make_unique<nn::TrainableEncoder<float>>(description_.shape, options_.mode,
                                                           prefix_, parameters_, pool_);
  const std::size_t encoder_tensors = parameters_.list.size();
  CT_CHECK(add_head());
  parameters_.allocate(true);
  for (std::size_t i = 0; i < parameters_.list.size(); ++i) {
    const auto& p = parameters_.list[i];
    std::vector<std::size_t> shape = {p.rows};
    const bool vector = p.name.ends_with(".bias") || p.name.ends_with("LayerNorm.weight");
    if (!vector) shape.push_back(p.columns);
    float* to = parameters_.value(p.offset);
    if (i >= encoder_tensors && description_.task == model::Task::Encoder) {
      const auto slash = p.name.rfind('/');
      CT_TRY(const auto own, model::Weights::open(folder_ / p.name.substr(0, slash)));
      CT_CHECK(copy_floats(own, p.name.substr(slash + 1), shape, to));
      continue;
    }
    std::string name = file_name(p.name);
    if (!weights.has(name) && name.ends_with("LayerNorm.weight"))
      name.replace(name.size() - 6, 6, "gamma");
    if (!weights.has(name) && name.ends_with("LayerNorm.bias"))
      name.replace(name.size() - 4, 4, "beta");
    CT_CHECK(copy_floats(weights, name, shape, to));
  }
  encoder_->freeze(options_.frozen);
  encoder_->weights_changed();
  optimizer_ = std::make_unique<AdamW<float>>(parameters_, pool_);
  return {};
}

std::size_t ModelEngine::outputs_per_text() const {
  return head_->out() > 0 ? head_->out() : description_.shape.hidden;
}

void ModelEngine::fill_positions(std::span<const std::int32_t> ids,
                                 std::vector<std::int32_t>& out) const {
  const bool roberta = description_.family == model::Family::Roberta;
  const auto pad = static_cast<std::int32_t>(description_.pad_id);
  std::int32_t next = roberta ? pad + 1 : 0;
  for (const auto id : ids) out.push_back(roberta && id == pad ? pad : next++);
}

Result<std::vector<float>> ModelEngine::outputs(const TokenTexts& texts, std::uint64_t first_number,
                                                const nn::DropoutKey& dropout, Keep keep) {
  const std::size_t hidden = description_.shape.hidden;
  std::vector<float> out;
  out.reserve(texts.size() * outputs_per_text());
  std::size_t begin = 0;
  piece_count_ = 0;
  for (const auto end : cut_pieces(texts, kTokensAtOnce)) {
    const TokenTexts piece = texts.slice(begin, end);
    std::vector<std::int32_t> positions;
    for (std::size_t i = 0; i < piece.size(); ++i)
      fill_positions(std::span(piece.ids).subspan(
                         static_cast<std::size_t>(piece.offsets[i]),
                         static_cast<std::size_t>(piece.offsets[i + 1] - piece.offsets[i])),
                     positions);
    std::vector<std::uint64_t> numbers(piece.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = first_number + begin + i;
    hidden_.resize((piece.tokens() + nn::TrainableEncoder<float>::kTile) * hidden);
    Piece* kept = nullptr;
    std::function<void(std::size_t)> observe;
    if (keep == Keep::Yes) {
      if (pieces_.size() == piece_count_) pieces_.emplace_back();
      kept = &pieces_[piece_count_++];
      kept->texts = piece.size();
      kept->taught = targets_ != nullptr;
      if (kept->taught)
        observe = [&](std::size_t layer) {
          measure_states(first_number + begin, piece, layer, *kept);
        };
    }
    CT_CHECK(encoder_->forward({piece.ids, positions, piece.types, piece.offsets}, numbers, dropout,
                               kept != nullptr ? &kept->tape : nullptr, hidden_.data(), observe));
    std::vector<float> pooled(piece.size() * hidden);
    nn::pool_texts<float>(pooling_, hidden_.data(), piece.offsets, hidden, pooled.data());
    const auto result = head_->forward(std::move(pooled), numbers, dropout,
                                       kept != nullptr ? &kept->head : nullptr);
    out.insert(out.end(), result.begin(), result.end());
    begin = end;
  }
  return out;
}

void ModelEngine::teach_states(const StateTargets* targets) {
  targets_ = targets != nullptr && targets->tokens > 0 ? targets : nullptr;
  state_loss_ = 0;
}

/// One text is one thread's, and the losses of texts are summed in order.
void ModelEngine::measure_states(std::uint64_t first_text, const TokenTexts& texts,
                                 std::size_t layer, Piece& piece) {
  const auto found = std::ranges::find(targets_->layers, layer);
  if (found == targets_->layers.end()) return;
  const std::size_t hidden = description_.shape.hidden, layers = targets_->layers.size();
  const auto at = static_cast<std::size_t>(found - targets_->layers.begin());
  if (at == 0) piece.d_states.resize(layers * texts.tokens() * hidden);
  std::vector<double> losses(texts.size());
  const double share = targets_->weight / static_cast<double>(targets_->tokens * layers);
  pool_.parallel_for(texts.size(), [&](std::size_t t) {
    const auto begin = static_cast<std::size_t>(texts.offsets[t]),
               end = static_cast<std::size_t>(texts.offsets[t + 1]);
    float* d = piece.d_states.data() + (at * texts.tokens() + begin) * hidden;
    const float* state = hidden_.data() + begin * hidden;
    if (!targets_->wanted(first_text + t)) {
      std::fill_n(d, (end - begin) * hidden, 0.0F);
      return;
    }
    const auto first = static_cast<std::size_t>(targets_->begins[first_text + t]);
    const float* target = targets_->states.data() + (at * targets_->rows + first) * hidden;
    for (std::size_t row = begin; row < end; ++row, d += hidden, state += hidden, target += hidden)
      losses[t] += share * state_distance<float>(state, target, hidden, share, d);
  });
  for (const double loss : losses) state_loss_ += loss;
}

void ModelEngine::gradients(std::span<const float> d_outputs) {
  const std::size_t width = outputs_per_text(), hidden = description_.shape.hidden;
  std::size_t at = 0;
  for (std::size_t i = 0; i < piece_count_; ++i) {
    const Piece& piece = pieces_[i];
    const auto own = d_outputs.subspan(at * width, piece.texts * width);
    const auto d_pooled = head_->backward(piece.head, {own.begin(), own.end()});
    nn::pool_texts_backward<float>(pooling_, d_pooled.data(), piece.tape.offsets, hidden,
                                   hidden_.data());
    if (piece.taught)
      encoder_->backward(piece.tape, hidden_.data(),
                         [&](std::size_t layer) { add_state_gradients(piece, layer); });
    else
      encoder_->backward(piece.tape, hidden_.data());
    at += piece.texts;
  }
}

void ModelEngine::add_state_gradients(const Piece& piece, std::size_t layer) {
  const auto found = std::ranges::find(targets_->layers, layer);
  if (found == targets_->layers.end()) return;
  const std::size_t numbers = piece.tape.ids.size() * description_.shape.hidden;
  const float* from =
      piece.d_states.data() + static_cast<std::size_t>(found - targets_->layers.begin()) * numbers;
  for (std::size_t k = 0; k < numbers; ++k) hidden_.data()[k] += from[k];
}

StepReport ModelEngine::step(const AdamOptions& options, double rate, double gradient_scale) {
  const std::size_t layers = description_.shape.layers;
  std::vector<double> rates(layers + 2);
  for (std::size_t depth = 0; depth < rates.size(); ++depth)
    rates[depth] = rate * std::pow(options_.layer_decay, static_cast<double>(layers + 1 - depth));
  if (options_.frozen.embeddings) rates[0] = -1;
  for (std::size_t l = 0; l < std::min(options_.frozen.layers, layers); ++l) rates[l + 1] = -1;
  AdamOptions own = options;
  own.mode = options_.mode;
  const auto report = optimizer_->step(own, rates, gradient_scale);
  encoder_->weights_changed();
  return report;
}

}  // namespace crosstail::train
