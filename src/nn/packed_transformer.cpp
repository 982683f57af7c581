#include "nn/packed_transformer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "nn/packed_sections.h"
#include "nn/transformer_check.h"

namespace crosstail::nn {

namespace {

/// Version 1 had no `words`: they were as `precision` says. Version 2 had no `layer_format`,
/// version 3 no words in product codes.
constexpr std::uint32_t kVersion = 4;

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
  std::uint32_t layer_format = 0;
  std::uint64_t fine_words = 0, middle_words = 0;
  std::uint32_t middle_width = 0, code_width = 0;
  std::uint32_t reserved[2] = {};
};
static_assert(sizeof(Header) == 128);

/// Of a row of the words' table.
std::size_t word_bytes(const PackedTransformer& packed) {
  switch (packed.words.format) {
    case TableFormat::F32:
      return packed.row_numbers() * 4;
    case TableFormat::BF16:
      return packed.row_numbers() * 2;
    case TableFormat::INT8:
      return packed.row_numbers();
    case TableFormat::INT4:
    case TableFormat::Product:
      return packed.word_groups() * kFourBitBytes;
  }
  return 0;
}

ProductTable next_product_table(Sections& sections, std::size_t columns, std::size_t width,
                                std::size_t rows) {
  ProductTable table{.columns = columns, .width = width};
  table.centroids = sections.next<std::uint16_t>(table.centroid_numbers());
  table.codes = sections.next<std::uint8_t>(rows * table.parts());
  table.scale = sections.next<std::uint16_t>(rows);
  return table;
}

void lay_out_words(PackedTransformer& packed, Sections& sections) {
  const WordStorage& words = packed.words;
  const bool product = words.format == TableFormat::Product;
  const std::size_t rows = packed.shape.vocabulary;
  const std::size_t plain = product ? words.fine_rows : rows;
  packed.word = sections.next<std::byte>(plain * word_bytes(packed));
  if (words.format == TableFormat::INT8) packed.word_scale = sections.next<float>(plain);
  if (words.format == TableFormat::INT4 || product)
    packed.group_scale = sections.next<std::uint16_t>(plain * packed.word_groups());
  if (!product) return;
  const std::size_t hidden = packed.shape.hidden;
  if (words.middle_rows > 0)
    packed.middle = next_product_table(sections, hidden, words.middle_width, words.middle_rows);
  packed.coded =
      next_product_table(sections, hidden, words.code_width, rows - plain - words.middle_rows);
}

/// Where everything lies, for sizes that check_shape() accepts; the same for reading and writing.
PackedTransformer lay_out(const TransformerShape& shape, Precision precision,
                          const WordStorage& words, LayerFormat layers, Sections& sections) {
  PackedTransformer packed;
  packed.shape = shape;
  packed.precision = precision;
  packed.words = words;
  const std::size_t hidden = shape.hidden, row = packed.row_numbers();
  lay_out_words(packed, sections);
  packed.position = sections.next<float>(shape.positions * row);
  if (shape.types != 0) packed.type = sections.next<float>(shape.types * row);
  packed.embedding_norm = next_norm(sections, hidden);
  for (std::size_t i = 0; i < shape.layers; ++i)
    if (layers == LayerFormat::INT4)
      packed.four_bit_layers.push_back(next_four_bit_layer(sections, shape));
    else
      packed.layers.push_back(next_layer(sections, precision, shape));
  return packed;
}

void fill_rows(const float* to, std::size_t row, std::span<const float> from, std::size_t hidden) {
  for (std::size_t i = 0; i < from.size() / hidden; ++i)
    fill(to + i * row, from.subspan(i * hidden, hidden));
}

void fill_word(const PackedTransformer& to, std::size_t i, const float* word) {
  const std::size_t hidden = to.shape.hidden;
  std::byte* row = const_cast<std::byte*>(to.word) + i * word_bytes(to);
  if (to.words.format == TableFormat::F32) {
    std::memcpy(row, word, hidden * 4);
  } else if (to.words.format == TableFormat::BF16) {
    auto* numbers = reinterpret_cast<std::uint16_t*>(row);
    for (std::size_t c = 0; c < hidden; ++c) numbers[c] = bf16_from(word[c]);
  } else if (to.words.format == TableFormat::INT8) {
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
  const std::size_t hidden = to.shape.hidden;
  const bool product = to.words.format == TableFormat::Product;
  const std::size_t plain = product ? to.words.fine_rows : to.shape.vocabulary;
  for (std::size_t i = 0; i < plain; ++i) fill_word(to, i, from.data() + i * hidden);
  if (!product) return;
  Pool pool(available_threads());
  const std::size_t middle = to.words.middle_rows * hidden;
  from = from.subspan(plain * hidden);
  if (middle > 0) fill_product_table(to.middle, from.first(middle), pool);
  fill_product_table(to.coded, from.subspan(middle), pool);
}

/// Both forms of layers alike: pack_one(LinearWeights, first output, matrix).
template <class Layer, class PackOne>
void fill_layer(const Layer& to, const LayerWeights& from, std::size_t hidden,
                const PackOne& pack_one) {
  pack_one(from.query, 0, to.qkv);
  pack_one(from.key, hidden, to.qkv);
  pack_one(from.value, 2 * hidden, to.qkv);
  pack_one(from.attention_output, 0, to.attention_output);
  fill_norm(to.attention_norm, from.attention_norm);
  pack_one(from.intermediate, 0, to.intermediate);
  pack_one(from.output, 0, to.output);
  fill_norm(to.output_norm, from.output_norm);
}

void fill_layers(const PackedTransformer& to, std::span<const LayerWeights> from) {
  for (std::size_t i = 0; i < to.layers.size(); ++i)
    fill_layer(to.layers[i], from[i], to.shape.hidden, pack);
  for (std::size_t i = 0; i < to.four_bit_layers.size(); ++i)
    fill_layer(to.four_bit_layers[i], from[i], to.shape.hidden, pack_four_bits);
}

Error corrupt(std::string message) {
  return {ErrorCode::Corrupt, "packed encoder: " + std::move(message)};
}

Result<WordStorage> read_word_storage(const Header& header, std::size_t vocabulary) {
  if (header.version == 1)
    return WordStorage(table_format_of(static_cast<Precision>(header.precision)));
  const auto last = header.version < 4 ? TableFormat::INT4 : TableFormat::Product;
  if (header.words > static_cast<std::uint32_t>(last))
    return corrupt("format " + std::to_string(header.words) + " of its words is unknown");
  const auto format = static_cast<TableFormat>(header.words);
  if (format != TableFormat::Product) return WordStorage(format);
  WordStorage words(format);
  words.fine_rows = header.fine_words;
  words.middle_rows = header.middle_words;
  words.middle_width = header.middle_width;
  words.code_width = header.code_width;
  if (auto status = check_word_storage(words, vocabulary); !status.ok())
    return corrupt(status.error().message);
  return words;
}

}  // namespace

void PackedTransformer::add_compressed_word(std::size_t id, float* row) const {
  if (words.format == TableFormat::Product && id >= words.fine_rows) {
    const std::size_t at = id - words.fine_rows;
    return at < words.middle_rows ? middle.add_row(at, row)
                                  : coded.add_row(at - words.middle_rows, row);
  }
  for (std::size_t g = 0, at = id * word_groups(); g < word_groups(); ++g, ++at)
    add_four_bits(reinterpret_cast<const std::uint8_t*>(word) + at * kFourBitBytes, group_scale[at],
                  row + g * kFourBitGroup);
}

Result<OwnedBytes> pack_transformer(const TransformerShape& shape,
                                    const TransformerWeights& weights, Precision precision,
                                    const WordStorage& words, LayerFormat layers) {
  Sections counted(nullptr, sizeof(Header));
  lay_out(shape, precision, words, layers, counted);
  const std::size_t size = counted.used();
  CT_TRY(OwnedBytes owned, allocate_weights(size));
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
  header.words = static_cast<std::uint32_t>(words.format);
  if (words.format == TableFormat::Product) {
    header.fine_words = words.fine_rows;
    header.middle_words = words.middle_rows;
    header.middle_width = static_cast<std::uint32_t>(words.middle_width);
    header.code_width = static_cast<std::uint32_t>(words.code_width);
  }
  header.layer_format = static_cast<std::uint32_t>(layers);
  std::memcpy(owned.memory.get(), &header, sizeof header);

  Sections sections(owned.memory.get(), sizeof(Header));
  const PackedTransformer to = lay_out(shape, precision, words, layers, sections);
  fill_words(to, weights.embeddings.word);
  fill_rows(to.position, to.row_numbers(), weights.embeddings.position, shape.hidden);
  fill_rows(to.type, to.row_numbers(), weights.embeddings.type, shape.hidden);
  fill_norm(to.embedding_norm, weights.embedding_norm);
  fill_layers(to, weights.layers);
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
    return corrupt("version " + std::to_string(header.version) + ", this program reads 1 to 4");
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
  CT_TRY(const WordStorage words, read_word_storage(header, shape.vocabulary));
  if (header.version > 2 && header.layer_format > static_cast<std::uint32_t>(LayerFormat::INT4))
    return corrupt("format " + std::to_string(header.layer_format) + " of its layers is unknown");
  const auto layers =
      header.version < 3 ? LayerFormat::AsComputed : static_cast<LayerFormat>(header.layer_format);
  Sections counted(nullptr, sizeof header);
  lay_out(shape, precision, words, layers, counted);
  if (counted.used() != header.bytes || counted.used() != bytes.size())
    return corrupt("the shape needs " + std::to_string(counted.used()) +
                   " bytes, its header says " + std::to_string(header.bytes) + ", there are " +
                   std::to_string(bytes.size()));
  Sections sections(bytes.data(), sizeof header);
  return lay_out(shape, precision, words, layers, sections);
}

}  // namespace crosstail::nn
