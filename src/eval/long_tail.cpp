#include "eval/long_tail.h"

#include <unicode/brkiter.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>

#include "base/stream.h"
#include "data/whole_text.h"
#include "eval/nearest_cosines.h"
#include "text/language_tag.h"
#include "text/normal_form.h"
#include "text/script.h"

namespace crosstail::eval {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Strings as small numbers; the empty one is 0.
class Numbers {
 public:
  std::uint32_t operator()(const std::string& text) {
    if (text.empty()) return 0;
    return numbers_.try_emplace(text, static_cast<std::uint32_t>(numbers_.size() + 1))
        .first->second;
  }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

/// The language as one code, so that variants are one.
std::string code_of(const std::string& tag) {
  std::string code = text::short_language_code(tag);
  return code.empty() ? tag : code;
}

struct Identity {
  std::uint32_t passage = 0, group = 0, language = 0, site = 0;
};

/// Edges of the thirds of `values` (not empty): the largest of the lowest and of the middle third.
/// Equal values stay together, so each cut is where values change, as near to its third as that
/// allows.
std::pair<double, double> thirds(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  const auto off = [n](std::size_t below, std::size_t part) {
    return std::abs(static_cast<double>(3 * below) - static_cast<double>(part * n));
  };
  std::size_t low = n;  // how many values lie below the cut; n: there is none
  for (std::size_t below = 1; below < n; ++below)
    if (values[below - 1] < values[below] && off(below, 1) < off(low, 1)) low = below;
  std::size_t middle = low;
  for (std::size_t below = low + 1; below < n; ++below)
    if (values[below - 1] < values[below] && off(below, 2) < off(middle, 2)) middle = below;
  return {values[low - 1], values[middle - 1]};
}

TailPart part_of(double value, std::pair<double, double> edges, bool low_is_tail) {
  if (value <= edges.first) return low_is_tail ? TailPart::Tail : TailPart::Head;
  if (value > edges.second) return low_is_tail ? TailPart::Head : TailPart::Tail;
  return TailPart::Torso;
}

void start_entries(SlicesFile& out, const data::Queries& queries) {
  for (const data::Query& query : queries.all())
    out.entries[query.id].resize(out.views.size(), {kNone, TailPart::None});
}

/// Word counts of one language's questions.
struct Vocabulary {
  std::size_t questions = 0;
  std::unordered_map<std::string, std::uint32_t> seen;
  std::unordered_map<std::string, std::vector<std::size_t>> by_group;
};

/// Languages most of whose questions are in a script without spaces.
std::set<std::string> unspaced_languages(const std::vector<AttachedQuestion>& questions,
                                         const std::vector<std::string>& code) {
  std::map<std::string, std::pair<std::size_t, std::size_t>> seen;  // unspaced, all
  for (std::size_t i = 0; i < questions.size(); ++i) {
    auto& [without, all] = seen[code[i]];
    if (text::is_unspaced(text::dominant_script(questions[i].text))) ++without;
    ++all;
  }
  std::set<std::string> out;
  for (const auto& [language, counts] : seen)
    if (2 * counts.first > counts.second) out.insert(language);
  return out;
}

double rarity_of(const std::vector<std::string>& words, const Vocabulary& vocabulary,
                 const std::string& group, const std::vector<std::vector<std::string>>& all_words) {
  const auto own = group.empty() ? vocabulary.by_group.end() : vocabulary.by_group.find(group);
  const bool has_own = own != vocabulary.by_group.end();
  const std::size_t left = vocabulary.questions - (has_own ? own->second.size() : 0);
  if (words.empty() || left == 0) return kNone;
  std::vector<double> idf;
  for (const std::string& word : words) {
    const auto found = vocabulary.seen.find(word);
    std::size_t count = found == vocabulary.seen.end() ? 0 : found->second;
    if (has_own && count > 0)
      for (const std::size_t question : own->second)
        if (std::binary_search(all_words[question].begin(), all_words[question].end(), word))
          --count;
    idf.push_back(
        std::log(static_cast<double>(left) / static_cast<double>(std::max<std::size_t>(count, 1))));
  }
  std::sort(idf.begin(), idf.end(), std::greater<>());
  idf.resize(std::min<std::size_t>(idf.size(), 3));
  double sum = 0;
  for (const double v : idf) sum += v;
  return sum / static_cast<double>(idf.size());
}

template <class Work>
void for_each(Pool* pool, std::size_t count, const Work& work) {
  if (pool == nullptr) {
    for (std::size_t i = 0; i < count; ++i) work(i);
  } else {
    pool->parallel_for(count, work);
  }
}

}  // namespace

Result<std::vector<double>> density(const data::Queries& queries, VectorRows query_vectors,
                                    const std::vector<AttachedQuestion>& questions,
                                    VectorRows question_vectors, const data::Qrels& qrels,
                                    std::int32_t level, Pool* pool) {
  if (query_vectors.rows != queries.size() || question_vectors.rows != questions.size() ||
      query_vectors.dim != question_vectors.dim)
    return Error{ErrorCode::InvalidArgument,
                 "the vectors do not fit the files: " + std::to_string(query_vectors.rows) + " × " +
                     std::to_string(query_vectors.dim) + " for " + std::to_string(queries.size()) +
                     " queries, " + std::to_string(question_vectors.rows) + " × " +
                     std::to_string(question_vectors.dim) + " for " +
                     std::to_string(questions.size()) + " questions"};
  for (const auto& vectors : {query_vectors, question_vectors})
    for (std::size_t i = 0; i < vectors.values.size(); ++i)
      if (!std::isfinite(vectors.values[i]))
        return Error{ErrorCode::Corrupt,
                     "a vector holds NaN or infinity in row " + std::to_string(i / vectors.dim)};
  Numbers passages, groups, languages, sites;
  std::vector<Identity> question, query;
  for (const auto& q : questions)
    question.push_back(
        {passages(q.passage), groups(q.group), languages(code_of(q.language)), sites(q.site)});
  std::vector<std::vector<std::uint32_t>> relevant(queries.size());
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const data::Query& q = queries[i];
    query.push_back({0, groups(q.group), languages(code_of(q.language)),
                     sites(std::string(q.field("site").value_or("")))});
    const auto judged = qrels.find(q.id);
    if (!judged) continue;
    for (const auto& judgment : qrels.judgments(*judged))
      if (judgment.relevance >= level) relevant[i].push_back(passages(std::string(judgment.doc)));
  }
  const auto other = [](std::uint32_t a, std::uint32_t b) { return a == 0 || a != b; };
  const auto allowed = [&](std::size_t a, std::size_t b) {
    return other(query[a].group, question[b].group) &&
           other(query[a].language, question[b].language) &&
           other(query[a].site, question[b].site) &&
           std::find(relevant[a].begin(), relevant[a].end(), question[b].passage) ==
               relevant[a].end();
  };
  const auto nearest =
      nearest_cosines(query_vectors, question_vectors, kDensityNeighbours, allowed, pool);
  std::vector<double> out;
  for (const auto& neighbours : nearest) {
    double sum = 0;
    for (const Neighbour& n : neighbours) sum += static_cast<double>(n.cosine);
    out.push_back(neighbours.size() < kDensityNeighbours ? kNone : sum / kDensityNeighbours);
  }
  return out;
}

