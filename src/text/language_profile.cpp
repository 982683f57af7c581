#include "text/language_profile.h"

#include <emmintrin.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "base/hash.h"
#include "text/decode.h"
#include "text/ngrams.h"
#include "text/utf8.h"

// The assembler finds the file through the include path of the sources.
asm(".section .rodata\n"
    ".balign 64\n"
    ".global crosstail_language_profile_begin\n"
    ".hidden crosstail_language_profile_begin\n"
    "crosstail_language_profile_begin:\n"
    ".incbin \"text/language_profile.bin\"\n"
    ".global crosstail_language_profile_end\n"
    ".hidden crosstail_language_profile_end\n"
    "crosstail_language_profile_end:\n"
    ".previous\n");
extern "C" {
extern const char crosstail_language_profile_begin[];
extern const char crosstail_language_profile_end[];
}

namespace crosstail::text {
namespace {

constexpr std::size_t kHeader = 28;

/// Lower-cased letters and marks of planes 0 and 1; 0 for everything else.
char32_t profile_letter(char32_t c) {
  const auto type = u_charType(static_cast<UChar32>(c));
  const std::uint32_t mask = U_MASK(type);
  if ((mask & (U_GC_L_MASK | U_GC_M_MASK)) == 0) return 0;
  return static_cast<char32_t>(u_tolower(static_cast<UChar32>(c)));
}

/// The letters of the two-byte range, which is most of what is not ASCII in texts.
const std::array<char32_t, 0x800>& small_letters() {
  static const auto table = [] {
    std::array<char32_t, 0x800> t{};
    for (char32_t c = 0; c < t.size(); ++c) t[c] = profile_letter(c);
    return t;
  }();
  return table;
}

/// Sum of rows of 16 signed bytes: 16-bit lanes, emptied into 32-bit ones before they can overflow.
class RowSum {
 public:
  void add(const std::int8_t* row) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row));
    const __m128i sign = _mm_cmpgt_epi8(_mm_setzero_si128(), bytes);
    low_ = _mm_add_epi16(low_, _mm_unpacklo_epi8(bytes, sign));
    high_ = _mm_add_epi16(high_, _mm_unpackhi_epi8(bytes, sign));
    if (++pending_ == 255) flush();  // 255 * 128 < 2^15
  }
  std::int32_t total(std::size_t i) {
    if (pending_ != 0) flush();
    return totals_[i];
  }

 private:
  void flush() {
    alignas(16) std::array<std::int16_t, 16> lanes;
    _mm_store_si128(reinterpret_cast<__m128i*>(lanes.data()), low_);
    _mm_store_si128(reinterpret_cast<__m128i*>(lanes.data() + 8), high_);
    for (std::size_t i = 0; i < lanes.size(); ++i) totals_[i] += lanes[i];
    low_ = high_ = _mm_setzero_si128();
    pending_ = 0;
  }
  __m128i low_ = _mm_setzero_si128(), high_ = _mm_setzero_si128();
  std::array<std::int32_t, 16> totals_{};
  int pending_ = 0;
};

Error corrupt(std::size_t offset, const char* expected) {
  return {ErrorCode::Corrupt, "language profile: offset " + std::to_string(offset) + ": expected " +
                                  expected + "; rebuild it with tools/train-language-profile"};
}

}  // namespace

