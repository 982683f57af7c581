/// Converted models. The first byte: b, d, s, q, p: edits (offset in 2 bytes, value) to a good
/// bert, static, f32, four-bit or compact file with product codes, with the table's and the
/// description's checksums put right, which is then asked for states; anything else: the file
/// itself.

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "model/converted.h"
#include "model/safetensors.h"
#include "nn/workspace.h"

namespace {

using namespace crosstail;         // NOLINT: a fuzz target
using namespace crosstail::model;  // NOLINT
namespace fs = std::filesystem;

void write(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

constexpr std::size_t kHidden = 4, kWords = 6;

/// One layer of a BERT of 4 dimensions, all weights a quarter.
void write_bert(const fs::path& folder) {
  std::vector<NamedFloats> tensors;
  const std::vector<float> quarters(64, 0.25F);
  const auto add = [&](const std::string& name, std::vector<std::size_t> shape) {
    tensors.push_back({name, shape, std::span(quarters).first(*element_count(shape))});
  };
  add("embeddings.word_embeddings.weight", {kWords, kHidden});
  add("embeddings.position_embeddings.weight", {8, kHidden});
  add("embeddings.token_type_embeddings.weight", {1, kHidden});
  const std::string layer = "encoder.layer.0.";
  for (const char* norm : {"embeddings.LayerNorm", "encoder.layer.0.attention.output.LayerNorm",
                           "encoder.layer.0.output.LayerNorm"})
    for (const char* part : {".weight", ".bias"}) add(std::string(norm) + part, {kHidden});
  for (const char* name : {"attention.self.query", "attention.self.key", "attention.self.value",
                           "attention.output.dense", "intermediate.dense", "output.dense"}) {
    add(layer + name + ".weight", {kHidden, kHidden});
    add(layer + name + ".bias", {kHidden});
  }
  std::string bytes = safetensors_header(tensors);
  for (const auto& tensor : tensors)
    bytes.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size_bytes());
  write(folder / "model.safetensors", bytes);
  write(folder / "config.json",
        R"({"model_type":"bert","hidden_size":4,"num_hidden_layers":1,"num_attention_heads":2,
            "intermediate_size":4,"vocab_size":6,"max_position_embeddings":8,
            "type_vocab_size":1})");
}

std::string converted(char kind) {
  const fs::path folder =
      fs::temp_directory_path() / ("crosstail-fuzz-file-" + std::to_string(::getpid()));
  write(folder / "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\none\ntwo\n");
  if (kind == 'd') {
    write(folder / "modules.json", R"([{"path":"","type":"a.StaticEmbedding"}])");
    const std::vector<float> table(kWords * kHidden, 0.5F);
    std::string bytes = safetensors_header(
        std::vector<NamedFloats>{{"embedding.weight", {kWords, kHidden}, table}});
    bytes.append(reinterpret_cast<const char*>(table.data()), table.size() * sizeof(float));
    write(folder / "model.safetensors", bytes);
  } else {
    write_bert(folder);
  }
  const auto precision = kind == 's' ? nn::Precision::F32 : nn::Precision::INT8;
  nn::WordStorage words = kind == 'q' ? nn::TableFormat::INT4 : nn::table_format_of(precision);
  if (kind == 'p') words = *nn::parse_word_storage("int4:1,pq2:2,pq3");
  const ConvertOptions options{.words = words, .compact = kind == 'p'};
  if (!convert_model(folder, precision, folder / "m", options).ok()) std::abort();
  auto bytes = read_file(folder / "m");
  fs::remove_all(folder);
  if (!bytes.ok()) std::abort();
  return *std::move(bytes);
}

/// Memory as mmap gives it: aligned to a page, nothing readable behind the last byte for a
/// sanitizer.
struct Aligned {
  std::byte* bytes;
  std::size_t size;
  explicit Aligned(std::string_view text) : size(text.size()) {
    bytes = static_cast<std::byte*>(std::aligned_alloc(4096, (size / 4096 + 1) * 4096));
    std::memcpy(bytes, text.data(), size);
  }
  ~Aligned() { std::free(bytes); }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
};

void use(std::string_view file) {
  const Aligned memory(file);
  const std::span<const std::byte> bytes{memory.bytes, memory.size};
  [[maybe_unused]] const auto verified = verify_sections(bytes);
  const auto model = load_sections(bytes);
  if (const auto sections = read_sections(bytes); sections.ok() && model.ok()) [[maybe_unused]]
    const auto files = read_source_files(*sections, (*model)->tokenizer);
  if (!model.ok()) return;
  const auto ids = (*model)->tokenizer.encode("one two three");
  const auto& shape = (*model)->description.shape;
  for (const auto id : ids)
    if (id >= shape.vocabulary) std::abort();
  if (!(*model)->transformer) return;
  std::vector<std::int32_t> tokens(ids.begin(), ids.end()), positions, offsets = {0};
  for (std::size_t i = 0; i < tokens.size(); ++i) positions.push_back(static_cast<std::int32_t>(i));
  offsets.push_back(static_cast<std::int32_t>(tokens.size()));
  std::vector<float> hidden(tokens.size() * shape.hidden);
  nn::Workspace workspace;
  [[maybe_unused]] const auto status =
      (*model)->transformer->forward({tokens, positions, {}, offsets}, hidden.data(), workspace);
}

/// After the edits, the checksums that opening looks at.
void mend(std::string& file) {
  std::uint32_t sections = 0;
  std::memcpy(&sections, file.data() + 12, 4);
  if (sections > 64 || 64 + std::size_t{sections} * 32 > file.size()) return;
  for (std::uint32_t i = 0; i < sections; ++i) {
    char* entry = file.data() + 64 + std::size_t{i} * 32;
    std::uint64_t offset = 0, size = 0;
    std::memcpy(&offset, entry + 8, 8);
    std::memcpy(&size, entry + 16, 8);
    if (offset > file.size() || size > file.size() - offset) continue;
    const std::uint64_t checksum = xxh3(std::string_view(file).substr(offset, size));
    std::memcpy(entry + 24, &checksum, 8);
  }
  const std::uint64_t checksum =
      xxh3(std::string_view(file).substr(64, std::size_t{sections} * 32));
  std::memcpy(file.data() + 24, &checksum, 8);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
  static const std::string good[] = {converted('b'), converted('d'), converted('s'), converted('q'),
                                     converted('p')};
  const char kind = static_cast<char>(data[0]);
  const std::size_t which = std::string_view("bdsqp").find(kind);
  if (which == std::string_view::npos) {
    use(rest);
    return 0;
  }
  std::string file = good[which];
  for (std::string_view edits = rest; edits.size() >= 3; edits.remove_prefix(3)) {
    const std::size_t at =
        static_cast<unsigned char>(edits[0]) + 256U * static_cast<unsigned char>(edits[1]);
    file[at % file.size()] = edits[2];
  }
  mend(file);
  use(file);
  return 0;
}