std::vector<std::string> distinct_words(std::string_view utf8) {
  UErrorCode status = U_ZERO_ERROR;
  // Word breaks are the same in every locale that matters here; the iterator is not shareable.
  thread_local const std::unique_ptr<icu::BreakIterator> words(
      icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), status));
  std::vector<std::string> out;
  if (!words) return out;
  const auto wide = icu::UnicodeString::fromUTF8(
      icu::StringPiece(utf8.data(), static_cast<std::int32_t>(utf8.size())));
  words->setText(wide);
  for (std::int32_t begin = words->first(), end = words->next(); end != icu::BreakIterator::DONE;
       begin = end, end = words->next()) {
    if (words->getRuleStatus() < UBRK_WORD_NONE_LIMIT) continue;
    std::string word;
    wide.tempSubStringBetween(begin, end).toUTF8String(word);
    word = text::normal_form(word);
    if (!word.empty()) out.push_back(std::move(word));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<std::string> distinct_subwords(std::string_view utf8, const text::Tokenizer& subwords) {
  std::vector<std::string> out;
  for (const std::uint32_t id : subwords.encode(utf8, {.add_special = false})) {
    if (subwords.is_special(id)) continue;
    std::string piece = text::normal_form(subwords.piece(id));
    if (!piece.empty()) out.push_back(std::move(piece));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<double> rarity(const data::Queries& queries,
                           const std::vector<AttachedQuestion>& questions,
                           const text::Tokenizer* subwords, std::vector<std::string>* by_subwords,
                           Pool* pool) {
  std::vector<std::string> code(questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i) code[i] = code_of(questions[i].language);
  const auto unspaced =
      subwords == nullptr ? std::set<std::string>() : unspaced_languages(questions, code);
  if (by_subwords != nullptr) by_subwords->assign(unspaced.begin(), unspaced.end());
  const auto terms = [&](const std::string& text, const std::string& language) {
    return subwords != nullptr && unspaced.contains(language) ? distinct_subwords(text, *subwords)
                                                              : distinct_words(text);
  };
  std::vector<std::vector<std::string>> words(questions.size());
  for_each(pool, questions.size(),
           [&](std::size_t i) { words[i] = terms(questions[i].text, code[i]); });
  std::unordered_map<std::string, Vocabulary> languages;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    Vocabulary& vocabulary = languages[code[i]];
    ++vocabulary.questions;
    for (const std::string& word : words[i]) ++vocabulary.seen[word];
    if (!questions[i].group.empty()) vocabulary.by_group[questions[i].group].push_back(i);
  }
  std::vector<double> out(queries.size(), kNone);
  for_each(pool, queries.size(), [&](std::size_t i) {
    const data::Query& query = queries[i];
    const std::string own = code_of(query.language);
    const auto language = languages.find(own);
    if (query.language.empty() || language == languages.end() ||
        language->second.questions < kRarityQuestions)
      return;
    out[i] = rarity_of(terms(query.text, own), language->second, query.group, words);
  });
  return out;
}

void add_view(SlicesFile& out, const data::Queries& queries, SliceView view,
              const std::vector<double>& values) {
  std::map<std::string, std::vector<double>> by_language;
  std::map<std::string, std::size_t> without;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const std::string code = code_of(queries[i].language);
    if (std::isnan(values[i]))
      ++without[code];
    else
      by_language[code].push_back(values[i]);
  }
  std::map<std::string, std::pair<double, double>> edges;
  for (auto& [code, list] : by_language) {
    if (list.size() < 3) continue;
    edges[code] = thirds(std::move(list));
    view.edges.emplace_back(code, edges[code]);
  }
  for (const auto& [code, count] : without)
    view.remarks.push_back(std::to_string(count) + " queries in " +
                           (code.empty() ? "no language" : code) + " have no value");
  const std::size_t number = out.views.size();
  const bool low_is_tail = view.low_is_tail;
  out.views.push_back(std::move(view));
  start_entries(out, queries);
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const auto edge = edges.find(code_of(queries[i].language));
    if (std::isnan(values[i]) || edge == edges.end()) continue;
    out.entries[queries[i].id][number] = {values[i], part_of(values[i], edge->second, low_is_tail)};
  }
}

