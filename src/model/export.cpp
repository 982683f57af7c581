#include "model/export.h"

#include "model/converted.h"
#include "model/identity.h"
#include "model/locate.h"
#include "model/model_card.h"
#include "model/unpack.h"

namespace crosstail::model {
namespace {

namespace fs = std::filesystem;

/// Only files of our own making are written, but their names come out of a file.
bool is_safe(const std::string& name) {
  const fs::path path(name);
  if (name.empty() || path.is_absolute()) return false;
  for (const auto& part : path)
    if (part == "..") return false;
  return true;
}

Status make_parent(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error)
    return Error{ErrorCode::Io,
                 path.parent_path().string() + ": cannot create the folder: " + error.message()};
  return {};
}

Status write_safetensors(const fs::path& path, const std::vector<NamedFloats>& tensors) {
  CT_CHECK(make_parent(path));
  const fs::path part = path.string() + ".part";
  CT_TRY(OutputFile file, OutputFile::create(part));
  CT_CHECK(file.write(safetensors_header(tensors)));
  for (const auto& tensor : tensors)
    CT_CHECK(file.write(
        {reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size_bytes()}));
  CT_CHECK(file.sync());
  CT_CHECK(file.close());
  return commit_rename(part, path);
}

void add_linear(std::vector<NamedFloats>& tensors, const std::string& name, std::size_t out,
                std::size_t in, std::span<const float> weight, std::span<const float> bias) {
  tensors.push_back({name + ".weight", {out, in}, weight});
  if (!bias.empty()) tensors.push_back({name + ".bias", {out}, bias});
}

/// The classes of transformers keep the encoder of a classifier under their base model's name.
std::string prefix_of(const ModelDescription& d) {
  if (d.task == Task::Encoder) return "";
  return std::string(name_of(d.family)) + ".";
}

Status write_weights(const ModelDescription& d, const TransformerFloats& floats,
                     const std::vector<StoredLayer>& layers, const fs::path& folder) {
  std::vector<NamedFloats> tensors = name_weights(d, floats.weights, prefix_of(d));
  if (d.task != Task::Encoder) {
    const auto names = head_names(d);
    for (std::size_t i = 0; i < layers.size() && i < names.size(); ++i)
      add_linear(tensors, names[i], layers[i].out, layers[i].in, layers[i].weight, layers[i].bias);
  }
  return write_safetensors(folder / d.folder / "model.safetensors", tensors);
}

Status write_dense(const ModelDescription& d, const std::vector<StoredLayer>& layers,
                   const fs::path& folder) {
  if (d.task != Task::Encoder) return {};
  std::size_t layer = 0;
  for (const Step& step : d.steps) {
    if (step.kind != Step::Kind::Dense) continue;
    std::vector<NamedFloats> tensors;
    const StoredLayer& l = layers[layer++];
    add_linear(tensors, "linear", l.out, l.in, l.weight, l.bias);
    CT_CHECK(write_safetensors(folder / step.folder / "model.safetensors", tensors));
  }
  return {};
}

Status check_empty(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::exists(folder, ignored)) return {};
  if (fs::is_directory(folder, ignored) && fs::is_empty(folder, ignored)) return {};
  return Error{ErrorCode::InvalidArgument,
               folder.string() + ": is there already; name a folder that is not"};
}

}  // namespace

Status export_huggingface(const fs::path& model, const fs::path& folder) {
  CT_CHECK(check_empty(folder));
  CT_TRY(const fs::path found, locate_model(model));
  fs::path converted = found;
  std::error_code ignored;
  if (fs::is_directory(found, ignored)) {
    // One way for both: a directory is converted (to f32, so nothing is lost) beside the output.
    converted = folder.string() + ".converted.part";
    CT_CHECK(make_parent(fs::absolute(converted)));
    CT_CHECK(convert_model(found, nn::Precision::F32, converted));
  }
  CT_TRY(const auto loaded, load_converted(converted));
  if (converted != found) fs::remove(converted, ignored);
  CT_TRY(const ModelSections sections, read_sections(loaded->file.bytes()));
  CT_TRY(const auto files, read_source_files(sections, loaded->tokenizer));
  for (const auto& [name, bytes] : files) {
    if (!is_safe(name)) return Error{ErrorCode::Corrupt, found.string() + ": file name " + name};
    CT_CHECK(make_parent(folder / name));
    CT_CHECK(write_file_atomic(folder / name, bytes));
  }
  const ModelDescription& d = loaded->description;
  if (!d.languages.empty())
    CT_CHECK(write_file_atomic(folder / "README.md",
                               card_head(d.languages) + "\n# " + loaded->name + "\n"));
  if (!is_safe(d.folder.empty() ? "." : d.folder))
    return Error{ErrorCode::Corrupt, found.string() + ": folder " + d.folder};
  CT_TRY(const auto layers, read_stored_layers(d, sections.layers));
  if (d.family == Family::Static)
    return write_safetensors(
        folder / d.folder / "model.safetensors",
        {{"embedding.weight", {d.shape.vocabulary, d.shape.hidden}, loaded->table.view()}});
  CT_TRY(const auto floats, unpack_weights(*loaded->transformer));
  CT_CHECK(write_weights(d, floats, layers, folder));
  return write_dense(d, layers, folder);
}

}  // namespace crosstail::model
