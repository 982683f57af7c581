#include "text/fasttext_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "text/ngrams.h"

namespace crosstail::text {
namespace {

__extension__ typedef unsigned __int128 Wide;

constexpr std::int32_t kMagic = 793712314;
constexpr std::int32_t kVersion = 12;
constexpr std::size_t kCentroids = 256;
/// Labels' counts add up to less; a tree of theirs marks nodes that are not made yet with it.
constexpr std::int64_t kMaxCounts = std::int64_t{1} << 60;
/// Values of a quantised matrix when expanded (2 GiB): such files are made to be small.
constexpr std::size_t kMaxExpanded = std::size_t{1} << 29;
/// Steps to a free slot. Half the slots are free, so honest keys need a few dozen at most.
constexpr std::size_t kMaxProbes = 1000;
constexpr std::string_view kLabelPrefix = "__label__";
constexpr std::string_view kLineEnd = "</s>";

/// Reads little-endian values of a mapped file; after the first failure everything reads as zero.
class Cursor {
 public:
  explicit Cursor(std::string_view data) : data_(data) {}

  template <class T>
  T value() {
    T out{};
    if (!need(sizeof(T), "a number")) return out;
    std::memcpy(&out, data_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return out;
  }
  std::string_view bytes(std::uint64_t count, std::uint64_t size, std::string_view what) {
    if (size != 0 && count > data_.size() / size) {
      fail(what);
      return {};
    }
    if (!need(count * size, what)) return {};
    const auto out = data_.substr(at_, count * size);
    at_ += count * size;
    return out;
  }
  std::vector<float> floats(std::uint64_t count, std::string_view what) {
    const auto raw = bytes(count, sizeof(float), what);
    std::vector<float> out(raw.size() / sizeof(float));
    if (!raw.empty()) std::memcpy(out.data(), raw.data(), raw.size());
    return out;
  }
  std::string_view zero_ended() {
    const std::size_t end = data_.find('\0', at_);
    if (end == std::string_view::npos) {
      fail("a word that ends with a zero byte");
      return {};
    }
    const auto out = data_.substr(at_, end - at_);
    at_ = end + 1;
    return out;
  }
  void fail(std::string_view expected) {
    if (error_.empty())
      error_ = "offset " + std::to_string(at_) + ": expected " + std::string(expected);
    at_ = data_.size();
  }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  bool need(std::uint64_t count, std::string_view what) {
    if (count <= data_.size() - at_) return true;
    fail(what);
    return false;
  }
  std::string_view data_;
  std::size_t at_ = 0;
  std::string error_;
};

/// Product quantiser: vectors of `dim` cut into parts of `part` values, a part coded by one byte.
struct Quantiser {
  std::size_t dim = 0, parts = 0, part = 0, last_part = 0;
  std::vector<float> centroids;

  void read(Cursor& in) {
    dim = static_cast<std::size_t>(std::max(0, in.value<std::int32_t>()));
    parts = static_cast<std::size_t>(std::max(0, in.value<std::int32_t>()));
    part = static_cast<std::size_t>(std::max(0, in.value<std::int32_t>()));
    last_part = static_cast<std::size_t>(std::max(0, in.value<std::int32_t>()));
    if (parts == 0 || last_part > part || (parts - 1) * part + last_part != dim)
      in.fail("quantiser sizes that add up to the dimension");
    centroids = in.floats(dim * kCentroids, "the quantiser's centroids");
  }
  void add(const std::uint8_t* codes, float scale, float* out) const {
    for (std::size_t p = 0; p < parts; ++p) {
      const std::size_t length = p + 1 == parts ? last_part : part;
      const float* c = &centroids[p * kCentroids * part + codes[p] * length];
      for (std::size_t d = 0; d < length; ++d) out[p * part + d] += scale * c[d];
    }
  }
};

/// A matrix whose rows are needed one at a time; quantised ones are expanded when opened.
struct Matrix {
  std::size_t rows = 0, columns = 0;
  std::vector<float> owned;
  const char* mapped = nullptr;  // floats, perhaps unaligned

