#include "index/fused_rows.h"

#include <algorithm>
#include <array>

#include "index/fusion_kernels.h"

namespace crosstail::index {
namespace {

constexpr std::string_view kRebuild =
    "; build the index again with `crosstail index … --keep-parts ";

Error needs(const IndexReader& index, std::string_view what, std::string_view keep) {
  return {ErrorCode::InvalidArgument, index.path().string() + ": keeps parts `" +
                                          std::string(name_of(index.manifest().keep)) +
                                          "`, which cannot give " + std::string(what) +
                                          std::string(kRebuild) + std::string(keep) + "`"};
}

/// What of the filter goes beyond languages and sources, for messages.
std::string_view finest(const QuestionFilter& filter) {
  if (filter.without_group != 0) return "leave-out group";
  if (filter.without_site != 0) return "leave-out site";
  if (filter.without_text != 0) return "leave-out text";
  if (filter.max_per_language != 0) return "a number of questions per language";
  return "a confidence";
}

}  // namespace

std::vector<std::vector<float>> centroid_table(const IndexReader& index,
                                               const FusionSetting& setting,
                                               const Centroids* given) {
  std::vector<std::vector<float>> table;
  if (setting.center == Centering::None) return table;
  const Centroids& centroids = given == nullptr ? index.centroids() : *given;
  const std::vector<float> global = share_of(centroids.global(), setting.strength);
  for (const auto& language : index.languages())
    table.push_back(setting.center == Centering::Global
                        ? global
                        : share_of(centroids.language(language, setting.shrink), setting.strength));
  table.push_back(global);  // of questions without a language
  return table;
}

Status check_parts(const IndexReader& index, const FusionSetting& setting,
                   const QuestionFilter& filter) {
  const KeepParts keep = index.manifest().keep;
  if (keep == KeepParts::None) {
    FusionSetting built = index.manifest().fusion, asked = setting;
    // Of the query only: e_p is the same.
    if (built.mode == FusionMode::None) built.center = asked.center = Centering::None;
    if (built.mode == FusionMode::None && asked.mode == FusionMode::None) return {};
    if (to_text(built) == to_text(asked) && filter == QuestionFilter{}) return {};
    return needs(index, to_text(setting) + " (its vectors hold " + to_text(built) + ")",
                 "question");
  }
  if (setting.mode == FusionMode::None) return {};
  if (setting.mode == FusionMode::Max && !index.has_question_vectors())
    return needs(index, "--fusion max", "question");
  if (index.has_question_vectors()) return {};
  if (!filter.by_language()) return needs(index, finest(filter), "question");
  if (keep == KeepParts::Language) return {};
  if (!filter.by_source())
    return needs(index, filter.languages.empty() ? "leave-out language" : "a choice of languages",
                 "language");
  if (setting.mode == FusionMode::LanguageMean)
    return needs(index, "--fusion language-mean", "language");
  return {};
}

QuestionChoice::QuestionChoice(const IndexReader& index, const QuestionFilter& filter)
    : index_(index),
      filter_(filter),
      languages_(index.languages().size(), filter.languages.empty()) {
  for (const auto& tag : filter.languages)
    if (const auto number = index.language_number(tag)) languages_[*number] = true;
  if (!filter.without_language.empty())
    if (const auto number = index.language_number(filter.without_language))
      languages_[*number] = false;
}

bool QuestionChoice::counts(std::uint32_t language, QuestionSource source) const {
  if ((filter_.sources >> static_cast<unsigned>(source) & 1) == 0) return false;
  return language < languages_.size() ? languages_[language] : filter_.languages.empty();
}

bool QuestionChoice::counts(const AttachedQuestion& question) const {
  if (!counts(question.language, question.source)) return false;
  if (filter_.without_group != 0 && question.group == filter_.without_group) return false;
  if (filter_.without_site != 0 && question.site == filter_.without_site) return false;
  if (filter_.without_text != 0 && question.text == filter_.without_text) return false;
  return !(static_cast<double>(question.confidence) < filter_.min_confidence);
}

void QuestionChoice::of_passage(PassageNumber passage, std::vector<QuestionNumber>& out) const {
  out.clear();
  struct Seen {
    std::uint32_t language;
    QuestionSource source;
    std::uint32_t count;
  };
  std::vector<Seen> seen;
  const RowRange questions = index_.questions_of(passage);
  for (QuestionNumber q = questions.begin; q < questions.end; ++q) {
    const AttachedQuestion question = index_.question(q);
    if (!counts(question)) continue;
    if (filter_.max_per_language > 0) {
      const auto known = std::find_if(seen.begin(), seen.end(), [&](const Seen& s) {
        return s.language == question.language && s.source == question.source;
      });
      if (known == seen.end())
        seen.push_back({question.language, question.source, 1});
      else if (++known->count > filter_.max_per_language)
        continue;
    }
    out.push_back(q);
  }
}

namespace {

/// Sums of one passage's questions, by source and language in the order of first appearance.
class Sums {
 public:
  void clear(std::size_t dim) {
    dim_ = dim;
    parts_.clear();
  }
  /// The sum to add to.
  float* at(QuestionSource source, std::uint32_t language, std::uint32_t count,
            const float* centroid) {
    std::size_t i = 0;
    while (i < parts_.size() && (parts_[i].source != source || parts_[i].language != language)) ++i;
    if (i == parts_.size()) {
      parts_.push_back({nullptr, 0, source, language, centroid});
      if (numbers_.size() < parts_.size()) numbers_.emplace_back();
      numbers_[i].assign(dim_, 0.0F);
    }
    parts_[i].count += count;
    return numbers_[i].data();
  }
  [[nodiscard]] std::vector<FusionPart>& parts() {
    for (std::size_t i = 0; i < parts_.size(); ++i) parts_[i].sum = numbers_[i].data();
    return parts_;
  }

