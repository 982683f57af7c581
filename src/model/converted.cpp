#include "model/converted.h"

#include <array>
#include <cstring>
#include <fstream>

#include "base/hash.h"
#include "model/json_file.h"

namespace crosstail::model {
namespace {

namespace fs = std::filesystem;

/// As in the file; little-endian.
struct Header {
  char magic[8];
  std::uint32_t version, sections;
  std::uint64_t file_size, table_checksum;
  std::uint64_t reserved[4];
};
static_assert(sizeof(Header) == 64);

struct Entry {
  char name[8];
  std::uint64_t offset, size, checksum;
};
static_assert(sizeof(Entry) == 32);

constexpr std::uint32_t kMaxSections = 64;
constexpr std::size_t kAlignment = 64;

Error corrupt(std::string what) {
  return {ErrorCode::Corrupt, "is a damaged converted model: " + std::move(what) +
                                  "; convert it again with `crosstail model convert`"};
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string name_of(const Entry& entry) {
  return {entry.name, ::strnlen(entry.name, sizeof entry.name)};
}

Result<std::vector<Entry>> read_entries(std::span<const std::byte> file) {
  Header header{};
  if (file.size() < sizeof header)
    return Error{ErrorCode::Corrupt, "is too short for a converted model"};
  std::memcpy(&header, file.data(), sizeof header);
  if (std::string_view(header.magic, 8) != kModelMagic)
    return Error{ErrorCode::Corrupt, "is not a converted model: expected \"CTMODEL\" at its start"};
  if (header.version == 0 || header.version > kModelVersion)
    return Error{ErrorCode::Unsupported, "has version " + std::to_string(header.version) +
                                             " of the format; this program reads versions 1 to 3: "
                                             "convert the model again"};
  if (header.file_size != file.size())
    return corrupt("it has " + std::to_string(file.size()) + " bytes, its header says " +
                   std::to_string(header.file_size));
  const std::size_t table = std::size_t{header.sections} * sizeof(Entry);
  if (header.sections > kMaxSections || file.size() - sizeof header < table)
    return corrupt("its table of " + std::to_string(header.sections) + " sections is cut off");
  if (xxh3(text_of(file.subspan(sizeof header, table))) != header.table_checksum)
    return corrupt("the checksum of its table does not match");
  std::vector<Entry> entries(header.sections);
  std::memcpy(entries.data(), file.data() + sizeof header, table);
  for (const Entry& entry : entries)
    if (entry.offset % kAlignment != 0 || entry.offset > file.size() ||
        entry.size > file.size() - entry.offset)
      return corrupt("section " + name_of(entry) + " lies outside the file");
  return entries;
}

Status check_entry(std::span<const std::byte> file, const Entry& entry) {
  if (xxh3(text_of(file.subspan(entry.offset, entry.size))) == entry.checksum) return {};
  return corrupt("section " + name_of(entry) + ", bytes " + std::to_string(entry.offset) + ".." +
                 std::to_string(entry.offset + entry.size) + ": checksum mismatch");
}

/// What the description holds besides ModelDescription.
struct Provenance {
  std::string name, identity;
  nn::Precision precision = nn::Precision::F32;
};

Result<Provenance> read_provenance(std::string_view json) {
  CT_TRY(const JsonFile file, JsonFile::parse(json, "section describe"));
  Provenance p;
  CT_TRY(p.name, file.text_at("name", ""));
  CT_TRY(p.identity, file.text_at("identity", ""));
  CT_TRY(const std::string precision, file.text_at("precision", ""));
  const auto known = nn::precision_from(precision);
  if (!known)
    return Error{ErrorCode::Unsupported,
                 "section describe: precision \"" + precision + "\"; expected f32, bf16 or int8"};
  p.precision = *known;
  return p;
}

Status load_network(const ModelSections& sections, LoadedModel& model) {
  const ModelDescription& d = model.description;
  if (d.family == Family::Static) {
    const std::size_t numbers = d.shape.vocabulary * d.shape.hidden;
    if (sections.table.size() != numbers * sizeof(float))
      return corrupt("section table does not have vocabulary × hidden numbers");
    model.table =
        FloatArray(std::span(reinterpret_cast<const float*>(sections.table.data()), numbers));
    return {};
  }
  auto network = nn::Transformer::from_packed(sections.network);
  if (!network.ok()) return network.error().at("section network");
  const auto &a = network->shape(), &b = d.shape;
  if (a.hidden != b.hidden || a.vocabulary != b.vocabulary || a.positions != b.positions ||
      a.types != b.types || a.layers != b.layers || network->precision() != model.precision)
    return corrupt("sections describe and network do not belong together");
  model.transformer = *std::move(network);
  return {};
}

}  // namespace

Result<ModelSections> read_sections(std::span<const std::byte> file) {
  CT_TRY(const auto entries, read_entries(file));
  ModelSections sections;
  std::memcpy(&sections.version, file.data() + offsetof(Header, version), 4);
  for (const Entry& entry : entries) {
    const auto bytes = file.subspan(entry.offset, entry.size);
    const std::string name = name_of(entry);
    if (name == "describe") {
      CT_CHECK(check_entry(file, entry));
      sections.description = text_of(bytes);
    }
    if (name == "token") sections.tokenizer = bytes;
    if (name == "network") sections.network = bytes;
    if (name == "table") sections.table = bytes;
    if (name == "layers") sections.layers = bytes;
    if (name == "source") sections.source = bytes;
  }
  if (sections.description.empty()) return corrupt("it has no section describe");
  return sections;
}

Status verify_sections(std::span<const std::byte> file) {
  CT_TRY(const auto entries, read_entries(file));
  for (const Entry& entry : entries) CT_CHECK(check_entry(file, entry));
  return {};
}

bool is_converted(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  char magic[8] = {};
  return in.read(magic, 8) && std::string_view(magic, 8) == kModelMagic;
}

Result<std::vector<StoredLayer>> read_stored_layers(const ModelDescription& d,
                                                    std::span<const std::byte> section) {
  std::vector<StoredLayer> layers;
  std::vector<bool> bias;
  const auto add = [&](std::size_t in, std::size_t out, nn::Activation activation, bool has_bias) {
    layers.push_back({in, out, activation, {}, {}});
    bias.push_back(has_bias);
  };
  if (d.task != Task::Encoder) {
    add(d.shape.hidden, d.shape.hidden,
        d.family == Family::DistilBert ? nn::Activation::Relu : nn::Activation::Tanh, true);
    add(d.shape.hidden, d.labels.size(), nn::Activation::Identity, true);
  }
  for (const Step& step : d.steps)
    if (step.kind == Step::Kind::Dense) add(step.in, step.out, step.activation, step.bias);
  std::span<const float> numbers(reinterpret_cast<const float*>(section.data()),
                                 section.size() / sizeof(float));
  const auto take = [&](std::size_t count, std::span<const float>& to) {
    if (count > numbers.size()) return false;
    to = numbers.first(count);
    numbers = numbers.subspan(count);
    return true;
  };
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (!take(layers[i].in * layers[i].out, layers[i].weight) ||
        !take(bias[i] ? layers[i].out : 0, layers[i].bias))
      return corrupt("section layers is shorter than its layers");
  return layers;
}

Result<std::shared_ptr<LoadedModel>> load_sections(std::span<const std::byte> file) {
  CT_TRY(const ModelSections sections, read_sections(file));
  CT_TRY(ModelDescription description,
         description_from_json(sections.description, "section describe"));
  CT_TRY(const Provenance provenance, read_provenance(sections.description));
  auto tokenizer = text::Tokenizer::from_blob(sections.tokenizer);
  if (!tokenizer.ok()) return tokenizer.error().at("section token");
  if (tokenizer->size() > description.shape.vocabulary)
    return corrupt("its tokenizer has more ids than its table has rows");
  auto model = std::make_shared<LoadedModel>(
      LoadedModel{.description = std::move(description), .tokenizer = *std::move(tokenizer)});
  model->name = provenance.name;
  model->identity = provenance.identity;
  model->precision = provenance.precision;
  model->converted = true;
  CT_CHECK(load_network(sections, *model));
  CT_TRY(const auto layers, read_stored_layers(model->description, sections.layers));
  for (const StoredLayer& layer : layers) {
    CT_TRY(auto linear,
           nn::Linear::build(layer.in, layer.out, {layer.weight, layer.bias}, layer.activation));
    model->layers.push_back(std::move(linear));
  }
  return model;
}

Result<std::shared_ptr<const LoadedModel>> load_converted(const fs::path& path) {
  CT_TRY(MappedFile file, MappedFile::open(path));
  auto model = load_sections(file.bytes());
  if (!model.ok()) return model.error().at(path.string());
  (*model)->path = path;
  (*model)->file = std::move(file);
  return std::shared_ptr<const LoadedModel>(*std::move(model));
}

}  // namespace crosstail::model
