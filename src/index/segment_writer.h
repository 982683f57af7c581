#pragma once
/// Writes one segment of an index: passages in order, each final when it is added. Files are
/// appended only, memory is what is being added, and checkpoint() gives a state from which a killed
/// writer goes on and ends with the same bytes (design.md §3, streaming).

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "index/centroids.h"
#include "index/fusion.h"
#include "index/manifest.h"
#include "index/records.h"
#include "index/row_source.h"

namespace crosstail::index {

struct SegmentOptions {
  std::size_t dimension = 0;
  VectorType type = VectorType::F32;
  KeepParts keep = KeepParts::Question;
  bool texts = true;
  bool windows = false;
  /// With KeepParts::None: what the vectors hold. `centroids`: what it centres by; borrowed.
  FusionSetting fusion;
  const Centroids* centroids = nullptr;
};

struct NewQuestion {
  std::string_view text, tag, group, site;
  QuestionSource source = QuestionSource::Annotated;
  float confidence = 1;
  const float* vector = nullptr;         ///< null only in add_stored()
  const QuestionRecord* keys = nullptr;  ///< taken from here where the strings are not known
};

struct NewRow {
  std::uint32_t begin = 0, end = 0;  ///< bytes of the text; only with windows
  const float* vector = nullptr;
};

/// Everything is borrowed for the call.
struct NewPassage {
  std::string_view id, doc, site, group, url, tag, title, text;
  std::uint64_t content = 0;  ///< xxh3 of what is encoded and stored, as the builder makes it
  std::uint64_t questions_content = 0;  ///< 0: made of the questions
  std::span<const NewRow> rows;         ///< one; more only with windows
  std::span<const NewQuestion> questions;
};

/// A part as another index of the same kind holds it.
struct StoredPart {
  QuestionSource source{};
  std::string_view tag;  ///< empty: of all languages (or none)
  std::uint32_t count = 0;
  const float* sum = nullptr;
};

/// xxh3 over all that is stored of the questions: what sync compares.
std::uint64_t questions_content(std::span<const NewQuestion> questions);

/// Not thread-safe.
class SegmentWriter {
 public:
  static Result<SegmentWriter> create(const std::filesystem::path& dir,
                                      const SegmentOptions& options);
  /// `state`: of the last checkpoint() that the caller kept.
  static Result<SegmentWriter> resume(const std::filesystem::path& dir,
                                      const SegmentOptions& options, std::string_view state);
  SegmentWriter(SegmentWriter&&) noexcept;
  ~SegmentWriter();

  /// Fails with InvalidArgument (a vector with NaN, infinity or an impossible size: names the id)
  /// or with what the disk says.
  Status add(const NewPassage& passage);
  /// A passage out of another index with the same options: its rows and parts go in as they are,
  /// and it adds nothing to the centroids (finish() is given them).
  Status add_stored(const NewPassage& passage, std::span<const StoredPart> parts);
  [[nodiscard]] std::uint64_t passages() const;
  [[nodiscard]] std::uint64_t questions() const;

  /// Brings everything to disk and says how to go on from here.
  Result<std::string> checkpoint();

  /// Ends the files and writes the inverted lists and, if given, `centroids` in place of those of
  /// the questions. The record is for the manifest (without its folder's name). Runs that were
  /// killed within it are resumed from the last state and end here again.
  Result<SegmentRecord> finish(const Centroids* centroids = nullptr);

  [[nodiscard]] const std::map<std::string, std::uint64_t>& questions_by_language() const;
  [[nodiscard]] const std::map<std::string, std::uint64_t>& questions_by_source() const;

 private:
  struct State;
  explicit SegmentWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Puts `centroids` in a file of its own (a new name, if there is one already), for a manifest.
Result<SegmentFile> write_centroids(const std::filesystem::path& dir, std::string_view name,
                                    const Centroids& centroids);

}  // namespace crosstail::index