 private:
  std::size_t dim_ = 0;
  std::vector<FusionPart> parts_;
  std::vector<std::vector<float>> numbers_;
};

struct Scratch {
  Sums sums;
  std::vector<float> passage;
  std::vector<std::vector<float>> centroids;  ///< mean centroids of the sources (parts by source)
  std::vector<std::pair<std::uint64_t, std::uint32_t>> seen;  ///< (source, language), count
};

Scratch& scratch() {
  static thread_local Scratch mine;
  return mine;
}

}  // namespace

struct FusedRows::Plan {
  std::shared_ptr<const IndexReader> index;
  FusionSetting setting;
  QuestionFilter filter;
  std::vector<std::vector<float>> centroids;
  /// What the sums are made of.
  enum class From { Nothing, Questions, Parts, PartsBySource } from = From::Nothing;
  /// Languages need not be told apart: sums by source are enough.
  bool languages_together = false;

  [[nodiscard]] const float* centroid(std::uint32_t language) const {
    if (centroids.empty()) return nullptr;
    return centroids[std::min<std::size_t>(language, centroids.size() - 1)].data();
  }
  void read_row(std::size_t row, const QuestionChoice& choice, const QuestionFilter& which,
                From source, float* out) const;
  void sum_questions(std::size_t s, const PassageRecord& passage, const QuestionChoice& choice,
                     const QuestionFilter& which, Scratch& mine) const;
  void sum_parts(std::size_t s, const PassageRecord& passage, const QuestionChoice& choice,
                 const QuestionFilter& which, bool by_source, Scratch& mine) const;
  void centre_by_source(std::size_t s, const PassageRecord& passage, Scratch& mine) const;
};

void FusedRows::Plan::sum_questions(std::size_t s, const PassageRecord& passage,
                                    const QuestionChoice& choice, const QuestionFilter& which,
                                    Scratch& mine) const {
  const Segment& segment = index->segments()[s];
  const auto& place = index->places()[s];
  const std::uint64_t total = segment.record.questions;
  const std::uint64_t begin = std::min(passage.first_question, total);
  const std::uint64_t end = begin + std::min<std::uint64_t>(passage.questions, total - begin);
  const auto* records = reinterpret_cast<const QuestionRecord*>(
      segment.questions.touch(begin * sizeof(QuestionRecord), end * sizeof(QuestionRecord)));
  if (records == nullptr) return;
  const bool finer = !which.by_language();
  const bool own_vectors = segment.question_vectors.is_open();
  mine.seen.clear();
  for (std::uint64_t q = begin; q < end; ++q, ++records) {
    const std::uint32_t language = records->language < place.languages.size()
                                       ? place.languages[records->language]
                                       : UINT32_MAX;
    const auto source =
        static_cast<QuestionSource>(static_cast<unsigned>(records->source) % kSources);
    if (!choice.counts(language, source)) continue;
    if (finer) {
      AttachedQuestion question;
      question.language = language;
      question.source = source;
      question.confidence = records->confidence;
      question.group = records->group;
      question.site = records->site;
      question.text = records->text;
      if (!choice.counts(question)) continue;
      if (which.max_per_language > 0) {
        const std::uint64_t kind = std::uint64_t{language} << 8 | static_cast<unsigned>(source);
        auto known = std::find_if(mine.seen.begin(), mine.seen.end(),
                                  [&](const auto& entry) { return entry.first == kind; });
        if (known == mine.seen.end()) known = mine.seen.insert(known, {kind, 0});
        if (++known->second > which.max_per_language) continue;
      }
    }
    float* sum = mine.sums.at(source, languages_together ? 0 : language, 1, centroid(language));
    if (own_vectors) {
      add_vector(segment.question_vectors, q, sum);
    } else {
      mine.passage.resize(index->dim());
      index->question_vector(place.first_question + q, mine.passage.data());
      add_scaled(mine.passage.data(), 1, index->dim(), sum);
    }
  }
}

void FusedRows::Plan::sum_parts(std::size_t s, const PassageRecord& passage,
                                const QuestionChoice& choice, const QuestionFilter& which,
                                bool by_source, Scratch& mine) const {
  const Segment& segment = index->segments()[s];
  const auto& place = index->places()[s];
  const std::uint64_t total = segment.record.parts;
  const std::uint64_t begin = std::min(passage.first_part, total);
  const std::uint64_t end = begin + std::min<std::uint64_t>(passage.parts, total - begin);
  for (std::uint64_t p = begin; p < end; ++p) {
    const auto* part = segment.parts.record<PartRecord>(p);
    if (part == nullptr) return;
    const std::uint32_t language =
        part->language < place.languages.size() ? place.languages[part->language] : UINT32_MAX;
    const auto source = static_cast<QuestionSource>(static_cast<unsigned>(part->source) % kSources);
    if (by_source ? (which.sources >> static_cast<unsigned>(source) & 1) == 0
                  : !choice.counts(language, source))
      continue;
    float* sum =
        mine.sums.at(source, languages_together ? 0 : language, part->count, centroid(language));
    add_vector(segment.part_vectors, p, sum);
  }
  if (by_source && !centroids.empty()) centre_by_source(s, passage, mine);
}

/// Σ over a source's questions of their languages' centroids, divided by their number.
void FusedRows::Plan::centre_by_source(std::size_t s, const PassageRecord& passage,
                                       Scratch& mine) const {
  const Segment& segment = index->segments()[s];
  const auto& place = index->places()[s];
  mine.centroids.resize(kSources);
  for (FusionPart& part : mine.sums.parts()) {
    auto& mean = mine.centroids[static_cast<std::size_t>(part.source)];
    mean.assign(index->dim(), 0.0F);
    const auto share = 1 / static_cast<float>(part.count);
    for (std::uint64_t q = passage.first_question; q < passage.first_question + passage.questions;
         ++q) {
      const auto* question = segment.questions.record<QuestionRecord>(q);
      if (question == nullptr) break;
      if (question->source != part.source) continue;
      const std::uint32_t language = question->language < place.languages.size()
                                         ? place.languages[question->language]
                                         : UINT32_MAX;
      add_scaled(centroid(language), share, index->dim(), mean.data());
    }
    part.centroid = mean.data();
  }
}

void FusedRows::Plan::read_row(std::size_t row, const QuestionChoice& choice,
                               const QuestionFilter& which, From source, float* out) const {
  const std::size_t s = index->segment_of_row(row);
  const Segment& segment = index->segments()[s];
  const auto& place = index->places()[s];
  const std::uint64_t local = row - place.first_row;
  read_vector(segment.passage_vectors, local, out);
  if (source == From::Nothing) return;
  std::uint64_t number = local;
  if (segment.windows.is_open()) {
    const auto* window = segment.windows.record<WindowRecord>(local);
    if (window == nullptr) return;
    number = window->passage;
  }
  const PassageRecord* passage = segment.passage(number);
  if (passage == nullptr || passage->questions == 0) return;
  Scratch& mine = scratch();
  mine.sums.clear(index->dim());
  if (source == From::Questions)
    sum_questions(s, *passage, choice, which, mine);
  else
    sum_parts(s, *passage, choice, which, source == From::PartsBySource, mine);
  fuse(out, mine.sums.parts(), index->dim(), setting, out);
}

FusedRows::FusedRows(std::unique_ptr<Plan> plan) : plan_(std::move(plan)) {}
FusedRows::~FusedRows() = default;

Result<std::unique_ptr<FusedRows>> FusedRows::make(std::shared_ptr<const IndexReader> index,
                                                   const FusionSetting& setting,
                                                   const QuestionFilter& filter,
                                                   const Centroids* centroids) {
  if (setting.mode == FusionMode::Max)
    return Error{ErrorCode::InvalidArgument,
                 "--fusion max is a score of several rows, not a vector (MaxRows)"};
  CT_CHECK(check_parts(*index, setting, filter));
  auto plan = std::make_unique<Plan>();
  plan->setting = setting;
  plan->filter = filter;
  plan->languages_together =
      setting.mode != FusionMode::LanguageMean && setting.center == Centering::None;
  const KeepParts keep = index->manifest().keep;
  if (setting.mode != FusionMode::None && keep != KeepParts::None) {
    plan->centroids = centroid_table(*index, setting, centroids);
    plan->from = keep == KeepParts::Question || !filter.by_language() ? Plan::From::Questions
                 : keep == KeepParts::Language                        ? Plan::From::Parts
                                                                      : Plan::From::PartsBySource;
  }
  plan->index = std::move(index);
  return std::unique_ptr<FusedRows>(new FusedRows(std::move(plan)));
}

std::size_t FusedRows::rows() const {
  return plan_->index->rows();
}
std::size_t FusedRows::dim() const {
  return plan_->index->dim();
}

void FusedRows::read(std::size_t begin, std::size_t end, float* out) const {
  const QuestionChoice choice(*plan_->index, plan_->filter);
  for (std::size_t row = begin; row < end; ++row, out += dim())
    plan_->read_row(row, choice, plan_->filter, plan_->from, out);
}

std::optional<VectorView> FusedRows::view() const {
  if (plan_->from != Plan::From::Nothing) return std::nullopt;
  return plan_->index->passage_rows().view();
}

void FusedRows::read_row(std::size_t row, const QuestionFilter& filter, float* out) const {
  // A filter finer than the rows' own is answered from the questions themselves.
  const bool finer = plan_->from != Plan::From::Nothing && !filter.by_language();
  plan_->read_row(row, QuestionChoice(*plan_->index, filter), filter,
                  finer ? Plan::From::Questions : plan_->from, out);
}

Result<std::unique_ptr<MaxRows>> MaxRows::make(std::shared_ptr<const IndexReader> index,
                                               const FusionSetting& setting,
                                               const Centroids* centroids) {
  FusionSetting max = setting;
  max.mode = FusionMode::Max;
  CT_CHECK(check_parts(*index, max, {}));
  std::unique_ptr<MaxRows> rows(new MaxRows);
  rows->beta_ = static_cast<float>(setting.beta);
  rows->centroids_ = centroid_table(*index, setting, centroids);
  const auto own = index->row_owners();
  rows->owners_.assign(own.begin(), own.end());
  if (index->rows() + index->questions() >= UINT32_MAX)
    return Error{ErrorCode::Limit, index->path().string() +
                                       ": --fusion max needs passages and questions together "
                                       "below 4,294,967,295: search the shards by themselves"};
  rows->owners_.reserve(index->rows() + index->questions());
  for (QuestionNumber q = 0; q < index->questions(); ++q)
    rows->owners_.push_back(index->question(q).passage);
  rows->index_ = std::move(index);
  return rows;
}

std::size_t MaxRows::rows() const {
  return owners_.size();
}
std::size_t MaxRows::dim() const {
  return index_->dim();
}

std::optional<QuestionNumber> MaxRows::question(std::size_t row) const {
  if (row < index_->rows()) return std::nullopt;
  return row - index_->rows();
}
std::size_t MaxRows::row_of(QuestionNumber question) const {
  return index_->rows() + question;
}

void MaxRows::read(std::size_t begin, std::size_t end, float* out) const {
  const std::size_t own = index_->rows();
  if (begin < own) {
    const std::size_t stop = std::min(end, own);
    index_->passage_rows().read(begin, stop, out);
    out += (stop - begin) * dim();
    begin = stop;
  }
  for (std::size_t row = begin; row < end; ++row, out += dim()) {
    index_->question_vector(row - own, out);
    if (!centroids_.empty()) {
      const std::uint32_t language = index_->question(row - own).language;
      add_scaled(centroids_[std::min<std::size_t>(language, centroids_.size() - 1)].data(), -1,
                 dim(), out);
      to_unit_length(out, dim());
    }
    if (beta_ != 1)
      for (std::size_t i = 0; i < dim(); ++i) out[i] *= beta_;
  }
}

std::vector<std::uint64_t> MaxRows::counts(const QuestionFilter& filter) const {
  std::vector<std::uint64_t> bits((rows() + 63) / 64, 0);
  const auto set = [&](std::size_t row) { bits[row / 64] |= std::uint64_t{1} << (row % 64); };
  const QuestionChoice choice(*index_, filter);
  std::vector<QuestionNumber> counting;
  for (std::size_t p = 0; p < index_->passages(); ++p) {
    const auto passage = static_cast<PassageNumber>(p);
    if (index_->deleted(passage)) continue;
    const RowRange own = index_->rows_of(passage);
    for (std::uint64_t row = own.begin; row < own.end; ++row) set(row);
    choice.of_passage(passage, counting);
    for (const QuestionNumber q : counting) set(row_of(q));
  }
  return bits;
}

std::vector<float> query_centroid(const IndexReader& index, const FusionSetting& setting,
                                  std::string_view language, bool language_left_out,
                                  const Centroids* from_file) {
  if (setting.center == Centering::None) return std::vector<float>(index.dim(), 0.0F);
  const bool given = from_file != nullptr || index.manifest().centroids_from_file;
  const Centroids& centroids = from_file == nullptr ? index.centroids() : *from_file;
  if (setting.center == Centering::Global || language.empty() || (language_left_out && !given))
    return share_of(centroids.global(), setting.strength);
  return share_of(centroids.language(language, setting.shrink), setting.strength);
}

}  // namespace crosstail::index
