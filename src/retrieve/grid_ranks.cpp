#include "retrieve/grid_ranks.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <mutex>
#include <optional>

#include "base/interrupt.h"
#include "retrieve/affected.h"
#include "retrieve/grid_state.h"
#include "retrieve/grid_tile.h"

namespace crosstail::retrieve {
namespace {

using index::FusionMode;
using index::kPanelQueries;

constexpr float kNever = -std::numeric_limits<float>::infinity();
constexpr std::size_t kTilePassages = 256;

/// Queries of one left-out language, in panels under each centring.
struct GridBatch {
  index::QuestionFilter shared;
  std::vector<std::size_t> queries;  ///< their places
  std::vector<index::QuestionFilter> filters;
  std::vector<std::vector<index::PassageNumber>> affected;
  std::vector<index::QueryPanels> panels;   ///< by centring
  std::vector<std::vector<float>> vectors;  ///< by centring, queries × dim
};

/// What a query has to beat, and how many did: by setting, then query of the batch.
struct GridPlaces {
  GridPlaces(std::size_t settings, std::size_t of)
      : queries(of),
        target(settings * of, kNever),
        passage(settings * of, 0),
        better(settings * of, 0) {}
  std::size_t queries;
  std::vector<float> target;
  std::vector<index::PassageNumber> passage;
  std::vector<std::uint32_t> better;
};

/// Scores of a tile's passages for a panel of queries under one centring.
class PanelScores {
 public:
  PanelScores(const GridTile& tile, const GridCentring& centring,
              std::span<const index::FusionSetting> settings)
      : tile_(tile), centring_(centring), settings_(settings) {}

  void multiply(const std::byte* panel) {
    tile_.own.multiply(panel, own_);
    for (std::size_t kind = 0; kind < 2; ++kind)
      if (tile_.means[kind]) tile_.means[kind]->multiply(panel, means_[kind]);
    if (!tile_.questions) return;
    tile_.questions->multiply(panel, questions_);
    best_.assign(tile_.passages.size() * kPanelQueries, kNever);
    for (std::size_t p = 0; p < tile_.passages.size(); ++p)
      for (std::size_t q = tile_.first_question[p]; q < tile_.first_question[p + 1]; ++q)
        for (std::size_t j = 0; j < kPanelQueries; ++j)
          best_[p * kPanelQueries + j] =
              std::max(best_[p * kPanelQueries + j], questions_[q * kPanelQueries + j]);
  }

  /// scores[p × 32 + j] of the i-th setting of the centring.
  void of_setting(std::size_t i, std::vector<float>& scores) const {
    const auto& setting = settings_[centring_.settings[i]];
    const std::vector<float>& means = means_[kind_of(setting.mode)];
    scores.assign(tile_.passages.size() * kPanelQueries, kNever);
    for (std::size_t p = 0; p < tile_.passages.size(); ++p) {
      float* out = scores.data() + p * kPanelQueries;
      const float* mean = means.data() + p * kPanelQueries;
      for (std::size_t r = tile_.first_row[p]; r < tile_.first_row[p + 1]; ++r) {
        const float* own = own_.data() + r * kPanelQueries;
        const GridFactors factors = tile_.factors[i][r];
        for (std::size_t j = 0; j < kPanelQueries; ++j)
          out[j] = std::max(out[j], factors.passage * own[j] + factors.questions * mean[j]);
      }
      if (setting.mode != FusionMode::Max) continue;
      const auto beta = static_cast<float>(setting.beta);
      for (std::size_t j = 0; j < kPanelQueries; ++j)
        out[j] = std::max(out[j], beta * best_[p * kPanelQueries + j]);
    }
  }

 private:
  const GridTile& tile_;
  const GridCentring& centring_;
  std::span<const index::FusionSetting> settings_;
  std::vector<float> own_, questions_, best_;
  std::array<std::vector<float>, 2> means_;
};

class Grid {
 public:
  Grid(const QuerySession& session, const GridQueries& asked, const SearchSetting& base,
       std::span<const index::FusionSetting> settings, const GridRun& run)
      : session_(session),
        index_(session.index()),
        asked_(asked),
        base_(base),
        settings_(settings),
        run_(run),
        kernel_(index::panel_kernel(std::min(nn::default_isa(), nn::Isa::Avx512))) {}

