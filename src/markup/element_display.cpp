#include "markup/element_display.h"

#include <string>

namespace crosstail::markup {
namespace {

using enum HtmlTag;

constexpr HtmlTagSet kBlocks = {
    Address, Article, Aside,  Blockquote, Body,     Caption,    Center, Dd,       Details, Dialog,
    Dir,     Div,     Dl,     Dt,         Fieldset, Figcaption, Figure, Footer,   Form,    Frameset,
    H1,      H2,      H3,     H4,         H5,       H6,         Header, Hgroup,   Hr,      Html,
    Legend,  Li,      Main,   Marquee,    Menu,     Nav,        Ol,     Optgroup, Option,  P,
    Search,  Section, Select, Summary,    Table,    Tbody,      Tfoot,  Thead,    Tr,      Ul};
constexpr HtmlTagSet kPreformatted = {Listing, Plaintext, Pre, Xmp};
constexpr HtmlTagSet kHidden = {Area,     Audio,    Base,   Canvas, Col,    Colgroup, Datalist,
                                Embed,    Head,     Iframe, Link,   Meta,   Noembed,  Noframes,
                                Noscript, Param,    Rp,     Script, Source, Style,    Svg,
                                Template, Textarea, Title,  Track,  Video};
constexpr HtmlTagSet kVoid = {Area, Base,  Basefont, Bgsound, Br,   Col,   Embed,  Frame, Hr,
                              Img,  Input, Keygen,   Link,    Meta, Param, Source, Track, Wbr};
constexpr HtmlTagSet kCode = {Code, Kbd, Listing, Pre, Samp, Tt, Xmp};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// The declarations of a style attribute, lower case, without white space: "display:none;".
std::string squeezed(std::string_view style) {
  std::string out;
  out.reserve(style.size());
  for (const char c : style) {
    if (!is_space(c)) out.push_back(lower(c));
  }
  return out;
}

/// True if the declaration list holds `declaration` at the start of a declaration.
bool declares(const std::string& style, std::string_view declaration) {
  for (std::size_t at = style.find(declaration); at != std::string::npos;
       at = style.find(declaration, at + 1)) {
    if (at == 0 || style[at - 1] == ';') return true;
  }
  return false;
}

bool style_hides(std::string_view style) {
  if (style.size() > 4096) style = style.substr(0, 4096);
  const std::string text = squeezed(style);
  return declares(text, "display:none") || declares(text, "visibility:hidden") ||
         declares(text, "visibility:collapse");
}

}  // namespace

ElementDisplay display_of(HtmlTag tag) {
  if (tag == Other) return ElementDisplay::Inline;
  if (kBlocks.has(tag)) return ElementDisplay::Block;
  if (tag == Br) return ElementDisplay::Break;
  if (kHidden.has(tag)) return ElementDisplay::Hidden;
  if (tag == Td || tag == Th) return ElementDisplay::Cell;
  if (kPreformatted.has(tag)) return ElementDisplay::Preformatted;
  return ElementDisplay::Inline;
}

ElementDisplay display_of(const HtmlNode& element) {
  if (element.space == HtmlSpace::Html) return display_of(element.tag);
  return element.space == HtmlSpace::Svg ? ElementDisplay::Hidden : ElementDisplay::Inline;
}

bool is_void_element(HtmlTag tag) {
  return kVoid.has(tag);
}

bool shows_code(HtmlTag tag) {
  return kCode.has(tag);
}

bool is_hidden_by_attributes(HtmlTag tag, std::span<const HtmlAttribute> attributes,
                             bool values_decoded) {
  bool open = false;
  for (const HtmlAttribute& attribute : attributes) {
    if (attribute.name == "hidden") return true;
    if (attribute.name == "open") open = true;
    if (attribute.name != "style") continue;
    if (values_decoded || attribute.value.find('&') == std::string_view::npos) {
      if (style_hides(attribute.value)) return true;
    } else {
      std::string decoded;
      decode_attribute(decoded, attribute.value);
      if (style_hides(decoded)) return true;
    }
  }
  return tag == Dialog && !open;
}

}  // namespace crosstail::markup
