#include "model/engine.h"

#include <algorithm>
#include <atomic>
#include <numeric>

#include "base/interrupt.h"
#include "text/normalizer_unicode.h"
#include "text/utf8.h"

namespace crosstail::model {
namespace {

/// Enough for the products to run at full speed, small enough for the caches.
constexpr std::size_t kBatchTokens = 1024;
/// Texts that are sorted together. Twice the batches that all threads need to end at about the same
/// time cost little memory: ids only.
constexpr std::size_t kWindowTexts = 8192;
constexpr std::size_t kMaxChunk = 256;
/// How much of a text is tokenized only to count what is cut off.
constexpr std::size_t kCountedBytes = std::size_t{1} << 20;

/// Pieces for `threads` threads that end at about the same time.
std::size_t chunk_size(std::size_t count, std::size_t threads) {
  return std::clamp<std::size_t>(count / (threads * 8), 1, kMaxChunk);
}

/// The first error of several threads.
class FirstError {
 public:
  void set(Status status) {
    if (status.ok()) return;
    const std::lock_guard lock(mutex_);
    if (status_.ok()) status_ = std::move(status);
    failed_ = true;
  }
  [[nodiscard]] bool failed() const { return failed_; }
  Status take() { return std::move(status_); }

 private:
  std::mutex mutex_;
  Status status_;
  std::atomic<bool> failed_{false};
};

/// As Rust's char::to_lowercase, which sentence-transformers puts in front of the tokenizer.
std::string lowered(std::string_view text) {
  const std::string valid = text::repair_utf8(text);
  std::string out;
  for (const char *p = valid.data(), *end = p + valid.size(); p < end;) {
    char32_t low[2];
    const int count = text::unicode::lower(text::unicode::decode(p), low);
    for (int i = 0; i < count; ++i) text::append_utf8(out, low[i]);
  }
  return out;
}

std::size_t parameters_of(const LoadedModel& model) {
  const auto& s = model.description.shape;
  std::size_t count = s.vocabulary * s.hidden;
  if (model.description.family != Family::Static) {
    count += (s.positions + s.types) * s.hidden + 2 * s.hidden;
    const std::size_t attention = 4 * (s.hidden * s.hidden + s.hidden);
    const std::size_t feed = 2 * s.hidden * s.intermediate + s.intermediate + s.hidden;
    count += s.layers * (attention + feed + 4 * s.hidden);
  }
  for (const auto& layer : model.layers) count += layer.out() * (layer.in() + 1);
  return count;
}

ModelInfo info_of(const LoadedModel& model) {
  const ModelDescription& d = model.description;
  ModelInfo info;
  info.name = model.name;
  info.path = model.path.string();
  info.identity = model.identity;
  info.converted = model.converted;
  info.task = name_of(d.task);
  info.architecture = d.model_type;
  info.dim = d.outputs();
  info.layers = d.shape.layers;
  info.hidden = d.shape.hidden;
  info.heads = d.shape.heads;
  info.vocabulary = d.shape.vocabulary;
  info.parameters = parameters_of(model);
  info.max_length = d.max_length;
  for (const PoolingMode mode : d.pooling)
    info.pooling += (info.pooling.empty() ? "" : "+") + std::string(name_of(mode));
  if (d.family == Family::Static) info.pooling = "mean";
  info.pooling_stated = d.pooling_stated;
  info.normalise = d.normalises();
  info.prompts = d.prompts;
  info.default_prompt = d.default_prompt;
  info.precision = nn::name_of(model.precision);
  if (model.transformer &&
      model.transformer->words().format != nn::table_format_of(model.precision))
    info.precision += ", words " + nn::to_text(model.transformer->words());
  if (model.transformer && model.transformer->layer_format() == nn::LayerFormat::INT4)
    info.precision += ", layers stored in int4";
  info.processor = nn::name_of(model.transformer ? model.transformer->isa() : nn::default_isa());
  info.tokenizer = model.tokenizer.kind();
  info.tokenizer_source = model.tokenizer.source();
  info.languages = d.languages;
  info.labels = d.labels;
  info.label_activation = d.task == Task::Encoder ? "" : std::string(name_of(d.label_activation));
  return info;
}

}  // namespace

/// Lanes are made as threads need them, so there are never more than callers and threads.
class Engine::Loan {
 public:
  explicit Loan(const Engine& engine) : engine_(engine) {
    const std::lock_guard lock(engine.mutex_);
    if (!engine.idle_.empty()) {
      lane_ = std::move(engine.idle_.back());
      engine.idle_.pop_back();
    } else {
      lane_ = std::make_unique<Lane>();
    }
  }
  ~Loan() {
    const std::lock_guard lock(engine_.mutex_);
    engine_.idle_.push_back(std::move(lane_));
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;
  Lane& operator*() { return *lane_; }

 private:
  const Engine& engine_;
  std::unique_ptr<Lane> lane_;
};

/// Texts [begin, begin + texts.size()) of the job.
struct Engine::Window {
  struct Text {
    std::size_t chunk = 0, first = 0, length = 0;
  };
  std::size_t begin = 0;
  std::vector<Text> texts;
  std::vector<std::vector<std::uint32_t>> ids;   ///< by chunk
  std::vector<std::vector<std::uint8_t>> types;  ///< by chunk; empty if not used
  std::vector<std::size_t> order;                ///< longest first
  std::vector<std::size_t> batches;              ///< begins in `order`, and its end
  EncodeStats stats;
};

Engine::Engine(std::shared_ptr<const LoadedModel> model, std::size_t threads)
    : model_(std::move(model)),
      info_(info_of(*model_)),
      threads_(threads),
      pool_(std::make_unique<Pool>(threads - 1)) {}

Result<std::shared_ptr<const Engine>> Engine::open(const std::filesystem::path& path,
                                                   const ModelOptions& options) {
  CT_TRY(auto model, load_model(path, options.precision));
  const std::size_t threads = options.threads != 0 ? options.threads : available_threads();
  std::shared_ptr<Engine> engine(new Engine(std::move(model), threads));
  CT_TRY(engine->info_.max_length, engine->length_limit(options.max_length));
  return std::shared_ptr<const Engine>(std::move(engine));
}

Result<std::size_t> Engine::length_limit(std::size_t requested) const {
  if (requested == 0) return info_.max_length;
  if (model_->description.family == Family::Static) return requested;
  const std::size_t limit = position_limit(model_->description);
  const std::size_t frame =
      model_->tokenizer.frame_size(model_->description.task == Task::CrossEncoder);
  if (requested > limit || requested <= frame)
    return Error{ErrorCode::InvalidArgument,
                 "maximum length " + std::to_string(requested) + ": " + info_.name + " takes " +
                     std::to_string(frame + 1) + " to " + std::to_string(limit) + " tokens"};
  return requested;
}

void Engine::tokenize(std::string_view text, std::size_t max_length, Lane& lane,
                      EncodeStats& stats) const {
  std::string low;
  if (model_->description.lower_case) text = low = lowered(text);
  text::EncodeOptions options;
  options.max_length = max_length;
  options.add_special = model_->description.family != Family::Static;
  if (model_->description.truncate_left) options.truncate = text::TruncateSide::Left;
  auto& encoding = lane.encoding;
  model_->tokenizer.encode(text, options, lane.scratch, encoding);
  if (encoding.truncated) {
    const std::string_view counted = text.substr(0, kCountedBytes);
    options.max_length = 0;
    text::Encoding whole;
    model_->tokenizer.encode(counted, options, lane.scratch, whole);
    const double scale = static_cast<double>(text.size()) / static_cast<double>(counted.size());
    const auto tokens = static_cast<std::uint64_t>(static_cast<double>(whole.ids.size()) * scale);
    stats.cut_tokens += tokens > encoding.ids.size() ? tokens - encoding.ids.size() : 0;
    encoding.invalid_utf8 = std::max(encoding.invalid_utf8, whole.invalid_utf8);
  }
  if (encoding.truncated) ++stats.truncated;
  stats.invalid_utf8 += encoding.invalid_utf8;
}

void Engine::tokenize_pair(const TextPair& pair, std::size_t max_length, Lane& lane,
                           EncodeStats& stats) const {
  text::EncodeOptions options;
  options.max_length = max_length;
  if (model_->description.truncate_left) options.truncate = text::TruncateSide::Left;
  auto& encoding = lane.encoding;
  model_->tokenizer.encode_pair(pair.first, pair.second, options, lane.scratch, encoding);
  if (encoding.truncated) {
    options.max_length = 0;
    text::Encoding whole;
    model_->tokenizer.encode_pair(pair.first.substr(0, kCountedBytes),
                                  pair.second.substr(0, kCountedBytes), options, lane.scratch,
                                  whole);
    stats.cut_tokens += whole.ids.size() - std::min(whole.ids.size(), encoding.ids.size());
  }
  if (encoding.truncated) ++stats.truncated;
  stats.invalid_utf8 += encoding.invalid_utf8;
}

void Engine::tokenize_window(const Job& job, Window& window) const {
  const std::size_t count = std::min(kWindowTexts, job.count - window.begin);
  const std::size_t chunk = chunk_size(count, threads_);
  const std::size_t chunks = (count + chunk - 1) / chunk;
  window.texts.assign(count, {});
  window.ids.assign(chunks, {});
  window.types.assign(chunks, {});
  std::vector<EncodeStats> stats(chunks);
  pool_->parallel_for(chunks, [&](std::size_t c) {
    Loan loan(*this);
    Lane& lane = *loan;
    for (std::size_t i = c * chunk; i < std::min(count, (c + 1) * chunk); ++i) {
      job.tokenize(window.begin + i, lane, stats[c]);
      const auto& ids = lane.encoding.ids;
      window.texts[i] = {c, window.ids[c].size(), ids.size()};
      window.ids[c].insert(window.ids[c].end(), ids.begin(), ids.end());
      const auto& types = lane.encoding.type_ids;
      if (model_->description.use_types)
        window.types[c].insert(window.types[c].end(), types.begin(), types.end());
      ++stats[c].texts;
      stats[c].tokens += ids.size();
    }
  });
  window.stats = {};
  for (const auto& s : stats) window.stats.add(s);
  window.order.resize(count);
  std::iota(window.order.begin(), window.order.end(), std::size_t{0});
  std::stable_sort(window.order.begin(), window.order.end(), [&](std::size_t a, std::size_t b) {
    return window.texts[a].length > window.texts[b].length;
  });
  window.batches.assign(1, 0);
  std::size_t tokens = 0, i = 0;
  for (; i < count; ++i) {
    const std::size_t length = window.texts[window.order[i]].length;
    if (length == 0) break;
    if (tokens > 0 && tokens + length > kBatchTokens) {
      window.batches.push_back(i);
      tokens = 0;
    }
    tokens += length;
  }
  if (i > 0) window.batches.push_back(i);
  finish_without_tokens(job, window, i);
}

/// A text without any token (a tokenizer without a frame, and an empty text) has a state of zeros.
void Engine::finish_without_tokens(const Job& job, const Window& window, std::size_t begin) const {
  if (begin == window.order.size()) return;
  Loan loan(*this);
  const std::vector<float> zeros(model_->description.shape.hidden);
  for (std::size_t i = begin; i < window.order.size(); ++i)
    job.finish(window.begin + window.order[i], zeros.data(), 0, *loan);
}

/// RoBERTa counts positions from pad_id + 1 over the tokens that are not pad_id, which stay at
/// pad_id (create_position_ids_from_input_ids); the others count all tokens from 0.
void Engine::fill_positions(Lane& lane, std::size_t begin) const {
  const bool roberta = model_->description.family == Family::Roberta;
  const auto pad = static_cast<std::int32_t>(model_->description.pad_id);
  std::int32_t next = roberta ? pad + 1 : 0;
  for (std::size_t t = begin; t < lane.ids.size(); ++t)
    lane.positions.push_back(roberta && lane.ids[t] == pad ? pad : next++);
}

Status Engine::compute_batch(const Job& job, const Window& window, std::size_t batch,
                             bool split) const {
  Loan loan(*this);
  Lane& lane = *loan;
  for (auto* values : {&lane.ids, &lane.positions, &lane.types, &lane.offsets}) values->clear();
  lane.offsets.push_back(0);
  const std::size_t begin = window.batches[batch], end = window.batches[batch + 1];
  for (std::size_t i = begin; i < end; ++i) {
    const auto& text = window.texts[window.order[i]];
    const auto first = static_cast<std::ptrdiff_t>(text.first);
    const auto last = static_cast<std::ptrdiff_t>(text.first + text.length);
    const std::size_t at = lane.ids.size();
    const auto& ids = window.ids[text.chunk];
    lane.ids.insert(lane.ids.end(), ids.begin() + first, ids.begin() + last);
    if (model_->description.use_types) {
      const auto& types = window.types[text.chunk];
      lane.types.insert(lane.types.end(), types.begin() + first, types.begin() + last);
    }
    fill_positions(lane, at);
    lane.offsets.push_back(static_cast<std::int32_t>(lane.ids.size()));
  }
  const std::size_t hidden = model_->description.shape.hidden;
  if (lane.hidden.size() < lane.ids.size() * hidden) lane.hidden.resize(lane.ids.size() * hidden);
  const nn::PackedBatch packed{lane.ids, lane.positions, lane.types, lane.offsets};
  const nn::Transformer& transformer = *model_->transformer;
  nn::LayerObserver observe;
  if (job.observe)
    observe = [&](std::size_t layer, const float* states, std::size_t stride) {
      for (std::size_t i = begin; i < end; ++i)
        job.observe(window.begin + window.order[i], layer,
                    states + static_cast<std::size_t>(lane.offsets[i - begin]) * stride, stride,
                    window.texts[window.order[i]].length);
    };
  float* out = lane.hidden.data();
  CT_CHECK(split ? transformer.forward_split(packed, out, lane.workspace, *pool_, observe)
                 : transformer.forward(packed, out, lane.workspace, observe));
  for (std::size_t i = begin; i < end; ++i) {
    const auto first = static_cast<std::size_t>(lane.offsets[i - begin]);
    const std::size_t text = window.order[i];
    job.finish(window.begin + text, lane.hidden.data() + first * hidden, window.texts[text].length,
               lane);
  }
  return {};
}

Status Engine::compute_window(const Job& job, const Window& window) const {
  const std::size_t batches = window.batches.size() - 1;
  if (batches == 0) return {};
  if (batches == 1) return compute_batch(job, window, 0, threads_ > 1);
  FirstError error;
  pool_->parallel_for(batches, [&](std::size_t batch) {
    if (error.failed()) return;
    if (interrupt_requested()) return error.set(Error{ErrorCode::Interrupted, "interrupted"});
    error.set(compute_batch(job, window, batch, false));
  });
  return error.take();
}

/// The mean of the tokens' rows; without tokens, zeros (torch's EmbeddingBag).
Result<EncodeStats> Engine::run_static(const Job& job) const {
  const std::size_t hidden = model_->description.shape.hidden;
  const std::size_t chunk = chunk_size(job.count, threads_);
  const std::size_t chunks = (job.count + chunk - 1) / chunk;
  FirstError error;
  std::mutex mutex;
  EncodeStats total;
  pool_->parallel_for(chunks, [&](std::size_t c) {
    if (error.failed()) return;
    if (interrupt_requested()) return error.set(Error{ErrorCode::Interrupted, "interrupted"});
    Loan loan(*this);
    Lane& lane = *loan;
    EncodeStats stats;
    for (std::size_t i = c * chunk; i < std::min(job.count, (c + 1) * chunk); ++i) {
      job.tokenize(i, lane, stats);
      lane.hidden.assign(hidden, 0.0F);
      for (const std::uint32_t id : lane.encoding.ids) {
        const float* row = model_->table.data() + id * hidden;
        for (std::size_t k = 0; k < hidden; ++k) lane.hidden[k] += row[k];
      }
      const std::size_t tokens = lane.encoding.ids.size();
      if (tokens > 0)
        for (float& x : lane.hidden) x /= static_cast<float>(tokens);
      job.finish(i, lane.hidden.data(), 1, lane);
      ++stats.texts;
      stats.tokens += tokens;
    }
    const std::lock_guard lock(mutex);
    total.add(stats);
  });
  CT_CHECK(error.take());
  return total;
}

Result<EncodeStats> Engine::run(const Job& job) const {
  if (job.count == 0) return EncodeStats{};
  if (!model_->transformer) return run_static(job);
  EncodeStats total;
  Window window;
  for (; window.begin < job.count; window.begin += window.texts.size()) {
    if (interrupt_requested()) return Error{ErrorCode::Interrupted, "interrupted"};
    tokenize_window(job, window);
    CT_CHECK(compute_window(job, window));
    total.add(window.stats);
  }
  return total;
}

}  // namespace crosstail::model