  Result<std::vector<std::vector<float>>> run() {
    group_centrings();
    CT_TRY(auto batches, make_batches());
    for (std::size_t p = 0; p < index_.passages(); ++p)
      if (!index_.deleted(static_cast<index::PassageNumber>(p)))
        live_.push_back(static_cast<index::PassageNumber>(p));
    start();
    for (std::size_t b = state_.batches; b < batches.size(); ++b) {
      GridBatch& batch = batches[b];
      CT_CHECK(prepare(batch));
      CT_TRY(const auto reader, GridReader::make(session_, batch.shared, by_language_));
      GridPlaces places(settings_.size(), batch.queries.size());
      session_.pool().parallel_for(
          (batch.queries.size() + kPanelQueries - 1) / kPanelQueries,
          [&](std::size_t panel) { set_targets(reader, batch, panel, places); });
      if (state_.better.size() != places.better.size()) {
        state_.better.assign(places.better.size(), 0);
        state_.passages = 0;
      }
      while (state_.passages < live_.size()) {
        CT_CHECK(count_round(reader, batch, places));
        if (run_.done)
          run_.done((static_cast<double>(b) +
                     static_cast<double>(state_.passages) / static_cast<double>(live_.size())) /
                    static_cast<double>(batches.size()));
      }
      places.better.swap(state_.better);
      keep(batch, places);
      state_ = {b + 1, 0, {}, std::move(state_.reciprocal)};
    }
    CT_CHECK(index_.health());
    std::error_code ignored;
    if (!run_.state.empty()) std::filesystem::remove(run_.state, ignored);
    return std::move(state_.reciprocal);
  }

 private:
  [[nodiscard]] std::size_t tile_size() const {
    const std::size_t share = live_.size() / (4 * (session_.pool().threads() + 1)) + 1;
    return std::clamp<std::size_t>(share, 16, kTilePassages);
  }

  /// Where an earlier run with the same inputs stopped, or at the beginning.
  void start() {
    if (!run_.state.empty()) {
      identity_ = grid_identity(session_, asked_, base_, settings_);
      if (auto found =
              read_grid_state(run_.state, identity_, settings_.size(), asked_.queries.size()))
        state_ = *std::move(found);
    }
    if (state_.reciprocal.empty())
      state_.reciprocal.assign(settings_.size(), std::vector<float>(asked_.queries.size(), 0));
    saved_ = std::chrono::steady_clock::now();
  }

  /// Some tiles of the batch at once, into the state; all of them or none.
  Status count_round(const GridReader& reader, const GridBatch& batch, const GridPlaces& places) {
    constexpr std::size_t kTilesPerThread = 16;
    const auto left = std::span(live_).subspan(state_.passages);
    const std::size_t tiles = std::min((left.size() + tile_size() - 1) / tile_size(),
                                       kTilesPerThread * (session_.pool().threads() + 1));
    std::vector<std::uint32_t> sum = state_.better;
    std::mutex mutex;
    session_.pool().parallel_for(tiles, [&](std::size_t t) {
      if (interrupt_requested()) return;
      std::vector<std::uint32_t> better(sum.size(), 0);
      const std::size_t begin = t * tile_size();
      count(reader, batch, left.subspan(begin, std::min(tile_size(), left.size() - begin)), places,
            better);
      const std::lock_guard lock(mutex);
      for (std::size_t i = 0; i < better.size(); ++i) sum[i] += better[i];
    });
    const bool interrupted = interrupt_requested();
    if (!interrupted) {
      state_.better = std::move(sum);
      state_.passages += std::min(tiles * tile_size(), left.size());
    }
    const auto now = std::chrono::steady_clock::now();
    if (!run_.state.empty() && (interrupted || now - saved_ >= run_.state_every)) {
      CT_CHECK(write_grid_state(run_.state, identity_, state_));
      saved_ = now;
    }
    if (interrupted)
      return Error{ErrorCode::Interrupted, run_.state.empty()
                                               ? "interrupted"
                                               : "interrupted; the same command goes on from here"};
    return {};
  }

  void group_centrings() {
    for (std::size_t s = 0; s < settings_.size(); ++s) {
      const auto& setting = settings_[s];
      by_language_ |= setting.mode == FusionMode::LanguageMean;
      index::FusionSetting key;
      key.center = setting.center;
      if (setting.center != index::Centering::None) {
        key.shrink = setting.shrink;
        key.strength = setting.strength;
      }
      auto found = std::find_if(centrings_.begin(), centrings_.end(),
                                [&](const GridCentring& c) { return c.centring == key; });
      if (found == centrings_.end())
        found = centrings_.insert(
            centrings_.end(), {key, {}, index::centroid_table(index_, key, session_.centroids())});
      found->settings.push_back(s);
    }
  }

