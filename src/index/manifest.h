#pragma once
/// manifest.json of an index directory (docs/formats/index.md): written last and atomically, so
/// that a directory without it is no index.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "index/fusion.h"
#include "index/records.h"
#include "index/row_source.h"

namespace crosstail::index {

/// The encoder whose vectors these are. Two indexes fit together when identity, dimension, prompts
/// and lengths are equal; precision and processor are notes.
struct ModelRecord {
  std::string name;      ///< as it was asked for
  std::string identity;  ///< SHA-256 of weights, tokenizer and configuration; or "precomputed"
  std::size_t dimension = 0;
  std::string pooling;
  bool normalised = false;
  std::string precision, processor;
  std::string passage_prompt, question_prompt;            ///< the texts put before
  std::uint64_t max_length = 0, question_max_length = 0;  ///< in tokens; 0: the model's
  bool operator==(const ModelRecord&) const = default;
};

struct SegmentFile {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;  ///< of its trailer (block_file.h)
  bool operator==(const SegmentFile&) const = default;
};

/// One immutable part of an index, in a folder of its own.
struct SegmentRecord {
  std::string folder;
  std::uint64_t passages = 0, rows = 0, questions = 0, parts = 0;
  std::vector<std::string> tags;  ///< language tags as stated, numbered as in its records
  std::vector<SegmentFile> files;
  std::string deleted;  ///< file of deleted passages, empty if there are none
  std::uint64_t deleted_passages = 0;
  /// No passage has two questions of one source and language: parts by language are the questions.
  bool parts_are_questions = false;
  std::map<std::string, std::uint64_t> counters;  ///< of the build: truncated, unknown ids, …
  bool operator==(const SegmentRecord&) const = default;
};

/// What `tune` chose, and the curve it chose from (its own JSON).
struct TunedRecord {
  FusionSetting setting;
  std::string curve;
  bool operator==(const TunedRecord&) const = default;
};

struct Manifest {
  std::string crosstail;  ///< version of the program that wrote it
  ModelRecord model;
  KeepParts keep = KeepParts::Question;
  VectorType type = VectorType::F32;
  std::string passage_from;  ///< "text", "title+text", "answer", "question+answer"
  std::uint64_t window = 0, stride = 0;
  bool texts = true;     ///< texts are stored
  FusionSetting fusion;  ///< the default; with KeepParts::None what the vectors hold
  bool centroids_from_file = false;
  bool centroids_complete = true;  ///< false: deleted questions still count in the centroids
  std::optional<TunedRecord> tuned;
  std::uint64_t shard = 0, shards = 1;
  std::vector<SegmentRecord> segments;
  /// Options that decide what is encoded, by name: what `add` and `sync` use again.
  std::map<std::string, std::string> options;
  std::map<std::string, std::uint64_t> questions_by_language, questions_by_source;
  bool operator==(const Manifest&) const = default;
};

std::string to_json(const Manifest& manifest);
/// Fails with Corrupt or Unsupported: names the field. `name` is for messages. Folder and file
/// names that lead out of the directory are refused.
Result<Manifest> parse_manifest(std::string_view json, std::string_view name);

/// Fails with NotFound where `dir` holds no index, saying what to do.
Result<Manifest> read_manifest(const std::filesystem::path& dir);
Status write_manifest(const std::filesystem::path& dir, const Manifest& manifest);

/// An InvalidArgument error that says what differs, if vectors of `b` do not belong beside those of
/// `a`.
Status check_same_model(const ModelRecord& a, const ModelRecord& b);

}  // namespace crosstail::index
