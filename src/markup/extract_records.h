#pragma once
/// From what a page states to the lines of `extract`'s output files, with every pair and page
/// accounted for: in = out + dropped.

#include <string>
#include <string_view>

#include "base/counters.h"
#include "markup/page.h"

namespace crosstail::markup {

struct RecordOptions {
  bool keep_author = false;
  bool mask_personal = false;
  bool dropped = false;  ///< write lines for what is dropped
};

/// What one item of work adds to the outputs: whole JSON lines, and counts.
struct OutputLines {
  std::string pairs, passages, dropped;
  Counters counters;
};

/// Adds the page's records. `name` is the relative path (or URL) that passages are named by.
void add_page(const PageBytes& page, std::string_view name, const PageReading& reading,
              const RecordOptions& options, OutputLines& out);

/// Something other than a pair that is dropped.
struct Drop {
  std::string_view what;    ///< "page", "record", "file", "line"
  std::string_view reason;  ///< kebab-case
  std::string_view url;
  std::string_view place = {};  ///< "byte 123", or empty
  std::string_view text = {};   ///< the beginning of it, or empty; any bytes
};

/// Counts it ("pages.dropped.REASON"), and writes its line if asked for.
void add_drop(const Drop& drop, const RecordOptions& options, OutputLines& out);
/// Writes its line only.
void append_drop(const Drop& drop, OutputLines& out);

}  // namespace crosstail::markup
