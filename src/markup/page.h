#pragma once
/// One page, read whole: charset, mark-up in every syntax, metadata, passages. This is where the
/// readers of markup/ meet; markup/extract.h feeds it pages and writes what it finds.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/counters.h"
#include "markup/charset.h"
#include "markup/faq.h"
#include "markup/html_tree.h"
#include "markup/jsonld.h"
#include "markup/jsonld_scripts.h"
#include "markup/page_metadata.h"
#include "markup/passages.h"
#include "markup/syntax_filter.h"

namespace crosstail::markup {

/// A page as it came: bytes, and what HTTP said of them. Borrowed.
struct PageBytes {
  std::string_view url;  ///< as it will stand in the records
  std::string_view bytes;
  std::string_view content_type;      ///< HTTP's, or empty
  std::string_view content_language;  ///< HTTP's, or empty
  std::string_view date;              ///< WARC-Date, or empty
};

struct PageLimits {
  std::size_t max_bytes = std::size_t{8} << 20;  ///< the rest of a longer page is left out
  HtmlTreeLimits tree;
  JsonLdLimits jsonld;
};

/// Views point into the reader or the page and last until the next read().
struct PageReading {
  PageFaq faq;
  PageMetadata metadata;
  std::vector<Passage> passages;
};

/// Keeps its buffers from page to page. Not thread-safe: one per thread.
class PageReader {
 public:
  struct Options {
    PageLimits limits;
    bool passages = false;  ///< look for passages too
  };
  explicit PageReader(Options options);

  /// Never fails: whatever the bytes are, the result is what could be read, and `counters` gets
  /// what was repaired ("repairs.…") and which limits were hit ("limits.…").
  const PageReading& read(const PageBytes& page, Counters& counters);

 private:
  void read_scripts();
  void read_tree(const PageBytes& page, std::string_view html, FaqSyntaxes syntaxes,
                 Counters& counters);
  void count(Counters& counters);

  Options options_;
  FaqPlaces places_;
  ScriptFinder finder_;
  JsonLdReader jsonld_;
  JsonLdCounts jsonld_counts_;
  Graph graph_;
  std::string decoded_;
  std::vector<JsonLdScript> scripts_;
  PageReading reading_;
};

}  // namespace crosstail::markup
