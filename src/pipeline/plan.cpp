#include "pipeline/plan.h"

#include <algorithm>
#include <functional>
#include <set>

namespace crosstail::pipeline {
namespace {

Error wrong(const Recipe& recipe, const Stage& stage, const std::string& message) {
  return {ErrorCode::InvalidArgument, recipe.file + ":" + std::to_string(stage.line) + ": stages." +
                                          stage.name + ": " + message};
}

/// What `${…}` can mean: parameters by name, outputs as STAGE.OPTION.
struct Names {
  const Recipe& recipe;
  std::map<std::string, std::string> parameters;
  struct Output {
    std::size_t stage;
    std::string path;
  };
  std::map<std::string, Output> outputs;

  [[nodiscard]] std::string all() const {
    std::string text;
    for (const auto& [name, value] : parameters) text += " " + name;
    for (const auto& [name, value] : outputs) text += " " + name;
    return text.empty() ? " none" : text;
  }
};

struct Expanded {
  std::string text;               ///< with values and paths
  std::string settings;           ///< with values; outputs stay references
  std::vector<std::size_t> uses;  ///< stages whose outputs it names
};

Result<Expanded> expand(const std::string& text, const Stage& stage, const Names& names) {
  Expanded out;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto dollar = text.find('$', at);
    out.text += text.substr(at, dollar - at);
    out.settings += text.substr(at, dollar - at);
    if (dollar == std::string::npos) break;
    if (text.compare(dollar, 2, "$$") == 0) {
      out.text += '$';
      out.settings += '$';
      at = dollar + 2;
      continue;
    }
    const auto close = text.find('}', dollar);
    if (text.compare(dollar, 2, "${") != 0 || close == std::string::npos)
      return wrong(names.recipe, stage, "'" + text + "': after $ stands {NAME}, or $ for a dollar");
    const std::string name = text.substr(dollar + 2, close - dollar - 2);
    at = close + 1;
    if (const auto parameter = names.parameters.find(name); parameter != names.parameters.end()) {
      out.text += parameter->second;
      out.settings += parameter->second;
    } else if (const auto output = names.outputs.find(name); output != names.outputs.end()) {
      out.text += output->second.path;
      out.settings += "${" + name + "}";
      out.uses.push_back(output->second.stage);
    } else {
      return wrong(names.recipe, stage, "${" + name + "} is not known; there are:" + names.all());
    }
  }
  return out;
}

/// Where the path begins in "PATH" or "NAME=PATH" (`de=pages.jsonl`, `--run sum-0.01=run.trec`).
std::size_t path_begin(const std::string& value) {
  const auto equals = value.find('=');
  if (equals == 0 || equals == std::string::npos) return 0;
  const bool name =
      std::all_of(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(equals), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
      });
  return name ? equals + 1 : 0;
}

/// Fills one stage; `needs` collects the stages it must come after.
class StagePlanner {
 public:
  StagePlanner(const Stage& stage, const Names& names, std::set<std::size_t>& needs)
      : stage_(stage), names_(names), needs_(needs) {}

  Result<PlannedStage> plan() {
    out_.name = stage_.name;
    for (std::size_t at = 0; at < stage_.verb.size();) {
      const auto space = std::min(stage_.verb.find(' ', at), stage_.verb.size());
      add(stage_.verb.substr(at, space - at));
      at = space + 1;
    }
    for (const auto& argument : stage_.arguments) CT_CHECK(input("", argument));
    for (const auto& option : stage_.inputs)
      for (const auto& value : option.values) CT_CHECK(input("--" + option.name, value));
    for (const auto& option : stage_.options) CT_CHECK(setting(option));
    for (const auto& output : stage_.outputs) {
      const std::string path = names_.outputs.at(stage_.name + "." + output.name).path;
      out_.outputs.push_back({output.name, path});
      if (output.name == "stdout") continue;
      out_.command.insert(out_.command.end(), {"--" + output.name, path});
    }
    for (const auto& name : stage_.updates) {
      const auto found = names_.outputs.find(name);
      if (found == names_.outputs.end())
        return wrong(names_.recipe, stage_,
                     "updates '" + name + "', which is not an output; there are:" + names_.all());
      needs_.insert(found->second.stage);
      out_.updates.push_back({found->second.path, static_cast<int>(found->second.stage)});
    }
    return std::move(out_);
  }

 private:
  void add(const std::string& word) {
    out_.command.push_back(word);
    out_.settings += word + '\n';
  }
  Status input(const std::string& option, const std::string& value) {
    CT_TRY(const auto expanded, expand(value, stage_, names_));
    if (!option.empty()) add(option);
    out_.command.push_back(expanded.text);
    const std::size_t path = path_begin(expanded.text);
    out_.settings += expanded.text.substr(0, path) + "<input>\n";
    needs_.insert(expanded.uses.begin(), expanded.uses.end());
    const int producer = expanded.uses.empty() ? -1 : static_cast<int>(expanded.uses.front());
    out_.inputs.push_back({expanded.text.substr(path), producer});
    return {};
  }
  Status setting(const StageOption& option) {
    if (option.values.empty()) add("--" + option.name);
    for (const auto& value : option.values) {
      CT_TRY(const auto expanded, expand(value, stage_, names_));
      if (!expanded.uses.empty())
        return wrong(names_.recipe, stage_,
                     "options." + option.name + " names a file: put it under inputs");
      add("--" + option.name);
      add(expanded.text);
    }
    return {};
  }

