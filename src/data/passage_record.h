#pragma once
/// The records that `extract --passages` writes: one passage of a page a line. `_id`, `title` and
/// `text` make it a BEIR corpus (conventions.md); the other fields are ours.

#include <string>
#include <string_view>
#include <vector>

namespace crosstail::data {

/// All text is valid UTF-8.
struct PassageRecord {
  std::string doc;                    ///< the page's path (or URL): what `_id` begins with
  std::string anchor;                 ///< of the section, unique on the page
  std::string url;                    ///< as in FaqRecord
  std::string language;               ///< of the page as stated, else empty
  std::string title;                  ///< of the page
  std::vector<std::string> headings;  ///< from the outermost down to the section's own
  std::string text;
};

/// DOC#ANCHOR.
std::string passage_id(std::string_view doc, std::string_view anchor);

/// Appends one JSON line: _id, doc, url, language, title, headings, text.
void append_json_line(std::string& out, const PassageRecord& record);

}  // namespace crosstail::data
