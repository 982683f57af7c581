#include "markup/jsonld_tape.h"

#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace crosstail::markup {

namespace {

bool is_json_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The value of four hexadecimal digits at `at`, or -1.
int hex4(std::string_view s, std::size_t at) {
  if (at + 4 > s.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int digit = hex_digit(s[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/// find_string_special() for the loops of this file.
inline std::size_t next_special(std::string_view text, std::size_t at) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1f);
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i special =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                     _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
    const int mask = _mm_movemask_epi8(special);
    if (mask != 0)
      return at + static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(mask)));
  }
#endif
  while (at < text.size() && text[at] != '"' && text[at] != '\\' &&
         static_cast<unsigned char>(text[at]) >= 0x20)
    ++at;
  return at;
}

class StrictParser {
 public:
  StrictParser(JsonTape& tape, std::size_t max_values)
      : tape_(tape), text_(tape.text), max_values_(max_values) {}

  JsonParse run() {
    tape_.values.clear();
    if (!value()) return result_;
    while (open_ != kNoJson) {
      if (!step()) return result_;
    }
    skip_space();
    return at_ == text_.size() ? JsonParse::Valid : JsonParse::Invalid;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && is_json_space(text_[at_])) ++at_;
  }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  /// What follows a finished value or an opened container.
  bool step() {
    JsonValue& container = tape_.values[open_];
    const bool object = container.kind == JsonValue::Kind::Object;
    skip_space();
    if (peek() == (object ? '}' : ']')) {
      if (after_comma_) return false;
      ++at_;
      open_ = container.end;
      container.end = static_cast<std::uint32_t>(tape_.values.size());
      first_ = false;
      return true;
    }
    if (!first_ && !after_comma_) {
      if (peek() != ',') return false;
      ++at_;
      after_comma_ = true;
      skip_space();
    }
    first_ = false;
    if (object && !key()) return false;
    after_comma_ = false;
    return value();
  }

  bool key() {
    if (peek() != '"') return false;
    key_begin_ = at_ + 1;
    key_escaped_ = false;
    if (!string(key_escaped_)) return false;
    key_size_ = at_ - 1 - key_begin_;
    skip_space();
    if (peek() != ':') return false;
    ++at_;
    return true;
  }

  bool value() {
    skip_space();
    if (tape_.values.size() >= max_values_) {
      result_ = JsonParse::TooManyValues;
      return false;
    }
    JsonValue& v = tape_.values.emplace_back();
    v.key_begin = static_cast<std::uint32_t>(key_begin_);
    v.key_size = static_cast<std::uint32_t>(key_size_);
    v.key_escaped = key_escaped_;
    v.begin = static_cast<std::uint32_t>(at_);
    v.end = static_cast<std::uint32_t>(tape_.values.size());
    key_size_ = 0;
    switch (peek()) {
      case '{':
        open(v, JsonValue::Kind::Object);
        return true;
      case '[':
        open(v, JsonValue::Kind::Array);
        return true;
      case '"':
        v.kind = JsonValue::Kind::String;
        ++v.begin;
        if (!string(v.escaped)) return false;
        v.size = static_cast<std::uint32_t>(at_ - 1 - v.begin);
        return true;
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        v.kind = JsonValue::Kind::Number;
        if (!number()) return false;
        v.size = static_cast<std::uint32_t>(at_ - v.begin);
        return true;
    }
  }

  void open(JsonValue& v, JsonValue::Kind kind) {
    v.kind = kind;
    v.end = open_;
    open_ = static_cast<std::uint32_t>(tape_.values.size() - 1);
    first_ = true;
    ++at_;
  }

  /// From the opening quote to behind the closing one.
  bool string(bool& escaped) {
    ++at_;
    for (;;) {
      at_ = next_special(text_, at_);
      if (at_ >= text_.size()) return false;
      if (text_[at_] == '"') {
        ++at_;
        return true;
      }
      if (text_[at_] != '\\' || at_ + 1 >= text_.size()) return false;
      escaped = true;
      switch (text_[at_ + 1]) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
          at_ += 2;
          break;
        case 'u':
          if (hex4(text_, at_ + 2) < 0) return false;
          at_ += 6;
          break;
        default:
          return false;
      }
    }
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  bool digits() {
    if (!is_digit(peek())) return false;
    while (is_digit(peek())) ++at_;
    return true;
  }

  bool number() {
    if (peek() == '-') ++at_;
    if (peek() == '0') {
      ++at_;
    } else if (!digits()) {
      return false;
    }
    if (peek() == '.') {
      ++at_;
      if (!digits()) return false;
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!digits()) return false;
    }
    return true;
  }

  JsonTape& tape_;
  std::string_view text_;
  std::size_t max_values_;
  std::size_t at_ = 0;
  std::uint32_t open_ = kNoJson;
  bool first_ = false;
  bool after_comma_ = false;
  std::size_t key_begin_ = 0, key_size_ = 0;
  bool key_escaped_ = false;
  JsonParse result_ = JsonParse::Invalid;
};

