#include "index/manifest.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/file.h"
#include "base/json_writer.h"

namespace crosstail::index {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kFormat = "crosstail-index";
constexpr std::uint64_t kVersion = 1;
constexpr std::string_view kName = "manifest.json";
constexpr std::uint64_t kMaxManifest = std::uint64_t{256} << 20;

std::string hex(std::uint64_t value) {
  std::array<char, 16> digits{};
  digits.fill('0');
  std::array<char, 16> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, 16).ptr;
  std::copy_backward(buffer.data(), end, digits.end());
  return {digits.data(), digits.size()};
}

void write_fusion(JsonWriter& json, const FusionSetting& setting) {
  json.begin_object()
      .member("mode", name_of(setting.mode))
      .member("alpha", setting.alpha)
      .member("beta", setting.beta)
      .member("renormalise", setting.renormalise)
      .member("center", name_of(setting.center))
      .member("centroid_shrink", setting.shrink)
      .member("center_strength", setting.strength);
  if (setting.source_alpha) {
    json.key("source_alpha").begin_object();
    for (std::size_t s = 0; s < kSources; ++s)
      json.member(name_of(static_cast<QuestionSource>(s)), (*setting.source_alpha)[s]);
    json.end_object();
  }
  json.end_object();
}

void write_counts(JsonWriter& json, std::string_view name,
                  const std::map<std::string, std::uint64_t>& counts) {
  json.key(name).begin_object();
  for (const auto& [key, count] : counts) json.member(key, count);
  json.end_object();
}

void write_model(JsonWriter& json, const ModelRecord& model) {
  json.key("model")
      .begin_object()
      .member("name", model.name)
      .member("identity", model.identity)
      .member("dimension", std::uint64_t{model.dimension})
      .member("pooling", model.pooling)
      .member("normalised", model.normalised)
      .member("precision", model.precision)
      .member("processor", model.processor)
      .member("passage_prompt", model.passage_prompt)
      .member("question_prompt", model.question_prompt)
      .member("max_length", model.max_length)
      .member("question_max_length", model.question_max_length)
      .end_object();
}

void write_segment(JsonWriter& json, const SegmentRecord& segment) {
  json.begin_object()
      .member("folder", segment.folder)
      .member("passages", segment.passages)
      .member("rows", segment.rows)
      .member("questions", segment.questions)
      .member("parts", segment.parts)
      .member("parts_are_questions", segment.parts_are_questions)
      .member("deleted", segment.deleted)
      .member("deleted_passages", segment.deleted_passages);
  json.key("tags").begin_array();
  for (const auto& tag : segment.tags) json.value(tag);
  json.end_array();
  json.key("files").begin_array();
  for (const auto& file : segment.files)
    json.begin_object()
        .member("name", file.name)
        .member("bytes", file.bytes)
        .member("checksum", hex(file.checksum))
        .end_object();
  json.end_array();
  write_counts(json, "counters", segment.counters);
  json.end_object();
}

/// Reads members of one object; keeps the first failure, with the path of the field.
class FieldReader {
 public:
  FieldReader(dom::object object, std::string path) : object_(object), path_(std::move(path)) {}

  void text(std::string_view name, std::string& into) {
    std::string_view value;
    if (get(name, value, "a string")) into = value;
  }
  void number(std::string_view name, std::uint64_t& into) { get(name, into, "a whole number"); }
  void number(std::string_view name, double& into) { get(name, into, "a number"); }
  void flag(std::string_view name, bool& into) { get(name, into, "true or false"); }
  template <class Enum, class Parse>
  void choice(std::string_view name, Enum& into, Parse&& parse) {
    std::string_view value;
    if (!get(name, value, "a string")) return;
    const auto parsed = parse(value);
    if (!parsed)
      fail(name, "a known value, got \"" + std::string(value.substr(0, 60)) + "\"");
    else
      into = *parsed;
  }
  void counts(std::string_view name, std::map<std::string, std::uint64_t>& into) {
    dom::object object;
    if (!get(name, object, "an object")) return;
    for (const auto& [key, value] : object) {
      std::uint64_t count = 0;
      if (value.get(count) != simdjson::SUCCESS) return fail(name, "whole numbers");
      into.emplace(key, count);
    }
  }
  void strings(std::string_view name, std::map<std::string, std::string>& into) {
    dom::object object;
    if (!get(name, object, "an object")) return;
    for (const auto& [key, value] : object) {
      std::string_view text;
      if (value.get(text) != simdjson::SUCCESS) return fail(name, "strings");
      into.emplace(key, text);
    }
  }
  void texts(std::string_view name, std::vector<std::string>& into) {
    dom::array array;
    if (!get(name, array, "an array of strings")) return;
    for (const dom::element item : array) {
      std::string_view value;
      if (item.get(value) != simdjson::SUCCESS) return fail(name, "strings");
      into.emplace_back(value);
    }
  }
  /// Calls read(FieldReader) for the object `name`.
  template <class Read>
  void object(std::string_view name, Read&& read) {
    dom::object object;
    if (!get(name, object, "an object")) return;
    nested(object, path_ + std::string(name) + ".", read);
  }
  template <class Read>
  void objects(std::string_view name, Read&& read) {
    dom::array array;
    if (!get(name, array, "an array of objects")) return;
    std::size_t i = 0;
    for (const dom::element item : array) {
      dom::object object;
      if (item.get(object) != simdjson::SUCCESS) return fail(name, "objects");
      nested(object, path_ + std::string(name) + "[" + std::to_string(i++) + "].", read);
    }
  }
  [[nodiscard]] bool has(std::string_view name) const {
    return object_.at_key(name).error() == simdjson::SUCCESS;
  }
  void fail(std::string_view name, const std::string& expected) {
    if (!error_.empty()) return;
    error_ = "field `";
    error_ += path_;
    error_ += name;
    error_ += "`: expected " + expected;
  }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  template <class T>
  bool get(std::string_view name, T& into, std::string_view expected) {
    if (object_.at_key(name).get(into) == simdjson::SUCCESS) return true;
    fail(name, std::string(expected));
    return false;
  }
  template <class Read>
  void nested(dom::object object, std::string path, Read&& read) {
    FieldReader reader(object, std::move(path));
    read(reader);
    if (error_.empty()) error_ = reader.error_;
  }
  dom::object object_;
  std::string path_, error_;
};

