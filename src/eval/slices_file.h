#pragma once
/// The file that `crosstail slice` writes and `evaluate --slices` reads (docs/formats/slices.md): a
/// header line with how each view was made and its edges, then a line a query.

#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "eval/tail_effect.h"

namespace crosstail::eval {

struct SliceView {
  std::string name;         ///< "density", "rarity", "resource"
  std::string description;  ///< encoder, question set, counts: a sentence for reports
  bool low_is_tail = true;
  bool by_language = false;  ///< terciles of languages, not of queries
  /// Edges by language (by_language: one entry with an empty name): values up to the first are the
  /// lowest third, above the second the highest.
  std::vector<std::pair<std::string, std::pair<double, double>>> edges;
  std::vector<std::string> remarks;  ///< languages that were left out, and why
};

struct SliceEntry {
  double value = 0;
  TailPart part = TailPart::None;
};

struct SlicesFile {
  std::vector<SliceView> views;
  /// By query id: an entry a view; part None where the view says nothing of the query.
  std::unordered_map<std::string, std::vector<SliceEntry>> entries;
};

/// The file's text; queries in the order of `ids`.
std::string slices_text(const SlicesFile& slices, const std::vector<std::string>& ids);

/// Errors name file and line.
Result<SlicesFile> read_slices(const std::filesystem::path& path);

}  // namespace crosstail::eval
