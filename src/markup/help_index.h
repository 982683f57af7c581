#pragma once
/// The index of LibreOffice's help, `bookmarks.js` beside the pages of a language: the entries that
/// people look up, each with the page that it leads to.
///
///     var bookmarks = [
///     {url:"de/text/shared/guide/a.html?DbPAR=SHARED#bm_1", app:"SHARED", text:"Umschl&#228;ge --
///     drucken"}, …
///     ];
///
/// Read as a list of flat objects of strings, never executed.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crosstail::markup {

struct HelpIndexEntry {
  /// The page's path below the folder of its language: "text/shared/guide/a.html".
  std::string page;
  /// One line without mark-up, character references decoded, white space folded; an entry and its
  /// sub-entry (written with " -- ") are parted by a comma: "Umschläge, drucken". May be empty.
  std::string text;
};

struct HelpIndexLimits {
  std::size_t max_bytes = std::size_t{64} << 20;  ///< of the file
  std::size_t max_entries = 1'000'000;
};

/// Entries in the order of the file. Ill-formed UTF-8 is repaired. Errors are Corrupt or Limit and
/// name `name`, the line and what was expected there. Linear in the length; thread-safe.
Result<std::vector<HelpIndexEntry>> parse_help_index(std::string_view bytes,
                                                     const std::string& name,
                                                     const HelpIndexLimits& limits = {});
Result<std::vector<HelpIndexEntry>> read_help_index(const std::filesystem::path& path,
                                                    const HelpIndexLimits& limits = {});

}  // namespace crosstail::markup