void read_fusion(FieldReader& in, FusionSetting& setting) {
  in.choice("mode", setting.mode, parse_fusion_mode);
  in.number("alpha", setting.alpha);
  in.number("beta", setting.beta);
  in.flag("renormalise", setting.renormalise);
  in.choice("center", setting.center, parse_centering);
  in.number("centroid_shrink", setting.shrink);
  if (in.has("center_strength")) in.number("center_strength", setting.strength);
  if (!in.has("source_alpha")) return;
  in.object("source_alpha", [&](FieldReader& alphas) {
    setting.source_alpha.emplace();
    for (std::size_t s = 0; s < kSources; ++s)
      alphas.number(name_of(static_cast<QuestionSource>(s)), (*setting.source_alpha)[s]);
  });
}

void read_model(FieldReader& in, ModelRecord& model) {
  std::uint64_t dimension = 0;
  in.text("name", model.name);
  in.text("identity", model.identity);
  in.number("dimension", dimension);
  in.text("pooling", model.pooling);
  in.flag("normalised", model.normalised);
  in.text("precision", model.precision);
  in.text("processor", model.processor);
  in.text("passage_prompt", model.passage_prompt);
  in.text("question_prompt", model.question_prompt);
  in.number("max_length", model.max_length);
  in.number("question_max_length", model.question_max_length);
  if (dimension == 0 || dimension > 65536) in.fail("dimension", "1 to 65536");
  model.dimension = dimension;
}

/// One path component that stays in its folder.
bool plain_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

void read_segment(FieldReader& in, SegmentRecord& segment) {
  in.text("folder", segment.folder);
  if (!plain_name(segment.folder)) in.fail("folder", "the name of a folder in the index");
  in.number("passages", segment.passages);
  in.number("rows", segment.rows);
  in.number("questions", segment.questions);
  in.number("parts", segment.parts);
  in.flag("parts_are_questions", segment.parts_are_questions);
  in.text("deleted", segment.deleted);
  if (!segment.deleted.empty() && !plain_name(segment.deleted))
    in.fail("deleted", "the name of a file in the segment");
  in.number("deleted_passages", segment.deleted_passages);
  in.texts("tags", segment.tags);
  if (segment.tags.size() >= kNoLanguage) in.fail("tags", "fewer than 65535 tags");
  in.objects("files", [&](FieldReader& file_in) {
    SegmentFile file;
    std::string checksum;
    file_in.text("name", file.name);
    if (!plain_name(file.name)) file_in.fail("name", "the name of a file in the segment");
    file_in.number("bytes", file.bytes);
    file_in.text("checksum", checksum);
    const auto [end, failure] =
        std::from_chars(checksum.data(), checksum.data() + checksum.size(), file.checksum, 16);
    if (failure != std::errc() || end != checksum.data() + checksum.size())
      file_in.fail("checksum", "16 hexadecimal digits");
    segment.files.push_back(std::move(file));
  });
  in.counts("counters", segment.counters);
}

void read_fields(FieldReader& in, Manifest& manifest) {
  in.text("crosstail", manifest.crosstail);
  in.object("model", [&](FieldReader& model) { read_model(model, manifest.model); });
  in.choice("keep_parts", manifest.keep, parse_keep_parts);
  in.choice("vectors", manifest.type, [](std::string_view name) -> std::optional<VectorType> {
    if (name == "f32") return VectorType::F32;
    if (name == "bf16") return VectorType::BF16;
    return std::nullopt;
  });
  in.text("passage_from", manifest.passage_from);
  in.number("window", manifest.window);
  in.number("stride", manifest.stride);
  in.flag("texts", manifest.texts);
  in.object("fusion", [&](FieldReader& fusion) { read_fusion(fusion, manifest.fusion); });
  in.flag("centroids_from_file", manifest.centroids_from_file);
  in.flag("centroids_complete", manifest.centroids_complete);
  in.number("shard", manifest.shard);
  in.number("shards", manifest.shards);
  if (manifest.shards == 0 || manifest.shard >= manifest.shards)
    in.fail("shard", "a shard below `shards`");
  in.objects("segments", [&](FieldReader& segment_in) {
    read_segment(segment_in, manifest.segments.emplace_back());
  });
  in.strings("options", manifest.options);
  in.counts("questions_by_language", manifest.questions_by_language);
  in.counts("questions_by_source", manifest.questions_by_source);
  if (in.has("tuned"))
    in.object("tuned", [&](FieldReader& tuned) {
      manifest.tuned.emplace();
      tuned.object("setting",
                   [&](FieldReader& setting) { read_fusion(setting, manifest.tuned->setting); });
      tuned.text("curve", manifest.tuned->curve);
    });
}

}  // namespace