void add_resource_view(SlicesFile& out, const data::Queries& queries,
                       const std::vector<std::pair<std::string, double>>& pairs,
                       const std::string& source) {
  std::map<std::string, double> table;
  for (const auto& [language, count] : pairs) table[code_of(language)] += count;
  std::map<std::string, double> present;
  std::map<std::string, std::size_t> absent;
  for (const data::Query& query : queries.all()) {
    const auto found = table.find(code_of(query.language));
    if (found == table.end())
      ++absent[code_of(query.language)];
    else
      present.insert(*found);
  }
  SliceView view{"resource",
                 "number of training pairs of the language, from " + source + "; terciles of " +
                     std::to_string(present.size()) + " languages",
                 true,
                 true,
                 {},
                 {}};
  for (const auto& [code, count] : absent)
    view.remarks.push_back((code.empty() ? "no language" : code) + " is not in the table (" +
                           std::to_string(count) + " queries)");
  std::vector<double> counts;
  counts.reserve(present.size());
  for (const auto& [code, count] : present) counts.push_back(count);
  std::pair<double, double> edges{kNone, kNone};
  if (counts.size() >= 3) {
    edges = thirds(std::move(counts));
    view.edges.emplace_back("", edges);
  }
  const std::size_t number = out.views.size();
  out.views.push_back(std::move(view));
  start_entries(out, queries);
  for (const data::Query& query : queries.all()) {
    const auto found = present.find(code_of(query.language));
    if (found == present.end() || std::isnan(edges.first)) continue;
    out.entries[query.id][number] = {found->second, part_of(found->second, edges, true)};
  }
}

Result<std::vector<std::pair<std::string, double>>> read_resource_table(
    const std::filesystem::path& path) {
  CT_TRY(auto lines, open_lines(path));
  std::vector<std::pair<std::string, double>> out;
  std::string_view line;
  while (true) {
    CT_TRY(const bool more, lines.next(line));
    if (!more) break;
    std::string_view field[2];
    const std::size_t count = data::split_blanks(line, field, 2);
    if (count == 0 || field[0].front() == '#') continue;
    double pairs = 0;
    const bool good =
        count == 2 &&
        std::from_chars(field[1].data(), field[1].data() + field[1].size(), pairs).ptr ==
            field[1].data() + field[1].size();
    if (!good || !(pairs >= 0))
      return Error{ErrorCode::Corrupt, lines.name() + ":" + std::to_string(lines.number()) +
                                           ": expected `language TAB number of pairs`"};
    out.emplace_back(field[0], pairs);
  }
  return out;
}

}  // namespace crosstail::eval
