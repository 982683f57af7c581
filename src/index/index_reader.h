#pragma once
/// An index directory, opened for reading: passages with their texts, questions and vectors.
///
/// Passages, rows and questions are numbered through all segments in order. A passage has one row
/// (vector), or several where it was cut into windows; its questions belong to all of them. Opening
/// reads the manifest, headers and sizes; everything is memory-mapped, and blocks are checked when
/// touched first. Damage met while reading vectors gives zeros and is remembered: ask health()
/// before results are shown. Thread-safe; a directory may be open in many processes.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/pool.h"
#include "base/result.h"
#include "index/centroids.h"
#include "index/manifest.h"
#include "index/records.h"
#include "index/row_source.h"
#include "index/segment.h"

namespace crosstail::index {

using PassageNumber = std::uint32_t;
using QuestionNumber = std::uint64_t;

struct RowRange {
  std::uint64_t begin = 0, end = 0;
  [[nodiscard]] std::uint64_t size() const { return end - begin; }
};

/// What is known of a passage besides its text. Borrowed from the index.
struct PassageFields {
  std::string_view id;
  std::string_view doc;  ///< the page it is part of; its id where the corpus states none
  std::string_view site, group, url;
  std::string_view language;  ///< tag as stated, or empty
};

struct PassageText {
  std::string title, text;
};

struct QuestionText {
  std::string group, site, text;
};

struct AttachedQuestion {
  QuestionNumber number = 0;
  PassageNumber passage = 0;
  std::string_view tag;        ///< language as stated
  std::uint32_t language = 0;  ///< number of its language: languages()[language]
  QuestionSource source{};
  float confidence = 1;
  std::uint64_t group = 0, site = 0, text = 0;  ///< keys (records.h)
};

class IndexReader {
 public:
  /// Of an index that is changed meanwhile: as it was before or is after. Fails with NotFound (no
  /// index), Corrupt (names file and byte), Unsupported (newer format).
  static Result<std::shared_ptr<const IndexReader>> open(const std::filesystem::path& dir);

  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] const std::filesystem::path& path() const { return dir_; }
  [[nodiscard]] std::size_t dim() const { return manifest_.model.dimension; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  [[nodiscard]] std::uint64_t passages() const { return passages_; }
  [[nodiscard]] std::uint64_t questions() const { return questions_; }
  [[nodiscard]] bool has_windows() const { return rows_ != passages_; }

  [[nodiscard]] PassageNumber passage_of(std::uint64_t row) const;
  [[nodiscard]] RowRange rows_of(PassageNumber passage) const;
  [[nodiscard]] bool deleted(PassageNumber passage) const;
  [[nodiscard]] std::uint64_t deleted_passages() const { return deleted_; }
  /// Bit r % 64 of word r / 64: row r is not deleted. Empty when none is.
  [[nodiscard]] const std::vector<std::uint64_t>& live_rows() const { return live_rows_; }
  /// passage_of for all rows, as ExactSearch wants owners; made when asked for first.
  [[nodiscard]] std::span<const std::uint32_t> row_owners() const;
  /// A number for each row's document (`doc`), equal for equal documents; made when asked first.
  [[nodiscard]] std::span<const std::uint32_t> row_documents() const;

  [[nodiscard]] Result<PassageFields> fields(PassageNumber passage) const;
  [[nodiscard]] Result<PassageRecord> record(PassageNumber passage) const;  ///< segment's numbers
  /// Fails with Unsupported where the index was built without texts.
  [[nodiscard]] Result<PassageText> text(PassageNumber passage) const;
  /// Bytes of text() that row `row` was made of.
  [[nodiscard]] Result<RowRange> window(std::uint64_t row) const;
  /// By id; nothing if there is no such passage (or it was deleted).
  [[nodiscard]] Result<std::optional<PassageNumber>> find(std::string_view id) const;

  [[nodiscard]] RowRange questions_of(PassageNumber passage) const;
  [[nodiscard]] AttachedQuestion question(QuestionNumber question) const;
  [[nodiscard]] Result<std::string> question_text(QuestionNumber question) const;
  /// With its group and site as they were given.
  [[nodiscard]] Result<QuestionText> question_fields(QuestionNumber question) const;
  /// Whether question_vector() can answer (keep-parts question, or language with one question
  /// each).
  [[nodiscard]] bool has_question_vectors() const;
  void question_vector(QuestionNumber question, float* out) const;

  /// Passages that carry a question of this group, site or normalised text, ascending. Keys from
  /// records.h; a key of 0 has none.
  [[nodiscard]] Result<std::vector<PassageNumber>> passages_with_group(std::uint64_t key) const;
  [[nodiscard]] Result<std::vector<PassageNumber>> passages_with_site(std::uint64_t key) const;
  [[nodiscard]] Result<std::vector<PassageNumber>> passages_with_text(std::uint64_t key) const;

  /// All languages of attached questions, canonical (text/language_tag.h).
  [[nodiscard]] const std::vector<std::string>& languages() const { return languages_; }
  /// Number of a tag's language in languages().
  [[nodiscard]] std::optional<std::uint32_t> language_number(std::string_view tag) const;
  /// Of the attached questions, or of the file given to the build.
  [[nodiscard]] const Centroids& centroids() const { return centroids_; }

  /// The passages' own vectors (with --keep-parts none: as fused at build time).
  [[nodiscard]] const RowSource& passage_rows() const { return *passage_rows_; }

  /// The first damage met while reading vectors, if any.
  [[nodiscard]] Status health() const;
  /// Checks every block of every file, and the records against each other.
  Status verify(Pool* pool = nullptr) const;
  /// Checks the blocks of the passages' vectors that were not checked yet, before they are read
  /// through view().
  Status check_passage_vectors(Pool* pool = nullptr) const;

  /// For fused_rows.h: the segments and where their numbers begin.
  struct Place {
    std::uint64_t first_passage = 0, first_row = 0, first_question = 0;
    std::vector<std::uint32_t> languages;  ///< of the segment's tags, in languages()
  };
  [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }
  [[nodiscard]] const std::vector<Place>& places() const { return places_; }
  [[nodiscard]] std::size_t segment_of_row(std::uint64_t row) const;
  [[nodiscard]] std::size_t segment_of_passage(std::uint64_t passage) const;
  [[nodiscard]] std::size_t segment_of_question(std::uint64_t question) const;

 private:
  IndexReader() = default;
  static Result<std::shared_ptr<const IndexReader>> open_files(const std::filesystem::path& dir,
                                                               Manifest manifest);
  Status open_segments();
  Status read_centroids();
  Status read_deletions();
  Result<std::vector<PassageNumber>> listed(BlockFile Segment::*list, std::uint64_t key) const;

  std::filesystem::path dir_;
  Manifest manifest_;
  std::vector<Segment> segments_;
  std::vector<Place> places_;
  std::uint64_t rows_ = 0, passages_ = 0, questions_ = 0, deleted_ = 0;
  std::vector<std::string> languages_;
  std::vector<std::uint64_t> live_rows_, dead_passages_;
  Centroids centroids_;
  std::unique_ptr<RowSource> passage_rows_;
  mutable std::once_flag owners_once_, documents_once_;
  mutable std::vector<std::uint32_t> owners_, documents_;
};

}  // namespace crosstail::index