  const Stage& stage_;
  const Names& names_;
  std::set<std::size_t>& needs_;
  PlannedStage out_;
};

Result<Names> collect_names(const Recipe& recipe,
                            const std::map<std::string, std::string>& settings,
                            const std::filesystem::path& folder) {
  Names names{recipe, {}, {}};
  std::string known;
  for (const auto& parameter : recipe.parameters) known += " " + parameter.name;
  for (const auto& [name, value] : settings)
    if (std::none_of(recipe.parameters.begin(), recipe.parameters.end(),
                     [&](const auto& parameter) { return parameter.name == name; }))
      return Error{ErrorCode::InvalidArgument,
                   recipe.file + ": there is no parameter '" + name +
                       "'; there are:" + (known.empty() ? " none" : known)};
  for (const auto& parameter : recipe.parameters) {
    const auto set = settings.find(parameter.name);
    if (set == settings.end() && !parameter.value)
      return Error{ErrorCode::InvalidArgument,
                   recipe.file + ": --set " + parameter.name + "=… is needed: " + parameter.help};
    names.parameters[parameter.name] = set == settings.end() ? *parameter.value : set->second;
  }
  std::set<std::string> written;
  for (std::size_t i = 0; i < recipe.stages.size(); ++i)
    for (const auto& output : recipe.stages[i].outputs) {
      const auto relative = std::filesystem::path(output.values.front()).lexically_normal();
      if (relative.empty() || relative.is_absolute() || *relative.begin() == "..")
        return wrong(
            recipe, recipe.stages[i],
            "outputs." + output.name + " leaves the results' folder: " + relative.string());
      std::string path = (folder / relative).string();
      if (path.back() == '/') path.pop_back();
      if (!written.insert(path).second)
        return wrong(recipe, recipe.stages[i], path + " is written by another output, too");
      names.outputs[recipe.stages[i].name + "." + output.name] = {i, path};
    }
  return names;
}

/// A stage that only reads what another changes in place comes after the change.
void order_after_updates(const std::vector<PlannedStage>& stages,
                         std::vector<std::set<std::size_t>>& needs) {
  const auto reaches = [&](std::size_t from, std::size_t to) {
    std::vector<std::size_t> open{from};
    std::set<std::size_t> seen;
    while (!open.empty()) {
      const std::size_t i = open.back();
      open.pop_back();
      if (i == to) return true;
      if (!seen.insert(i).second) continue;
      open.insert(open.end(), needs[i].begin(), needs[i].end());
    }
    return false;
  };
  for (std::size_t u = 0; u < stages.size(); ++u)
    for (const auto& updated : stages[u].updates)
      for (std::size_t i = 0; i < stages.size(); ++i) {
        const bool reads =
            std::any_of(stages[i].inputs.begin(), stages[i].inputs.end(),
                        [&](const auto& input) { return input.path == updated.path; });
        if (i != u && reads && !reaches(u, i)) needs[i].insert(u);
      }
}

}  // namespace

Result<Plan> make_plan(const Recipe& recipe, const std::map<std::string, std::string>& settings,
                       const std::filesystem::path& folder) {
  CT_TRY(const auto names, collect_names(recipe, settings, folder));
  std::vector<std::set<std::size_t>> needs(recipe.stages.size());
  std::vector<PlannedStage> stages;
  for (std::size_t i = 0; i < recipe.stages.size(); ++i) {
    CT_TRY(auto stage, StagePlanner(recipe.stages[i], names, needs[i]).plan());
    stages.push_back(std::move(stage));
  }
  order_after_updates(stages, needs);

  Plan plan{{}, names.parameters};
  std::vector<int> place(stages.size(), -1);
  while (plan.stages.size() < stages.size()) {
    std::size_t next = 0;
    const auto ready = [&](std::size_t i) {
      return place[i] < 0 && std::all_of(needs[i].begin(), needs[i].end(),
                                         [&](std::size_t n) { return place[n] >= 0; });
    };
    while (next < stages.size() && !ready(next)) ++next;
    if (next == stages.size()) {
      std::string circle;
      for (std::size_t i = 0; i < stages.size(); ++i)
        if (place[i] < 0) circle += " " + stages[i].name;
      return Error{ErrorCode::InvalidArgument,
                   recipe.file + ": these stages wait for each other:" + circle};
    }
    place[next] = static_cast<int>(plan.stages.size());
    plan.stages.push_back(stages[next]);
  }
  for (auto& stage : plan.stages)
    for (auto* list : {&stage.inputs, &stage.updates})
      for (auto& input : *list)
        if (input.producer >= 0) input.producer = place[static_cast<std::size_t>(input.producer)];
  return plan;
}

}  // namespace crosstail::pipeline
