#pragma once
/// Passages by their ids, for training rows that name them (Tevatron's newer layout).

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace crosstail::data {

/// Holds all texts in memory. Immutable once read, and thread-safe.
class TrainingCorpus {
 public:
  /// Rows {docid (or _id, id), text (or contents)[, title]} of JSON lines, CSV or TSV; a passage's
  /// text is title, space, text. Of rows with the same id the first counts. Fails with Corrupt
  /// where a row has no id, naming file and line, and as RowReader does.
  static Result<TrainingCorpus> read(const std::vector<std::string>& files);

  /// Null data if there is none. Valid as long as this object.
  [[nodiscard]] std::string_view find(std::string_view id) const;
  [[nodiscard]] std::size_t size() const { return places_.size(); }

 private:
  struct Place {
    std::size_t begin = 0;
    std::uint32_t id = 0, text = 0;  ///< bytes; the id stands before the text
  };
  std::string bytes_;
  std::unordered_map<std::uint64_t, Place> places_;  ///< by hash of the id
};

}  // namespace crosstail::data
