#include "pipeline/run.h"

#include <algorithm>
#include <chrono>

#include "base/file.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "model/locate.h"
#include "pipeline/content_hash.h"

namespace crosstail::pipeline {
namespace {

namespace fs = std::filesystem;

/// The state of one run of a plan.
class Runner {
 public:
  Runner(const Recipe& recipe, const Plan& plan, const RunOptions& options, const VerbRunner& verbs,
         const std::function<void(const StageNews&)>& news)
      : recipe_(recipe),
        plan_(plan),
        options_(options),
        verbs_(verbs),
        news_(news),
        hashes_(options.folder / ".hashes") {}

  Status run();

 private:
  struct Decision {
    Verdict verdict;
    std::string reason;
    std::string key;
    std::vector<LockedFile> inputs;
  };

  [[nodiscard]] Result<LockedFile> input_state(std::size_t stage, const PlannedInput& input);
  Result<Decision> decide(std::size_t i);
  Result<std::string> why_run(std::size_t i, const Decision& now);
  [[nodiscard]] bool being_updated(const std::string& path) const;
  Status execute(std::size_t i, const Decision& decision);
  Status finish(std::size_t i, const Decision& decision);
  Status save_lock();

  const Recipe& recipe_;
  const Plan& plan_;
  const RunOptions& options_;
  const VerbRunner& verbs_;
  const std::function<void(const StageNews&)>& news_;
  ContentHashes hashes_;
  std::chrono::steady_clock::time_point hashes_saved_{};
  RunLock lock_;
  std::string version_before_;
  std::set<std::string> remade_;     ///< outputs of stages that ran
  std::set<std::size_t> undecided_;  ///< dry run: would run or may run
};

bool updates(const PlannedStage& stage, const std::string& path) {
  return std::any_of(stage.updates.begin(), stage.updates.end(),
                     [&](const auto& update) { return update.path == path; });
}

/// Where an input lies: a model may be named, and what the name stands for is what counts.
Result<fs::path> found_input(const PlannedInput& input) {
  std::error_code ignored;
  if (input.producer >= 0 || fs::exists(input.path, ignored)) return fs::path(input.path);
  auto model = model::locate_model(input.path);
  if (model.ok() || input.path == model::kBundledModel) return model;
  return fs::path(input.path);
}

/// What no stage makes must be there before anything runs.
Status check_outside(const PlannedStage& stage, const PlannedInput& input) {
  if (input.producer >= 0) return {};
  auto found = found_input(input);
  std::error_code ignored;
  if (!found.ok()) return std::move(found).error().at("stage " + stage.name);
  if (fs::exists(*found, ignored)) return {};
  return Error{ErrorCode::NotFound,
               "stage " + stage.name + ": " + input.path + ": no such file or folder" +
                   (model::is_model_name(input.path) ? ", and no model of that name" : "")};
}

/// An input's line in the lock: its contents, or the keys of the stages that made it so far.
Result<LockedFile> Runner::input_state(std::size_t stage, const PlannedInput& input) {
  const bool in_place = std::any_of(plan_.stages.begin(), plan_.stages.end(),
                                    [&](const auto& s) { return updates(s, input.path); });
  if (input.producer < 0 || !in_place) {
    CT_TRY(const fs::path found, found_input(input));
    CT_TRY(auto hash, hashes_.of(found));
    return LockedFile{input.path, std::move(hash)};
  }
  std::string keys;
  for (std::size_t s = 0; s < stage; ++s)
    if (static_cast<int>(s) == input.producer || updates(plan_.stages[s], input.path))
      keys += lock_.at(plan_.stages[s].name).key + '\n';
  return LockedFile{input.path, sha256_hex(keys)};
}

/// Some stage that changes this output was begun and not finished.
bool Runner::being_updated(const std::string& path) const {
  return std::any_of(plan_.stages.begin(), plan_.stages.end(), [&](const auto& stage) {
    const LockedStage* locked = lock_.find(stage.name);
    return updates(stage, path) && locked != nullptr && !locked->key.empty() && !locked->done;
  });
}

/// Empty: nothing changed.
Result<std::string> Runner::why_run(std::size_t i, const Decision& now) {
  const auto& stage = plan_.stages[i];
  if (options_.force.contains(stage.name)) return std::string("asked for by --force");
  const LockedStage* before = lock_.find(stage.name);
  if (before == nullptr || before->key.empty()) return std::string("has not run yet");
  if (before->key != now.key) {
    for (const auto& input : now.inputs) {
      const auto same = std::find_if(before->inputs.begin(), before->inputs.end(),
                                     [&](const auto& old) { return old.sha256 == input.sha256; });
      if (same == before->inputs.end()) return input.path + " is new or changed";
    }
    return version_before_ == options_.version ? std::string("its settings changed")
                                               : "version " + version_before_ + " made it";
  }
  if (!before->done) return std::string("was begun and not finished");
  for (const auto& update : stage.updates)
    if (remade_.contains(update.path)) return update.path + " was made again";
  for (const auto& output : stage.outputs) {
    const auto was = std::find_if(before->outputs.begin(), before->outputs.end(),
                                  [&](const auto& file) { return file.path == output.path; });
    if (!fs::exists(output.path)) return output.path + " is missing";
    if (being_updated(output.path)) continue;
    CT_TRY(const auto hash, hashes_.of(output.path));
    if (was == before->outputs.end() || was->sha256 != hash)
      return output.path + " is not as this stage left it";
  }
  return std::string();
}

Result<Runner::Decision> Runner::decide(std::size_t i) {
  const auto& stage = plan_.stages[i];
  Decision out{Verdict::Keep, "", "", {}};
  for (const auto* list : {&stage.inputs, &stage.updates})
    for (const auto& input : *list)
      if (input.producer >= 0 && undecided_.contains(static_cast<std::size_t>(input.producer)))
        return Decision{Verdict::Depends,
                        "after " + plan_.stages[static_cast<std::size_t>(input.producer)].name,
                        "",
                        {}};
  std::string text = "crosstail " + options_.version + '\n' + stage.settings;
  for (const auto& output : stage.outputs) text += "output " + output.option + '\n';
  for (const auto& input : stage.inputs) {
    auto state = input_state(i, input);
    if (!state.ok()) return state.error().at("stage " + stage.name);
    text += "input " + state->sha256 + '\n';
    out.inputs.push_back(std::move(*state));
  }
  out.key = sha256_hex(text);
  CT_TRY(out.reason, why_run(i, out));
  if (!out.reason.empty()) out.verdict = Verdict::Run;
  return out;
}

/// The hashes only save time, and may be many: written now and then.
Status Runner::save_lock() {
  CT_CHECK(write_file_atomic(options_.folder / "recipe.lock.json", run_lock_json(lock_)));
  const auto now = std::chrono::steady_clock::now();
  if (now - hashes_saved_ < std::chrono::seconds(5)) return {};
  hashes_saved_ = now;
  return hashes_.save();
}

Status Runner::execute(std::size_t i, const Decision& decision) {
  const auto& stage = plan_.stages[i];
  LockedStage& locked = lock_.at(stage.name);
  const bool resume = locked.key == decision.key && !locked.done &&
                      !options_.force.contains(stage.name) && verbs_.can_resume(stage.command);
  if (!resume)
    for (const auto& old : locked.outputs) {  // of ours: recorded when it was made
      std::error_code ignored;
      fs::remove_all(old.path, ignored);
    }
  locked = {decision.key, false, stage.command, decision.inputs, {}};
  // What is made anew lacks what other stages did to it.
  for (const auto& output : stage.outputs) remade_.insert(output.path);
  for (const auto& other : plan_.stages)
    for (const auto& update : other.updates)
      if (update.producer == static_cast<int>(i)) lock_.at(other.name).done = false;
  CT_CHECK(save_lock());
  news_({stage, Verdict::Run, decision.reason, resume});

  auto command = stage.command;
  if (resume) command.emplace_back("--resume");
  std::string printed;
  for (const auto& output : stage.outputs) {
    std::error_code failure;
    fs::create_directories(fs::path(output.path).parent_path(), failure);
    if (failure) return system_error(output.path, "make the folder of", failure.value());
    if (output.option == "stdout") printed = output.path;
  }
  const auto start = std::chrono::steady_clock::now();
  CT_TRY(const int code, verbs_.run(command, printed));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (interrupt_requested() || code == 130)
    return Error{ErrorCode::Interrupted,
                 "interrupted in stage " + stage.name + "; the same command goes on from there"};
  if (code != 0)
    return Error{ErrorCode::Io, "stage " + stage.name + " failed with exit code " +
                                    std::to_string(code) + " (its message is above)"};
  CT_CHECK(finish(i, decision));
  news_({stage, Verdict::Run, decision.reason, resume, took.count()});
  return {};
}

Status Runner::finish(std::size_t i, const Decision& decision) {
  const auto& stage = plan_.stages[i];
  LockedStage& locked = lock_.at(stage.name);
  for (const auto& output : stage.outputs) {
    auto hash = hashes_.of(output.path);
    if (!hash.ok())
      return Error{ErrorCode::Io,
                   "stage " + stage.name + " ended well, but did not write " + output.path};
    locked.outputs.push_back({output.path, std::move(*hash)});
  }
  for (const auto& update : stage.updates) {
    LockedStage& producer = lock_.at(plan_.stages[static_cast<std::size_t>(update.producer)].name);
    for (auto& output : producer.outputs)
      if (output.path == update.path) {
        CT_TRY(output.sha256, hashes_.of(output.path));
      }
  }
  locked.done = true;
  locked.key = decision.key;
  return save_lock();
}

Status Runner::run() {
  for (const auto& name : options_.force)
    if (std::none_of(plan_.stages.begin(), plan_.stages.end(),
                     [&](const auto& stage) { return stage.name == name; }))
      return Error{ErrorCode::InvalidArgument, "--force " + name + ": there is no such stage"};
  for (const auto& stage : plan_.stages) {
    const Status fits = verbs_.check(stage.command);
    if (!fits.ok()) return fits.error().at(recipe_.file + ": stages." + stage.name);
  }
  for (const auto& stage : plan_.stages)
    for (const auto& input : stage.inputs) CT_CHECK(check_outside(stage, input));
  std::error_code failure;
  if (!options_.dry_run) fs::create_directories(options_.folder, failure);
  if (failure) return system_error(options_.folder.string(), "make", failure.value());
  CT_TRY(lock_, read_run_lock(options_.folder / "recipe.lock.json"));
  version_before_ = lock_.crosstail_version;

  for (std::size_t i = 0; i < plan_.stages.size(); ++i) {
    CT_TRY(const auto decision, decide(i));
    if (decision.verdict != Verdict::Keep && options_.dry_run) {
      undecided_.insert(i);
      news_({plan_.stages[i], decision.verdict, decision.reason});
      continue;
    }
    if (decision.verdict == Verdict::Keep) {
      news_({plan_.stages[i], Verdict::Keep, ""});
      continue;
    }
    lock_.crosstail_version = options_.version;
    lock_.recipe = recipe_.name;
    lock_.recipe_sha256 = recipe_.sha256;
    lock_.parameters = plan_.parameters;
    CT_CHECK(execute(i, decision));
  }
  return options_.dry_run ? Status() : hashes_.save();
}

}  // namespace

Status run_plan(const Recipe& recipe, const Plan& plan, const RunOptions& options,
                const VerbRunner& verbs, const std::function<void(const StageNews&)>& news) {
  return Runner(recipe, plan, options, verbs, news).run();
}

}  // namespace crosstail::pipeline