  Result<std::vector<GridBatch>> make_batches() const {
    std::map<std::string, GridBatch> batches;
    for (std::size_t q = 0; q < asked_.queries.size(); ++q) {
      if (asked_.relevant[q].empty()) continue;
      CT_TRY(const auto filter, filter_for(asked_.queries[q], base_));
      GridBatch& batch = batches[filter.without_language.empty()
                                     ? std::string()
                                     : index::canonical_language(filter.without_language)];
      if (batch.queries.empty()) {
        batch.shared = filter;
        batch.shared.without_group = batch.shared.without_site = batch.shared.without_text = 0;
        for (const auto& setting : settings_) CT_CHECK(check_parts(index_, setting, filter));
      }
      batch.queries.push_back(q);
      batch.filters.push_back(filter);
    }
    std::vector<GridBatch> out;
    out.reserve(batches.size());
    for (auto& [language, batch] : batches) out.push_back(std::move(batch));
    return out;
  }

  Status prepare(GridBatch& batch) const {
    const std::size_t dim = index_.dim();
    for (const auto& filter : batch.filters) {
      batch.affected.emplace_back();
      if (!base_.leave_out.per_query()) continue;
      CT_TRY(batch.affected.back(), affected_passages(index_, filter));
    }
    for (const GridCentring& centring : centrings_) {
      std::vector<float> vectors;
      std::map<std::string, std::vector<float>, std::less<>> known;
      for (const std::size_t q : batch.queries) {
        const std::string& language = asked_.queries[q].language;
        auto found = known.find(language);
        if (found == known.end())
          found = known
                      .emplace(language, index::query_centroid(index_, centring.centring, language,
                                                               base_.leave_out.language,
                                                               session_.centroids()))
                      .first;
        for (std::size_t i = 0; i < dim; ++i)
          vectors.push_back(asked_.vectors[q * dim + i] - found->second[i]);
      }
      batch.panels.emplace_back(vectors, dim, kernel_);
      batch.vectors.push_back(std::move(vectors));
    }
    return {};
  }

  [[nodiscard]] static std::vector<GridMeans> means_of(
      const GridReader& reader, std::span<const index::PassageNumber> passages) {
    std::vector<GridMeans> means;
    means.reserve(passages.size());
    for (const auto passage : passages) means.push_back(reader.means(passage, reader.filter()));
    return means;
  }

  /// Passages that a query's own leave-out touches, with their scores by setting of a centring.
  struct Touched {
    std::size_t passage, query;  ///< place in the tile, and of the query in its panel
    bool relevant = false;
    std::vector<float> scores;  ///< by setting of the centring; empty: as the tile says
  };

  /// Of a tile and a panel: passages that are touched, or relevant.
  [[nodiscard]] std::vector<Touched> touched(const GridBatch& batch, std::size_t panel,
                                             std::span<const index::PassageNumber> passages) const {
    std::vector<Touched> out;
    const std::size_t begin = panel * kPanelQueries;
    const std::size_t end = std::min(begin + kPanelQueries, batch.queries.size());
    for (std::size_t q = begin; q < end; ++q) {
      const auto& relevant = asked_.relevant[batch.queries[q]];
      const auto& affected = batch.affected[q];
      for (const auto* list : {&relevant, &affected})
        for (const auto passage : *list) {
          const auto at = std::lower_bound(passages.begin(), passages.end(), passage);
          if (at == passages.end() || *at != passage) continue;
          const bool wanted = std::binary_search(relevant.begin(), relevant.end(), passage);
          if (list == &affected && wanted) continue;  // is there already
          out.push_back({static_cast<std::size_t>(at - passages.begin()), q - begin, wanted, {}});
        }
    }
    return out;
  }

  /// Their scores where the query's own leave-out changes the questions.
  void score_touched(const GridReader& reader, const GridBatch& batch, std::size_t panel,
                     std::size_t c, const GridTile& tile, std::vector<Touched>& list,
                     bool relevant_only) const {
    for (Touched& one : list) {
      if (one.relevant != relevant_only) continue;
      const std::size_t q = panel * kPanelQueries + one.query;
      const auto passage = tile.passages[one.passage];
      if (!std::binary_search(batch.affected[q].begin(), batch.affected[q].end(), passage))
        continue;
      one.scores = own_scores(reader, batch, q, c, tile, one.passage);
    }
  }

