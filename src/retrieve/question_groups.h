#pragma once
/// Brings questions to their passages: ids of the corpus in a table on disk, questions sorted by
/// passage outside memory (design.md §3, streaming). All files lie in a folder of the caller's.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/counters.h"
#include "base/external_sort.h"
#include "base/file.h"
#include "base/result.h"
#include "retrieve/corpus_rows.h"
#include "retrieve/question_rows.h"

namespace crosstail::retrieve {

/// The ids of a corpus, with their numbers in its order. Thread-safe to read.
class IdTable {
 public:
  /// Reads the whole corpus. Fails with Corrupt where an id is there twice (names both
  /// places) or nothing is there at all. `each`, if given, sees every row.
  static Result<IdTable> build(const std::vector<std::string>& corpus,
                               const std::filesystem::path& folder,
                               const std::function<void(const CorpusRow&)>& each = nullptr);
  [[nodiscard]] std::uint64_t size() const { return count_; }
  [[nodiscard]] std::optional<std::uint64_t> find(std::string_view id) const;

 private:
  MappedFile file_;
  std::uint64_t count_ = 0;
};

struct QuestionOptions {
  std::vector<std::string> files;
  double min_confidence = 0;
  std::uint64_t max_per_language = 0;  ///< 0: all; of a passage, source and language
  std::vector<std::string> exclude_languages;
  std::uint64_t min_count = 1;  ///< of source log: askings of the same text in all files
  /// Only passages begin ≤ number < end.
  std::uint64_t first_passage = 0, end_passage = UINT64_MAX;
  std::size_t memory_bytes = std::size_t{256} << 20;
};

struct GroupedQuestion {
  std::string tag, text, group, site;
  index::QuestionSource source = index::QuestionSource::Annotated;
  float confidence = 1;
  std::uint64_t number = 0;    ///< among all rows of the files
  std::uint64_t position = 0;  ///< among all that were kept, in the order of passages
};

/// Not thread-safe.
class QuestionGroups {
 public:
  /// Counts in `counters`: questions.read, .unknown-passage, .dropped.REASON.
  static Result<QuestionGroups> build(const QuestionOptions& options, const IdTable& ids,
                                      const std::filesystem::path& folder, Counters& counters);
  /// Questions of passage `passage`, in the order of the files; passages must be asked for in
  /// ascending order.
  Status of(std::uint64_t passage, std::vector<GroupedQuestion>& out);
  /// Goes back to the first passage.
  Status rewind();
  /// Calls visit(number, position) for every question that was kept, in the order of passages.
  /// rewind() afterwards.
  Status for_each_place(const std::function<Status(std::uint64_t, std::uint64_t)>& visit);
  /// True when the questions already came passage by passage.
  [[nodiscard]] bool in_order() const { return in_order_; }
  [[nodiscard]] std::uint64_t size() const { return kept_; }
  /// A few texts from all over the files, for --estimate.
  [[nodiscard]] const std::vector<std::string>& sample() const { return sample_; }

 private:
  explicit QuestionGroups(ExternalSorter sorter) : sorter_(std::move(sorter)) {}
  ExternalSorter sorter_;
  SortRecord record_;
  bool has_record_ = false, in_order_ = true;
  std::uint64_t kept_ = 0, position_ = 0, max_per_language_ = 0;
  std::vector<std::string> sample_;
};

}  // namespace crosstail::retrieve
