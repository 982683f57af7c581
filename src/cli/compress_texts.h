#pragma once
/// Texts with their languages out of many files, in blocks, worked on by many threads.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace crosstail::cli {

struct CorpusOptions {
  std::vector<std::string> inputs;  ///< files, and folders for the texts in and below them
  std::string text_field;           ///< "text", "question+answer"
  std::string language_field;       ///< empty: no languages. Lines of plain text never have one
  std::uint64_t threads = 1;
};

/// Some texts of one file. `languages` is empty or has one for each.
struct CorpusBlock {
  std::vector<std::string> texts, languages;
};

/// What a thread makes of a block.
class CorpusResult {
 public:
  virtual ~CorpusResult() = default;
};

/// The files behind the inputs: folders are searched for .jsonl, .csv, .tsv and .txt, plain, .gz
/// and .zst, in the order of their paths. Fails with NotFound.
Result<std::vector<std::string>> corpus_files(const std::vector<std::string>& inputs);

/// Calls `work` with blocks, on any thread, and `take` with what it made, in the order of the
/// texts. Memory is a few blocks a thread. Fails as reading does, or with Interrupted.
Status for_each_block(const CorpusOptions& options,
                      const std::function<std::unique_ptr<CorpusResult>(const CorpusBlock&)>& work,
                      const std::function<void(CorpusResult&)>& take);

}  // namespace crosstail::cli