  [[nodiscard]] std::vector<float> own_scores(const GridReader& reader, const GridBatch& batch,
                                              std::size_t q, std::size_t c, const GridTile& tile,
                                              std::size_t p) const {
    const std::size_t dim = index_.dim();
    const GridCentring& centring = centrings_[c];
    const float* query = batch.vectors[c].data() + q * dim;
    const GridMeans means = reader.means(tile.passages[p], batch.filters[q]);
    std::array<std::vector<float>, 2> mean;
    std::array<double, 2> product{}, squares{};
    for (std::size_t kind = 0; kind < 2; ++kind) {
      if (means.mean[kind].empty()) continue;
      mean[kind].resize(dim);
      means.centred(kind, centring.centroids, mean[kind].data());
      product[kind] = dot(query, mean[kind].data(), dim);
      squares[kind] = dot(mean[kind].data(), mean[kind].data(), dim);
    }
    double best = -std::numeric_limits<double>::infinity();
    if (tile.questions) {
      std::vector<index::QuestionNumber> counting;
      std::vector<float> vector(dim);
      reader.questions(tile.passages[p], batch.filters[q], counting);
      for (const auto number : counting) {
        read_question(index_, number, centring.centroids, vector.data());
        best = std::max(best, dot(query, vector.data(), dim));
      }
    }
    std::vector<float> out(centring.settings.size(), kNever);
    for (std::size_t r = tile.first_row[p]; r < tile.first_row[p + 1]; ++r) {
      const float* row = tile.own.row(r);
      const double own = dot(query, row, dim), length = dot(row, row, dim);
      for (std::size_t i = 0; i < out.size(); ++i) {
        const auto& setting = settings_[centring.settings[i]];
        const std::size_t kind = kind_of(setting.mode);
        GridLengths lengths{length, 0, squares[kind]};
        if (!mean[kind].empty()) lengths.product = dot(row, mean[kind].data(), dim);
        const GridFactors factors = grid_factors(setting, lengths, means.questions);
        double score = static_cast<double>(factors.passage) * own +
                       static_cast<double>(factors.questions) * product[kind];
        if (setting.mode == FusionMode::Max) score = std::max(own, setting.beta * best);
        out[i] = std::max(out[i], static_cast<float>(score));
      }
    }
    return out;
  }

  /// Under the i-th setting of a centring; `scores` are the tile's.
  [[nodiscard]] float score_of(const Touched& one, std::size_t c, std::size_t i,
                               const std::vector<float>& scores) const {
    const bool as_tile =
        one.scores.empty() || settings_[centrings_[c].settings[i]].mode == FusionMode::None;
    return as_tile ? scores[one.passage * kPanelQueries + one.query] : one.scores[i];
  }

  /// What the relevant passages of a panel's queries score.
  void set_targets(const GridReader& reader, const GridBatch& batch, std::size_t panel,
                   GridPlaces& places) const {
    const std::size_t begin = panel * kPanelQueries;
    const std::size_t end = std::min(begin + kPanelQueries, batch.queries.size());
    std::vector<index::PassageNumber> passages;
    for (std::size_t q = begin; q < end; ++q)
      for (const auto passage : asked_.relevant[batch.queries[q]])
        if (passage < index_.passages()) passages.push_back(passage);
    std::sort(passages.begin(), passages.end());
    passages.erase(std::unique(passages.begin(), passages.end()), passages.end());
    const auto means = means_of(reader, passages);
    std::vector<float> scores;
    for (std::size_t c = 0; c < centrings_.size(); ++c) {
      const GridTile tile(reader, centrings_[c], settings_, passages, means, kernel_);
      PanelScores panel_scores(tile, centrings_[c], settings_);
      panel_scores.multiply(batch.panels[c].panel(panel));
      auto list = touched(batch, panel, passages);
      score_touched(reader, batch, panel, c, tile, list, true);
      for (std::size_t i = 0; i < centrings_[c].settings.size(); ++i) {
        panel_scores.of_setting(i, scores);
        for (const Touched& one : list) {
          if (!one.relevant) continue;
          const std::size_t at = centrings_[c].settings[i] * places.queries + begin + one.query;
          const float score = score_of(one, c, i, scores);
          if (!(score > places.target[at])) continue;  // of equal ones the first
          places.target[at] = score;
          places.passage[at] = passages[one.passage];
        }
      }
    }
  }

