/// docs/formats/nn-packed.md in fixed bytes: an encoder of four dimensions put together here, byte
/// for byte, as the page says, and the same from the program.

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>

#include "nn/transformer.h"

namespace crosstail::nn {
namespace {

constexpr std::size_t kHidden = 4, kInner = 8, kVocabulary = 3, kPositions = 2, kWide = 64;

/// Weights on a grid of 127 steps to each side of 0, so that int8 loses nothing: the first of each
/// row is the end of the grid.
int step_of(std::size_t matrix, std::size_t out, std::size_t in) {
  return in == 0 ? 127 : static_cast<int>((31 * matrix + 17 * out + 7 * in) % 255) - 127;
}
float weight_of(std::size_t matrix, std::size_t out, std::size_t in) {
  return static_cast<float>(step_of(matrix, out, in)) / 64.0F;
}
/// The same for layers in four bits: a grid of sixteen steps, both ends in every row.
int coarse_step(std::size_t matrix, std::size_t out, std::size_t in) {
  return in == 0 ? -8 : in == 1 ? 7 : static_cast<int>((matrix + 2 * out + 3 * in) % 16) - 8;
}
float coarse_weight(std::size_t matrix, std::size_t out, std::size_t in) {
  return 0.25F * static_cast<float>(coarse_step(matrix, out, in));
}
float bias_of(std::size_t matrix, std::size_t out) {
  return 0.125F * static_cast<float>(out + matrix);
}
/// Words on a grid of sixteen steps with both ends in every row: four bits lose nothing.
int word_step(std::size_t word, std::size_t column) {
  const int steps[] = {-8, 7, static_cast<int>(word), -1 - static_cast<int>(word)};
  return steps[column];
}
float word_of(std::size_t word, std::size_t column) {
  return 0.25F * static_cast<float>(word_step(word, column));
}

class Bytes {
 public:
  template <class T>
  void add(T value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void zeros(std::size_t bytes) { text_.append(bytes, '\0'); }
  void end_section() { text_.resize((text_.size() + 63) / 64 * 64, '\0'); }
  void floats(std::size_t count, std::size_t padded, const std::function<float(std::size_t)>& at) {
    for (std::size_t i = 0; i < padded; ++i) add(i < count ? at(i) : 0.0F);
    end_section();
  }
  std::string& text() { return text_; }

 private:
  std::string text_;
};

/// bfloat16 of a number that is one: its upper half.
std::uint16_t upper_half(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, 4);
  EXPECT_EQ(bits & 0xFFFF, 0u);
  return static_cast<std::uint16_t>(bits >> 16);
}

/// `first`: the matrix that outputs 0 … belong to; queries, keys and values are 0, 1 and 2.
void add_matrix(Bytes& bytes, Precision precision, std::size_t first, std::size_t in,
                std::size_t each, std::size_t count) {
  const std::size_t out = each * count, padded = 64;
  const std::size_t per_step = precision == Precision::F32    ? 1
                               : precision == Precision::BF16 ? 2
                                                              : 4;
  const std::size_t steps = precision == Precision::F32 ? in : 16;  // ⌈in⌉ of 32 / 2, of 64 / 4
  for (std::size_t panel = 0; panel < padded / 16; ++panel)
    for (std::size_t step = 0; step < steps; ++step)
      for (std::size_t o = panel * 16; o < panel * 16 + 16; ++o)
        for (std::size_t i = step * per_step; i < (step + 1) * per_step; ++i) {
          const bool there = o < out && i < in;
          const std::size_t m = first + o / each, row = o % each;
          if (precision == Precision::F32) bytes.add(there ? weight_of(m, row, i) : 0.0F);
          if (precision == Precision::BF16)
            bytes.add(there ? upper_half(weight_of(m, row, i)) : std::uint16_t{0});
          if (precision == Precision::INT8)
            bytes.add(static_cast<std::int8_t>(there ? step_of(m, row, i) : 0));
        }
  bytes.end_section();
  bytes.floats(out, padded, [&](std::size_t o) { return bias_of(first + o / each, o % each); });
  if (precision != Precision::INT8) return;
  bytes.floats(out, padded, [](std::size_t) { return 1.0F / 64.0F; });
  for (std::size_t o = 0; o < padded; ++o) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; o < out && i < in; ++i) sum += step_of(first + o / each, o % each, i);
    bytes.add(sum);
  }
  bytes.end_section();
}

