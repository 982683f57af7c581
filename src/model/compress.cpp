#include "model/compress.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "model/description.h"
#include "model/identity.h"
#include "model/layout.h"
#include "model/model_card.h"
#include "model/tokenizer_rewrite.h"
#include "model/transformer_weights.h"
#include "model/weights.h"

namespace crosstail::model {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWordEmbeddings = "embeddings.word_embeddings.weight";

Status make_folder(const fs::path& folder) {
  std::error_code why;
  fs::create_directories(folder, why);
  if (why)
    return Error{ErrorCode::Io, folder.string() + ": cannot create the folder: " + why.message()};
  return {};
}

bool is_unread_head(std::string_view name) {
  return name.starts_with("lm_head.") || name.starts_with("cls.") ||
         name.starts_with("vocab_transform.") || name.starts_with("vocab_layer_norm.") ||
         name.starts_with("vocab_projector.");
}

/// "encoder.layer." or "transformer.layer." in a tensor's name: where its number begins.
std::size_t layer_number_at(std::string_view name) {
  constexpr std::string_view kMark = ".layer.";
  const std::size_t at = name.find(kMark);
  return at == std::string_view::npos ? at : at + kMark.size();
}

/// The tensor's name among the layers that stay; nothing if its layer goes.
Result<std::optional<std::string>> renamed(const std::string& name,
                                           const std::vector<std::size_t>& layers) {
  const std::size_t at = layer_number_at(name);
  if (layers.empty() || at == std::string::npos) return std::optional(name);
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(name.data() + at, name.data() + name.size(), number);
  if (error != std::errc() || *end != '.')
    return Error{ErrorCode::Corrupt, "tensor " + name + ": expected a layer's number"};
  const auto found = std::find(layers.begin(), layers.end(), number);
  if (found == layers.end()) return std::optional<std::string>();
  return std::optional(name.substr(0, at) + std::to_string(found - layers.begin()) +
                       std::string(end, name.data() + name.size()));
}

/// The tensors of one module, taken over.
class Tensors {
 public:
  Tensors(const CompressPlan& plan, const ModelDescription& d) : plan_(plan), d_(d) {}

  Status read(const Weights& weights) {
    std::string table;
    if (d_.family == Family::Static) {
      CT_TRY(table, static_table_name(weights));
    }
    for (const auto& [name, tensor] : weights.tensors()) {
      const bool is_float = tensor.dtype == DType::F32 || tensor.dtype == DType::F16 ||
                            tensor.dtype == DType::BF16 || tensor.dtype == DType::F64;
      if (!is_float || is_unread_head(name)) continue;
      CT_TRY(const auto target, renamed(name, plan_.layers));
      if (!target) continue;
      auto floats = to_floats(tensor);
      if (!floats.ok()) return floats.error().at(weights.name() + ": tensor " + name);
      const bool words = name == table || name.ends_with(kWordEmbeddings);
      CT_CHECK(words && plan_.pieces ? add_rows(*target, tensor, *floats, weights.name())
                                     : add(*target, tensor.shape, *std::move(floats)));
    }
    return {};
  }

  Status write(const fs::path& path) const {
    CT_TRY(OutputFile file, OutputFile::create(path));
    CT_CHECK(file.write(safetensors_header(named_)));
    for (const auto& tensor : named_)
      CT_CHECK(file.write(
          {reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size_bytes()}));
    CT_CHECK(file.sync());
    return file.close();
  }

