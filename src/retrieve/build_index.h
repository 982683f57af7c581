#pragma once
/// Builds an index from a corpus and its questions: group, encode, fuse, write, one pass in input
/// order with the memory of a batch (design.md §3 and §5). What is built lies beside its place
/// until it is complete; a run that was killed, interrupted or stopped by a full disk goes on with
/// `resume` and ends with the same bytes.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/counters.h"
#include "base/result.h"
#include "index/centroids.h"
#include "index/index_reader.h"
#include "index/manifest.h"
#include "retrieve/corpus_rows.h"
#include "retrieve/question_groups.h"
#include "retrieve/vector_maker.h"

namespace crosstail::retrieve {

struct BuildOptions {
  std::vector<std::string> corpus;
  std::string output;  ///< the index directory
  MakerOptions vectors;
  QuestionOptions questions;
  PassageFrom passage_from = PassageFrom::Usual;
  bool own_questions = true;  ///< of question-answer pairs, where the passage is the answer
  index::KeepParts keep = index::KeepParts::Question;
  index::VectorType type = index::VectorType::F32;
  bool texts = true;
  std::uint64_t window = 0, stride = 0;  ///< tokens; 0: none
  bool strict = false;                   ///< a text that does not fit is an error
  index::FusionSetting fusion;
  std::string centroid_from;  ///< rows of questions, or centroids.bin
  bool resume = false;
  std::uint64_t shard = 0, shards = 1;
  /// At most so often is everything brought to disk; does not change the index.
  std::chrono::milliseconds checkpoint_every{2000};
  std::string version;  ///< of the program
  /// Called between batches with passages done and in all.
  std::function<void(std::uint64_t, std::uint64_t)> progress;
};

struct BuildReport {
  Counters counters;  ///< also in the manifest
  std::uint64_t passages = 0, rows = 0, questions = 0;
  bool already_complete = false;
};

/// Fails with InvalidArgument, NotFound, Corrupt (of inputs: names file and line), NoSpace,
/// Interrupted. `options.output` is replaced if it is an index, refused if it is anything else.
Result<BuildReport> build_index(const BuildOptions& options);

/// What a build would cost, from encoding a sample.
struct Estimate {
  std::uint64_t passages = 0, questions = 0;
  double seconds = 0;  ///< of encoding; 0 with .npy files
  std::uint64_t disk_bytes = 0, work_bytes = 0, memory_bytes = 0;
  std::uint64_t sampled_texts = 0;
};
Result<Estimate> estimate_index(const BuildOptions& options);

/// Centroids of the questions in `file` (rows with `lang` and `text`, encoded by `maker`), or of a
/// centroids.bin of another index.
Result<index::Centroids> centroids_from(const std::string& file, const VectorMaker& maker);

/// One segment, resumably, in a folder of its own: what build_index and the changes of an index
/// (index_changes.h) share.
class SegmentBuild {
 public:
  /// Whether a passage goes in; nothing: all do. For `sync`. `questions`: index::questions_content.
  using Choice =
      std::function<Result<bool>(const CorpusRow&, std::uint64_t content, std::uint64_t questions)>;
  /// With options.resume, goes on where the journal in `folder` ends. Adds the counts of questions
  /// to `manifest`. What is temporary lies in `folder`/work and in its journal until clean().
  static Result<index::SegmentRecord> run(const BuildOptions& options, const VectorMaker& maker,
                                          const std::filesystem::path& folder, const Choice& choice,
                                          BuildReport& report, index::Manifest& manifest);
  static Status clean(const std::filesystem::path& folder);
};

/// The fields of a manifest that the options say, without segments.
index::Manifest manifest_for(const BuildOptions& options, const VectorMaker& maker);

}  // namespace crosstail::retrieve
