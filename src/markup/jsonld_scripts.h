#pragma once
/// The JSON-LD scripts of a page, and what its head says besides, at the least cost: pages without
/// any are told at memory speed, and tokens are read no further than the last place where a script
/// can begin.

#include <cstddef>
#include <string_view>
#include <vector>

#include "markup/html_tokenizer.h"
#include "markup/page_metadata.h"

namespace crosstail::markup {

struct JsonLdScript {
  std::string_view text;   ///< raw, a view into the page
  std::size_t offset = 0;  ///< byte of the page
};

/// Where a page's bytes can mean FAQ mark-up at all, found in one pass at memory speed.
struct FaqPlaces {
  /// One past the last place that can be within the type of a JSON-LD script ("ld+" in any case,
  /// the
  /// + perhaps a character reference); 0 if there is none.
  std::size_t jsonld_end = 0;
  /// Where "acceptedAnswer", "suggestedAnswer" or "parentItem" stands, in any case, in order:
  /// without one of them outside the scripts no pair is stated in Microdata or RDFa.
  std::vector<std::size_t> answer_terms;

  /// Replaces what was found before.
  void find(std::string_view page);
};

/// Not thread-safe: one per thread.
class ScriptFinder {
 public:
  explicit ScriptFinder(HtmlLimits limits) : limits_(limits) {}

  /// Adds the page's JSON-LD scripts (not those in templates, comments, textareas, noscript, other
  /// scripts) and fills `metadata`. Reads up to `jsonld_end` (last_jsonld_type()) and at least to
  /// the body: titles, descriptions and links belong to the head.
  void read(std::string_view page, std::size_t jsonld_end, std::vector<JsonLdScript>& scripts,
            PageMetadata& metadata);

  /// Of the last read().
  [[nodiscard]] std::uint64_t attributes_dropped() const { return attributes_dropped_; }
  [[nodiscard]] std::uint64_t attributes_cut() const { return attributes_cut_; }

 private:
  HtmlLimits limits_;
  HtmlToken token_;
  std::uint64_t attributes_dropped_ = 0, attributes_cut_ = 0;
};

}  // namespace crosstail::markup
