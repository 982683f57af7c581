#include "retrieve/grid_tile.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "index/fusion_kernels.h"

namespace crosstail::retrieve {
namespace {

using index::FusionMode;

index::FusionSetting only_mean(FusionMode mode) {
  index::FusionSetting setting;
  setting.mode = mode;
  setting.alpha = 1;
  setting.renormalise = false;
  return setting;
}

std::size_t rows_of(const index::IndexReader& index,
                    std::span<const index::PassageNumber> passages) {
  std::size_t rows = 0;
  for (const auto passage : passages) rows += index.rows_of(passage).size();
  return rows;
}

}  // namespace

void GridMeans::centred(std::size_t kind, const std::vector<std::vector<float>>& centroids,
                        float* out) const {
  const std::vector<float>& from = mean[kind];
  std::copy(from.begin(), from.end(), out);
  if (centroids.empty()) return;
  for (std::size_t i = 0; i < languages.size(); ++i)
    index::add_scaled(centroids[std::min<std::size_t>(languages[i], centroids.size() - 1)].data(),
                      -share[i][kind], from.size(), out);
}

Result<GridReader> GridReader::make(const QuerySession& session,
                                    const index::QuestionFilter& filter, bool by_language) {
  GridReader out;
  out.index_ = session.shared_index();
  out.filter_ = filter;
  if (!check_parts(*out.index_, only_mean(FusionMode::Mean), filter).ok()) return out;
  CT_TRY(out.plain_, index::FusedRows::make(out.index_, only_mean(FusionMode::Mean), filter));
  if (!by_language) return out;
  CT_TRY(out.by_language_,
         index::FusedRows::make(out.index_, only_mean(FusionMode::LanguageMean), filter));
  return out;
}

void GridReader::questions(index::PassageNumber passage, const index::QuestionFilter& filter,
                           std::vector<index::QuestionNumber>& out) const {
  index::QuestionChoice(*index_, filter).of_passage(passage, out);
}

GridMeans GridReader::means(index::PassageNumber passage,
                            const index::QuestionFilter& filter) const {
  GridMeans out;
  if (!plain_) return out;
  std::vector<index::QuestionNumber> counting;
  questions(passage, filter, counting);
  out.questions = static_cast<std::uint32_t>(counting.size());
  if (counting.empty()) return out;
  std::map<std::uint32_t, std::uint32_t> languages;
  for (const auto question : counting) ++languages[index_->question(question).language];
  for (const auto& [language, count] : languages) {
    out.languages.push_back(language);
    out.share.push_back({static_cast<float>(count) / static_cast<float>(counting.size()),
                         1 / static_cast<float>(languages.size())});
  }
  const std::size_t row = index_->rows_of(passage).begin;
  for (std::size_t kind = 0; kind < 2; ++kind) {
    const auto& rows = kind == 0 ? plain_ : by_language_;
    if (!rows) continue;
    out.mean[kind].resize(index_->dim());
    rows->read_row(row, filter, out.mean[kind].data());
  }
  return out;
}

GridFactors grid_factors(const index::FusionSetting& setting, const GridLengths& lengths,
                         std::uint32_t questions) {
  if (questions == 0 || setting.mode == FusionMode::None || setting.mode == FusionMode::Max)
    return {};
  if (setting.mode == FusionMode::Sum)
    return {static_cast<float>(1 - setting.alpha), static_cast<float>(setting.alpha * questions)};
  const double alpha = setting.mode == FusionMode::QuestionsOnly ? 1 : setting.alpha;
  double squares = (1 - alpha) * (1 - alpha) * lengths.passage +
                   2 * alpha * (1 - alpha) * lengths.product + alpha * alpha * lengths.mean;
  if (!setting.renormalise || !(squares > 0)) squares = 1;
  const double inverse = 1 / std::sqrt(squares);
  return {static_cast<float>((1 - alpha) * inverse), static_cast<float>(alpha * inverse)};
}

void read_question(const index::IndexReader& index, index::QuestionNumber question,
                   const std::vector<std::vector<float>>& centroids, float* out) {
  index.question_vector(question, out);
  if (centroids.empty()) return;
  const std::size_t language =
      std::min<std::size_t>(index.question(question).language, centroids.size() - 1);
  index::add_scaled(centroids[language].data(), -1, index.dim(), out);
  index::to_unit_length(out, index.dim());
}

GridRows::GridRows(std::size_t rows, std::size_t dim, const index::PanelKernel& kernel)
    : kernel_(kernel),
      rows_(rows),
      dim_(dim),
      padded_(kernel.padded(dim)),
      stride_((padded_ * sizeof(float) + 63) / 64 * 64),
      bytes_((rows + kernel.row_block - 1) / kernel.row_block * kernel.row_block * stride_) {}

void GridRows::multiply(const std::byte* panel, std::vector<float>& out) const {
  const std::size_t blocks = (rows_ + kernel_.row_block - 1) / kernel_.row_block;
  out.resize(blocks * kernel_.row_block * index::kPanelQueries);
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::size_t r = b * kernel_.row_block;
    kernel_.multiply(reinterpret_cast<const std::byte*>(row(r)), stride_, panel, padded_,
                     out.data() + r * index::kPanelQueries);
  }
}