std::string to_json(const Manifest& manifest) {
  std::string text;
  JsonWriter json(text, 1);
  json.begin_object()
      .member("format", kFormat)
      .member("version", kVersion)
      .member("crosstail", manifest.crosstail);
  write_model(json, manifest.model);
  json.member("keep_parts", name_of(manifest.keep))
      .member("vectors", manifest.type == VectorType::F32 ? "f32" : "bf16")
      .member("passage_from", manifest.passage_from)
      .member("window", manifest.window)
      .member("stride", manifest.stride)
      .member("texts", manifest.texts);
  json.key("fusion");
  write_fusion(json, manifest.fusion);
  json.member("centroids_from_file", manifest.centroids_from_file)
      .member("centroids_complete", manifest.centroids_complete)
      .member("shard", manifest.shard)
      .member("shards", manifest.shards);
  json.key("segments").begin_array();
  for (const auto& segment : manifest.segments) write_segment(json, segment);
  json.end_array();
  json.key("options").begin_object();
  for (const auto& [name, value] : manifest.options) json.member(name, value);
  json.end_object();
  write_counts(json, "questions_by_language", manifest.questions_by_language);
  write_counts(json, "questions_by_source", manifest.questions_by_source);
  if (manifest.tuned) {
    json.key("tuned").begin_object().key("setting");
    write_fusion(json, manifest.tuned->setting);
    json.member("curve", manifest.tuned->curve).end_object();
  }
  json.end_object();
  return text + "\n";
}

Result<Manifest> parse_manifest(std::string_view json, std::string_view name) {
  dom::parser parser;
  dom::object object;
  if (const auto code = parser.parse(json.data(), json.size()).get(object))
    return Error{ErrorCode::Corrupt,
                 std::string(name) + ": expected a JSON object: " + simdjson::error_message(code)};
  FieldReader in(object, "");
  std::string format;
  std::uint64_t version = 0;
  in.text("format", format);
  in.number("version", version);
  if (in.error().empty() && format != kFormat) in.fail("format", "\"crosstail-index\"");
  if (in.error().empty() && version != kVersion)
    return Error{ErrorCode::Unsupported, std::string(name) +
                                             ": field `version`: " + std::to_string(version) +
                                             "; this program reads version 1"};
  Manifest manifest;
  read_fields(in, manifest);
  if (!in.error().empty())
    return Error{ErrorCode::Corrupt, std::string(name) + ": " + in.error() +
                                         "; the index is damaged: copy it again or rebuild it"};
  return manifest;
}

Result<Manifest> read_manifest(const std::filesystem::path& dir) {
  const auto path = dir / kName;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    return Error{ErrorCode::NotFound,
                 dir.string() +
                     ": no index here (no manifest.json); build one with `crosstail "
                     "index CORPUS -o " +
                     dir.string() + "`, or end a killed build with --resume"};
  CT_TRY(const std::string json, read_file(path, kMaxManifest));
  return parse_manifest(json, path.string());
}

Status write_manifest(const std::filesystem::path& dir, const Manifest& manifest) {
  return write_file_atomic(dir / kName, to_json(manifest));
}

Status check_same_model(const ModelRecord& a, const ModelRecord& b) {
  const auto differs = [](std::string_view what, const std::string& one, const std::string& other) {
    return Error{ErrorCode::InvalidArgument, "another model: " + std::string(what) + " is \"" +
                                                 one + "\" there and \"" + other +
                                                 "\" here; vectors of the two do not compare"};
  };
  if (a.identity != b.identity) return differs("the identity", a.identity, b.identity);
  if (a.dimension != b.dimension)
    return differs("the dimension", std::to_string(a.dimension), std::to_string(b.dimension));
  if (a.passage_prompt != b.passage_prompt)
    return differs("the prompt of passages", a.passage_prompt, b.passage_prompt);
  if (a.question_prompt != b.question_prompt)
    return differs("the prompt of questions", a.question_prompt, b.question_prompt);
  if (a.max_length != b.max_length)
    return differs("--max-length", std::to_string(a.max_length), std::to_string(b.max_length));
  if (a.question_max_length != b.question_max_length)
    return differs("--question-max-length", std::to_string(a.question_max_length),
                   std::to_string(b.question_max_length));
  return {};
}

}  // namespace crosstail::index