  void add_row(std::size_t row, float* out) const {
    const char* from = mapped != nullptr ? mapped : reinterpret_cast<const char*>(owned.data());
    from += row * columns * sizeof(float);
    if (columns == kUsualColumns) return add_values<kUsualColumns>(from, out, kUsualColumns);
    add_values<0>(from, out, columns);
  }
  [[nodiscard]] float dot(std::size_t row, const float* x) const {
    const float* values = &owned[row * columns];
    if (columns == kUsualColumns) return dot_values<kUsualColumns>(values, x, kUsualColumns);
    return dot_values<0>(values, x, columns);
  }
  /// lid.176's; known to the compiler, so that it uses vector registers.
  static constexpr std::size_t kUsualColumns = 16;
  template <std::size_t Fixed>
  static void add_values(const char* from, float* out, std::size_t size) {
    const std::size_t n = Fixed != 0 ? Fixed : size;
    for (std::size_t d = 0; d + 4 <= n; d += 4) {
      float v[4];
      std::memcpy(v, from + d * sizeof(float), sizeof(v));
      for (std::size_t k = 0; k < 4; ++k) out[d + k] += v[k];
    }
    for (std::size_t d = n / 4 * 4; d < n; ++d) {
      float v = 0;
      std::memcpy(&v, from + d * sizeof(float), sizeof(float));
      out[d] += v;
    }
  }
  template <std::size_t Fixed>
  static float dot_values(const float* values, const float* x, std::size_t size) {
    const std::size_t n = Fixed != 0 ? Fixed : size;
    float sums[4] = {};
    for (std::size_t d = 0; d + 4 <= n; d += 4)
      for (std::size_t k = 0; k < 4; ++k) sums[k] += values[d + k] * x[d + k];
    for (std::size_t d = n / 4 * 4; d < n; ++d) sums[0] += values[d] * x[d];
    return sums[0] + sums[1] + sums[2] + sums[3];
  }

  void read_sizes(Cursor& in) {
    const auto m = in.value<std::int64_t>();
    const auto n = in.value<std::int64_t>();
    if (m < 0 || n <= 0 || n > 65536) in.fail("a matrix with rows and at most 65536 columns");
    rows = static_cast<std::size_t>(m);
    columns = static_cast<std::size_t>(n);
  }
  void read_dense(Cursor& in, bool copy) {
    read_sizes(in);
    const auto raw = in.bytes(rows, columns * sizeof(float), "the values of a matrix");
    if (!in.error().empty()) return;
    if (!copy) {
      mapped = raw.data();
      return;
    }
    owned.resize(rows * columns);
    if (!raw.empty()) std::memcpy(owned.data(), raw.data(), raw.size());
  }
  void read_quantised(Cursor& in) {
    const bool has_norms = in.value<std::uint8_t>() != 0;
    read_sizes(in);
    const auto code_size = in.value<std::int32_t>();
    const auto codes =
        in.bytes(static_cast<std::uint64_t>(std::max(0, code_size)), 1, "matrix codes");
    Quantiser quantiser, norm_quantiser;
    quantiser.read(in);
    std::string_view norms;
    if (has_norms) {
      norms = in.bytes(rows, 1, "the codes of the norms");
      norm_quantiser.read(in);
    }
    if (!in.error().empty()) return;
    if (quantiser.dim != columns || codes.size() / quantiser.parts != rows ||
        codes.size() % quantiser.parts != 0 || (has_norms && norm_quantiser.dim != 1))
      return in.fail("codes that fit the matrix");
    if (rows > kMaxExpanded / columns) return in.fail("a quantised matrix of at most 2^29 values");
    owned.assign(rows * columns, 0.0F);
    for (std::size_t row = 0; row < rows; ++row) {
      const float scale =
          has_norms ? norm_quantiser.centroids[static_cast<std::uint8_t>(norms[row])] : 1.0F;
      quantiser.add(reinterpret_cast<const std::uint8_t*>(codes.data()) + row * quantiser.parts,
                    scale, &owned[row * columns]);
    }
  }
};

/// Node of the Huffman tree of hierarchical softmax; a leaf has left < 0.
struct Node {
  std::int32_t left = -1, right = -1;
  std::int64_t count = kMaxCounts;
};

/// The tree that fastText builds from label counts, which are in descending order.
std::vector<Node> huffman_tree(const std::vector<std::int64_t>& counts) {
  const std::size_t n = counts.size();
  std::vector<Node> tree(2 * n - 1);
  for (std::size_t i = 0; i < n; ++i) tree[i].count = counts[i];
  std::int64_t leaf = static_cast<std::int64_t>(n) - 1;
  std::size_t inner = n;
  const auto smallest = [&]() -> std::size_t {
    if (leaf >= 0 && tree[static_cast<std::size_t>(leaf)].count < tree[inner].count)
      return static_cast<std::size_t>(leaf--);
    return inner++;
  };
  for (std::size_t i = n; i < tree.size(); ++i) {
    const std::size_t a = smallest(), b = smallest();
    tree[i].left = static_cast<std::int32_t>(a);
    tree[i].right = static_cast<std::int32_t>(b);
    tree[i].count = tree[a].count + tree[b].count;
  }
  return tree;
}

/// Open addressing from 32-bit keys to rows. Empty slots hold value -1.
struct Slots {
  struct Slot {
    std::uint32_t key = 0;
    std::int32_t value = -1;
  };
  std::vector<Slot> slots;

