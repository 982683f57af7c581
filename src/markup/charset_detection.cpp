#include "markup/charset_detection.h"

#include <unicode/ucsdet.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "text/utf8.h"

namespace crosstail::markup {
namespace {

constexpr std::size_t kLookedAt = 64 << 10;
/// ICU looks at no more than this.
constexpr std::size_t kSample = 8000;
/// Below this, ICU's statistics have found nothing.
constexpr int32_t kLeastConfidence = 10;

bool is_high(char c) {
  return static_cast<signed char>(c) < 0;
}

/// The parts of the text with bytes above 0x7F, cut at mark-up and line ends (no encoding's trail
/// bytes), so that style sheets and scripts do not hide them.
std::string sample_of(std::string_view bytes) {
  std::string sample;
  std::size_t at = ascii_prefix(bytes);
  const std::size_t limit = std::min(bytes.size(), at + kLookedAt);
  const auto is_border = [](char c) { return c == '<' || c == '>' || c == '\n' || c == '"'; };
  while (at < limit && sample.size() < kSample) {
    std::size_t begin = at;
    while (begin > 0 && at - begin < 200 && !is_border(bytes[begin - 1])) --begin;
    std::size_t end = at;
    while (end < limit && !is_border(bytes[end])) ++end;
    sample.append(bytes, begin, end - begin);
    sample.push_back(' ');
    at = end + ascii_prefix(bytes.substr(end));
  }
  if (sample.size() > kSample) sample.resize(kSample);
  return sample;
}

/// True if decoding gives text: hardly any U+FFFD, and hardly any C1 control character.
bool decodes_to_text(std::string_view sample, Encoding encoding) {
  std::string text;
  std::uint64_t wrong = decode(sample, encoding, text);
  std::uint64_t characters = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = text::next_code_point(text, at);
    if (c < 0x80) continue;
    ++characters;
    if (c < 0xA0) ++wrong;
  }
  // The cut at the end of the sample may leave half a character.
  return wrong <= 1 + characters / 50 && wrong * 4 <= characters;
}

/// Many zero bytes in every other place and none beside them: UTF-16 of a Western page.
std::optional<Encoding> utf16_by_zero_bytes(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, 1024);
  std::size_t zeros[2] = {0, 0};
  for (std::size_t i = 0; i < head.size(); ++i) zeros[i % 2] += head[i] == '\0' ? 1U : 0U;
  const std::size_t many = head.size() / 4;
  if (head.size() < 8) return std::nullopt;
  if (zeros[1] > many && zeros[0] == 0) return Encoding::Utf16Le;
  if (zeros[0] > many && zeros[1] == 0) return Encoding::Utf16Be;
  return std::nullopt;
}

/// UTF-8 with a few wrong bytes: nothing else has so many well-formed sequences by chance.
bool is_damaged_utf8(std::string_view bytes) {
  const std::string_view part = bytes.substr(0, ascii_prefix(bytes) + kLookedAt);
  std::uint64_t wrong = 0;
  const std::string repaired = text::repair_utf8(part, &wrong);
  std::uint64_t high = 0;
  for (const char c : repaired)
    high += static_cast<signed char>(c) < -64 ? 0U : (is_high(c) ? 1U : 0U);
  const std::uint64_t well_formed = high > wrong ? high - wrong : 0;
  return well_formed >= 4 && well_formed >= 10 * wrong;
}

bool has_iso2022jp_escapes(std::string_view bytes) {
  return ascii_prefix(bytes) == bytes.size() && (bytes.find("\x1B$B") != std::string_view::npos ||
                                                 bytes.find("\x1B$@") != std::string_view::npos);
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// The value of the first lang attribute near the top, lower case.
std::string page_language(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, 4096);
  for (std::size_t at = head.find("lang="); at != std::string_view::npos;
       at = head.find("lang=", at + 1)) {
    std::size_t i = at + 5;
    if (i < head.size() && (head[i] == '"' || head[i] == '\'')) ++i;
    std::string language;
    while (i < head.size() && language.size() < 16 &&
           ((lower(head[i]) >= 'a' && lower(head[i]) <= 'z') || head[i] == '-')) {
      language.push_back(lower(head[i++]));
    }
    if (language.size() >= 2) return language;
  }
  return {};
}

struct LanguageEncodings {
  std::string_view languages;  ///< primary subtags, each between spaces
  std::vector<Encoding> encodings;
};