/// In four bits: a group of 32 holds a row.
void add_coarse_matrix(Bytes& bytes, std::size_t first, std::size_t in, std::size_t each,
                       std::size_t count) {
  const std::size_t out = each * count;
  for (std::size_t o = 0; o < out; ++o)
    for (std::size_t i = 0; i < 16; ++i)
      bytes.add(static_cast<std::uint8_t>(
          0x80 | (i < in ? coarse_step(first + o / each, o % each, i) + 8 : 8)));
  bytes.end_section();
  for (std::size_t o = 0; o < out; ++o) bytes.add(std::uint16_t{0x3400});
  bytes.end_section();
  bytes.floats(out, 64, [&](std::size_t o) { return bias_of(first + o / each, o % each); });
}

void add_norm(Bytes& bytes) {
  bytes.floats(kHidden, kWide, [](std::size_t) { return 1.5F; });
  bytes.floats(kHidden, kWide, [](std::size_t c) { return static_cast<float>(c); });
}

void add_words(Bytes& bytes, TableFormat format) {
  for (std::size_t w = 0; w < kVocabulary; ++w) {
    if (format == TableFormat::INT4) {
      for (std::size_t c = 0; c < 16; ++c)
        bytes.add(static_cast<std::uint8_t>(0x80 | (c < kHidden ? word_step(w, c) + 8 : 8)));
      continue;
    }
    for (std::size_t c = 0; c < 16; ++c) {
      const bool there = c < kHidden;
      if (format == TableFormat::F32) bytes.add(there ? word_of(w, c) : 0.0F);
      if (format == TableFormat::BF16)
        bytes.add(there ? upper_half(word_of(w, c)) : std::uint16_t{0});
    }
  }
  bytes.end_section();
  if (format != TableFormat::INT4) return;
  for (std::size_t w = 0; w < kVocabulary; ++w) bytes.add(std::uint16_t{0x3400});  // 1/4 in f16
  bytes.end_section();
}

std::string by_hand(Precision precision, TableFormat words,
                    LayerFormat layers = LayerFormat::AsComputed) {
  const bool coarse = layers == LayerFormat::INT4;
  Bytes bytes;
  bytes.text() = "CTNNPACK";
  bytes.add(std::uint32_t{4});  // version
  bytes.add(static_cast<std::uint32_t>(precision == Precision::F32    ? 0
                                       : precision == Precision::BF16 ? 1
                                                                      : 2));
  bytes.add(std::uint32_t{2});  // GELU
  bytes.add(1e-5F);
  for (const std::size_t n :
       {std::size_t{1}, kHidden, std::size_t{2}, kInner, kVocabulary, kPositions, std::size_t{1}})
    bytes.add(std::uint64_t{n});
  bytes.add(std::uint64_t{0});  // the size, below
  bytes.add(static_cast<std::uint32_t>(words == TableFormat::F32    ? 0
                                       : words == TableFormat::BF16 ? 1
                                                                    : 3));
  bytes.add(std::uint32_t{coarse ? 1U : 0U});
  bytes.zeros(32);
  EXPECT_EQ(bytes.text().size(), 128u);
  add_words(bytes, words);
  for (const std::size_t rows : {kPositions, std::size_t{1}}) {
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < 16; ++c)
        bytes.add(c < kHidden ? static_cast<float>(rows + 10 * r + c) : 0.0F);
    bytes.end_section();
  }
  add_norm(bytes);
  const auto matrix = [&](std::size_t first, std::size_t in, std::size_t each, std::size_t count) {
    if (coarse) add_coarse_matrix(bytes, first, in, each, count);
    if (!coarse) add_matrix(bytes, precision, first, in, each, count);
  };
  matrix(0, kHidden, kHidden, 3);
  matrix(3, kHidden, kHidden, 1);
  add_norm(bytes);
  matrix(4, kHidden, kInner, 1);
  matrix(5, kInner, kHidden, 1);
  add_norm(bytes);
  const std::uint64_t size = bytes.text().size();
  std::memcpy(bytes.text().data() + 80, &size, 8);
  return bytes.text();
}

