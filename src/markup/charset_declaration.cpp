#include "markup/charset_declaration.h"

#include <string>

namespace crosstail::markup {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

bool starts_with_ignoring_case(std::string_view text, std::string_view lower_case) {
  if (text.size() < lower_case.size()) return false;
  for (std::size_t i = 0; i < lower_case.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

struct Attribute {
  std::string name, value;
};

/// Walks the bytes as the prescan does. The end of the bytes ends it anywhere.
class Prescan {
 public:
  explicit Prescan(std::string_view bytes) : bytes_(bytes) {}

  std::optional<Encoding> run() {
    for (at_ = bytes_.find('<'); at_ < bytes_.size(); at_ = bytes_.find('<', at_)) {
      const std::string_view here = bytes_.substr(at_);
      if (here.starts_with("<!--")) {
        // The two hyphens of "<!-->" may be both the beginning and the end.
        if (!move_past("-->", at_ + 2)) return std::nullopt;
      } else if (starts_with_ignoring_case(here, "<meta") && here.size() > 5 &&
                 (is_space(here[5]) || here[5] == '/')) {
        at_ += 6;
        if (const auto encoding = meta()) return encoding;
      } else if (here.size() > 1 && (is_letter(here[1]) ||
                                     (here[1] == '/' && here.size() > 2 && is_letter(here[2])))) {
        while (at_ < bytes_.size() && !is_space(bytes_[at_]) && bytes_[at_] != '>') ++at_;
        Attribute attribute;
        while (next_attribute(attribute)) {
        }
      } else if (here.size() > 1 && (here[1] == '!' || here[1] == '/' || here[1] == '?')) {
        if (!move_past(">", at_)) return std::nullopt;
      } else {
        ++at_;
      }
    }
    return std::nullopt;
  }

 private:
  bool move_past(std::string_view what, std::size_t from) {
    const std::size_t found = bytes_.find(what, from);
    if (found == std::string_view::npos) return false;
    at_ = found + what.size();
    return true;
  }

  std::optional<Encoding> meta() {
    bool pragma = false;
    std::optional<bool> needs_pragma;
    std::optional<Encoding> encoding;
    bool seen_http_equiv = false, seen_content = false, seen_charset = false;
    Attribute attribute;
    while (next_attribute(attribute)) {
      if (attribute.name == "http-equiv" && !seen_http_equiv) {
        seen_http_equiv = true;
        pragma = attribute.value == "content-type";
      } else if (attribute.name == "content" && !seen_content) {
        seen_content = true;
        const auto found = encoding_for_label(charset_label(attribute.value));
        if (found && !seen_charset) {
          encoding = found;
          needs_pragma = true;
        }
      } else if (attribute.name == "charset" && !seen_charset) {
        seen_charset = true;
        encoding = encoding_for_label(attribute.value);
        needs_pragma = false;
      }
    }
    if (!needs_pragma || (*needs_pragma && !pragma) || !encoding) return std::nullopt;
    return encoding;
  }

  /// "Get an attribute": false when the tag or the bytes end.
  bool next_attribute(Attribute& attribute) {
    attribute.name.clear();
    attribute.value.clear();
    while (at_ < bytes_.size() && (is_space(bytes_[at_]) || bytes_[at_] == '/')) ++at_;
    if (at_ >= bytes_.size() || bytes_[at_] == '>') return false;
    while (at_ < bytes_.size()) {
      const char c = bytes_[at_];
      if ((c == '=' && !attribute.name.empty()) || is_space(c)) break;
      if (c == '/' || c == '>') return true;
      attribute.name.push_back(lower(c));
      ++at_;
    }
    while (at_ < bytes_.size() && is_space(bytes_[at_])) ++at_;
    if (at_ >= bytes_.size()) return false;
    if (bytes_[at_] != '=') return true;
    ++at_;
    while (at_ < bytes_.size() && is_space(bytes_[at_])) ++at_;
    return at_ < bytes_.size() && read_value(attribute.value);
  }

  bool read_value(std::string& value) {
    const char quote = bytes_[at_];
    if (quote == '"' || quote == '\'') {
      const std::size_t end = bytes_.find(quote, at_ + 1);
      if (end == std::string_view::npos) {
        at_ = bytes_.size();
        return false;
      }
      for (const char c : bytes_.substr(at_ + 1, end - at_ - 1)) value.push_back(lower(c));
      at_ = end + 1;
      return true;
    }
    while (at_ < bytes_.size() && !is_space(bytes_[at_]) && bytes_[at_] != '>') {
      value.push_back(lower(bytes_[at_++]));
    }
    return at_ < bytes_.size();
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
};

/// "Get an XML encoding".
std::optional<Encoding> xml_encoding(std::string_view bytes) {
  if (!bytes.starts_with("<?xml")) return std::nullopt;
  const std::string_view declaration = bytes.substr(0, bytes.find('>'));
  if (declaration.size() == bytes.size()) return std::nullopt;
  std::size_t at = declaration.find("encoding");
  if (at == std::string_view::npos) return std::nullopt;
  at += std::string_view("encoding").size();
  const auto skip_space = [&] {
    while (at < declaration.size() && static_cast<unsigned char>(declaration[at]) <= 0x20) ++at;
  };
  skip_space();
  if (at >= declaration.size() || declaration[at] != '=') return std::nullopt;
  ++at;
  skip_space();
  if (at >= declaration.size() || (declaration[at] != '"' && declaration[at] != '\'')) {
    return std::nullopt;
  }
  const std::size_t end = declaration.find(declaration[at], at + 1);
  if (end == std::string_view::npos) return std::nullopt;
  return encoding_for_label(declaration.substr(at + 1, end - at - 1));
}

}  // namespace

std::string_view charset_label(std::string_view content) {
  for (std::size_t at = 0; at < content.size(); ++at) {
    if (!starts_with_ignoring_case(content.substr(at), "charset")) continue;
    std::size_t i = at + std::string_view("charset").size();
    while (i < content.size() && is_space(content[i])) ++i;
    if (i >= content.size() || content[i] != '=') continue;
    ++i;
    while (i < content.size() && is_space(content[i])) ++i;
    if (i >= content.size()) return {};
    if (content[i] == '"' || content[i] == '\'') {
      const std::size_t end = content.find(content[i], i + 1);
      return end == std::string_view::npos ? std::string_view()
                                           : content.substr(i + 1, end - i - 1);
    }
    const std::size_t begin = i;
    while (i < content.size() && !is_space(content[i]) && content[i] != ';') ++i;
    return content.substr(begin, i - begin);
  }
  return {};
}

std::optional<Encoding> declared_encoding(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("<\0?\0x\0"sv)) return Encoding::Utf16Le;
  if (bytes.starts_with("\0<\0?\0x"sv)) return Encoding::Utf16Be;
  auto encoding = Prescan(bytes).run();
  if (!encoding) encoding = xml_encoding(bytes);
  if (encoding == Encoding::Utf16Be || encoding == Encoding::Utf16Le) return Encoding::Utf8;
  if (encoding == Encoding::XUserDefined) return Encoding::Windows1252;
  return encoding;
}

}  // namespace crosstail::markup
