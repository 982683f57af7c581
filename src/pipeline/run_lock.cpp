#include "pipeline/run_lock.h"

#include <simdjson.h>

#include "base/file.h"
#include "base/json_writer.h"

namespace crosstail::pipeline {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kFormat = "crosstail-recipe-lock";
constexpr std::int64_t kVersion = 1;

/// Reads what must be there; the first thing that is not is remembered.
class Fields {
 public:
  std::string text(dom::object object, const char* name) {
    std::string_view value;
    if (object[name].get(value) != simdjson::SUCCESS) fail(name);
    return std::string(value);
  }
  bool flag(dom::object object, const char* name) {
    bool value = false;
    if (object[name].get(value) != simdjson::SUCCESS) fail(name);
    return value;
  }
  dom::object object(dom::element element, const char* name) {
    dom::object value;
    if (element.get(value) != simdjson::SUCCESS) fail(name);
    return value;
  }
  template <class Each>
  void array(dom::object object, const char* name, const Each& each) {
    dom::array values;
    if (object[name].get(values) != simdjson::SUCCESS) return fail(name);
    for (const dom::element value : values)
      if (wrong_.empty()) each(value);
  }
  void fail(const char* name) {
    if (wrong_.empty()) wrong_ = name;
  }
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  std::string wrong_;
};

void read_files(Fields& fields, dom::object stage, const char* name,
                std::vector<LockedFile>& files) {
  fields.array(stage, name, [&](dom::element element) {
    const auto file = fields.object(element, name);
    if (fields.wrong().empty())
      files.push_back({fields.text(file, "path"), fields.text(file, "sha256")});
  });
}

void read_stage(Fields& fields, dom::element element, RunLock& lock) {
  const auto object = fields.object(element, "stages");
  if (!fields.wrong().empty()) return;
  LockedStage stage;
  stage.key = fields.text(object, "key");
  stage.done = fields.flag(object, "done");
  fields.array(object, "command", [&](dom::element word) {
    std::string_view text;
    if (word.get(text) != simdjson::SUCCESS) return fields.fail("command");
    stage.command.emplace_back(text);
  });
  read_files(fields, object, "inputs", stage.inputs);
  read_files(fields, object, "outputs", stage.outputs);
  lock.stages.emplace_back(fields.text(object, "name"), std::move(stage));
}

void write_files(JsonWriter& json, const char* name, const std::vector<LockedFile>& files) {
  json.key(name).begin_array();
  for (const auto& file : files)
    json.begin_object().member("path", file.path).member("sha256", file.sha256).end_object();
  json.end_array();
}

}  // namespace

const LockedStage* RunLock::find(const std::string& stage) const {
  for (const auto& [name, locked] : stages)
    if (name == stage) return &locked;
  return nullptr;
}

LockedStage& RunLock::at(const std::string& stage) {
  for (auto& [name, locked] : stages)
    if (name == stage) return locked;
  return stages.emplace_back(stage, LockedStage{}).second;
}

Result<RunLock> parse_run_lock(const std::string& text, const std::string& file) {
  dom::parser parser;
  dom::object root;
  if (parser.parse(simdjson::padded_string(text)).get(root) != simdjson::SUCCESS)
    return Error{ErrorCode::Corrupt,
                 file + ": not a JSON object; delete it to run every stage again"};
  Fields fields;
  RunLock lock;
  std::int64_t version = 0;
  if (fields.text(root, "format") != kFormat) fields.fail("format");
  if (root["version"].get(version) != simdjson::SUCCESS || version != kVersion)
    fields.fail("version");
  lock.crosstail_version = fields.text(root, "crosstail");
  lock.recipe = fields.text(root, "recipe");
  lock.recipe_sha256 = fields.text(root, "recipe_sha256");
  dom::object parameters;
  if (root["parameters"].get(parameters) != simdjson::SUCCESS) fields.fail("parameters");
  if (fields.wrong().empty()) {
    for (const auto& [name, value] : parameters) {
      std::string_view word;
      if (value.get(word) != simdjson::SUCCESS) fields.fail("parameters");
      lock.parameters[std::string(name)] = word;
    }
    fields.array(root, "stages", [&](dom::element stage) { read_stage(fields, stage, lock); });
  }
  if (!fields.wrong().empty())
    return Error{ErrorCode::Corrupt, file + ": field '" + fields.wrong() +
                                         "' is missing or not what it should be; delete the file "
                                         "to run every stage again"};
  return lock;
}

Result<RunLock> read_run_lock(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return RunLock{};
  CT_TRY(const auto text, read_file(path));
  return parse_run_lock(text, path.string());
}

std::string run_lock_json(const RunLock& lock) {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object().member("format", kFormat).member("version", kVersion);
  json.member("crosstail", lock.crosstail_version).member("recipe", lock.recipe);
  json.member("recipe_sha256", lock.recipe_sha256).key("parameters").begin_object();
  for (const auto& [name, value] : lock.parameters) json.member(name, value);
  json.end_object().key("stages").begin_array();
  for (const auto& [name, stage] : lock.stages) {
    json.begin_object().member("name", name).member("key", stage.key).member("done", stage.done);
    json.key("command").begin_array();
    for (const auto& word : stage.command) json.value(word);
    json.end_array();
    write_files(json, "inputs", stage.inputs);
    write_files(json, "outputs", stage.outputs);
    json.end_object();
  }
  json.end_array().end_object();
  return out + "\n";
}

}  // namespace crosstail::pipeline