/// Words in tiers, `int4:1,pq2:1,pq3`: the second is 2 · (½, ½, ½, ½), the third 2 · (-½, ½, -½,
/// ½). A tier of one word has itself for its centroids' first, and zeros.
constexpr float kSecond[] = {1, 1, 1, 1}, kThird[] = {-1, 1, -1, 1};

std::string tiers_by_hand() {
  const std::string plain = by_hand(Precision::F32, TableFormat::INT4);
  Bytes bytes;
  bytes.text() = plain.substr(0, 96);
  bytes.add(std::uint64_t{1});
  bytes.add(std::uint64_t{1});
  bytes.add(std::uint32_t{2});
  bytes.add(std::uint32_t{3});
  bytes.zeros(8);
  const std::uint32_t product = 4;
  std::memcpy(bytes.text().data() + 88, &product, 4);
  bytes.text() += plain.substr(128, 16);  // the first word's group
  bytes.end_section();
  bytes.add(std::uint16_t{0x3400});
  bytes.end_section();
  const std::uint16_t half = 0x3F00, minus = 0xBF00;  // in bfloat16
  const auto tier = [&](std::size_t width, const std::uint16_t(&numbers)[4]) {
    const std::size_t parts = (4 + width - 1) / width;
    for (std::size_t p = 0; p < parts; ++p)
      for (std::size_t i = 0; i < 256 * width; ++i)
        bytes.add(i < width && p * width + i < 4 ? numbers[p * width + i] : std::uint16_t{0});
    bytes.end_section();
    bytes.zeros(parts);  // codes: the first centroid
    bytes.end_section();
    bytes.add(std::uint16_t{0x4000});  // 2 in f16
    bytes.end_section();
  };
  tier(2, {half, half, half, half});
  tier(3, {minus, half, minus, half});
  bytes.text() += plain.substr(128 + 64 + 64);  // what follows three words and their scales
  const std::uint64_t size = bytes.text().size();
  std::memcpy(bytes.text().data() + 80, &size, 8);
  return bytes.text();
}

/// The same weights as f32 tensors.
struct Model {
  bool coarse;
  std::vector<std::vector<float>> tensors;
  TransformerWeights weights;
  TransformerShape shape{1, kHidden,          2,    kInner, kVocabulary, kPositions,
                         1, Activation::Gelu, 1e-5F};

  explicit Model(bool on_coarse_grid = false) : coarse(on_coarse_grid) {
    tensors.reserve(64);
    weights.embeddings.word = tensor(
        kVocabulary * kHidden, [](std::size_t i) { return word_of(i / kHidden, i % kHidden); });
    for (const std::size_t rows : {kPositions, std::size_t{1}})
      (rows == 1 ? weights.embeddings.type : weights.embeddings.position) =
          tensor(rows * kHidden, [rows](std::size_t i) {
            return static_cast<float>(rows + 10 * (i / kHidden) + i % kHidden);
          });
    weights.embedding_norm = norm();
    LayerWeights layer;
    layer.query = linear(0, kHidden, kHidden);
    layer.key = linear(1, kHidden, kHidden);
    layer.value = linear(2, kHidden, kHidden);
    layer.attention_output = linear(3, kHidden, kHidden);
    layer.attention_norm = norm();
    layer.intermediate = linear(4, kHidden, kInner);
    layer.output = linear(5, kInner, kHidden);
    layer.output_norm = norm();
    weights.layers.push_back(layer);
  }
  std::span<const float> tensor(std::size_t count, const std::function<float(std::size_t)>& at) {
    std::vector<float> numbers;
    for (std::size_t i = 0; i < count; ++i) numbers.push_back(at(i));
    return tensors.emplace_back(std::move(numbers));
  }
  NormWeights norm() {
    const auto gamma = tensor(kHidden, [](std::size_t) { return 1.5F; });
    return {gamma, tensor(kHidden, [](std::size_t c) { return static_cast<float>(c); })};
  }
  LinearWeights linear(std::size_t matrix, std::size_t in, std::size_t out) {
    const auto weight = tensor(out * in, [&](std::size_t i) {
      return coarse ? coarse_weight(matrix, i / in, i % in) : weight_of(matrix, i / in, i % in);
    });
    return {weight, tensor(out, [&](std::size_t o) { return bias_of(matrix, o); })};
  }
};