GridTile::GridTile(const GridReader& reader, const GridCentring& centring,
                   std::span<const index::FusionSetting> settings,
                   std::span<const index::PassageNumber> numbers,
                   std::span<const GridMeans> read_means, const index::PanelKernel& kernel)
    : passages(numbers), own(rows_of(reader.index(), numbers), reader.index().dim(), kernel) {
  const index::IndexReader& index = reader.index();
  const std::size_t dim = index.dim();
  const bool wants_max =
      std::any_of(centring.settings.begin(), centring.settings.end(),
                  [&](std::size_t s) { return settings[s].mode == FusionMode::Max; });
  for (std::size_t kind = 0; kind < 2; ++kind)
    if (kind == 0 || reader.by_language())
      means[kind] = std::make_unique<GridRows>(numbers.size(), dim, kernel);
  factors.assign(centring.settings.size(), std::vector<GridFactors>(own.rows()));
  std::vector<std::vector<index::QuestionNumber>> counting(wants_max ? numbers.size() : 0);
  std::size_t row = 0, all_questions = 0;
  for (std::size_t p = 0; p < numbers.size(); ++p) {
    first_row.push_back(row);
    const GridMeans& mean = read_means[p];
    std::array<double, 2> squares{};
    for (std::size_t kind = 0; kind < 2; ++kind) {
      if (!means[kind] || mean.mean[kind].empty()) continue;
      mean.centred(kind, centring.centroids, means[kind]->row(p));
      squares[kind] = dot(means[kind]->row(p), means[kind]->row(p), dim);
    }
    const auto range = index.rows_of(numbers[p]);
    for (std::uint64_t r = range.begin; r < range.end; ++r, ++row) {
      index.passage_rows().read(r, r + 1, own.row(row));
      if (mean.questions == 0) continue;
      std::array<GridLengths, 2> lengths;
      const double own_squares = dot(own.row(row), own.row(row), dim);
      for (std::size_t kind = 0; kind < 2; ++kind)
        if (means[kind])
          lengths[kind] = {own_squares, dot(own.row(row), means[kind]->row(p), dim), squares[kind]};
      for (std::size_t i = 0; i < centring.settings.size(); ++i) {
        const auto& setting = settings[centring.settings[i]];
        factors[i][row] = grid_factors(setting, lengths[kind_of(setting.mode)], mean.questions);
      }
    }
    if (!wants_max) continue;
    reader.questions(numbers[p], reader.filter(), counting[p]);
    all_questions += counting[p].size();
  }
  first_row.push_back(row);
  if (!wants_max) return;
  questions = std::make_unique<GridRows>(all_questions, dim, kernel);
  std::size_t place = 0;
  for (std::size_t p = 0; p < numbers.size(); ++p) {
    first_question.push_back(place);
    for (const auto number : counting[p])
      read_question(index, number, centring.centroids, questions->row(place++));
  }
  first_question.push_back(place);
}

}  // namespace crosstail::retrieve
