#include "markup/charset.h"

#include <algorithm>

#include "markup/charset_declaration.h"
#include "markup/charset_detection.h"
#include "text/utf8.h"

namespace crosstail::markup {
namespace {

constexpr std::size_t kPrescanned = 1024;
/// How far a later <meta> is looked for.
constexpr std::size_t kHeadLimit = 64 << 10;

struct Mark {
  std::string_view bytes;
  Encoding encoding;
};
constexpr Mark kMarks[] = {{"\xEF\xBB\xBF", Encoding::Utf8},
                           {"\xFE\xFF", Encoding::Utf16Be},
                           {"\xFF\xFE", Encoding::Utf16Le}};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return lower(a) == b; });
}

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The bytes before `<body`, as far as a browser would still take a <meta> from.
std::string_view head_of(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, kHeadLimit);
  for (std::size_t at = head.find('<'); at != std::string_view::npos; at = head.find('<', at + 1)) {
    if (equals_ignoring_case(head.substr(at, 5), "<body")) return head.substr(0, at);
  }
  return head;
}

}  // namespace

std::string_view name(CharsetSource source) {
  switch (source) {
    case CharsetSource::ByteOrderMark:
      return "byte-order-mark";
    case CharsetSource::Http:
      return "http";
    case CharsetSource::Meta:
      return "meta";
    case CharsetSource::Valid:
      return "valid-utf-8";
    case CharsetSource::Detected:
      return "detected";
    case CharsetSource::Default:
      return "default";
  }
  return {};
}

std::optional<Encoding> encoding_of_content_type(std::string_view content_type) {
  std::size_t at = content_type.find(';');
  while (at != std::string_view::npos) {
    content_type.remove_prefix(at + 1);
    const std::size_t equals = content_type.find_first_of("=;");
    if (equals == std::string_view::npos) return std::nullopt;
    at = equals;
    if (content_type[equals] == ';') continue;
    const std::string_view parameter = trimmed(content_type.substr(0, equals));
    std::string_view value = trimmed(content_type.substr(equals + 1));
    if (!value.empty() && (value.front() == '"' || value.front() == '\'')) {
      const char quote = value.front();
      value.remove_prefix(1);
      value = value.substr(0, value.find(quote));
    } else {
      value = value.substr(0, value.find_first_of(";,"));
    }
    if (equals_ignoring_case(parameter, "charset")) return encoding_for_label(value);
    content_type.remove_prefix(equals + 1);
    at = content_type.find(';');
  }
  return std::nullopt;
}

CharsetDecision decide_charset(std::string_view bytes, std::string_view content_type) {
  for (const Mark& mark : kMarks) {
    if (bytes.starts_with(mark.bytes)) {
      return {mark.encoding, CharsetSource::ByteOrderMark, mark.bytes.size()};
    }
  }
  if (const auto encoding = encoding_of_content_type(content_type)) {
    return {*encoding, CharsetSource::Http, 0};
  }
  if (const auto encoding = declared_encoding(bytes.substr(0, kPrescanned))) {
    return {*encoding, CharsetSource::Meta, 0};
  }
  const bool ascii = ascii_prefix(bytes) == bytes.size();
  if (!ascii) {
    if (const auto encoding = declared_encoding(head_of(bytes))) {
      return {*encoding, CharsetSource::Meta, 0};
    }
    if (text::is_valid_utf8(bytes)) return {Encoding::Utf8, CharsetSource::Valid, 0};
  }
  if (const auto encoding = detect_encoding(bytes)) return {*encoding, CharsetSource::Detected, 0};
  if (ascii) return {Encoding::Utf8, CharsetSource::Valid, 0};
  return {Encoding::Windows1252, CharsetSource::Default, 0};
}

std::string_view decode_to_utf8(std::string_view bytes, const CharsetDecision& charset,
                                std::string& storage, std::uint64_t* replaced) {
  const std::string_view content = bytes.substr(std::min(charset.mark_bytes, bytes.size()));
  if (charset.encoding == Encoding::Utf8) {
    if (text::is_valid_utf8(content)) return content;
  } else if (!is_ascii_unsafe(charset.encoding) && ascii_prefix(content) == content.size()) {
    return content;
  }
  storage.clear();
  const std::uint64_t errors = decode(content, charset.encoding, storage);
  if (replaced != nullptr) *replaced += errors;
  return storage;
}

}  // namespace crosstail::markup
