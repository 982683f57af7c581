#pragma once
/// Changes of an index that is there: passages added, taken out, brought in step with a corpus;
/// shards joined; vectors written out. Every change writes new files beside the old ones and then a
/// new manifest, so a reader sees the index before or after it, and a kill leaves it as it was.

#include <cstdint>
#include <string>
#include <vector>

#include "base/pool.h"
#include "base/result.h"
#include "retrieve/build_index.h"

namespace crosstail::retrieve {

/// The options that an index was built with, for `add` and `sync`: corpus, questions, model and
/// threads are the caller's.
Status take_options(const index::Manifest& manifest, BuildOptions& options);

/// Adds the passages of options.corpus to the index in options.output. Fails with InvalidArgument
/// where an id is there already (`sync` replaces) or the model is another.
Result<BuildReport> add_to_index(const BuildOptions& options);

/// Takes passages out. Fails with NotFound, naming the first id that is not there, unless
/// `ignore_missing`. Returns how many were taken out.
Result<std::uint64_t> delete_from_index(const std::string& dir, const std::vector<std::string>& ids,
                                        bool ignore_missing);

struct SyncReport {
  std::uint64_t unchanged = 0, added = 0, replaced = 0, deleted = 0;
  BuildReport build;
};

/// Brings the index in step with options.corpus and its questions, by id and content: what is new
/// or changed is encoded, what is gone is taken out.
Result<SyncReport> sync_index(const BuildOptions& options);

/// Joins indexes with the same model and options into one in `output`, in the order of their shard
/// numbers, without what was deleted. The shards of one corpus give the files of one build.
Result<BuildReport> merge_indexes(const std::vector<std::string>& dirs, const std::string& output,
                                  const std::string& version);

struct ExportOptions {
  std::string output;           ///< a folder
  index::FusionSetting fusion;  ///< of passages.npy
  bool fused = false;           ///< else the passages' own vectors
  bool questions = true;        ///< question vectors, where they are kept
};

/// Writes passages.jsonl, passages.npy and, where there are any, questions.jsonl, questions.npy:
/// what `index` reads again. One row a passage; windows get ids of their own.
Status export_index(const std::string& dir, const ExportOptions& options);

}  // namespace crosstail::retrieve
