#include "model/weights.h"

#include <simdjson.h>

#include <algorithm>
#include <set>

#include "model/pytorch_file.h"

namespace crosstail::model {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxIndex = std::uint64_t{64} << 20;
constexpr std::size_t kMaxShards = 10'000;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

/// The shards that `weight_map` names, each once.
Result<std::set<std::string>> shards_of(const fs::path& index) {
  CT_TRY(const std::string text, read_file(index, kMaxIndex));
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::object map;
  if (parser.parse(text).get(root) != simdjson::SUCCESS ||
      root["weight_map"].get(map) != simdjson::SUCCESS)
    return Error{
        ErrorCode::Corrupt,
        index.string() + ": expected a JSON object with weight_map: tensor names to files"};
  std::set<std::string> shards;
  for (const auto& [name, value] : map) {
    std::string_view file;
    if (value.get(file) != simdjson::SUCCESS || file.empty() || file.front() == '.' ||
        file.find('/') != std::string_view::npos)
      return Error{ErrorCode::Corrupt, index.string() + ": weight_map." + std::string(name) +
                                           ": expected the name of a file beside the index"};
    shards.emplace(file);
    if (shards.size() > kMaxShards)
      return Error{ErrorCode::Limit, index.string() + ": names more than 10,000 files"};
  }
  return shards;
}

}  // namespace

Status Weights::add_file(const fs::path& folder, const std::string& file) {
  const fs::path path = folder / file;
  CT_TRY(MappedFile mapped, MappedFile::open(path));
  auto tensors = file.ends_with(".safetensors") ? read_safetensors(mapped.bytes())
                                                : read_pytorch_file(mapped.bytes());
  if (!tensors.ok()) return tensors.error().at(path.string());
  for (auto& [name, tensor] : *tensors)
    if (!tensors_.emplace(name, std::move(tensor)).second)
      return Error{ErrorCode::Corrupt,
                   path.string() + ": tensor " + name + " is in another shard too"};
  mapped_.push_back(std::move(mapped));
  files_.push_back(file);
  return {};
}

Status Weights::add_shards(const fs::path& folder, const std::string& index) {
  CT_TRY(const auto shards, shards_of(folder / index));
  files_.push_back(index);
  for (const auto& shard : shards) {
    if (!is_file(folder / shard))
      return Error{ErrorCode::NotFound, (folder / index).string() + ": names the file " + shard +
                                            ", which is not there; fetch it"};
    CT_CHECK(add_file(folder, shard));
  }
  return {};
}

Result<Weights> Weights::open(const fs::path& folder) {
  for (const std::string file : {"model.safetensors", "model.safetensors.index.json",
                                 "pytorch_model.bin", "pytorch_model.bin.index.json"}) {
    if (!is_file(folder / file)) continue;
    Weights weights;
    weights.name_ = (folder / file).string();
    CT_CHECK(file.ends_with(".json") ? weights.add_shards(folder, file)
                                     : weights.add_file(folder, file));
    return weights;
  }
  return Error{ErrorCode::NotFound,
               folder.string() +
                   ": no weights: expected model.safetensors or pytorch_model.bin (or one of them "
                   "with .index.json and its shards)"};
}

Weights Weights::from_tensors(TensorMap tensors, std::string name) {
  Weights weights;
  weights.tensors_ = std::move(tensors);
  weights.name_ = std::move(name);
  return weights;
}

Result<FloatArray> Weights::floats(std::string_view name,
                                   std::span<const std::size_t> shape) const {
  const std::string place = name_ + ": tensor " + std::string(name);
  const auto found = tensors_.find(name);
  if (found == tensors_.end())
    return Error{ErrorCode::Corrupt,
                 place + ": is missing; config.json says that the model has it"};
  if (!std::ranges::equal(found->second.shape, shape))
    return Error{ErrorCode::Corrupt, place + ": has the shape " + shape_text(found->second.shape) +
                                         "; by config.json it is " + shape_text(shape)};
  auto values = to_floats(found->second);
  if (!values.ok()) return values.error().at(place);
  return values;
}

Result<std::string> Weights::prefix_of(std::string_view name,
                                       std::initializer_list<std::string_view> prefixes) const {
  std::string tried;
  for (const std::string_view prefix : prefixes) {
    const std::string full = std::string(prefix) + std::string(name);
    if (has(full)) return std::string(prefix);
    tried += (tried.empty() ? "" : ", ") + full;
  }
  return Error{ErrorCode::Corrupt, name_ + ": no tensor of these names: " + tried};
}

}  // namespace crosstail::model