void expect_bytes(std::span<const std::byte> got, const std::string& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i)
    ASSERT_EQ(std::to_integer<int>(got[i]), static_cast<unsigned char>(wanted[i])) << "byte " << i;
}

TEST(PackedBytes, AreThoseOfTheFormatsPage) {
  const Model model;
  for (const auto& [precision, words] : {std::pair(Precision::F32, TableFormat::F32),
                                         {Precision::BF16, TableFormat::BF16},
                                         {Precision::INT8, TableFormat::INT4},
                                         {Precision::F32, TableFormat::INT4}}) {
    const auto built =
        Transformer::build(model.shape, model.weights, precision, Isa::Portable, words);
    ASSERT_TRUE(built.ok());
    expect_bytes(built->packed(), by_hand(precision, words));
  }
}

TEST(PackedBytes, FourBitWordsThatLoseNothingGiveTheSameBitsAsF32) {
  const Model model;
  std::vector<std::vector<float>> states;
  for (const auto words : {TableFormat::F32, TableFormat::INT4}) {
    const auto built =
        Transformer::build(model.shape, model.weights, Precision::F32, Isa::Portable, words);
    ASSERT_TRUE(built.ok());
    EXPECT_EQ(built->words(), words);
    const std::vector<std::int32_t> ids = {2, 0}, positions = {0, 1}, offsets = {0, 2};
    Workspace workspace;
    std::vector<float> hidden(2 * kHidden);
    ASSERT_TRUE(built->forward({ids, positions, {}, offsets}, hidden.data(), workspace).ok());
    states.push_back(hidden);
  }
  EXPECT_EQ(states[0], states[1]);
}

TEST(PackedBytes, OfLayersInFourBitsAreThoseOfTheFormatsPage) {
  const Model model(true);
  for (const auto precision : {Precision::F32, Precision::BF16, Precision::INT8}) {
    const auto built = Transformer::build(model.shape, model.weights, precision, Isa::Portable,
                                          TableFormat::INT4, LayerFormat::INT4);
    ASSERT_TRUE(built.ok());
    EXPECT_EQ(built->layer_format(), LayerFormat::INT4);
    expect_bytes(built->packed(), by_hand(precision, TableFormat::INT4, LayerFormat::INT4));
  }
}

TEST(PackedBytes, FourBitLayersThatLoseNothingGiveTheSameBitsInEveryPrecision) {
  const Model model(true);
  for (const auto precision : {Precision::F32, Precision::BF16, Precision::INT8}) {
    std::vector<std::vector<float>> states;
    for (const auto layers : {LayerFormat::AsComputed, LayerFormat::INT4}) {
      const auto built = Transformer::build(model.shape, model.weights, precision, Isa::Portable,
                                            TableFormat::F32, layers);
      ASSERT_TRUE(built.ok());
      const auto read = Transformer::from_packed(built->packed(), Isa::Portable);
      ASSERT_TRUE(read.ok());
      for (const Transformer* transformer : {&*built, &*read}) {
        const std::vector<std::int32_t> ids = {2, 0}, positions = {0, 1}, offsets = {0, 2};
        Workspace workspace;
        std::vector<float> hidden(2 * kHidden);
        ASSERT_TRUE(
            transformer->forward({ids, positions, {}, offsets}, hidden.data(), workspace).ok());
        states.push_back(hidden);
      }
    }
    for (const auto& other : states) EXPECT_EQ(other, states[0]) << name_of(precision);
  }
}

