#pragma once
/// Fused vectors of an index, made tile by tile when they are read, so nothing is stored and any
/// setting, filter or leave-out that the kept parts allow costs no encoding (design.md §3).

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "index/fusion.h"
#include "index/index_reader.h"
#include "index/row_source.h"

namespace crosstail::index {

/// One vector a row of the index, for every mode but Max. The same bits as an index built without
/// the questions that do not count. Thread-safe.
class FusedRows final : public RowSource {
 public:
  /// Fails with InvalidArgument when the index's parts cannot give what is asked (the message names
  /// the --keep-parts to build with), or when the mode is Max. `centroids`: in place of the index's
  /// own, if given; borrowed only during the call.
  static Result<std::unique_ptr<FusedRows>> make(std::shared_ptr<const IndexReader> index,
                                                 const FusionSetting& setting,
                                                 const QuestionFilter& filter = {},
                                                 const Centroids* centroids = nullptr);
  ~FusedRows() override;

  [[nodiscard]] std::size_t rows() const override;
  [[nodiscard]] std::size_t dim() const override;
  void read(std::size_t begin, std::size_t end, float* out) const override;
  /// Mode none: the passages' vectors as they lie (one segment).
  [[nodiscard]] std::optional<VectorView> view() const override;

  /// One row under a filter of its own (leave-out group, site, text): for the passages that the
  /// inverted lists name. `filter` must be one that check_parts() accepts.
  void read_row(std::size_t row, const QuestionFilter& filter, float* out) const;

 private:
  struct Plan;
  explicit FusedRows(std::unique_ptr<Plan> plan);
  std::unique_ptr<Plan> plan_;
};

/// For `max`: the passages' rows, then one row for each attached question: β·e_i, centred and
/// brought back to length 1 where the setting centres. The score of a passage is that of its best
/// row that counts. Thread-safe.
class MaxRows final : public RowSource {
 public:
  /// Fails with InvalidArgument when the index keeps no question vectors.
  static Result<std::unique_ptr<MaxRows>> make(std::shared_ptr<const IndexReader> index,
                                               const FusionSetting& setting,
                                               const Centroids* centroids = nullptr);
  [[nodiscard]] std::size_t rows() const override;
  [[nodiscard]] std::size_t dim() const override;
  void read(std::size_t begin, std::size_t end, float* out) const override;

  /// The passage of each row: SearchRequest::owner_of.
  [[nodiscard]] std::span<const std::uint32_t> owners() const { return owners_; }
  /// Which rows count under a filter: SearchRequest::counts. Deleted passages never do.
  [[nodiscard]] std::vector<std::uint64_t> counts(const QuestionFilter& filter) const;
  /// The question behind a row; nothing for a passage's own.
  [[nodiscard]] std::optional<QuestionNumber> question(std::size_t row) const;
  [[nodiscard]] std::size_t row_of(QuestionNumber question) const;

 private:
  MaxRows() = default;
  std::shared_ptr<const IndexReader> index_;
  float beta_ = 1;
  std::vector<std::vector<float>> centroids_;  ///< by language number; empty: not centred
  std::vector<std::uint32_t> owners_;
};

/// An InvalidArgument error naming the rebuild, unless the index's parts allow this.
Status check_parts(const IndexReader& index, const FusionSetting& setting,
                   const QuestionFilter& filter);

/// Whether a question counts; `same_before` is the number of counting questions before it of the
/// same passage, source and language (for max_per_language). For leave-out in other places (BM25,
/// explanations).
class QuestionChoice {
 public:
  QuestionChoice(const IndexReader& index, const QuestionFilter& filter);
  [[nodiscard]] bool counts(const AttachedQuestion& question) const;
  /// By language number and source only.
  [[nodiscard]] bool counts(std::uint32_t language, QuestionSource source) const;
  /// The questions of a passage that count, max_per_language included, in order.
  void of_passage(PassageNumber passage, std::vector<QuestionNumber>& out) const;

 private:
  const IndexReader& index_;
  QuestionFilter filter_;
  std::vector<bool> languages_;  ///< by number: may count
};

/// What is taken from questions' vectors, by language number, and last of questions without a
/// language; empty where the setting does not centre.
std::vector<std::vector<float>> centroid_table(const IndexReader& index,
                                               const FusionSetting& setting,
                                               const Centroids* given = nullptr);

/// What is taken from a query's vector where the setting centres: zeros where it does not. Where
/// the query's language is left out, its centroid is the global one unless a file gave it.
std::vector<float> query_centroid(const IndexReader& index, const FusionSetting& setting,
                                  std::string_view language, bool language_left_out,
                                  const Centroids* from_file = nullptr);

}  // namespace crosstail::index
