#include "pipeline/recipe.h"

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>

#include "base/file.h"
#include "base/hash.h"

namespace crosstail::pipeline {
namespace {

constexpr std::size_t kMaxStages = 1000;

/// One file's parse; every failure names the line.
class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  Result<Recipe> read(const toml::table& root);

 private:
  [[nodiscard]] Error wrong(const toml::node& at, const std::string& message) const {
    return {ErrorCode::Corrupt,
            file_ + ":" + std::to_string(at.source().begin.line) + ": " + message};
  }
  Status known(const toml::table& table, const std::string& where,
               const std::vector<std::string_view>& keys) const;
  Result<std::string> word(const toml::node& node, const std::string& where) const;
  Result<std::vector<std::string>> words(const toml::node& node, const std::string& where) const;
  Result<std::vector<StageOption>> options(const toml::table& stage, const char* key,
                                           const std::string& where) const;
  Result<Parameter> parameter(const std::string& name, const toml::node& node) const;
  Result<Stage> stage(const std::string& name, const toml::node& node) const;
  Status check_name(const std::string& name, const toml::node& node) const;

  std::string file_;
};

Status Reader::known(const toml::table& table, const std::string& where,
                     const std::vector<std::string_view>& keys) const {
  for (const auto& [key, value] : table) {
    if (std::find(keys.begin(), keys.end(), key.str()) != keys.end()) continue;
    std::string list;
    for (const auto k : keys) list += (list.empty() ? "" : ", ") + std::string(k);
    return wrong(value, where + "unknown key '" + std::string(key.str()) + "'; there are " + list);
  }
  return {};
}

/// Strings, integers, reals: what a command line can say.
Result<std::string> Reader::word(const toml::node& node, const std::string& where) const {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* real = node.as_floating_point()) {
    std::string text(64, '\0');
    const auto end = std::to_chars(text.data(), text.data() + text.size(), real->get()).ptr;
    text.resize(static_cast<std::size_t>(end - text.data()));
    return text;
  }
  return wrong(node, where + ": expected a string or a number");
}

Result<std::vector<std::string>> Reader::words(const toml::node& node,
                                               const std::string& where) const {
  std::vector<std::string> out;
  if (const auto* list = node.as_array()) {
    for (const auto& each : *list) {
      CT_TRY(auto text, word(each, where));
      out.push_back(std::move(text));
    }
    return out;
  }
  CT_TRY(auto text, word(node, where));
  out.push_back(std::move(text));
  return out;
}

Result<std::vector<StageOption>> Reader::options(const toml::table& stage, const char* key,
                                                 const std::string& where) const {
  std::vector<StageOption> out;
  const toml::node* node = stage.get(key);
  if (node == nullptr) return out;
  const auto* table = node->as_table();
  if (table == nullptr)
    return wrong(*node, where + key + ": expected a table such as { option = \"value\" }");
  for (const auto& [name, value] : *table) {
    StageOption option{std::string(name.str()), {}};
    if (const auto* flag = value.as_boolean()) {
      if (!flag->get()) continue;  // a flag that is not set
    } else {
      CT_TRY(option.values, words(value, where + key + "." + option.name));
      if (option.values.empty()) continue;
    }
    out.push_back(std::move(option));
  }
  return out;
}

Status Reader::check_name(const std::string& name, const toml::node& node) const {
  const bool fine = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (fine) return {};
  return wrong(node, "'" + name + "': a name is made of a-z, 0-9, - and _");
}

Result<Parameter> Reader::parameter(const std::string& name, const toml::node& node) const {
  CT_CHECK(check_name(name, node));
  const std::string where = "parameters." + name;
  Parameter out{name, "", std::nullopt};
  const auto* table = node.as_table();
  if (table == nullptr) {
    CT_TRY(out.value, word(node, where));
    return out;
  }
  CT_CHECK(known(*table, where + ": ", {"help", "default"}));
  if (const auto* help = table->get("help")) {
    CT_TRY(out.help, word(*help, where + ".help"));
  }
  if (const auto* value = table->get("default")) {
    CT_TRY(out.value, word(*value, where + ".default"));
  }
  return out;
}

