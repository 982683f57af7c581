/// Doctypes (§13.2.5.53–68).

#include "markup/html_scan.h"
#include "markup/html_tokenizer.h"

namespace crosstail::markup {
namespace {

struct DoctypeReader {
  const char* p;
  const char* end;
  HtmlToken& token;

  enum class Go : std::uint8_t { On, Done };

  std::string_view view(const char* from, const char* to) const {
    return {from, static_cast<std::size_t>(to - from)};
  }

  /// At the end of the page the doctype counts as it stands, with quirks.
  Go space_or_end() {
    p = skip_space(p, end);
    if (p == end) {
      token.force_quirks = true;
      return Go::Done;
    }
    return Go::On;
  }

  /// `>` ends the doctype.
  bool closes() {
    if (*p != '>') return false;
    ++p;
    return true;
  }

  Go bogus(bool quirks) {
    token.force_quirks = token.force_quirks || quirks;
    p = find_byte(p, end, '>');
    if (p != end) ++p;
    return Go::Done;
  }

  /// A quoted identifier at the quote.
  Go identifier(std::string_view& id, bool& has) {
    const char quote = *p++;
    const char* const begin = p;
    while (p != end && *p != quote && *p != '>') ++p;
    id = view(begin, p);
    has = true;
    if (p != end && *p++ == quote) return Go::On;
    token.force_quirks = true;
    return Go::Done;
  }

  void system_id() {
    if (*p != '"' && *p != '\'') {
      bogus(true);
      return;
    }
    if (identifier(token.system_id, token.has_system_id) == Go::Done) return;
    if (space_or_end() == Go::Done || closes()) return;
    bogus(false);
  }

  /// Behind PUBLIC or SYSTEM.
  void identifiers(bool is_public) {
    if (space_or_end() == Go::Done) return;
    if (closes()) {
      token.force_quirks = true;
      return;
    }
    if (!is_public) return system_id();
    if (*p != '"' && *p != '\'') {
      bogus(true);
      return;
    }
    if (identifier(token.public_id, token.has_public_id) == Go::Done) return;
    if (space_or_end() == Go::Done || closes()) return;
    system_id();
  }

  /// Behind the name.
  void after_name() {
    if (space_or_end() == Go::Done || closes()) return;
    const bool is_public = starts_with_nocase(p, end, "public");
    if (!is_public && !starts_with_nocase(p, end, "system")) {
      bogus(true);
      return;
    }
    p += 6;
    identifiers(is_public);
  }
};

}  // namespace

HtmlTokenizer::Step HtmlTokenizer::doctype(HtmlToken& token) {
  token.kind = HtmlTokenKind::Doctype;
  token.name = token.public_id = token.system_id = {};
  token.force_quirks = token.has_public_id = token.has_system_id = false;
  DoctypeReader reader{at_ + 9, end_, token};
  using Go = DoctypeReader::Go;
  if (reader.space_or_end() == Go::On) {
    if (reader.closes()) {
      token.force_quirks = true;
    } else {
      const char* const name = reader.p;
      while (reader.p != end_ && !is_html_space(*reader.p) && *reader.p != '>') ++reader.p;
      names_.clear();
      token.name = keep_lower({name, static_cast<std::size_t>(reader.p - name)});
      reader.after_name();
    }
  }
  span(token, at_, reader.p);
  return Step::Token;
}

}  // namespace crosstail::markup
