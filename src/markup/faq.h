#pragma once
/// Questions and answers out of a page's statements: the meaning of FAQPage, QAPage, Question,
/// acceptedAnswer and mainEntity (schema.org), with the shapes that the real web gives them.
///
/// - A question is a node typed Question, or one without a type of its own that has an
///   acceptedAnswer. Its text is `name`, else `text`, else `headline`.
/// - Its answers are its acceptedAnswers (or what states itself to be one, reversed); each makes a
///   pair of its own. A suggestedAnswer is no accepted answer, on FAQPages neither.
/// - An answer's text is the value itself or the node's `text`, else `articleBody`, `description`,
///   `name`. Several texts of one answer are its paragraphs. Where texts carry different languages,
///   each makes a pair with the name in its language.
/// - page_type: the kind of page whose mainEntity, hasPart or itemListElement leads to the
/// question,
///   or that the question names by isPartOf or mainEntityOfPage; FAQPage before QAPage.
/// - Order: as the pages list their questions, then lone questions as stated.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "markup/graph.h"

namespace crosstail::markup {

/// One pair as stated. Texts are rendered (no mark-up), valid UTF-8, trimmed.
struct FaqPair {
  std::string question, answer;
  std::string language;        ///< tag of the literals or inLanguage of the node; else empty
  std::string author;          ///< name of the answer's author, else the question's
  std::string_view kind;       ///< "jsonld", "microdata", "rdfa", "nquads"
  std::string_view page_type;  ///< "FAQPage", "QAPage", ""
  std::size_t offset = 0;      ///< byte of the page where the question is stated
};

/// Why a pair (or what could have been one) is not in the output.
enum class PairDrop : std::uint8_t {
  EmptyQuestion,    ///< no name, or nothing is left of it as text
  EmptyAnswer,      ///< an accepted answer without text
  NoAnswer,         ///< no accepted answer
  Ambiguous,        ///< several names and several answers on one node: nothing says which is whose
  Template,         ///< nothing but a template's placeholder: `{{ faq.question }}`
  DuplicateOnPage,  ///< the same question and answer text, earlier on the page
  Count_
};
std::string_view name(PairDrop reason);  ///< kebab-case, as in reports

struct DroppedPair {
  PairDrop reason;
  FaqPair pair;  ///< as far as it is known
};

/// What one page states. `pairs` in document order; a pair stated in two syntaxes, or twice, counts
/// once (same question and answer text), and the repetition is in `dropped`.
struct PageFaq {
  std::vector<FaqPair> pairs;
  std::vector<DroppedPair> dropped;
  std::string in_language;  ///< of the FAQPage node, if stated
  void clear();
};

/// Reads the pairs of `graph` and adds them to `page`. Every question gives pairs or dropped pairs.
void read_faq(const Graph& graph, std::string_view kind, PageFaq& page);

/// Takes out pairs stated more than once on the page (same texts but for white space), the later
/// one; called after all syntaxes were read.
void drop_duplicates(PageFaq& page);

}  // namespace crosstail::markup
