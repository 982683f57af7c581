#pragma once
/// The tag names that the HTML standard knows by name, as small numbers. Readers compare and switch
/// on HtmlTag instead of strings; every other name is HtmlTag::Other.

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace crosstail::markup {

// clang-format off
/// X(enumerator, name): names are ASCII lower case and at most 16 bytes long.
#define CT_HTML_TAGS(X) \
  X(A, "a") X(Abbr, "abbr") X(Acronym, "acronym") X(Address, "address") \
  X(AnnotationXml, "annotation-xml") X(Applet, "applet") X(Area, "area") X(Article, "article") \
  X(Aside, "aside") X(Audio, "audio") X(B, "b") X(Base, "base") X(Basefont, "basefont") \
  X(Bdi, "bdi") X(Bdo, "bdo") X(Bgsound, "bgsound") X(Big, "big") X(Blockquote, "blockquote") \
  X(Body, "body") X(Br, "br") X(Button, "button") X(Canvas, "canvas") X(Caption, "caption") \
  X(Center, "center") X(Cite, "cite") X(Code, "code") X(Col, "col") X(Colgroup, "colgroup") \
  X(Data, "data") X(Datalist, "datalist") X(Dd, "dd") X(Del, "del") X(Desc, "desc") \
  X(Details, "details") X(Dfn, "dfn") X(Dialog, "dialog") X(Dir, "dir") X(Div, "div") \
  X(Dl, "dl") X(Dt, "dt") X(Em, "em") X(Embed, "embed") X(Fieldset, "fieldset") \
  X(Figcaption, "figcaption") X(Figure, "figure") X(Font, "font") X(Footer, "footer") \
  X(ForeignObject, "foreignobject") X(Form, "form") X(Frame, "frame") X(Frameset, "frameset") \
  X(G, "g") X(H1, "h1") X(H2, "h2") X(H3, "h3") X(H4, "h4") X(H5, "h5") X(H6, "h6") \
  X(Head, "head") X(Header, "header") X(Hgroup, "hgroup") X(Hr, "hr") X(Html, "html") \
  X(I, "i") X(Iframe, "iframe") X(Image, "image") X(Img, "img") X(Input, "input") X(Ins, "ins") \
  X(Kbd, "kbd") X(Keygen, "keygen") X(Label, "label") X(Legend, "legend") X(Li, "li") \
  X(Link, "link") X(Listing, "listing") X(Main, "main") X(Malignmark, "malignmark") \
  X(Map, "map") X(Mark, "mark") X(Marquee, "marquee") X(Math, "math") X(Menu, "menu") \
  X(Meta, "meta") X(Meter, "meter") X(Mglyph, "mglyph") X(Mi, "mi") X(Mn, "mn") X(Mo, "mo") \
  X(Ms, "ms") X(Mtext, "mtext") X(Nav, "nav") X(Nobr, "nobr") X(Noembed, "noembed") \
  X(Noframes, "noframes") X(Noscript, "noscript") X(Object, "object") X(Ol, "ol") \
  X(Optgroup, "optgroup") X(Option, "option") X(Output, "output") X(P, "p") X(Param, "param") \
  X(Path, "path") X(Picture, "picture") X(Plaintext, "plaintext") X(Pre, "pre") \
  X(Progress, "progress") X(Q, "q") X(Rb, "rb") X(Rp, "rp") X(Rt, "rt") X(Rtc, "rtc") \
  X(Ruby, "ruby") X(S, "s") X(Samp, "samp") X(Script, "script") X(Search, "search") \
  X(Section, "section") X(Select, "select") X(Slot, "slot") X(Small, "small") \
  X(Source, "source") X(Span, "span") X(Strike, "strike") X(Strong, "strong") \
  X(Style, "style") X(Sub, "sub") X(Summary, "summary") X(Sup, "sup") X(Svg, "svg") \
  X(Table, "table") X(Tbody, "tbody") X(Td, "td") X(Template, "template") \
  X(Textarea, "textarea") X(Tfoot, "tfoot") X(Th, "th") X(Thead, "thead") X(Time, "time") \
  X(Title, "title") X(Tr, "tr") X(Track, "track") X(Tt, "tt") X(U, "u") X(Ul, "ul") \
  X(Var, "var") X(Video, "video") X(Wbr, "wbr") X(Xmp, "xmp")
// clang-format on

enum class HtmlTag : std::uint8_t {
  Other,
#define CT_TAG(id, name) id,
  CT_HTML_TAGS(CT_TAG)
#undef CT_TAG
      Count_
};

inline constexpr std::string_view kHtmlTagNames[] = {"",
#define CT_TAG(id, name) name,
                                                     CT_HTML_TAGS(CT_TAG)
#undef CT_TAG
};

/// The name of a known tag, static; empty for Other.
constexpr std::string_view name(HtmlTag tag) {
  return kHtmlTagNames[static_cast<std::size_t>(tag)];
}

/// The tag of a name in ASCII lower case, Other if it is not a known one.
HtmlTag html_tag(std::string_view lower_case_name);

/// A set of known tags, in constant time.
class HtmlTagSet {
 public:
  constexpr HtmlTagSet() = default;
  constexpr HtmlTagSet(std::initializer_list<HtmlTag> tags) {
    for (const HtmlTag tag : tags) add(tag);
  }
  constexpr void add(HtmlTag tag) {
    const auto i = static_cast<unsigned>(tag);
    words_[i / 64] |= std::uint64_t{1} << (i % 64);
    letters_ |= tag == HtmlTag::Other ? ~0u : 1u << (name(tag).front() & 31);
  }
  [[nodiscard]] constexpr bool has(HtmlTag tag) const {
    const auto i = static_cast<unsigned>(tag);
    return (words_[i / 64] >> (i % 64) & 1) != 0;
  }
  /// False only if no name in the set begins with this ASCII letter, of either case.
  [[nodiscard]] constexpr bool may_begin_with(char letter) const {
    return (letters_ >> (letter & 31) & 1) != 0;
  }
  [[nodiscard]] constexpr HtmlTagSet with(const HtmlTagSet& other) const {
    HtmlTagSet both = *this;
    for (int i = 0; i < 4; ++i) both.words_[i] |= other.words_[i];
    both.letters_ |= other.letters_;
    return both;
  }
  /// Every tag, Other too.
  static constexpr HtmlTagSet all() {
    HtmlTagSet set;
    for (std::uint64_t& word : set.words_) word = ~std::uint64_t{0};
    set.letters_ = ~0u;
    return set;
  }

 private:
  std::uint64_t words_[4] = {};
  std::uint32_t letters_ = 0;  ///< first letters of the names
};

}  // namespace crosstail::markup
