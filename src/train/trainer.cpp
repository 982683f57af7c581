#include "train/trainer.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <future>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/json_writer.h"
#include "base/progress.h"
#include "train/checkpoint.h"
#include "train/dev_measure.h"
#include "train/gradient_cache.h"

namespace crosstail::train {
namespace {

namespace fs = std::filesystem;

std::string shown(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

/// A batch with what the loop says of it.
struct Upcoming {
  Prepared batch;
  std::size_t rows = 0;
  std::uint64_t epoch = 0;
  std::string first_row;
};

/// One run and everything it holds.
class Run {
 public:
  Run(TrainOptions options, std::unique_ptr<ModelEngine> engine, Objective objective)
      : o_(std::move(options)), engine_(std::move(engine)), objective_(std::move(objective)) {}

  Result<TrainReport> run();

 private:
  Status prepare();
  Status loop();
  Result<Upcoming> prepare_batch(std::uint64_t number);
  Result<Upcoming> next_batch();
  Result<double> one_step(double& gradient_norm);
  Status evaluate_at(std::uint64_t step);
  Status keep_best();
  Status checkpoint();
  Status finish();
  Status metric(const std::string& json);
  Error not_a_number(const char* what, double value) const;
  [[nodiscard]] fs::path state_folder() const { return o_.output.string() + ".training"; }
  [[nodiscard]] fs::path checkpoint_path() const { return state_folder() / "state.checkpoint"; }
  [[nodiscard]] fs::path best_path() const { return state_folder() / "best.weights"; }
  [[nodiscard]] fs::path metrics_path() const { return state_folder() / "metrics.jsonl"; }

  TrainOptions o_;
  std::unique_ptr<ModelEngine> engine_;
  Objective objective_;
  DataSummary data_;
  std::string fingerprint_;
  std::optional<DevSet> dev_;
  Schedule schedule_;
  Progression at_;
  OutputFile metrics_;
  TrainReport report_;
  std::string first_row_;    ///< of the batch at hand, for messages
  std::uint64_t epoch_ = 0;  ///< likewise
  double last_dev_ = 0, state_loss_ = 0;
  std::optional<BatchStream> stream_;
  /// The batch after the one at hand: read, cut into tokens and taught by the teacher while the
  /// engine works. It uses stream_ and objective_, so it ends before they do.
  std::future<Result<Upcoming>> next_;
};

Status Run::metric(const std::string& json) {
  CT_CHECK(metrics_.write(json + "\n"));
  at_.metrics_bytes = metrics_.size();
  return {};
}

Status Run::prepare() {
  CT_TRY(data_, survey(o_.data));
  CT_TRY(fingerprint_, fingerprint_of(o_));
  const double batches = std::ceil(data_.epoch_rows(o_.data.temperature) * o_.epochs /
                                   static_cast<double>(o_.data.batch_size));
  schedule_.total = o_.steps > 0
                        ? o_.steps
                        : static_cast<std::uint64_t>(std::max(
                              1.0, std::ceil(batches / static_cast<double>(o_.accumulate))));
  schedule_.peak = o_.learning_rate;
  schedule_.decay = o_.decay;
  schedule_.warmup =
      o_.warmup < 1 ? static_cast<std::uint64_t>(o_.warmup * static_cast<double>(schedule_.total))
                    : static_cast<std::uint64_t>(o_.warmup);
  schedule_.cooldown =
      o_.cooldown < 1
          ? static_cast<std::uint64_t>(o_.cooldown * static_cast<double>(schedule_.total))
          : static_cast<std::uint64_t>(o_.cooldown);
  if (!o_.dev.empty()) {
    CT_TRY(dev_, DevSet::read(o_.dev, "dev", o_.dev_rows, is_for_vectors(o_.objective.kind),
                              o_.data.corpus.get()));
  }
  std::error_code why;
  fs::create_directories(state_folder(), why);
  if (why) return system_error(state_folder().string(), "make the folder", why.value());
  const bool there = fs::exists(checkpoint_path(), why);
  if (o_.resume && there) {
    CT_TRY(at_, read_checkpoint(checkpoint_path(), fingerprint_, *engine_));
    if (at_.step > schedule_.cooldown_start() && schedule_.cooldown > 0)
      return Error{ErrorCode::InvalidArgument,
                   "the checkpoint is of step " + std::to_string(at_.step) +
                       ", and the cooldown would begin at step " +
                       std::to_string(schedule_.cooldown_start()) + ": more --steps are needed"};
    CT_TRY(metrics_, OutputFile::reopen(metrics_path(), at_.metrics_bytes));
    return {};
  }
  if (there) fs::remove(checkpoint_path(), why);
  CT_TRY(metrics_, OutputFile::create(metrics_path()));
  return {};
}

Error Run::not_a_number(const char* what, double value) const {
  return {ErrorCode::Corrupt, std::string(what) + " is " + shown(value) + " at step " +
                                  std::to_string(at_.step + 1) + " (" + first_row_ +
                                  "): training diverged; lower --learning-rate, or look at these "
                                  "rows. The last checkpoint is kept in " +
                                  state_folder().string()};
}

Result<Upcoming> Run::prepare_batch(std::uint64_t number) {
  CT_TRY(const auto rows, stream_->next());
  Upcoming upcoming;
  upcoming.rows = rows.size();
  upcoming.epoch = stream_->epoch();
  upcoming.first_row = "batch " + std::to_string(number) + " of " + std::to_string(rows.size()) +
                       " rows, the first from line " + std::to_string(rows.front().line);
  CT_TRY(upcoming.batch, objective_.prepare(rows));
  return upcoming;
}

/// The next batch, and sets out to prepare the one after it if the run needs one.
Result<Upcoming> Run::next_batch() {
  auto upcoming = next_.valid() ? next_.get() : prepare_batch(at_.batches + 1);
  ++at_.batches;
  if (upcoming.ok() && at_.batches < schedule_.total * o_.accumulate)
    next_ = std::async(std::launch::async,
                       [this, number = at_.batches + 1] { return prepare_batch(number); });
  return upcoming;
}

/// `accumulate` batches, then the optimiser. Returns the mean loss.
Result<double> Run::one_step(double& gradient_norm) {
  double loss = 0;
  state_loss_ = 0;
  for (std::uint64_t i = 0; i < o_.accumulate; ++i) {
    CT_TRY(const auto upcoming, next_batch());
    const Prepared& batch = upcoming.batch;
    report_.rows += upcoming.rows;
    first_row_ = upcoming.first_row;
    epoch_ = upcoming.epoch;
    const nn::DropoutKey dropout = {o_.data.seed, at_.batches, static_cast<float>(o_.dropout),
                                    static_cast<float>(o_.attention_dropout)};
    engine_->teach_states(&batch.states);
    CT_TRY(double value, run_batch(*engine_, batch.texts, dropout, o_.tokens_at_once,
                                   [&](std::span<const float> outputs, std::span<float> d_outputs) {
                                     return objective_.loss(batch, outputs, d_outputs);
                                   }));
    value += engine_->state_loss();
    state_loss_ += engine_->state_loss() / static_cast<double>(o_.accumulate);
    engine_->teach_states(nullptr);
    if (!std::isfinite(value)) return not_a_number("the loss", value);
    loss += value / static_cast<double>(o_.accumulate);
  }
  const auto step =
      engine_->step(o_.adam, schedule_.rate(at_.step), 1 / static_cast<double>(o_.accumulate));
  if (!step.finite) return not_a_number("the gradient", step.gradient_norm);
  gradient_norm = step.gradient_norm;
  return loss;
}

Status Run::keep_best() {
  CT_TRY(auto file, OutputFile::create(best_path().string() + ".part"));
  const auto values = engine_->parameters().values.span();
  CT_CHECK(file.write({reinterpret_cast<const char*>(values.data()), values.size_bytes()}));
  CT_CHECK(file.sync());
  CT_CHECK(file.close());
  return commit_rename(best_path().string() + ".part", best_path());
}

Status Run::evaluate_at(std::uint64_t step) {
  if (next_.valid()) next_.wait();  // measuring uses the objective too
  CT_TRY(const auto score, dev_->measure(*engine_, objective_, o_.objective.normalise));
  last_dev_ = score.measure;
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("step", step).member("dev", score.measure).key("languages");
  writer.begin_object();
  for (const auto& [language, value] : score.languages) writer.member(language, value);
  writer.end_object().end_object();
  CT_CHECK(metric(json));
  if (step == 0) {
    CT_CHECK(write_file_atomic(state_folder() / "before.run", dev_->run("before")));
    CT_CHECK(write_file_atomic(state_folder() / "dev.qrels", dev_->qrels()));
    CT_CHECK(write_file_atomic(state_folder() / "dev-queries.jsonl", dev_->queries()));
  }
  const bool better = !at_.has_best || score.measure > at_.best_dev;
  at_.evaluations_without_gain = better ? 0 : at_.evaluations_without_gain + 1;
  if (better) {
    at_.has_best = true;
    at_.best_dev = score.measure;
    at_.best_step = step;
    // What the model was before is at hand anyway: only what was trained needs keeping.
    if (o_.evaluate_every > 0) CT_CHECK(keep_best());
  }
  return {};
}

Status Run::checkpoint() {
  CT_CHECK(metrics_.sync());
  return write_checkpoint(checkpoint_path(), fingerprint_, at_, *engine_);
}

Status Run::loop() {
  Progress progress("train", "steps", schedule_.total);
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < at_.batches; ++i) {  // what was taken before the resume
    CT_TRY([[maybe_unused]] const auto passed, stream_->next());
  }
  if (at_.step == 0 && dev_) CT_CHECK(evaluate_at(0));
  while (at_.step < schedule_.total) {
    const double rate = schedule_.rate(at_.step);
    double norm = 0;
    CT_TRY(const double loss, one_step(norm));
    ++at_.step;
    report_.final_loss = loss;
    std::string json;
    JsonWriter writer(json);
    writer.begin_object().member("step", at_.step).member("epoch", epoch_).member("loss", loss);
    if (o_.objective.state_weight > 0) writer.member("state_loss", state_loss_);
    writer.member("gradient_norm", norm)
        .member("learning_rate", rate)
        .member("rows", at_.batches * o_.data.batch_size)
        .end_object();
    CT_CHECK(metric(json));
    std::string detail = "loss " + shown(loss);
    if (dev_) detail += ", dev " + shown(last_dev_);
    progress.update(at_.step, detail);
    const bool last = at_.step == schedule_.total;
    const bool evaluates =
        dev_ && (last || (o_.evaluate_every > 0 && at_.step % o_.evaluate_every == 0));
    if (evaluates) CT_CHECK(evaluate_at(at_.step));
    const bool stop = o_.patience > 0 && at_.evaluations_without_gain >= o_.patience;
    const bool interrupted = interrupt_requested();
    const std::uint64_t cooldown = schedule_.cooldown_start();
    const bool cooling = schedule_.cooldown > 0 && at_.step > cooldown;
    const bool due = !last && o_.checkpoint_every > 0 && at_.step % o_.checkpoint_every == 0;
    if (!cooling && (interrupted || due || (schedule_.cooldown > 0 && at_.step == cooldown)))
      CT_CHECK(checkpoint());
    if (interrupted)
      return Error{ErrorCode::Interrupted,
                   "interrupted after step " + std::to_string(at_.step) +
                       "; --resume goes on from " +
                       (cooling ? "step " + std::to_string(cooldown) + ", where the cooldown began"
                                : std::string("there"))};
    if (stop) {
      report_.stopped_early = !last;
      break;
    }
  }
  progress.finish();
  const auto seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::string json;
  JsonWriter(json).begin_object().member("seconds", seconds).end_object();
  return write_file_atomic(state_folder() / "durations.json", json + "\n");
}

/// The best weights if there were evaluations to choose by, the directory, its card and curves.
Status Run::finish() {
  if (next_.valid()) next_.wait();  // stopped early
  if (dev_ && o_.evaluate_every > 0) {
    CT_TRY(const auto best, MappedFile::open(best_path()));
    auto values = engine_->parameters().values.span();
    if (best.size() != values.size_bytes())
      return Error{ErrorCode::Corrupt, best_path().string() + ": another size than the model's"};
    std::copy_n(reinterpret_cast<const float*>(best.text().data()), values.size(), values.data());
    engine_->weights_changed();
  }
  report_.steps = at_.step;
  if (dev_) {
    CT_TRY(const auto score, dev_->measure(*engine_, objective_, o_.objective.normalise));
    report_.evaluated = true;
    report_.dev_after = score.measure;
    report_.best_step = o_.evaluate_every > 0 ? at_.best_step : at_.step;
    CT_CHECK(write_file_atomic(state_folder() / "after.run", dev_->run("after")));
  }
  const fs::path part = o_.output.string() + ".part";
  std::error_code why;
  fs::remove_all(part, why);
  CT_CHECK(engine_->save(part, o_.objective.normalise));
  CT_CHECK(write_file_atomic(part / "README.md", model_card(o_, data_, report_, fingerprint_)));
  fs::create_directories(part / "training", why);
  CT_CHECK(metrics_.close());
  for (const char* name : {"metrics.jsonl", "durations.json", "before.run", "after.run",
                           "dev.qrels", "dev-queries.jsonl"})
    if (fs::exists(state_folder() / name))
      fs::copy_file(state_folder() / name, part / "training" / name,
                    fs::copy_options::overwrite_existing, why);
  if (why) return system_error(part.string(), "copy the metrics", why.value());
  const fs::path old = o_.output.string() + ".old";
  fs::remove_all(old, why);
  if (fs::exists(o_.output)) fs::rename(o_.output, old, why);
  if (!why) fs::rename(part, o_.output, why);
  if (why) return system_error(o_.output.string(), "put the result in place", why.value());
  fs::remove_all(old, why);
  if (!o_.keep_state) fs::remove_all(state_folder(), why);
  return {};
}

/// The dev measure before training, from the metrics file (the run may have been resumed).
Result<double> first_dev(const fs::path& metrics) {
  CT_TRY(const auto text, read_file(metrics));
  const auto at = text.find("\"dev\":");
  return at == std::string::npos ? 0.0 : std::strtod(text.c_str() + at + 6, nullptr);
}

Result<TrainReport> Run::run() {
  CT_CHECK(prepare());
  stream_.emplace(o_.data, data_);
  CT_CHECK(loop());
  if (dev_) {
    CT_TRY(report_.dev_before, first_dev(metrics_path()));
  }
  CT_CHECK(finish());
  return report_;
}

}  // namespace

Result<TrainReport> train(const TrainOptions& given) {
  TrainOptions o = given;
  if (o.data.batch_size == 0 || o.accumulate == 0)
    return Error{ErrorCode::InvalidArgument, "--batch-size and --accumulate must not be 0"};
  if (o.cooldown < 0 || (o.cooldown > 0 && o.decay != Decay::Constant))
    return Error{ErrorCode::InvalidArgument, "--cooldown is for --decay constant"};
  if (o.cooldown > 0 && o.warmup > 0 && o.warmup < 1)
    return Error{ErrorCode::InvalidArgument,
                 "with --cooldown, --warmup is a number of steps: a share would depend on --steps"};
  if (o.dropout < 0 || o.dropout >= 1 || o.attention_dropout < 0 || o.attention_dropout >= 1)
    return Error{ErrorCode::InvalidArgument, "dropout must lie in [0, 1)"};
  if (o.objective.temperature <= 0 || o.objective.teacher_temperature <= 0 ||
      o.data.temperature <= 0)
    return Error{ErrorCode::InvalidArgument, "temperatures must be over 0"};
  if (!o.corpus.empty()) {
    CT_TRY(auto corpus, data::TrainingCorpus::read(o.corpus));
    o.data.corpus = std::make_shared<const data::TrainingCorpus>(std::move(corpus));
  }
  CT_TRY(auto engine, ModelEngine::open(o.model, o.engine));
  if (!o.normalise_given)
    o.objective.normalise =
        engine->description().normalises() || !engine->description().pooling_stated;
  o.objective.threads = o.engine.threads;
  CT_TRY(auto objective, Objective::open(o.objective, *engine));
  const bool distils = o.objective.kind == ObjectiveKind::DistilMse ||
                       o.objective.kind == ObjectiveKind::DistilCosine;
  o.data.needs_positives = !distils && o.objective.kind != ObjectiveKind::Classes;
  o.data.all_positives = distils;
  Run run(std::move(o), std::move(engine), std::move(objective));
  return run.run();
}

}  // namespace crosstail::train