/// Writes decoded text; never more bytes than were read, so the room can be given beforehand.
class Unescaper {
 public:
  Unescaper(std::string_view raw, char* out) : raw_(raw), out_(out) {}

  char* run(std::uint64_t& lone_surrogates) {
    while (at_ < raw_.size()) {
      const std::size_t next = next_special(raw_, at_);
      std::memcpy(out_, raw_.data() + at_, next - at_);
      out_ += next - at_;
      at_ = next;
      if (at_ >= raw_.size()) break;
      const char c = raw_[at_];
      if (c == '\\' && at_ + 1 < raw_.size()) {
        escape(lone_surrogates);
        continue;
      }
      ++at_;
      put_character(static_cast<char32_t>(static_cast<unsigned char>(c)));
    }
    return out_;
  }

 private:
  void put(char c) { *out_++ = c; }

  /// Control characters other than white space are left out.
  void put_character(char32_t c) {
    if (c < 0x20) {
      if (c >= 0x09 && c <= 0x0d) put(static_cast<char>(c));
      if (c >= 0x1c) put(' ');
    } else {
      put_utf8(c);
    }
  }

  void put_utf8(char32_t c) {
    if (c < 0x80) {
      put(static_cast<char>(c));
    } else if (c < 0x800) {
      put(static_cast<char>(0xc0 | (c >> 6)));
      put(static_cast<char>(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
      put(static_cast<char>(0xe0 | (c >> 12)));
      put(static_cast<char>(0x80 | ((c >> 6) & 0x3f)));
      put(static_cast<char>(0x80 | (c & 0x3f)));
    } else {
      put(static_cast<char>(0xf0 | (c >> 18)));
      put(static_cast<char>(0x80 | ((c >> 12) & 0x3f)));
      put(static_cast<char>(0x80 | ((c >> 6) & 0x3f)));
      put(static_cast<char>(0x80 | (c & 0x3f)));
    }
  }

  void escape(std::uint64_t& lone_surrogates) {
    const char c = raw_[at_ + 1];
    at_ += 2;
    switch (c) {
      case 'n':
        put('\n');
        return;
      case 't':
        put('\t');
        return;
      case 'r':
        put('\r');
        return;
      case 'b':
        return;
      case 'f':
      case 'v':
        put('\f');
        return;
      case '\n':
        return;  // JavaScript's line continuation
      case 'u':
        unicode(lone_surrogates);
        return;
      case 'x':
        hexadecimal();
        return;
      default:
        // An unknown letter or digit: the backslash was meant (C:\Programs).
        if (is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
          if (c != '0') put('\\');
          if (c == '0') return;
        }
        if (static_cast<unsigned char>(c) < 0x20) {
          --at_;  // as it is, by the main loop
          return;
        }
        put(c);
    }
  }

  void hexadecimal() {
    const int high = at_ < raw_.size() ? hex_digit(raw_[at_]) : -1;
    const int low = at_ + 1 < raw_.size() ? hex_digit(raw_[at_ + 1]) : -1;
    if (high < 0 || low < 0) {
      put('\\');
      put('x');
      return;
    }
    at_ += 2;
    put_character(static_cast<char32_t>(high * 16 + low));
  }

  void unicode(std::uint64_t& lone_surrogates) {
    const int first = hex4(raw_, at_);
    if (first < 0) {
      put('\\');
      put('u');
      return;
    }
    at_ += 4;
    auto c = static_cast<char32_t>(first);
    if (c >= 0xd800 && c < 0xe000) {
      const int second = c < 0xdc00 && raw_.substr(at_, 2) == "\\u" ? hex4(raw_, at_ + 2) : -1;
      if (second >= 0xdc00 && second < 0xe000) {
        at_ += 6;
        c = 0x10000 + ((c - 0xd800) << 10) + (static_cast<char32_t>(second) - 0xdc00);
      } else {
        ++lone_surrogates;
        c = 0xfffd;
      }
    }
    put_character(c);
  }

  std::string_view raw_;
  std::size_t at_ = 0;
  char* out_;
};

}  // namespace

std::size_t find_string_special(std::string_view text, std::size_t at) {
  return next_special(text, at);
}

JsonParse parse_strict(JsonTape& tape, std::size_t max_values) {
  return StrictParser(tape, max_values).run();
}

std::string_view decode_json_string(std::string_view raw, Graph& graph,
                                    std::uint64_t& lone_surrogates) {
  if (raw.empty()) return {};
  char* begin = graph.reserve(raw.size());
  char* end = Unescaper(raw, begin).run(lone_surrogates);
  return graph.commit(begin, static_cast<std::size_t>(end - begin));
}

}  // namespace crosstail::markup
