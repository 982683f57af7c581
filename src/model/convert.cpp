/// Writing a converted model (docs/formats/model.md).

#include <algorithm>
#include <cstring>
#include <map>

#include "base/hash.h"
#include "base/json_writer.h"
#include "model/converted.h"
#include "model/identity.h"
#include "model/layout.h"
#include "model/source_files.h"
#include "model/transformer_weights.h"
#include "text/tokenizer_compact.h"

namespace crosstail::model {
namespace {

namespace fs = std::filesystem;

/// Pages of the network begin where pages of the file do.
constexpr std::size_t kPage = 4096;

struct Section {
  std::string_view name;
  std::string_view bytes;
};

template <class T>
std::string_view text_of(std::span<const T> numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()};
}

std::uint64_t round_up(std::uint64_t n, std::uint64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

/// ModelDescription with name, identity and precision in front.
std::string describe(const LoadedModel& model, const std::vector<std::string>& languages) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().member("name", std::string_view(model.name));
  json.member("identity", std::string_view(model.identity));
  json.member("precision", nn::name_of(model.precision));
  json.end_object();
  text.pop_back();
  ModelDescription description = model.description;
  if (!languages.empty()) description.languages = languages;
  return text + "," + to_json(description).substr(1);
}

/// The files that are no weights; in a compact model no SentencePiece file that nobody reads, since
/// tokenizer.json stands beside it.
Result<std::string> pack_source(const LoadedModel& model, bool compact) {
  CT_TRY(const auto names, identity_files(model.path));
  const fs::path json = fs::path(model.description.folder) / "tokenizer.json";
  const bool unread = compact && std::find(names.begin(), names.end(), json) != names.end();
  std::map<std::string, std::string> files;
  for (const auto& name : names) {
    if (name.ends_with(".safetensors") || name.ends_with(".bin") || name.ends_with(".index.json"))
      continue;
    if (unread && name.ends_with(".model")) continue;
    CT_TRY(files[name], read_file(model.path / name));
  }
  return pack_source_files(files, model.tokenizer);
}

/// Weights of the Dense steps or the head, as f32 numbers one after another.
Result<std::vector<float>> collect_layers(const fs::path& folder, const Weights& weights,
                                          const ModelDescription& d) {
  std::vector<float> out;
  const auto add = [&](const Weights& from, const std::string& name, std::size_t rows,
                       std::size_t columns, bool bias) -> Status {
    CT_TRY(const auto weight, from.floats(name + ".weight", {rows, columns}));
    out.insert(out.end(), weight.view().begin(), weight.view().end());
    if (!bias) return {};
    CT_TRY(const auto added, from.floats(name + ".bias", {rows}));
    out.insert(out.end(), added.view().begin(), added.view().end());
    return {};
  };
  if (d.task != Task::Encoder) {
    const auto names = head_names(d);
    CT_CHECK(add(weights, names[0], d.shape.hidden, d.shape.hidden, true));
    CT_CHECK(add(weights, names[1], d.labels.size(), d.shape.hidden, true));
  }
  for (const Step& step : d.steps) {
    if (step.kind != Step::Kind::Dense) continue;
    CT_TRY(const Weights own, Weights::open(folder / step.folder));
    CT_CHECK(add(own, "linear", step.out, step.in, step.bias));
  }
  return out;
}

Status write_sections(const fs::path& path, const std::vector<Section>& sections) {
  std::string head(64 + sections.size() * 32, '\0');
  std::uint64_t at = head.size();
  std::vector<std::uint64_t> offsets;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const auto& [name, bytes] = sections[i];
    at = round_up(at, name == "network" || name == "table" ? kPage : 64);
    offsets.push_back(at);
    const std::uint64_t size = bytes.size(), checksum = xxh3(bytes);
    char* entry = head.data() + 64 + i * 32;
    std::memcpy(entry, name.data(), name.size());
    std::memcpy(entry + 8, &at, 8);
    std::memcpy(entry + 16, &size, 8);
    std::memcpy(entry + 24, &checksum, 8);
    at += bytes.size();
  }
  const auto count = static_cast<std::uint32_t>(sections.size());
  const std::uint64_t checksum = xxh3(std::string_view(head).substr(64));
  std::memcpy(head.data(), kModelMagic.data(), 8);
  std::memcpy(head.data() + 8, &kModelVersion, 4);
  std::memcpy(head.data() + 12, &count, 4);
  std::memcpy(head.data() + 16, &at, 8);
  std::memcpy(head.data() + 24, &checksum, 8);
  const fs::path part = path.string() + ".part";
  CT_TRY(OutputFile file, OutputFile::create(part));
  CT_CHECK(file.write(head));
  for (std::size_t i = 0; i < sections.size(); ++i) {
    CT_CHECK(file.write(std::string(offsets[i] - file.size(), '\0')));
    CT_CHECK(file.write(sections[i].bytes));
  }
  CT_CHECK(file.sync());
  CT_CHECK(file.close());
  return commit_rename(part, path);
}

}  // namespace

Status convert_model(const fs::path& folder, nn::Precision precision, const fs::path& output,
                     const ConvertOptions& options) {
  CT_TRY(const auto model, load_model(folder, precision, options.words, options.layers));
  if (model->converted)
    return Error{ErrorCode::InvalidArgument,
                 folder.string() + ": is converted already; convert from the source directory"};
  const ModelDescription& d = model->description;
  CT_TRY(const Weights weights, Weights::open(model->path / d.folder));
  CT_TRY(const auto layers, collect_layers(model->path, weights, d));
  CT_TRY(const std::string source, pack_source(*model, options.compact));
  const std::string description = describe(*model, options.languages);
  const auto blob = model->tokenizer.to_blob();
  const std::string compact = options.compact ? text::compact_blob(blob) : std::string();
  std::vector<Section> sections = {
      {"describe", description},
      {"token", options.compact ? std::string_view(compact) : text_of(blob)},
      {"layers", text_of(std::span<const float>(layers))},
      {"source", source}};
  if (d.family == Family::Static) {
    sections.push_back({"table", text_of(model->table.view())});
  } else {
    const auto packed = model->transformer->packed();
    sections.push_back({"network", text_of(packed)});
  }
  return write_sections(output, sections);
}

}  // namespace crosstail::model