  void reserve(std::size_t count) {
    std::size_t size = 16;
    while (size < count * 2) size *= 2;
    slots.assign(size, {});
  }
  [[nodiscard]] std::size_t start(std::uint32_t key) const {
    const std::uint32_t mixed = key * 2654435769U;
    return mixed & (slots.size() - 1);
  }
  [[nodiscard]] std::size_t after(std::size_t i) const { return (i + 1) & (slots.size() - 1); }
  /// The value of the first slot with this key, or -1.
  [[nodiscard]] std::int32_t find(std::uint32_t key) const {
    std::size_t i = start(key);
    while (slots[i].value >= 0 && slots[i].key != key) i = after(i);
    return slots[i].value;
  }
  /// False when too many keys fall together.
  [[nodiscard]] bool insert(std::uint32_t key, std::int32_t value) {
    std::size_t i = start(key);
    for (std::size_t probes = 0; slots[i].value >= 0; ++probes) {
      if (probes == kMaxProbes) return false;
      i = after(i);
    }
    slots[i] = {key, value};
    return true;
  }
};

}  // namespace

struct FastTextModel::State {
  MappedFile file;
  std::int32_t min_n = 0, max_n = 0, bucket = 0;
  std::uint64_t bucket_inverse = 0;  ///< ceil(2^64 / bucket)
  bool hierarchical = true;
  std::vector<std::string_view> words;
  Slots word_slots;
  bool pruned = false;
  Slots kept_ngrams;
  std::vector<std::string> labels;
  std::vector<std::int64_t> label_counts;
  std::vector<Node> tree;
  Matrix input, output;

  void read(Cursor& in, std::string& unsupported);
  void read_dictionary(Cursor& in);
  void check(Cursor& in);