 private:
  Status add(const std::string& name, std::vector<std::size_t> shape, FloatArray floats) {
    named_.push_back({name, std::move(shape), floats.view()});
    kept_.push_back(std::move(floats));
    return {};
  }
  Status add_rows(const std::string& name, const TensorView& tensor, const FloatArray& floats,
                  const std::string& file) {
    const auto& pieces = *plan_.pieces;
    if (tensor.shape.size() != 2 || (!pieces.empty() && pieces.back() >= tensor.shape[0]))
      return Error{ErrorCode::Corrupt,
                   file + ": tensor " + name + " " + shape_text(tensor.shape) +
                       ": the tokenizer has more pieces than the table has rows"};
    const std::size_t width = tensor.shape[1];
    std::vector<float> rows;
    rows.reserve(pieces.size() * width);
    for (const std::uint32_t id : pieces) {
      const auto row = floats.view().subspan(id * width, width);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    return add(name, {pieces.size(), width}, FloatArray(std::move(rows)));
  }

  const CompressPlan& plan_;
  const ModelDescription& d_;
  std::vector<NamedFloats> named_;
  std::vector<FloatArray> kept_;
};

bool is_weights(const std::string& file) {
  return file.ends_with(".safetensors") || file.ends_with(".bin") || file.ends_with(".index.json");
}

/// The new bytes of a configuration or tokenizer file; nothing where it is left out.
Result<std::optional<std::string>> rewritten(const std::string& name, bool of_transformer,
                                             std::string bytes, const CompressPlan& plan,
                                             const IdMap* ids) {
  using Text = std::optional<std::string>;
  const auto named = [](Result<std::string> text) -> Result<Text> {
    if (!text.ok()) return text.error();
    return Text(*std::move(text));
  };
  if (!of_transformer) return Text(std::move(bytes));
  if (name == "config.json") return named(rewrite_config(bytes, ids, plan.layers.size()));
  if (ids == nullptr) return Text(std::move(bytes));
  if (name == "tokenizer.json") return named(rewrite_tokenizer_json(bytes, *ids));
  if (name == "tokenizer_config.json") return named(rewrite_tokenizer_config(bytes, *ids));
  if (name == "added_tokens.json") return named(rewrite_added_tokens(bytes, *ids));
  if (name == "vocab.txt") return Text(rewrite_vocab_txt(bytes, *ids));
  if (name.ends_with(".model")) return Text();
  return Text(std::move(bytes));
}

Status write_configuration(const CompressPlan& plan, const ModelDescription& d, const IdMap* ids,
                           const fs::path& folder) {
  CT_TRY(auto files, identity_files(plan.source));
  const std::string own = d.folder.empty() ? "" : d.folder + "/";
  std::error_code ignored;
  if (fs::is_regular_file(plan.source / (own + "added_tokens.json"), ignored))
    files.push_back(own + "added_tokens.json");
  for (const auto& file : files) {
    const bool of_transformer = file.starts_with(own) && file.find('/', own.size()) == file.npos;
    if (is_weights(file) && of_transformer) continue;
    CT_TRY(std::string bytes, read_file(plan.source / file));
    const std::string name = fs::path(file).filename().string();
    auto text = rewritten(name, of_transformer, std::move(bytes), plan, ids);
    if (!text.ok()) return text.error().at((plan.source / file).string());
    if (!*text) continue;
    CT_CHECK(make_folder((folder / file).parent_path()));
    CT_CHECK(write_file_atomic(folder / file, **text));
  }
  // A Normalize module has a folder and no file; git and archives lose it, loading does not mind.
  for (const auto& entry : fs::directory_iterator(plan.source, ignored)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && name.ends_with("_Normalize")) CT_CHECK(make_folder(folder / name));
  }
  return {};
}

std::string card(const CompressPlan& plan, const ModelDescription& d) {
  const fs::path normal = fs::absolute(plan.source).lexically_normal();
  const std::string source =
      (normal.has_filename() ? normal : normal.parent_path()).filename().string();
  std::string text = card_head(plan.languages.empty() ? d.languages : plan.languages,
                               read_card_license(plan.source));
  text += "\n# " + source + ", compressed\n\nMade from " + source +
          " by `crosstail model compress`:\n\n";
  for (const auto& line : plan.origin) text += "- " + line + "\n";
  return text;
}

Status check_plan(const CompressPlan& plan, const ModelDescription& d) {
  for (const std::size_t layer : plan.layers)
    if (layer >= d.shape.layers)
      return Error{ErrorCode::InvalidArgument, "layer " + std::to_string(layer) + ": " +
                                                   plan.source.string() + " has the layers 0 to " +
                                                   std::to_string(d.shape.layers - 1)};
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

Result<std::vector<std::size_t>> parse_layers(std::string_view text, std::size_t layers) {
  std::vector<std::size_t> numbers;
  const std::string whole(text);
  const auto wrong = [&](const std::string& why) {
    return Error{ErrorCode::InvalidArgument, "--layers " + whole + ": " + why};
  };
  const bool list = text.find(',') != std::string_view::npos;
  while (!text.empty()) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool last = end == text.data() + text.size();
    if (error != std::errc() || (!last && *end != ','))
      return wrong("expected a number of layers (4) or their numbers (0,3,7,11)");
    numbers.push_back(number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + (last ? 0 : 1));
  }
  if (numbers.empty()) return wrong("expected a number of layers (4) or their numbers (0,3,7,11)");
  const std::string has = "the model has " + std::to_string(layers);
  if (!list) {
    const std::size_t count = numbers[0];
    if (count == 0 || count > layers) return wrong("expected 1 to " + std::to_string(layers));
    numbers.clear();
    for (std::size_t i = 0; i < count; ++i)
      numbers.push_back(count == 1 ? 0 : (i * (layers - 1) + (count - 1) / 2) / (count - 1));
    return numbers;
  }
  std::sort(numbers.begin(), numbers.end());
  if (std::adjacent_find(numbers.begin(), numbers.end()) != numbers.end())
    return wrong("a layer is named twice");
  if (numbers.back() >= layers) return wrong(has + ", counted from 0");
  return numbers;
}

Status compress_model(const CompressPlan& plan, const fs::path& folder) {
  CT_CHECK(check_empty(folder));
  CT_TRY(const ModelDescription d, read_layout(plan.source));
  CT_CHECK(check_plan(plan, d));
  const fs::path part = fs::absolute(folder).lexically_normal().string() + ".part";
  std::error_code why;
  fs::remove_all(part, why);
  CT_CHECK(make_folder(part / d.folder));
  std::optional<IdMap> ids;
  if (plan.pieces) ids.emplace(*plan.pieces, d.shape.vocabulary);
  CT_CHECK(write_configuration(plan, d, ids ? &*ids : nullptr, part));
  CT_TRY(const Weights weights, Weights::open(plan.source / d.folder));
  Tensors tensors(plan, d);
  CT_CHECK(tensors.read(weights));
  CT_CHECK(tensors.write(part / d.folder / "model.safetensors"));
  CT_CHECK(write_file_atomic(part / "README.md", card(plan, d)));
  fs::remove(folder, why);
  return commit_rename(part, folder);
}

}  // namespace crosstail::model
