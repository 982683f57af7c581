#pragma once
/// Cleaning of question and answer texts: what site owners wrote around the text itself.

#include <string>
#include <string_view>

namespace crosstail::curate {

enum class Part { Question, Answer };

/// Removes, in this order and until nothing changes: surrounding spaces; "Q:", "Question 3:",
/// "Frage:", "質問：" … (for answers "A:", "Antwort:" …) in the languages we know; leading
/// numbering
/// ("1.", "2)", "(3)", "#4") of questions — an answer may begin with a numbered list; one pair of
/// quotation marks around the whole. Then emoji; then runs of spaces become one. Line breaks stay.
/// Returns true if the text changed. `text` is valid UTF-8 and stays so.
bool clean(std::string& text, Part part);

/// The cleaning of WebFAQ (papers.md §2) and no more: the prefixes Q:, Question:, A: and Answer:,
/// leading numbering, paired surrounding quotes, emoji; the same for questions and answers.
bool clean_webfaq(std::string& text);

}  // namespace crosstail::curate
