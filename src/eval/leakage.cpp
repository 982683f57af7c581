#include "eval/leakage.h"

#include <simdjson.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/stream.h"
#include "text/language_tag.h"
#include "text/normal_form.h"

namespace crosstail::eval {
namespace {

using data::LeakGrade;

bool relevant(const data::Qrels& qrels, std::size_t q, std::string_view passage,
              std::int32_t level) {
  const auto relevance = qrels.relevance(q, passage);
  return relevance && *relevance >= level && *relevance >= 0;
}

LeakCount& of(Leaks& leaks, LeakGrade grade) {
  return leaks[static_cast<std::size_t>(grade)];
}

void start(LeakCount& count, std::size_t queries) {
  count.checked = true;
  count.leaks.assign(queries, 0);
}

void finish(Leaks& leaks) {
  for (LeakCount& count : leaks)
    count.queries = static_cast<std::size_t>(std::count(count.leaks.begin(), count.leaks.end(), 1));
}

double cosine(const LeakVectors& vectors, std::size_t query, std::size_t question) {
  const float* a = vectors.queries.data() + query * vectors.dim;
  const float* b = vectors.questions.data() + question * vectors.dim;
  double sum = 0;
  for (std::size_t i = 0; i < vectors.dim; ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

bool left_out(const std::vector<std::string>& what, std::string_view field) {
  return std::find(what.begin(), what.end(), field) != what.end();
}

}  // namespace

Leaks leaks_from_meta(const data::RunMeta& meta, const data::Qrels& qrels, std::int32_t level) {
  Leaks out;
  for (const LeakGrade grade : meta.checked) start(of(out, grade), qrels.size());
  for (const auto& [query, leaks] : meta.leaks) {
    const auto q = qrels.find(query);
    if (!q) continue;
    for (const data::Leak& leak : leaks) {
      LeakCount& count = of(out, leak.grade);
      if (!count.checked) start(count, qrels.size());
      for (const std::string& passage : leak.passages)
        if (relevant(qrels, *q, passage, level)) count.leaks[*q] = 1;
    }
  }
  finish(out);
  return out;
}

Result<std::vector<AttachedQuestion>> read_attached(const std::filesystem::path& path) {
  CT_TRY(auto lines, open_lines(path));
  simdjson::dom::parser parser;
  std::vector<AttachedQuestion> out;
  std::string_view line;
  while (true) {
    CT_TRY(const bool more, lines.next(line));
    if (!more) break;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    simdjson::dom::object row;
    AttachedQuestion question;
    const auto member = [&row](const char* name, std::string& target) {
      std::string_view value;
      if (row[name].get(value) != simdjson::SUCCESS) return false;
      target = value;
      return true;
    };
    if (parser.parse(line.data(), line.size()).get(row) != simdjson::SUCCESS ||
        !member("passage_id", question.passage) || !member("text", question.text))
      return Error{ErrorCode::Corrupt, lines.name() + ":" + std::to_string(lines.number()) +
                                           ": expected {\"passage_id\", \"lang\", \"text\", …}"};
    member("lang", question.language);
    member("group", question.group);
    member("site", question.site);
    out.push_back(std::move(question));
  }
  return out;
}

Leaks leaks_from_questions(const std::vector<AttachedQuestion>& questions,
                           const data::Queries& queries, const data::Qrels& qrels,
                           std::int32_t level, const std::vector<std::string>& leave_out,
                           const LeakVectors& vectors) {
  Leaks out;
  if (vectors.dim > 0) start(of(out, LeakGrade::NearCopy), qrels.size());
  start(of(out, LeakGrade::SameText), qrels.size());
  start(of(out, LeakGrade::SameGroup), qrels.size());
  std::unordered_map<std::string_view, std::vector<std::size_t>> by_passage;
  for (std::size_t i = 0; i < questions.size(); ++i) by_passage[questions[i].passage].push_back(i);
  std::vector<std::string> normalised(questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i)
    normalised[i] = text::normal_form(questions[i].text);
  for (std::size_t q = 0; q < qrels.size(); ++q) {
    const auto place = queries.find(qrels.query(q));
    if (!place) continue;
    const data::Query& query = queries[*place];
    const std::string normal = text::normal_form(query.text);
    for (const auto& judgment : qrels.judgments(q)) {
      if (judgment.relevance < level || judgment.relevance < 0) continue;
      const auto attached = by_passage.find(judgment.doc);
      if (attached == by_passage.end()) continue;
      for (const std::size_t i : attached->second) {
        const bool same_group = !query.group.empty() && questions[i].group == query.group;
        const bool same_text = normalised[i] == normal;
        if (left_out(leave_out, "language") &&
            text::same_language(questions[i].language, query.language))
          continue;
        const bool same_site =
            !questions[i].site.empty() && questions[i].site == query.field("site").value_or("");
        if ((left_out(leave_out, "group") && same_group) ||
            (left_out(leave_out, "site") && same_site) ||
            (left_out(leave_out, "text") && same_text))
          continue;
        if (vectors.dim > 0 && cosine(vectors, *place, i) >= kNearCopy)
          of(out, LeakGrade::NearCopy).leaks[q] = 1;
        if (same_text) of(out, LeakGrade::SameText).leaks[q] = 1;
        if (same_group) of(out, LeakGrade::SameGroup).leaks[q] = 1;
      }
    }
  }
  finish(out);
  return out;
}

}  // namespace crosstail::eval
