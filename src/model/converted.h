#pragma once
/// Our model format (docs/formats/model.md): one memory-mapped file with packed weights, tokenizer,
/// configuration and the source's identity, which loads in milliseconds.

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/loaded_model.h"

namespace crosstail::model {

inline constexpr std::string_view kModelMagic{"CTMODEL\n", 8};
/// Versions 1 and 2 are read as well: 1 had no word embeddings in fewer bits than its products,
/// 1 and 2 kept whole files in `source` and no compact tokenizers.
inline constexpr std::uint32_t kModelVersion = 3;

/// The sections of a converted model, checked against the header and table. Borrowed.
struct ModelSections {
  std::uint32_t version = 0;
  std::string_view description;  ///< JSON
  std::span<const std::byte> tokenizer, network, table, layers, source;
};

/// Checks magic, version, size, the table's checksum, ranges and alignment, and the description's
/// checksum; reads nothing of the large sections. Fails with Corrupt or Unsupported (version).
Result<ModelSections> read_sections(std::span<const std::byte> file);

/// Compares every section with its checksum. Corrupt names the section and its bytes.
Status verify_sections(std::span<const std::byte> file);

/// Whether the file starts as a converted model does.
bool is_converted(const std::filesystem::path& path);

/// Maps the file and borrows from it. Fails with Corrupt or Unsupported; messages name the file and
/// section.
Result<std::shared_ptr<const LoadedModel>> load_converted(const std::filesystem::path& path);
/// The same for bytes that outlive the result.
Result<std::shared_ptr<LoadedModel>> load_sections(std::span<const std::byte> file);

struct ConvertOptions {
  /// How word embeddings are kept; nothing: as goes with the precision.
  std::optional<nn::WordStorage> words;
  nn::LayerFormat layers = nn::LayerFormat::AsComputed;
  std::vector<std::string> languages;  ///< that it was made for; empty: those of its card
  /// The tokenizer in a ninth of its bytes, which opening expands; no SentencePiece file that is
  /// there beside a tokenizer.json.
  bool compact = false;
};

/// Converts a model directory: reads it, packs its weights in `precision`, writes `output`
/// (atomically). Static embeddings are kept in f32.
Status convert_model(const std::filesystem::path& folder, nn::Precision precision,
                     const std::filesystem::path& output, const ConvertOptions& options = {});

/// The configuration and tokenizer files that were converted, by their relative names. `tokenizer`:
/// that of the same model.
Result<std::map<std::string, std::string>> read_source_files(const ModelSections& sections,
                                                             const text::Tokenizer& tokenizer);

/// The Dense layers' or head's numbers as the section keeps them: per layer the weights (out × in),
/// then the bias if it has one.
struct StoredLayer {
  std::size_t in = 0, out = 0;
  nn::Activation activation = nn::Activation::Identity;
  std::span<const float> weight, bias;
};
Result<std::vector<StoredLayer>> read_stored_layers(const ModelDescription& description,
                                                    std::span<const std::byte> section);

}  // namespace crosstail::model
