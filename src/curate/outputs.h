#pragma once
/// The files of a curated data set. A pair becomes bytes where it is evaluated (in any thread) and
/// goes to its files once it is known to be kept and on which side of the split it is.
///
/// | format | files in DIR | segments |
/// |---|---|---|
/// | jsonl | LANG.jsonl, with `split` in each record | record without its end |
/// | webfaq | LANG/SPLIT.jsonl, the Hugging Face columns | record |
/// | tevatron | LANG/SPLIT.jsonl | record |
/// | sentence-transformers | LANG/SPLIT.jsonl (anchor, positive) | record |
/// | beir | LANG/corpus.jsonl, LANG/queries.jsonl, LANG/qrels/SPLIT.tsv | passage, query, qrel |
/// Segment 3 is what `--dropped` says of a pair that goes later, as a duplicate.

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "curate/options.h"
#include "curate/question_type.h"
#include "curate/splits.h"
#include "data/faq_reader.h"

namespace crosstail::curate {

/// The `_id` of an answer in a BEIR corpus or Tevatron row: "a" and 16 hex digits of its XXH3 (seed
/// 6), so that an answer given twice is one passage.
std::string answer_passage_id(std::string_view answer);

/// Appends the segments of a pair to `bytes` and their lengths to `lengths`.
void append_segments(const data::FaqRow& row, QuestionType type, Format format, std::string& bytes,
                     std::array<std::uint32_t, 4>& lengths);

/// Members of a line of --dropped, without braces: id, url, question, answer's start.
void append_dropped_fields(const data::FaqRow& row, std::string& bytes);

/// The open files of one run. Not thread-safe.
class Outputs {
 public:
  /// `folder` exists and is empty.
  Outputs(std::filesystem::path folder, Format format)
      : folder_(std::move(folder)), format_(format) {}

  Status add(const std::string& language, Split split, std::string_view segments,
             const std::array<std::uint32_t, 4>& lengths);
  /// Writes what is pending, syncs and closes.
  Status finish();

 private:
  struct Sink {
    OutputFile file;
    std::string pending;
  };
  Status write(const std::string& relative, std::string_view a, std::string_view b = {});

  std::filesystem::path folder_;
  Format format_;
  std::map<std::string, Sink> sinks_;
  HashIndex passages_;  ///< BEIR: passages already in a corpus
};

}  // namespace crosstail::curate
