#include "eval/xor_recall.h"

#include <algorithm>
#include <unordered_map>

#include "eval/nltk_words.h"

namespace crosstail::eval {
namespace {

std::vector<std::string_view> span_answers(const data::Query& question) {
  std::vector<std::string_view> out;
  for (const std::string& answer : question.answers)
    if (answer != "yes" && answer != "no") out.emplace_back(answer);
  return out;
}

/// For each cut-off (ascending) whether an answer is in the first tokens of the passages.
void score(const data::XorPrediction& prediction, const std::vector<std::string_view>& answers,
           const Punkt& punkt, const std::vector<std::size_t>& cutoffs, double* hits) {
  std::string text;
  std::size_t count = 0, next = 0;
  const auto take = [&] {
    for (; next < cutoffs.size() && count >= cutoffs[next]; ++next)
      for (const auto answer : answers)
        if (text.find(answer) != std::string::npos) hits[next] = 1;
  };
  for (const std::string& passage : prediction.passages) {
    if (next == cutoffs.size()) break;
    for (const std::string& word : nltk_words(punkt, passage)) {
      if (count > 0) text += ' ';
      text += word;
      ++count;
      take();
    }
  }
  count = std::max(count, cutoffs.back());
  take();
}

}  // namespace

Result<XorRecall> xor_recall(const data::Queries& questions,
                             const std::vector<data::XorPrediction>& predictions,
                             const Punkt& punkt, const XorOptions& options, Pool* pool) {
  XorRecall out;
  if (options.tokens.empty() || !std::is_sorted(options.tokens.begin(), options.tokens.end()) ||
      options.tokens.front() == 0)
    return Error{ErrorCode::InvalidArgument, "R@kt needs ascending numbers of tokens above 0"};
  std::unordered_map<std::string_view, const data::XorPrediction*> by_id;
  std::vector<std::size_t> order;
  for (const auto& prediction : predictions) {
    if (!by_id.emplace(prediction.id, &prediction).second)
      return Error{ErrorCode::Corrupt, "the question \"" + prediction.id + "\" is predicted twice"};
    const auto question = questions.find(prediction.id);
    if (!question)
      ++out.unknown;
    else if (options.official)
      order.push_back(*question);
  }
  if (out.unknown == predictions.size())
    return Error{ErrorCode::InvalidArgument,
                 "no prediction is for a question of the file: the predictions have \"" +
                     predictions[0].id + "\", the questions \"" + questions[0].id + "\""};
  if (!options.official)
    for (std::size_t q = 0; q < questions.size(); ++q) order.push_back(q);
  for (const std::size_t q : order) {
    if (span_answers(questions[q]).empty()) {
      ++out.without_span;
      continue;
    }
    const auto found = by_id.find(questions[q].id);
    if (found == by_id.end()) ++out.missing;
    out.question.push_back(q);
    out.language.push_back(options.official ? found->second->language : questions[q].language);
  }
  const std::size_t width = options.tokens.size();
  out.hits.assign(out.question.size() * width, 0);
  const auto work = [&](std::size_t i) {
    const auto& question = questions[out.question[i]];
    const auto found = by_id.find(question.id);
    if (found == by_id.end()) return;
    score(*found->second, span_answers(question), punkt, options.tokens, &out.hits[i * width]);
  };
  if (pool == nullptr) {
    for (std::size_t i = 0; i < out.question.size(); ++i) work(i);
  } else {
    pool->parallel_for(out.question.size(), work);
  }
  return out;
}

}  // namespace crosstail::eval
