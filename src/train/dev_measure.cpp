#include "train/dev_measure.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/json_writer.h"
#include "nn/pooling_backward.h"
#include "nn/training_product.h"

namespace crosstail::train {
namespace {

constexpr std::size_t kDepth = 10, kTextsAtOnce = 256, kQuestionsAtOnce = 256;

std::string question_id(std::size_t i) {
  return "q" + std::to_string(i);
}
std::string passage_id(std::size_t i) {
  return "p" + std::to_string(i);
}

}  // namespace

Result<DevSet> DevSet::read(const std::vector<std::string>& files, const std::string& split,
                            std::size_t limit, bool vectors, const data::TrainingCorpus* corpus) {
  std::map<std::string, std::vector<data::TrainingExample>> by_language;
  for (const auto& file : files) {
    CT_TRY(auto reader, data::TrainingReader::open(file, {}, corpus));
    data::TrainingExample row;
    while (true) {
      CT_TRY(const bool more, reader.next(row));
      if (!more) break;
      if (!row.split.empty() && row.split != split) continue;
      if (vectors && row.positives.empty())
        return Error{ErrorCode::InvalidArgument, file + ":" + std::to_string(row.line) +
                                                     ": a dev row needs a positive passage"};
      auto& own = by_language[row.language];
      if (limit == 0 || own.size() < limit) own.push_back(std::move(row));
    }
  }
  DevSet set;
  set.vectors_ = vectors;
  for (std::size_t i = 0, added = 1; added > 0; ++i) {
    added = 0;
    for (auto& [language, rows] : by_language) {
      if (i >= rows.size() || (limit > 0 && set.rows_.size() >= limit)) continue;
      set.rows_.push_back(std::move(rows[i]));
      ++added;
    }
  }
  if (set.rows_.empty()) return Error{ErrorCode::InvalidArgument, "no dev row with split " + split};
  std::unordered_map<std::string, std::uint32_t> known;
  const auto passage = [&](const std::string& text) {
    const auto [at, is_new] =
        known.try_emplace(text, static_cast<std::uint32_t>(set.passages_.size()));
    if (is_new) set.passages_.push_back(text);
    return at->second;
  };
  for (const auto& row : set.rows_) {
    auto& relevant = set.relevant_.emplace_back();
    for (const auto& p : row.positives) relevant.push_back(passage(p.text));
    for (const auto& p : row.negatives) passage(p.text);
  }
  return set;
}

Result<std::vector<float>> DevSet::encode(Engine& engine, Objective& objective, bool questions,
                                          bool normalise) {
  const std::size_t count = questions ? rows_.size() : passages_.size();
  const std::size_t dim = engine.outputs_per_text();
  std::vector<float> out;
  out.reserve(count * dim);
  for (std::size_t begin = 0; begin < count; begin += kTextsAtOnce) {
    TokenTexts texts;
    for (std::size_t i = begin; i < std::min(count, begin + kTextsAtOnce); ++i)
      objective.add_text(questions ? rows_[i].question : passages_[i], questions, texts);
    CT_TRY(const auto some, engine.outputs(texts, 0, {}, Keep::No));
    out.insert(out.end(), some.begin(), some.end());
  }
  if (normalise) nn::l2_normalise(out.data(), count, dim);
  return out;
}

Result<DevScore> DevSet::mean_loss(Engine& engine, Objective& objective) {
  double sum = 0;
  for (std::size_t begin = 0; begin < rows_.size(); begin += kTextsAtOnce) {
    const std::size_t end = std::min(rows_.size(), begin + kTextsAtOnce);
    const auto from = rows_.begin() + static_cast<std::ptrdiff_t>(begin);
    CT_TRY(const auto batch,
           objective.prepare({from, from + static_cast<std::ptrdiff_t>(end - begin)}));
    CT_TRY(const auto outputs, engine.outputs(batch.texts, 0, {}, Keep::No));
    std::vector<float> unused(outputs.size());
    sum += objective.loss(batch, outputs, unused) * static_cast<double>(end - begin);
  }
  return DevScore{-sum / static_cast<double>(rows_.size()), {}};
}

Result<DevScore> DevSet::measure(Engine& engine, Objective& objective, bool normalise) {
  if (!vectors_) return mean_loss(engine, objective);
  CT_TRY(const auto questions, encode(engine, objective, true, normalise));
  CT_TRY(const auto passages, encode(engine, objective, false, normalise));
  const std::size_t dim = engine.outputs_per_text(), m = passages_.size();
  hits_.assign(rows_.size(), {});
  std::map<std::string, std::pair<double, double>> sums;  // of reciprocal ranks, and how many
  std::vector<float> scores(kQuestionsAtOnce * m);
  std::vector<std::uint32_t> order(m);
  for (std::size_t begin = 0; begin < rows_.size(); begin += kQuestionsAtOnce) {
    const std::size_t n = std::min(kQuestionsAtOnce, rows_.size() - begin);
    nn::multiply<float>(nn::Transpose::No, nn::Transpose::Yes, n, m, dim,
                        questions.data() + begin * dim, passages.data(), scores.data());
    for (std::size_t i = 0; i < n; ++i) {
      const float* row = scores.data() + i * m;
      for (std::uint32_t p = 0; p < m; ++p) order[p] = p;
      const std::size_t depth = std::min(kDepth, m);
      std::partial_sort(
          order.begin(), order.begin() + static_cast<std::ptrdiff_t>(depth), order.end(),
          [row](auto a, auto b) { return row[a] != row[b] ? row[a] > row[b] : a < b; });
      auto& [sum, count] = sums[rows_[begin + i].language];
      ++count;
      const auto& relevant = relevant_[begin + i];
      bool found = false;
      for (std::size_t rank = 0; rank < depth; ++rank) {
        hits_[begin + i].push_back({order[rank], row[order[rank]]});
        if (found || std::find(relevant.begin(), relevant.end(), order[rank]) == relevant.end())
          continue;
        sum += 1.0 / static_cast<double>(rank + 1);
        found = true;
      }
    }
  }
  DevScore score;
  for (const auto& [language, of] : sums) {
    score.languages.emplace_back(language, of.first / of.second);
    score.measure += of.first / of.second / static_cast<double>(sums.size());
  }
  return score;
}

std::string DevSet::run(std::string_view tag) const {
  std::string out;
  for (std::size_t q = 0; q < hits_.size(); ++q)
    for (std::size_t rank = 0; rank < hits_[q].size(); ++rank)
      out += question_id(q) + " Q0 " + passage_id(hits_[q][rank].passage) + " " +
             std::to_string(rank + 1) + " " + std::to_string(hits_[q][rank].score) + " " +
             std::string(tag) + "\n";
  return out;
}

std::string DevSet::qrels() const {
  std::string out;
  for (std::size_t q = 0; q < relevant_.size(); ++q)
    for (const auto p : relevant_[q]) out += question_id(q) + " 0 " + passage_id(p) + " 1\n";
  return out;
}

std::string DevSet::queries() const {
  std::string out;
  for (std::size_t q = 0; q < rows_.size(); ++q) {
    JsonWriter json(out);
    json.begin_object().member("_id", question_id(q)).member("text", rows_[q].question);
    json.member("lang", rows_[q].language).member("group", rows_[q].group).end_object();
    out += '\n';
  }
  return out;
}

}  // namespace crosstail::train
