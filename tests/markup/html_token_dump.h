#pragma once
/// Tokens as one line of text each, for tests: `<a href=x>` is `S a href=x`, `</a>` is `E a`, text
/// is `T …`, a comment is `C …`, a doctype is `D name "public" "system" quirks`.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "markup/html_tokenizer.h"

namespace crosstail::testing {

inline std::string decoded(const markup::HtmlToken& token) {
  std::string out;
  if (token.raw_text || token.kind == markup::HtmlTokenKind::Comment)
    markup::normalise_raw(out, token.text);
  else
    markup::decode_text(out, token.text);
  return out;
}

inline std::string normalised(std::string_view raw) {
  std::string out;
  markup::normalise_raw(out, raw);
  return out;
}

inline std::string dump(const markup::HtmlToken& token) {
  using Kind = markup::HtmlTokenKind;
  std::string out;
  switch (token.kind) {
    case Kind::StartTag:
      out = "S " + std::string(token.name);
      for (const auto& [name, value] : token.attributes) {
        out += " " + std::string(name) + "=";
        markup::decode_attribute(out, value);
      }
      if (token.self_closing) out += " /";
      break;
    case Kind::EndTag:
      out = "E " + std::string(token.name);
      break;
    case Kind::Text:
      out = "T " + decoded(token);
      break;
    case Kind::Comment:
      out = "C " + decoded(token);
      break;
    case Kind::Doctype:
      out = "D " + std::string(token.name);
      if (token.has_public_id) out += " public=" + normalised(token.public_id);
      if (token.has_system_id) out += " system=" + normalised(token.system_id);
      if (token.force_quirks) out += " quirks";
      break;
  }
  return out;
}

inline std::vector<std::string> tokens(markup::HtmlTokenizer& tokenizer) {
  std::vector<std::string> out;
  markup::HtmlToken token;
  while (tokenizer.next(token)) out.push_back(dump(token));
  return out;
}

inline std::vector<std::string> tokens(std::string_view page) {
  markup::HtmlTokenizer tokenizer(page);
  return tokens(tokenizer);
}

}  // namespace crosstail::testing
