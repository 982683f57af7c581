#pragma once
/// Questions and answers out of a page's statements: the meaning of FAQPage, QAPage, Question,
/// acceptedAnswer and mainEntity (schema.org), with the shapes that the real web gives them.

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
  std::string language;   ///< tag of the literals or inLanguage of the node; else empty
  std::string author;
  std::string_view kind;  ///< "jsonld", "microdata", "rdfa", "nquads"
  std::string_view page_type;  ///< "FAQPage", "QAPage", ""
  std::size_t offset = 0;
};

/// Why a pair (or what could have been one) is not in the output.
enum class PairDrop : std::uint8_t {
  EmptyQuestion, EmptyAnswer, NoAnswer, DuplicateOnPage, Count_
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

/// Reads the pairs of `graph` and adds them to `page`.
void read_faq(const Graph& graph, std::string_view kind, PageFaq& page);

/// Takes out pairs stated more than once on the page; called after all syntaxes were read.
void drop_duplicates(PageFaq& page);

}  // namespace crosstail::markup
