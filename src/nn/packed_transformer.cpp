#include "nn/packed_transformer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "nn/transformer_check.h"

namespace crosstail::nn {

namespace {

/// Version 1 had no `words`: they were as `precision` says.
constexpr std::uint32_t kVersion = 2;

/// The first 128 bytes, little-endian.
struct Header {
  char magic[8] = {'C', 'T', 'N', 'N', 'P', 'A', 'C', 'K'};
  std::uint32_t version = kVersion;
  std::uint32_t precision = 0;
  std::uint32_t activation = 0;
  float epsilon = 0;
  std::uint64_t layers = 0, hidden = 0, heads = 0, intermediate = 0;
  std::uint64_t vocabulary = 0, positions = 0, types = 0;
  std::uint64_t bytes = 0;  ///< of the whole, header included
  std::uint32_t words = 0;
  std::uint32_t reserved[9] = {};
};
static_assert(sizeof(Header) == 128);

/// Hands out one section after another. Without memory it only counts.
class Sections {
 public:
  explicit Sections(const std::byte* memory) : memory_(memory) {}

  template <class Number>
  const Number* next(std::size_t count) {
    const std::byte* at = memory_ == nullptr ? nullptr : memory_ + used_;
    used_ += up_to_multiple(count * sizeof(Number), kPackedAlignment);
    return reinterpret_cast<const Number*>(at);
  }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  const std::byte* memory_;
  std::size_t used_ = sizeof(Header);
};

PackedNorm next_norm(Sections& sections, std::size_t columns) {
  const std::size_t padded = up_to_multiple(columns, kColumnGroup);
  PackedNorm norm;
  norm.gamma = sections.next<float>(padded);
  norm.beta = sections.next<float>(padded);
  return norm;
}

PackedMatrix next_matrix(Sections& sections, Precision precision, std::size_t in, std::size_t out) {
  PackedMatrix matrix;
  matrix.in = in;
  matrix.out = out;
  matrix.precision = precision;
  matrix.panels = sections.next<std::byte>(matrix.panel_bytes());
  matrix.bias = sections.next<float>(matrix.padded_out());
  if (precision == Precision::INT8) {
    matrix.scale = sections.next<float>(matrix.padded_out());
    matrix.sums = sections.next<std::int32_t>(matrix.padded_out());
  }
  return matrix;
}

/// Of a row of the words' table.
std::size_t word_bytes(const PackedTransformer& packed) {
  switch (packed.words) {
    case TableFormat::F32:
      return packed.row_numbers() * 4;
    case TableFormat::BF16:
      return packed.row_numbers() * 2;
    case TableFormat::INT8:
      return packed.row_numbers();
    case TableFormat::INT4:
      return packed.word_groups() * kFourBitBytes;
  }
  return 0;
}

/// Where everything lies, for sizes that check_shape() accepts; the same for reading and writing.
PackedTransformer lay_out(const TransformerShape& shape, Precision precision, TableFormat words,
                          Sections& sections) {
  PackedTransformer packed;
  packed.shape = shape;
  packed.precision = precision;
  packed.words = words;
  const std::size_t hidden = shape.hidden, row = packed.row_numbers();
  packed.word = sections.next<std::byte>(shape.vocabulary * word_bytes(packed));
  if (words == TableFormat::INT8) packed.word_scale = sections.next<float>(shape.vocabulary);
  if (words == TableFormat::INT4)
    packed.group_scale = sections.next<std::uint16_t>(shape.vocabulary * packed.word_groups());
  packed.position = sections.next<float>(shape.positions * row);
  if (shape.types != 0) packed.type = sections.next<float>(shape.types * row);
  packed.embedding_norm = next_norm(sections, hidden);
  packed.layers.reserve(shape.layers);
  for (std::size_t i = 0; i < shape.layers; ++i) {
    PackedLayer layer;
    layer.qkv = next_matrix(sections, precision, hidden, 3 * hidden);
    layer.attention_output = next_matrix(sections, precision, hidden, hidden);
    layer.attention_norm = next_norm(sections, hidden);
    layer.intermediate = next_matrix(sections, precision, hidden, shape.intermediate);
    layer.output = next_matrix(sections, precision, shape.intermediate, hidden);
    layer.output_norm = next_norm(sections, hidden);
    packed.layers.push_back(layer);
  }
  return packed;
}

void fill(const float* to, std::span<const float> from) {
  std::copy(from.begin(), from.end(), const_cast<float*>(to));
}

void fill_norm(const PackedNorm& to, const NormWeights& from) {
  fill(to.gamma, from.gamma);
  fill(to.beta, from.beta);
}

void fill_rows(const float* to, std::size_t row, std::span<const float> from, std::size_t hidden) {
  for (std::size_t i = 0; i < from.size() / hidden; ++i)
    fill(to + i * row, from.subspan(i * hidden, hidden));
}

void fill_word(const PackedTransformer& to, std::size_t i, const float* word) {
  const std::size_t hidden = to.shape.hidden;
  std::byte* row = const_cast<std::byte*>(to.word) + i * word_bytes(to);
  if (to.words == TableFormat::F32) {
    std::memcpy(row, word, hidden * 4);
  } else if (to.words == TableFormat::BF16) {
    auto* numbers = reinterpret_cast<std::uint16_t*>(row);
    for (std::size_t c = 0; c < hidden; ++c) numbers[c] = bf16_from(word[c]);
  } else if (to.words == TableFormat::INT8) {
    float most = 0;
    for (std::size_t c = 0; c < hidden; ++c) most = std::max(most, std::fabs(word[c]));
    const float scale = most > 1e-30F ? most / 127.0F : 1.0F, inverse = 1.0F / scale;
    const_cast<float*>(to.word_scale)[i] = scale;
    for (std::size_t c = 0; c < hidden; ++c)
      reinterpret_cast<std::int8_t*>(row)[c] =
          static_cast<std::int8_t>(std::lrint(word[c] * inverse));
  } else {
    auto* scales = const_cast<std::uint16_t*>(to.group_scale) + i * to.word_groups();
    for (std::size_t g = 0; g < to.word_groups(); ++g)
      to_four_bits(word + g * kFourBitGroup, std::min(kFourBitGroup, hidden - g * kFourBitGroup),
                   reinterpret_cast<std::uint8_t*>(row) + g * kFourBitBytes, scales + g);
  }
}

void fill_words(const PackedTransformer& to, std::span<const float> from) {
  for (std::size_t i = 0; i < to.shape.vocabulary; ++i)
    fill_word(to, i, from.data() + i * to.shape.hidden);
}

void fill_layer(const PackedLayer& to, const LayerWeights& from, std::size_t hidden) {
  pack(from.query, 0, to.qkv);
  pack(from.key, hidden, to.qkv);
  pack(from.value, 2 * hidden, to.qkv);
  pack(from.attention_output, 0, to.attention_output);
  fill_norm(to.attention_norm, from.attention_norm);
  pack(from.intermediate, 0, to.intermediate);
  pack(from.output, 0, to.output);
  fill_norm(to.output_norm, from.output_norm);
}

Error corrupt(std::string message) {
  return {ErrorCode::Corrupt, "packed encoder: " + std::move(message)};
}

}  // namespace

Result<OwnedBytes> pack_transformer(const TransformerShape& shape,
                                    const TransformerWeights& weights, Precision precision,
                                    TableFormat words) {
  Sections counted(nullptr);
  lay_out(shape, precision, words, counted);
  // Whole huge pages: products read panels in long runs, and pages of 4 KB cost them lookups.
  constexpr std::size_t kHugePage = 2u << 20;
  const std::size_t size = counted.used();
  OwnedBytes owned;
  owned.memory.reset(
      static_cast<std::byte*>(std::aligned_alloc(kHugePage, up_to_multiple(size, kHugePage))));
  if (owned.memory == nullptr)
    return Error{ErrorCode::Limit, "no memory for " + std::to_string(size) + " bytes of weights"};
  owned.size = size;
  ::madvise(owned.memory.get(), up_to_multiple(size, kHugePage), MADV_HUGEPAGE);
  std::memset(owned.memory.get(), 0, size);
  Header header;
  header.precision = static_cast<std::uint32_t>(precision);
  header.activation = static_cast<std::uint32_t>(shape.activation);
  header.epsilon = shape.epsilon;
  header.layers = shape.layers;
  header.hidden = shape.hidden;
  header.heads = shape.heads;
  header.intermediate = shape.intermediate;
  header.vocabulary = shape.vocabulary;
  header.positions = shape.positions;
  header.types = shape.types;
  header.bytes = size;
  header.words = static_cast<std::uint32_t>(words);
  std::memcpy(owned.memory.get(), &header, sizeof header);

  Sections sections(owned.memory.get());
  const PackedTransformer to = lay_out(shape, precision, words, sections);
  fill_words(to, weights.embeddings.word);
  fill_rows(to.position, to.row_numbers(), weights.embeddings.position, shape.hidden);
  fill_rows(to.type, to.row_numbers(), weights.embeddings.type, shape.hidden);
  fill_norm(to.embedding_norm, weights.embedding_norm);
  for (std::size_t i = 0; i < shape.layers; ++i)
    fill_layer(to.layers[i], weights.layers[i], shape.hidden);
  return owned;
}

Result<PackedTransformer> read_packed_transformer(std::span<const std::byte> bytes) {
  Header header;
  if (bytes.size() < sizeof header)
    return corrupt(std::to_string(bytes.size()) + " bytes, expected a header of 128");
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kPackedAlignment != 0)
    return corrupt("its memory is not aligned to 64 bytes");
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, Header{}.magic, sizeof header.magic) != 0)
    return corrupt("offset 0: not CTNNPACK");
  if (header.version == 0 || header.version > kVersion)
    return corrupt("version " + std::to_string(header.version) + ", this program reads 1 and 2");
  if (header.precision > static_cast<std::uint32_t>(Precision::INT8))
    return corrupt("precision " + std::to_string(header.precision) + " is unknown");
  if (header.activation > static_cast<std::uint32_t>(Activation::Silu))
    return corrupt("activation " + std::to_string(header.activation) + " is unknown");
  const TransformerShape shape{
      header.layers,     header.hidden,    header.heads, header.intermediate,
      header.vocabulary, header.positions, header.types, static_cast<Activation>(header.activation),
      header.epsilon};
  if (auto status = check_shape(shape); !status.ok()) return corrupt(status.error().message);
  const auto precision = static_cast<Precision>(header.precision);
  if (header.version > 1 && header.words > static_cast<std::uint32_t>(TableFormat::INT4))
    return corrupt("format " + std::to_string(header.words) + " of its words is unknown");
  const auto words =
      header.version == 1 ? table_format_of(precision) : static_cast<TableFormat>(header.words);
  Sections counted(nullptr);
  lay_out(shape, precision, words, counted);
  if (counted.used() != header.bytes || counted.used() != bytes.size())
    return corrupt("the shape needs " + std::to_string(counted.used()) +
                   " bytes, its header says " + std::to_string(header.bytes) + ", there are " +
                   std::to_string(bytes.size()));
  Sections sections(bytes.data());
  return lay_out(shape, precision, words, sections);
}

}  // namespace crosstail::nn