std::string profile_text(std::string_view valid, std::size_t max_bytes) {
  const auto& small = small_letters();
  std::string out;
  out.reserve(std::min(valid.size(), max_bytes) + 4);
  std::size_t at = 0;
  bool space = true;
  while (at < valid.size() && at < max_bytes) {
    const char32_t c = decode_next(valid, at);
    const char32_t letter = c < small.size() ? small[c] : profile_letter(c);
    if (letter == 0) {
      if (!space) out += ' ';
      space = true;
      continue;
    }
    space = false;
    if (letter < 0x80)
      out += static_cast<char>(letter);
    else
      append_utf8(out, letter);
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

Result<LanguageProfile> LanguageProfile::read(std::string_view bytes) {
  if (bytes.size() < kHeader + 8 || bytes.substr(0, 4) != "CTLP") return corrupt(0, "CTLP");
  std::uint32_t header[6];
  std::memcpy(header, bytes.data() + 4, sizeof(header));
  const auto [version, dim, rows, min_n, max_n, count] = header;
  if (version != 1) return corrupt(4, "version 1");
  if (dim != kDim || rows == 0 || rows > (1U << 24) || count == 0 || count > 1000 || min_n == 0 ||
      max_n < min_n || max_n > 16)
    return corrupt(8, "sizes of a profile");
  const std::size_t size = kHeader + 4 * std::size_t{count} +
                           4 * std::size_t{dim} * (2 + std::size_t{count}) +
                           std::size_t{rows} * dim + 8;
  if (bytes.size() != size) return corrupt(bytes.size(), "as many bytes as the header says");
  std::uint64_t checksum = 0;
  std::memcpy(&checksum, bytes.data() + size - 8, 8);
  if (xxh3(bytes.substr(0, size - 8)) != checksum) return corrupt(size - 8, "the checksum");

  LanguageProfile profile;
  profile.row_count_ = rows;
  profile.min_n_ = static_cast<int>(min_n);
  profile.max_n_ = static_cast<int>(max_n);
  const char* at = bytes.data() + kHeader;
  for (std::uint32_t i = 0; i < count; ++i, at += 4)
    profile.languages_.emplace_back(at, std::find(at, at + 4, '\0'));
  const auto floats = [&](std::size_t n) {
    std::vector<float> values(n);
    std::memcpy(values.data(), at, n * sizeof(float));
    at += n * sizeof(float);
    return values;
  };
  profile.scale_ = floats(dim);
  profile.bias_ = floats(dim);
  profile.output_ = floats(std::size_t{count} * dim);
  profile.rows_ = reinterpret_cast<const std::int8_t*>(at);
  return profile;
}

const LanguageProfile& LanguageProfile::embedded() {
  static const LanguageProfile profile = [] {
    const std::string_view bytes(crosstail_language_profile_begin,
                                 static_cast<std::size_t>(crosstail_language_profile_end -
                                                          crosstail_language_profile_begin));
    auto read_profile = read(bytes);  // checked by a test; an empty profile knows no language
    return read_profile ? *std::move(read_profile) : LanguageProfile();
  }();
  return profile;
}

void LanguageProfile::predict(std::string_view profile_text, std::span<float> probabilities) const {
  if (row_count_ == 0) return;
  RowSum sum;
  std::int32_t count = 1;  // the bias row
  std::string marked;
  std::size_t begin = 0;
  while (begin < profile_text.size()) {
    const std::size_t end = std::min(profile_text.find(' ', begin), profile_text.size());
    marked.assign(1, '<');
    marked += profile_text.substr(begin, end - begin);
    marked += '>';
    for_each_ngram(marked, min_n_, max_n_, [&](std::uint32_t hash) {
      sum.add(rows_ + std::size_t{hash % row_count_} * kDim);
      ++count;
    });
    begin = end + 1;
  }
  std::array<float, kDim> hidden{};
  for (std::size_t d = 0; d < kDim; ++d)
    hidden[d] =
        (static_cast<float>(sum.total(d)) * scale_[d] + bias_[d]) / static_cast<float>(count);
  float largest = -INFINITY, total = 0;
  for (std::size_t i = 0; i < languages_.size(); ++i) {
    float parts[4] = {};
    for (std::size_t d = 0; d < kDim; d += 4)
      for (std::size_t k = 0; k < 4; ++k) parts[k] += output_[i * kDim + d + k] * hidden[d + k];
    const float score = parts[0] + parts[1] + parts[2] + parts[3];
    probabilities[i] = score;
    largest = std::max(largest, score);
  }
  for (std::size_t i = 0; i < languages_.size(); ++i)
    total += probabilities[i] = std::exp(probabilities[i] - largest);
  for (std::size_t i = 0; i < languages_.size(); ++i) probabilities[i] /= total;
}

}  // namespace crosstail::text