  /// Passages of a tile that are before the target of each query.
  void count(const GridReader& reader, const GridBatch& batch,
             std::span<const index::PassageNumber> passages, const GridPlaces& places,
             std::vector<std::uint32_t>& better) const {
    const auto means = means_of(reader, passages);
    std::vector<float> scores;
    for (std::size_t c = 0; c < centrings_.size(); ++c) {
      const GridTile tile(reader, centrings_[c], settings_, passages, means, kernel_);
      PanelScores panel_scores(tile, centrings_[c], settings_);
      for (std::size_t panel = 0; panel < batch.panels[c].panels(); ++panel) {
        panel_scores.multiply(batch.panels[c].panel(panel));
        auto list = touched(batch, panel, passages);
        score_touched(reader, batch, panel, c, tile, list, false);
        for (std::size_t i = 0; i < centrings_[c].settings.size(); ++i) {
          panel_scores.of_setting(i, scores);
          for (const Touched& one : list)
            scores[one.passage * kPanelQueries + one.query] =
                one.relevant ? kNever : score_of(one, c, i, scores);
          add_better(passages, scores, panel * kPanelQueries,
                     centrings_[c].settings[i] * places.queries, places, better);
        }
      }
    }
  }

  static void add_better(std::span<const index::PassageNumber> passages,
                         const std::vector<float>& scores, std::size_t begin, std::size_t offset,
                         const GridPlaces& places, std::vector<std::uint32_t>& better) {
    std::array<float, kPanelQueries> target{};
    std::array<std::uint32_t, kPanelQueries> passage{}, sum{};
    const std::size_t count = std::min(kPanelQueries, places.queries - begin);
    for (std::size_t j = 0; j < count; ++j) {
      target[j] = places.target[offset + begin + j];
      passage[j] = places.passage[offset + begin + j];
    }
    for (std::size_t p = 0; p < passages.size(); ++p) {
      const float* score = scores.data() + p * kPanelQueries;
      const std::uint32_t number = passages[p];
      for (std::size_t j = 0; j < kPanelQueries; ++j) {
        const auto above = static_cast<std::uint32_t>(score[j] > target[j]);
        const auto level = static_cast<std::uint32_t>(score[j] == target[j]);
        sum[j] += above | (level & static_cast<std::uint32_t>(number < passage[j]));
      }
    }
    for (std::size_t j = 0; j < count; ++j) better[offset + begin + j] += sum[j];
  }

  void keep(const GridBatch& batch, const GridPlaces& places) {
    for (std::size_t s = 0; s < settings_.size(); ++s)
      for (std::size_t q = 0; q < batch.queries.size(); ++q) {
        const std::size_t at = s * places.queries + q;
        if (places.target[at] == kNever || places.better[at] >= kMrrDepth) continue;
        state_.reciprocal[s][batch.queries[q]] = 1 / static_cast<float>(places.better[at] + 1);
      }
  }

  const QuerySession& session_;
  const index::IndexReader& index_;
  const GridQueries& asked_;
  const SearchSetting& base_;
  std::span<const index::FusionSetting> settings_;
  const GridRun& run_;
  const index::PanelKernel& kernel_;
  std::vector<GridCentring> centrings_;
  bool by_language_ = false;
  std::vector<index::PassageNumber> live_;
  GridState state_;
  std::uint64_t identity_ = 0;
  std::chrono::steady_clock::time_point saved_;
};

}  // namespace

Result<std::vector<std::vector<float>>> grid_reciprocal_ranks(
    const QuerySession& session, const GridQueries& asked, const SearchSetting& base,
    std::span<const index::FusionSetting> settings, const GridRun& run) {
  const std::size_t dim = session.index().dim();
  if (asked.vectors.size() != asked.queries.size() * dim)
    return Error{ErrorCode::InvalidArgument,
                 "query vectors have " +
                     std::to_string(
                         asked.queries.empty() ? 0 : asked.vectors.size() / asked.queries.size()) +
                     " dimensions, the index has " + std::to_string(dim)};
  return Grid(session, asked, base, settings, run).run();
}

}  // namespace crosstail::retrieve