Result<Stage> Reader::stage(const std::string& name, const toml::node& node) const {
  CT_CHECK(check_name(name, node));
  const auto* table = node.as_table();
  if (table == nullptr) return wrong(node, "stages." + name + ": expected a table");
  const std::string where = "stages." + name + ": ";
  CT_CHECK(known(*table, where, {"verb", "arguments", "inputs", "options", "outputs", "updates"}));
  Stage out;
  out.name = name;
  out.line = node.source().begin.line;
  const auto* verb = table->get("verb");
  if (verb == nullptr) return wrong(node, where + "verb is missing");
  CT_TRY(out.verb, word(*verb, where + "verb"));
  if (const auto* arguments = table->get("arguments")) {
    CT_TRY(out.arguments, words(*arguments, where + "arguments"));
  }
  if (const auto* updates = table->get("updates")) {
    CT_TRY(out.updates, words(*updates, where + "updates"));
  }
  CT_TRY(out.inputs, options(*table, "inputs", where));
  CT_TRY(out.options, options(*table, "options", where));
  CT_TRY(out.outputs, options(*table, "outputs", where));
  for (const auto& output : out.outputs)
    if (output.values.size() != 1)
      return wrong(*table->get("outputs"),
                   where + "outputs." + output.name + ": expected one file name");
  return out;
}

Result<Recipe> Reader::read(const toml::table& root) {
  CT_CHECK(known(root, "", {"name", "description", "parameters", "stages"}));
  Recipe out;
  out.file = file_;
  for (auto [key, target] :
       {std::pair("name", &out.name), std::pair("description", &out.description)}) {
    const auto* node = root.get(key);
    if (node == nullptr) return Error{ErrorCode::Corrupt, file_ + ": '" + key + "' is missing"};
    CT_TRY(*target, word(*node, key));
  }
  if (const auto* node = root.get("parameters")) {
    const auto* table = node->as_table();
    if (table == nullptr) return wrong(*node, "parameters: expected a table");
    for (const auto& [key, value] : *table) {
      CT_TRY(auto one, parameter(std::string(key.str()), value));
      out.parameters.push_back(std::move(one));
    }
  }
  const auto* node = root.get("stages");
  if (node == nullptr || node->as_table() == nullptr || node->as_table()->empty())
    return Error{ErrorCode::Corrupt, file_ + ": there are no [stages.NAME]"};
  if (node->as_table()->size() > kMaxStages)
    return wrong(*node, "more than " + std::to_string(kMaxStages) + " stages");
  for (const auto& [key, value] : *node->as_table()) {
    CT_TRY(auto one, stage(std::string(key.str()), value));
    out.stages.push_back(std::move(one));
  }
  // The library keeps tables sorted by name; people read them in the order of the file.
  std::stable_sort(out.stages.begin(), out.stages.end(),
                   [](const Stage& a, const Stage& b) { return a.line < b.line; });
  return out;
}

}  // namespace

Result<Recipe> parse_recipe(std::string_view text, const std::string& file) {
  const auto parsed = toml::parse(text, file);
  if (!parsed) {
    const auto& error = parsed.error();
    return Error{ErrorCode::Corrupt, file + ":" + std::to_string(error.source().begin.line) + ":" +
                                         std::to_string(error.source().begin.column) + ": " +
                                         std::string(error.description())};
  }
  CT_TRY(auto recipe, Reader(file).read(parsed.table()));
  recipe.sha256 = sha256_hex(text);
  return recipe;
}

Result<Recipe> read_recipe(const std::filesystem::path& path) {
  CT_TRY(const auto text, read_file(path, std::uint64_t{1} << 20));
  return parse_recipe(text, path.string());
}

}  // namespace crosstail::pipeline
