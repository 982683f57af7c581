#pragma once
/// Short texts of chosen passages, for people who read a report.

#include <cstddef>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/result.h"

namespace crosstail::eval {

struct PassageTexts {
  std::unordered_map<std::string, std::string> excerpts;  ///< by id; of those asked for
  std::size_t passages = 0;                               ///< in the whole file
};

/// One pass over a corpus (rows with `_id` or `id`, `text` and perhaps `title`: JSON lines, CSV or
/// TSV). An excerpt is title and text on one line, at most `characters` long; longer ones end in an
/// ellipsis. Memory: what was asked for. Errors name file, line and what was expected.
Result<PassageTexts> read_passage_texts(const std::filesystem::path& path,
                                        const std::unordered_set<std::string>& wanted,
                                        std::size_t characters);

/// `text` on one line (runs of blanks and controls become one blank), cut after `characters` code
/// points. `valid` must be UTF-8.
std::string excerpt_of(std::string_view valid, std::size_t characters);

}  // namespace crosstail::eval