TEST(PackedBytes, OfWordsInTiersAreThoseOfTheFormatsPage) {
  Model model;
  std::vector<float>& words = model.tensors.front();
  std::copy_n(kSecond, kHidden, words.begin() + kHidden);
  std::copy_n(kThird, kHidden, words.begin() + 2 * kHidden);
  const auto tiers = parse_word_storage("int4:1,pq2:1,pq3");
  ASSERT_TRUE(tiers.ok());
  const auto built =
      Transformer::build(model.shape, model.weights, Precision::F32, Isa::Portable, *tiers);
  ASSERT_TRUE(built.ok());
  expect_bytes(built->packed(), tiers_by_hand());
  EXPECT_EQ(built->words(), *tiers);
  // Nothing was lost, so the states are those of f32.
  const auto plain = Transformer::build(model.shape, model.weights, Precision::F32, Isa::Portable);
  ASSERT_TRUE(plain.ok());
  std::vector<std::vector<float>> states;
  for (const Transformer* transformer : {&*plain, &*built}) {
    const std::vector<std::int32_t> ids = {0, 1, 2}, positions = {0, 1, 0}, offsets = {0, 3};
    Workspace workspace;
    states.emplace_back(3 * kHidden);
    ASSERT_TRUE(
        transformer->forward({ids, positions, {}, offsets}, states.back().data(), workspace).ok());
  }
  EXPECT_EQ(states[0], states[1]);
}

TEST(PackedBytes, OfTiersThatDoNotFitAreRefused) {
  const std::string good = tiers_by_hand();
  const auto refused = [&](std::size_t at, std::uint8_t value) {
    const std::unique_ptr<std::byte, decltype(&std::free)> memory(
        static_cast<std::byte*>(std::aligned_alloc(64, good.size())), &std::free);
    std::memcpy(memory.get(), good.data(), good.size());
    memory.get()[at] = std::byte{value};
    return !Transformer::from_packed({memory.get(), good.size()}).ok();
  };
  EXPECT_FALSE(refused(96, 1));
  EXPECT_TRUE(refused(96, 4)) << "more words in four bits than there are";
  EXPECT_TRUE(refused(103, 0xFF)) << "absurdly many";
  EXPECT_TRUE(refused(104, 3)) << "more words in the middle than are left";
  EXPECT_TRUE(refused(111, 0xFF)) << "absurdly many";
  EXPECT_TRUE(refused(112, 0)) << "codes for no numbers";
  EXPECT_TRUE(refused(112, 17)) << "codes for too many";
  EXPECT_TRUE(refused(116, 0)) << "the same of the last tier";
  EXPECT_TRUE(refused(116, 17));
  EXPECT_TRUE(refused(8, 3)) << "the version before had no tiers";
}

TEST(PackedBytes, OfTheVersionsBeforeAreReadToo) {
  // Version 1 ended its header with zeros, and its words were as the precision says.
  // Version 2 had words of their own format and only layers as they are computed.
  // Version 3 had layers in four bits, but no words in tiers.
  for (const char version : {'\1', '\2', '\3'}) {
    std::string bytes = by_hand(Precision::BF16, TableFormat::BF16);
    bytes[8] = version;
    if (version == 1) std::memset(bytes.data() + 88, 0, 4);
    const std::unique_ptr<std::byte, decltype(&std::free)> memory(
        static_cast<std::byte*>(std::aligned_alloc(64, bytes.size())), &std::free);
    std::memcpy(memory.get(), bytes.data(), bytes.size());
    const auto read = Transformer::from_packed({memory.get(), bytes.size()});
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->words(), TableFormat::BF16);
    EXPECT_EQ(read->layer_format(), LayerFormat::AsComputed);
  }
}

}  // namespace
}  // namespace crosstail::nn