  [[nodiscard]] std::int32_t find_word(std::string_view word, std::uint32_t hash) const {
    for (std::size_t i = word_slots.start(hash); word_slots.slots[i].value >= 0;
         i = word_slots.after(i)) {
      const auto& slot = word_slots.slots[i];
      if (slot.key == hash && words[static_cast<std::size_t>(slot.value)] == word)
        return slot.value;
    }
    return -1;
  }
  [[nodiscard]] std::uint32_t bucket_of(std::uint32_t hash) const {
    // hash % bucket by two multiplications (Lemire, Kaser and Kurz 2019).
    const std::uint64_t low = bucket_inverse * hash;
    return static_cast<std::uint32_t>(
        (static_cast<Wide>(low) * static_cast<std::uint32_t>(bucket)) >> 64U);
  }
  /// Adds the rows of a word and of its n-grams to `sum`; returns how many.
  std::size_t add_word(std::string_view word, std::string& marked, float* sum) const;
  void hierarchical_softmax(const float* hidden, std::span<float> out, float floor) const;
  void softmax(const float* hidden, std::span<float> out) const;
};

void FastTextModel::State::read_dictionary(Cursor& in) {
  const auto size = in.value<std::int32_t>();
  const auto word_count = in.value<std::int32_t>();
  const auto label_count = in.value<std::int32_t>();
  (void)in.value<std::int64_t>();  // tokens seen in training
  const auto pruned_count = in.value<std::int64_t>();
  if (size < 0 || word_count < 0 || label_count <= 0 ||
      std::int64_t{word_count} + label_count != size)
    return in.fail("a dictionary of words and then labels");
  std::uint64_t all_counts = 0;
  for (std::int32_t i = 0; i < size && in.error().empty(); ++i) {
    std::string_view word = in.zero_ended();
    const auto count = in.value<std::int64_t>();
    const auto type = in.value<std::int8_t>();
    if (type != (i < word_count ? 0 : 1)) return in.fail("all words before all labels");
    if (type == 0) {
      words.push_back(word);
      continue;
    }
    if (word.substr(0, kLabelPrefix.size()) == kLabelPrefix)
      word.remove_prefix(kLabelPrefix.size());
    labels.emplace_back(word);
    if (!label_counts.empty() && count > label_counts.back())
      return in.fail("labels in descending order of their counts");
    all_counts += static_cast<std::uint64_t>(count);
    if (count < 0 || all_counts >= static_cast<std::uint64_t>(kMaxCounts))
      return in.fail("labels' counts that add up to less than 2^60");
    label_counts.push_back(count);
  }
  word_slots.reserve(words.size());
  for (std::size_t i = 0; i < words.size(); ++i)
    if (!word_slots.insert(ngram_hash(words[i]), static_cast<std::int32_t>(i)))
      return in.fail("words that differ");
  pruned = pruned_count >= 0;
  if (!pruned) return;
  const auto pairs = in.bytes(static_cast<std::uint64_t>(pruned_count), 8, "the kept n-grams");
  kept_ngrams.reserve(pairs.size() / 8);
  for (std::size_t i = 0; i + 8 <= pairs.size(); i += 8) {
    std::int32_t from = 0, to = 0;
    std::memcpy(&from, pairs.data() + i, 4);
    std::memcpy(&to, pairs.data() + i + 4, 4);
    if (to < 0) return in.fail("rows of kept n-grams");
    if (!kept_ngrams.insert(static_cast<std::uint32_t>(from), to))
      return in.fail("kept n-grams that differ");
  }
}

void FastTextModel::State::read(Cursor& in, std::string& unsupported) {
  if (in.value<std::int32_t>() != kMagic) return in.fail("the magic number of a fastText model");
  if (in.value<std::int32_t>() != kVersion) unsupported = "the file version is not 12";
  std::int32_t arguments[12];
  for (auto& a : arguments) a = in.value<std::int32_t>();
  (void)in.value<double>();
  const std::int32_t word_ngrams = arguments[5], loss = arguments[6], kind = arguments[7];
  bucket = arguments[8];
  min_n = arguments[9];
  max_n = arguments[10];
  if (!in.error().empty()) return;
  if (kind != 3) unsupported = "it is not a classification model";
  if (word_ngrams > 1) unsupported = "it uses word n-grams (wordNgrams > 1)";
  if (loss != 1 && loss != 3) unsupported = "its loss is neither hierarchical softmax nor softmax";
  if (!unsupported.empty()) return;
  if (max_n > 0 && (bucket <= 0 || min_n < 0 || max_n > 64)) return in.fail("a range of n-grams");
  if (bucket > 0) bucket_inverse = UINT64_MAX / static_cast<std::uint32_t>(bucket) + 1;
  hierarchical = loss == 1;
  read_dictionary(in);
  const bool quantised = in.value<std::uint8_t>() != 0;
  if (!in.error().empty()) return;
  quantised ? input.read_quantised(in) : input.read_dense(in, false);
  const bool quantised_output = in.value<std::uint8_t>() != 0;
  if (!in.error().empty()) return;
  quantised_output&& quantised ? output.read_quantised(in) : output.read_dense(in, true);
  check(in);
}

void FastTextModel::State::check(Cursor& in) {
  if (!in.error().empty()) return;
  if (input.columns != output.columns || output.rows != labels.size())
    return in.fail("an output row for each label");
  std::size_t needed = words.size();
  if (!pruned && max_n > 0) needed += static_cast<std::size_t>(bucket);
  for (const auto& slot : kept_ngrams.slots)
    if (slot.value >= 0)
      needed = std::max(needed, words.size() + static_cast<std::size_t>(slot.value) + 1);
  if (input.rows < needed) return in.fail("an input row for each word and n-gram");
  if (hierarchical) tree = huffman_tree(label_counts);
}

std::size_t FastTextModel::State::add_word(std::string_view word, std::string& marked,
                                           float* sum) const {
  std::size_t count = 0;
  const std::int32_t id = find_word(word, ngram_hash(word));
  if (id >= 0) {
    input.add_row(static_cast<std::size_t>(id), sum);
    ++count;
  } else if (word.substr(0, kLabelPrefix.size()) == kLabelPrefix) {
    return 0;
  }
  if (max_n <= 0 || word == kLineEnd) return count;
  marked.assign(1, '<');
  marked += word;
  marked += '>';
  for_each_ngram(marked, min_n, max_n, [&](std::uint32_t hash) {
    std::uint32_t row = bucket_of(hash);
    if (pruned) {
      const std::int32_t kept = kept_ngrams.find(row);
      if (kept < 0) return;
      row = static_cast<std::uint32_t>(kept);
    }
    input.add_row(words.size() + row, sum);
    ++count;
  });
  return count;
}

void FastTextModel::State::hierarchical_softmax(const float* hidden, std::span<float> out,
                                                float floor) const {
  std::vector<std::pair<std::size_t, float>> open{{tree.size() - 1, 1.0F}};
  while (!open.empty()) {
    const auto [index, probability] = open.back();
    open.pop_back();
    const Node& node = tree[index];
    if (node.left < 0) {
      out[index] = probability;
      continue;
    }
    if (probability < floor) continue;
    const float right = 1.0F / (1.0F + std::exp(-output.dot(index - labels.size(), hidden)));
    open.emplace_back(static_cast<std::size_t>(node.left), probability * (1.0F - right));
    open.emplace_back(static_cast<std::size_t>(node.right), probability * right);
  }
}

void FastTextModel::State::softmax(const float* hidden, std::span<float> out) const {
  float largest = -INFINITY, total = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    out[i] = output.dot(i, hidden);
    largest = std::max(largest, out[i]);
  }
  for (float& v : out) total += v = std::exp(v - largest);
  for (float& v : out) v /= total;
}

FastTextModel::FastTextModel(std::unique_ptr<State> state) : state_(std::move(state)) {}
FastTextModel::FastTextModel(FastTextModel&&) noexcept = default;
FastTextModel& FastTextModel::operator=(FastTextModel&&) noexcept = default;
FastTextModel::~FastTextModel() = default;

Result<FastTextModel> FastTextModel::open(const std::filesystem::path& path) {
  auto state = std::make_unique<State>();
  CT_TRY(state->file, MappedFile::open(path));
  Cursor in(state->file.text());
  std::string unsupported;
  state->read(in, unsupported);
  if (!unsupported.empty())
    return Error{ErrorCode::Unsupported, path.string() + ": " + unsupported +
                                             "; use fastText's lid.176.bin or lid.176.ftz"};
  if (!in.error().empty())
    return Error{ErrorCode::Corrupt,
                 path.string() + ": " + in.error() + "; this is no whole fastText model"};
  return FastTextModel(std::move(state));
}

const std::vector<std::string>& FastTextModel::labels() const {
  return state_->labels;
}

void FastTextModel::predict(std::string_view text, std::span<float> probabilities,
                            float floor) const {
  std::fill(probabilities.begin(), probabilities.end(), 0.0F);
  std::vector<float> hidden(state_->input.columns, 0.0F);
  std::string marked;
  std::size_t count = 0, begin = 0;
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; };
  while (begin < text.size()) {
    while (begin < text.size() && is_space(text[begin])) ++begin;
    std::size_t end = begin;
    while (end < text.size() && !is_space(text[end])) ++end;
    if (end > begin)
      count += state_->add_word(text.substr(begin, end - begin), marked, hidden.data());
    begin = end;
  }
  const std::int32_t line_end = state_->find_word(kLineEnd, ngram_hash(kLineEnd));
  if (line_end >= 0) {
    state_->input.add_row(static_cast<std::size_t>(line_end), hidden.data());
    ++count;
  }
  if (count == 0) return;
  for (float& v : hidden) v /= static_cast<float>(count);
  if (state_->hierarchical)
    state_->hierarchical_softmax(hidden.data(), probabilities, floor);
  else
    state_->softmax(hidden.data(), probabilities);
}

}  // namespace crosstail::text
