#pragma once
/// The records that `extract` writes: WebFAQ's v2 record (conventions.md) with what we add to it.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crosstail::data {

/// One question with one answer, as stated by one page. All text is valid UTF-8.
struct FaqRecord {
  std::string id;         ///< md5(question + " " + answer), newlines as spaces (papers.md §2)
  std::string url;        ///< never empty; "-" for standard input
  std::string origin;     ///< scheme://host of `url`, or the first path segment of a relative one
  std::string language;   ///< of the literal or page as stated; empty when nothing states it
  double confidence = 0;  ///< of `language`; 0 until `curate` identifies it
  std::string question, answer;
  std::string title, description, keywords;  ///< of the page
  std::string author;                        ///< only with --keep-author
  std::string warc_date;                     ///< WARC-Date, else empty
  std::string kind;                          ///< jsonld, microdata, rdfa, nquads
  std::string page_type;                     ///< FAQPage, QAPage or empty (a lone question)
  std::uint32_t position = 0;                ///< of the pair on its page, from 0
  std::string page_language;  ///< inLanguage, html lang or Content-Language, as stated
  std::vector<std::pair<std::string, std::string>> alternates;  ///< hreflang, URL
};

/// The identity of a pair in WebFAQ.
std::string faq_id(std::string_view question, std::string_view answer);

/// scheme://host of an absolute URL; the first path segment of a relative one, or empty.
std::string url_origin(std::string_view url);

/// Appends one JSON line.
void append_json_line(std::string& out, const FaqRecord& record);

/// The same for many pairs of one page: what they share is written out once.
class FaqLineWriter {
 public:
  /// Takes url, origin, title, description, keywords, warc_date, page_language and alternates.
  explicit FaqLineWriter(const FaqRecord& page);
  /// Takes everything else from `pair`.
  void append(std::string& out, const FaqRecord& pair) const;

 private:
  std::string address_, about_, date_, end_;
};

}  // namespace crosstail::data
