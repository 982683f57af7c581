#pragma once
/// A tile of passages for grid_ranks.h: their vectors, the means of their questions, and the
/// factors by which each setting combines the two.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "index/fused_rows.h"
#include "index/panels.h"
#include "retrieve/session.h"

namespace crosstail::retrieve {

/// score = passage · (query · e_p) + questions · (query · mean).
struct GridFactors {
  float passage = 1, questions = 0;
};

/// One centring, and the settings that share it.
struct GridCentring {
  index::FusionSetting centring;              ///< mode none
  std::vector<std::size_t> settings;          ///< their places
  std::vector<std::vector<float>> centroids;  ///< as centroid_table() gives them
};

/// The mean of a passage's questions, and the mean of its per-language means, not centred, with the
/// share that each language's centroid has in them.
struct GridMeans {
  std::uint32_t questions = 0;              ///< that count
  std::array<std::vector<float>, 2> mean;   ///< plain, by language; empty where none counts
  std::vector<std::array<float, 2>> share;  ///< by language number
  std::vector<std::uint32_t> languages;     ///< of the shares

  /// mean[kind] − Σ share · centroid, into `out`.
  void centred(std::size_t kind, const std::vector<std::vector<float>>& centroids,
               float* out) const;
};

/// Reads means under a choice of questions. Thread-safe.
class GridReader {
 public:
  static Result<GridReader> make(const QuerySession& session, const index::QuestionFilter& filter,
                                 bool by_language);
  [[nodiscard]] GridMeans means(index::PassageNumber passage,
                                const index::QuestionFilter& filter) const;
  /// The questions that count.
  void questions(index::PassageNumber passage, const index::QuestionFilter& filter,
                 std::vector<index::QuestionNumber>& out) const;
  [[nodiscard]] const index::IndexReader& index() const { return *index_; }
  [[nodiscard]] const index::QuestionFilter& filter() const { return filter_; }
  [[nodiscard]] bool by_language() const { return by_language_ != nullptr; }

 private:
  std::shared_ptr<const index::IndexReader> index_;
  index::QuestionFilter filter_;
  std::shared_ptr<const index::FusedRows> plain_, by_language_;
};

/// The lengths that factors depend on.
struct GridLengths {
  double passage = 0, product = 0, mean = 0;  ///< e_p·e_p, e_p·m, m·m
};
/// The factors of a one-vector mode. `questions`: how many count.
GridFactors grid_factors(const index::FusionSetting& setting, const GridLengths& lengths,
                         std::uint32_t questions);

/// 0 for `mean`, 1 for `language-mean`: which of the means a mode combines.
[[nodiscard]] inline std::size_t kind_of(index::FusionMode mode) {
  return mode == index::FusionMode::LanguageMean ? 1 : 0;
}
[[nodiscard]] inline double dot(const float* a, const float* b, std::size_t dim) {
  double sum = 0;
  for (std::size_t i = 0; i < dim; ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

/// A question's vector as `max` scores it: centred and then brought to length 1, or as it is.
void read_question(const index::IndexReader& index, index::QuestionNumber question,
                   const std::vector<std::vector<float>>& centroids, float* out);

/// Vectors in rows that a PanelKernel reads; padded to whole blocks with zeros.
class GridRows {
 public:
  GridRows(std::size_t rows, std::size_t dim, const index::PanelKernel& kernel);
  [[nodiscard]] float* row(std::size_t r) {
    return reinterpret_cast<float*>(bytes_.data() + r * stride_);
  }
  [[nodiscard]] const float* row(std::size_t r) const {
    return reinterpret_cast<const float*>(bytes_.data() + r * stride_);
  }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  /// out[r × 32 + j] = row r · query j of the panel, for all rows; `out` has room for whole blocks.
  void multiply(const std::byte* panel, std::vector<float>& out) const;

 private:
  const index::PanelKernel& kernel_;
  std::size_t rows_, dim_, padded_, stride_;
  index::AlignedBytes bytes_;
};

/// Passages under one centring.
struct GridTile {
  GridTile(const GridReader& reader, const GridCentring& centring,
           std::span<const index::FusionSetting> settings,
           std::span<const index::PassageNumber> passages, std::span<const GridMeans> means,
           const index::PanelKernel& kernel);

  std::span<const index::PassageNumber> passages;
  std::vector<std::size_t> first_row;              ///< of each passage, and the end
  GridRows own;                                    ///< all passages' rows
  std::array<std::unique_ptr<GridRows>, 2> means;  ///< one a passage, by kind
  std::vector<std::vector<GridFactors>> factors;   ///< by place in centring.settings, then row
  std::unique_ptr<GridRows> questions;             ///< for `max`: those that count, to length 1
  std::vector<std::size_t> first_question;         ///< of each passage, and the end
};

}  // namespace crosstail::retrieve
