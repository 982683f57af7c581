/// Writing a converted model (docs/formats/model.md).

#include <cstring>

#include "base/hash.h"
#include "base/json_writer.h"
#include "base/stream.h"
#include "model/converted.h"
#include "model/identity.h"
#include "model/layout.h"
#include "model/transformer_weights.h"

namespace crosstail::model {
namespace {

namespace fs = std::filesystem;

/// Pages of the network begin where pages of the file do.
constexpr std::size_t kPage = 4096;
constexpr std::size_t kMaxSourceBytes = std::size_t{1} << 30;

struct Section {
  std::string_view name;
  std::string_view bytes;
};

std::string_view text_of(std::span<const float> numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()};
}

template <class T>
void append_number(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
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

/// The files that are no weights, in a zstd frame: count, then name and bytes of each with their
/// lengths.
Result<std::string> pack_source(const fs::path& folder) {
  CT_TRY(const auto files, identity_files(folder));
  std::string bytes;
  std::uint32_t count = 0;
  std::string packed(4, '\0');
  for (const auto& file : files) {
    if (file.ends_with(".safetensors") || file.ends_with(".bin") || file.ends_with(".index.json"))
      continue;
    CT_TRY(const std::string text, read_file(folder / file));
    append_number(packed, static_cast<std::uint32_t>(file.size()));
    append_number(packed, static_cast<std::uint64_t>(text.size()));
    packed += file;
    packed += text;
    ++count;
  }
  std::memcpy(packed.data(), &count, 4);
  return compress_frame(packed, Compression::Zstd);
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
  CT_TRY(const std::string source, pack_source(model->path));
  const std::string description = describe(*model, options.languages);
  const auto blob = model->tokenizer.to_blob();
  std::vector<Section> sections = {
      {"describe", description},
      {"token", {reinterpret_cast<const char*>(blob.data()), blob.size()}},
      {"layers", text_of(layers)},
      {"source", source}};
  if (d.family == Family::Static) {
    sections.push_back({"table", text_of(model->table.view())});
  } else {
    const auto packed = model->transformer->packed();
    sections.push_back({"network", {reinterpret_cast<const char*>(packed.data()), packed.size()}});
  }
  return write_sections(output, sections);
}

Result<std::map<std::string, std::string>> read_source_files(std::span<const std::byte> section) {
  const std::string_view frame{reinterpret_cast<const char*>(section.data()), section.size()};
  auto source = decompress(memory_source(frame), Compression::Zstd, "section source");
  std::string bytes;
  for (std::size_t got = 1; got > 0;) {
    const std::size_t at = bytes.size();
    if (at > kMaxSourceBytes)
      return Error{ErrorCode::Limit, "section source: more than 1 GiB of files"};
    bytes.resize(at + (std::size_t{1} << 20));
    CT_TRY(got, source->read(bytes.data() + at, std::size_t{1} << 20));
    bytes.resize(at + got);
  }
  std::string_view rest(bytes);
  const Error cut{ErrorCode::Corrupt, "section source: ends inside a file"};
  const auto number = [&rest](auto& value) {
    if (rest.size() < sizeof value) return false;
    std::memcpy(&value, rest.data(), sizeof value);
    rest.remove_prefix(sizeof value);
    return true;
  };
  std::uint32_t count = 0;
  if (!number(count)) return cut;
  std::map<std::string, std::string> files;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t name = 0;
    std::uint64_t size = 0;
    if (!number(name) || !number(size) || name > rest.size() || size > rest.size() - name)
      return cut;
    files[std::string(rest.substr(0, name))] = rest.substr(name, size);
    rest.remove_prefix(name + size);
  }
  return files;
}

}  // namespace crosstail::model
