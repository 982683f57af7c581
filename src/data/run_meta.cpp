#include "data/run_meta.h"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "base/file.h"
#include "base/json_writer.h"

namespace crosstail::data {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kFormat = "crosstail-run-meta";
constexpr std::int64_t kVersion = 1;
constexpr std::array<std::string_view, kLeakGrades> kGradeNames{"same-text", "same-group",
                                                                "near-copy"};

std::optional<LeakGrade> grade_of(std::string_view name) {
  const auto at = std::find(kGradeNames.begin(), kGradeNames.end(), name);
  if (at == kGradeNames.end()) return std::nullopt;
  return static_cast<LeakGrade>(at - kGradeNames.begin());
}

/// Reads members of one object; an absent member leaves the target alone, one of another type is
/// remembered as the error.
class Members {
 public:
  explicit Members(dom::object object) : object_(object) {}

  template <class T>
  void get(const char* name, T& target) {
    T value{};
    take(name, value, [&] { target = value; });
  }
  void get(const char* name, std::string& target) {
    std::string_view value;
    take(name, value, [&] { target = value; });
  }
  template <class T>
  void get(const char* name, std::optional<T>& target) {
    T value{};
    take(name, value, [&] { target = value; });
  }
  void get(const char* name, std::vector<std::string>& target) {
    dom::array values;
    take(name, values, [&] {
      for (const dom::element value : values) {
        std::string_view text;
        if (value.get(text) != simdjson::SUCCESS)
          wrong_ = name;
        else
          target.emplace_back(text);
      }
    });
  }
  void get(const char* name, dom::object& target) {
    take(name, target, [] {});
  }
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  template <class T, class Done>
  void take(const char* name, T& value, const Done& done) {
    dom::element element;
    if (object_[name].get(element) != simdjson::SUCCESS || element.is_null()) return;
    if (element.get(value) != simdjson::SUCCESS)
      wrong_ = name;
    else
      done();
  }

  dom::object object_;
  std::string wrong_;
};

bool read_leaks(dom::object queries, RunMeta& meta) {
  for (const auto& [query, value] : queries) {
    dom::object grades;
    if (value.get(grades) != simdjson::SUCCESS) return false;
    auto& leaks = meta.leaks[std::string(query)];
    for (const auto& [name, list] : grades) {
      const auto grade = grade_of(name);
      dom::array passages;
      if (!grade || list.get(passages) != simdjson::SUCCESS) return false;
      Leak leak{*grade, {}};
      for (const dom::element passage : passages) {
        std::string_view id;
        if (passage.get(id) != simdjson::SUCCESS) return false;
        leak.passages.emplace_back(id);
      }
      leaks.push_back(std::move(leak));
    }
  }
  return true;
}

}  // namespace

std::string_view leak_grade_name(LeakGrade grade) {
  return kGradeNames[static_cast<std::size_t>(grade)];
}

std::filesystem::path run_meta_path(const std::filesystem::path& run) {
  std::string name = run.string();
  for (const char* suffix : {".gz", ".zst"})
    if (name.ends_with(suffix)) name.erase(name.size() - std::string_view(suffix).size());
  return name + ".meta.json";
}

Result<RunMeta> read_run_meta(const std::filesystem::path& path) {
  const auto fail = [&path](const std::string& what) {
    return Error{ErrorCode::Corrupt, path.string() + ": " + what};
  };
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    return Error{ErrorCode::NotFound, path.string() + ": there is no such file"};
  CT_TRY(const std::string text, read_file(path));
  dom::parser parser;
  dom::object object;
  if (const auto code = parser.parse(text).get(object))
    return fail(std::string("expected a JSON object: ") + simdjson::error_message(code));
  RunMeta meta;
  Members members(object);
  std::string format;
  std::int64_t version = 0;
  std::vector<std::string> checked;
  dom::object leaks;
  members.get("format", format);
  members.get("version", version);
  if (format != kFormat || version != kVersion)
    return fail("expected `format` crosstail-run-meta, `version` 1");
  members.get("crosstail", meta.crosstail_version);
  members.get("system", meta.system);
  members.get("index", meta.index_identity);
  members.get("model", meta.model_name);
  members.get("model_identity", meta.model_identity);
  members.get("fusion", meta.fusion);
  members.get("alpha", meta.alpha);
  members.get("beta", meta.beta);
  members.get("center", meta.center);
  members.get("passage_from", meta.passage_from);
  members.get("leave_out", meta.leave_out);
  members.get("other_languages", meta.other_languages);
  members.get("passages", meta.passages);
  members.get("passages_with_questions", meta.passages_with_questions);
  members.get("leaks_checked", checked);
  members.get("leaks", leaks);
  if (!members.wrong().empty()) return fail("field `" + members.wrong() + "` has another type");
  for (const std::string& name : checked) {
    const auto grade = grade_of(name);
    if (!grade) return fail("field `leaks_checked`: unknown grade \"" + name + "\"");
    meta.checked.push_back(*grade);
  }
  if (object["leaks"].error() == simdjson::SUCCESS && !read_leaks(leaks, meta))
    return fail("field `leaks`: expected {\"qid\": {\"same-text\": [\"passage\", …], …}, …}");
  return meta;
}

std::string run_meta_json(const RunMeta& meta) {
  std::string out;
  JsonWriter json(out, 1);
  json.begin_object().member("format", kFormat).member("version", kVersion);
  json.member("crosstail", meta.crosstail_version).member("system", meta.system);
  json.member("index", meta.index_identity).member("model", meta.model_name);
  json.member("model_identity", meta.model_identity).member("fusion", meta.fusion);
  if (meta.alpha) json.member("alpha", *meta.alpha);
  if (meta.beta) json.member("beta", *meta.beta);
  json.member("center", meta.center).member("passage_from", meta.passage_from);
  json.key("leave_out").begin_array();
  for (const auto& what : meta.leave_out) json.value(what);
  json.end_array();
  if (meta.other_languages) json.member("other_languages", *meta.other_languages);
  json.member("passages", meta.passages);
  json.member("passages_with_questions", meta.passages_with_questions);
  json.key("leaks_checked").begin_array();
  for (const LeakGrade grade : meta.checked) json.value(leak_grade_name(grade));
  json.end_array().key("leaks").begin_object();
  std::vector<std::string_view> queries;
  for (const auto& [query, leaks] : meta.leaks) queries.emplace_back(query);
  std::sort(queries.begin(), queries.end());
  for (const auto query : queries) {
    json.key(query).begin_object();
    for (const Leak& leak : meta.leaks.at(std::string(query))) {
      json.key(leak_grade_name(leak.grade)).begin_array();
      for (const auto& passage : leak.passages) json.value(passage);
      json.end_array();
    }
    json.end_object();
  }
  json.end_object().end_object();
  return out + "\n";
}

}  // namespace crosstail::data