/// The legacy encodings of a language, the most usual first (the defaults of the HTML standard,
/// §13.2.3.2, and what those languages used beside them).
std::vector<Encoding> usual_encodings(const std::string& language) {
  using enum Encoding;
  static const LanguageEncodings kTable[] = {
      {" ja ", {ShiftJis, EucJp}},
      {" ko ", {EucKr}},
      {" ru uk be bg mk sr ky kk tg tt ", {Windows1251, Koi8R, Koi8U, Iso8859_5}},
      {" pl cs sk hu ro hr sl bs sq ", {Windows1250, Iso8859_2}},
      {" el ", {Windows1253, Iso8859_7}},
      {" he yi ", {Windows1255, Iso8859_8}},
      {" ar fa ur ps ", {Windows1256, Iso8859_6}},
      {" tr az ku ", {Windows1254}},
      {" lt lv et ", {Windows1257, Iso8859_13}},
      {" th ", {Windows874}},
      {" vi ", {Windows1258}},
  };
  if (language.starts_with("zh")) {
    const bool traditional = language.find("tw") != std::string::npos ||
                             language.find("hk") != std::string::npos ||
                             language.find("hant") != std::string::npos;
    if (traditional) return {Big5, Gb18030};
    return {Gb18030, Big5};
  }
  const std::string primary = " " + language.substr(0, language.find('-')) + " ";
  for (const LanguageEncodings& row : kTable) {
    if (row.languages.find(primary) != std::string_view::npos) return row.encodings;
  }
  return {};
}

struct Guess {
  Encoding encoding;
  int32_t confidence;
};

/// Encodings that differ in a few letters only, and that ICU tells apart by nothing but the bytes
/// 0x80 to 0x9F.
struct Twins {
  Encoding windows, iso;
};
constexpr Twins kTwins[] = {{Encoding::Windows1250, Encoding::Iso8859_2},
                            {Encoding::Windows1253, Encoding::Iso8859_7},
                            {Encoding::Windows1255, Encoding::Iso8859_8},
                            {Encoding::Windows1257, Encoding::Iso8859_13}};

/// Signs such as ± or ¶ with a letter on both sides: what letters of the twin look like.
std::size_t signs_within_words(std::string_view sample, Encoding encoding) {
  std::string text;
  decode(sample, encoding, text);
  const auto is_letter = [](char32_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c < 0x2000);
  };
  std::size_t count = 0;
  char32_t before = 0;
  char32_t here = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t after = text::next_code_point(text, at);
    if (here >= 0x80 && here < 0xC0 && is_letter(before) && is_letter(after)) ++count;
    before = here;
    here = after;
  }
  return count;
}

/// The twin of `encoding`, or itself, that makes the better words.
Encoding settle_twins(std::string_view sample, Encoding encoding) {
  for (const Twins& twins : kTwins) {
    if (encoding != twins.windows && encoding != twins.iso) continue;
    const bool iso =
        signs_within_words(sample, twins.iso) < signs_within_words(sample, twins.windows);
    return iso ? twins.iso : twins.windows;
  }
  return encoding;
}

struct CloseDetector {
  void operator()(UCharsetDetector* detector) const { ucsdet_close(detector); }
};

/// ICU's guesses that the web knows, most likely first.
std::vector<Guess> icu_guesses(const std::string& sample) {
  std::vector<Guess> guesses;
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<UCharsetDetector, CloseDetector> detector(ucsdet_open(&error));
  if (U_FAILURE(error)) return guesses;
  ucsdet_setText(detector.get(), sample.data(), static_cast<int32_t>(sample.size()), &error);
  int32_t count = 0;
  const UCharsetMatch** matches = ucsdet_detectAll(detector.get(), &count, &error);
  if (U_FAILURE(error) || matches == nullptr) return guesses;
  for (int32_t i = 0; i < count; ++i) {
    const char* icu_name = ucsdet_getName(matches[i], &error);
    const int32_t confidence = ucsdet_getConfidence(matches[i], &error);
    if (U_FAILURE(error) || icu_name == nullptr) break;
    const auto encoding = encoding_for_label(icu_name);
    if (encoding && !is_ascii_unsafe(*encoding) && *encoding != Encoding::Utf8) {
      guesses.push_back({*encoding, confidence});
    }
  }
  return guesses;
}

}  // namespace

std::optional<Encoding> detect_encoding(std::string_view bytes) {
  if (const auto utf16 = utf16_by_zero_bytes(bytes)) return utf16;
  if (ascii_prefix(bytes) == bytes.size()) {
    if (has_iso2022jp_escapes(bytes)) return Encoding::Iso2022Jp;
    return std::nullopt;
  }
  if (is_damaged_utf8(bytes)) return Encoding::Utf8;
  const std::string sample = sample_of(bytes);
  if (sample.empty()) return std::nullopt;
  const std::vector<Guess> guesses = icu_guesses(sample);
  const auto found = [&](Encoding encoding) {
    return std::any_of(guesses.begin(), guesses.end(), [&](const Guess& guess) {
      return guess.encoding == encoding && guess.confidence >= kLeastConfidence;
    });
  };
  const std::vector<Encoding> usual = usual_encodings(page_language(bytes));
  for (const Encoding encoding : usual) {
    if (found(encoding) && decodes_to_text(sample, encoding)) return settle_twins(sample, encoding);
  }
  // ICU knows nothing of Thai, Vietnamese or Baltic pages.
  if (!usual.empty() && decodes_to_text(sample, usual.front())) {
    return settle_twins(sample, usual.front());
  }
  for (const Guess& guess : guesses) {
    if (guess.confidence >= kLeastConfidence && decodes_to_text(sample, guess.encoding)) {
      return settle_twins(sample, guess.encoding);
    }
  }
  return std::nullopt;
}

}  // namespace crosstail::markup
