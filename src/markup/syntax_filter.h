#pragma once
/// Does a page need a tree for its FAQ mark-up? Only if a start tag of it names a term of FAQs in
/// an attribute of Microdata or RDFa. Most pages have none, and Open Graph's `property` is none.
///
/// What counts: the value of itemtype, itemprop, typeof, property, rel or rev holds "question",
/// "answer", "faqpage", "qapage" or "parentitem" in any case. Without one of them no question and
/// no answer can be stated (read_microdata and read_rdfa take types and properties from no other
/// attribute, but for rdf:type, which helps nothing without acceptedAnswer).

#include <string_view>

#include "markup/html_tokenizer.h"

namespace crosstail::markup {

/// Where the terms stand: a reader whose syntax names none has nothing to find.
struct FaqSyntaxes {
  bool microdata = false, rdfa = false;
};

/// Exact, for a start tag with its attributes.
FaqSyntaxes faq_syntaxes(const HtmlToken& token);

/// The same of the bytes of a page, valid UTF-8, without tokens and so without knowing of comments
/// and scripts: may say true where no tag does, never false where one does and a tag has itemprop
/// or property, without which nothing has a text. Linear; memory speed on pages without "prop".
FaqSyntaxes faq_syntaxes(std::string_view page);

/// Any of the two.
bool may_name_faq_term(std::string_view page);

}  // namespace crosstail::markup
