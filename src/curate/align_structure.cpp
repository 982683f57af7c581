#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include <simdjson.h>

#include "base/file.h"
#include "base/json_writer.h"
#include "base/stream.h"
#include "curate/align.h"
#include "curate/outputs.h"
#include "curate/page_url.h"
#include "data/faq_reader.h"
#include "text/language_tag.h"

namespace crosstail::curate {
namespace {

constexpr double kByKey = 1, kByHreflang = 0.99, kByPath = 0.95;
constexpr std::size_t kMostSkipped = 10000;
constexpr std::size_t kFrameBytes = std::size_t{1} << 20;

struct Question {
  std::uint32_t position = 0;
  std::string passage_id, lang, text, site;
};

struct Page {
  std::string url, lang, site;
  std::vector<std::string> alternates;
  std::vector<Question> questions;  ///< by position
};

/// Questions that are translations of each other.
struct Group {
  std::string name;
  double confidence = 1;
  std::vector<const Question*> members;
};

/// The address by which pages name each other: no scheme, www., fragment or last slash.
std::string comparable(std::string_view url) {
  url = url.substr(0, url.find('#'));
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos)
    url.remove_prefix(scheme + 3);
  if (url.starts_with("www.")) url.remove_prefix(4);
  while (!url.empty() && url.back() == '/') url.remove_suffix(1);
  return std::string(url);
}

/// As rows name a language: short, and canonical ("pt" for por, pt-BR, pt_PT).
std::string language_of(const data::FaqRecord& record) {
  for (const std::string* stated : {&record.language, &record.page_language})
    if (auto code = text::short_language_code(*stated); !code.empty()) return code;
  return text::short_language_code(language_of_url(record.url));
}

class Structure {
 public:
  explicit Structure(const StructureOptions& options) : options_(options) {}

  Result<AlignSummary> run() {
    if (options_.inputs.empty() || options_.output.empty())
      return Error{ErrorCode::InvalidArgument, "align: give files of FAQ records and -o FILE"};
    if (options_.queries.empty() != options_.qrels.empty() ||
        (!options_.queries.empty() && options_.attach.empty()))
      return Error{ErrorCode::InvalidArgument,
                   "align: --queries, --qrels and --attach-to LANG go together: the questions in "
                   "other languages ask for the answers in that one"};
    for (const auto& input : options_.inputs) CT_CHECK(read(input));
    options_.key.empty() ? join_pages() : join_keys();
    CT_CHECK(write());
    return std::move(summary_);
  }

 private:
  Status read(const std::string& input);
  Result<std::string> key_of(std::string_view json);
  void add(const data::FaqRow& row, std::string key);
  void skip(const Page& page, const std::string& reason);
  void join_keys();
  void join_pages();
  void join_set(const std::string& name, std::vector<const Page*> pages, double confidence);
  std::vector<std::vector<const Page*>> hreflang_sets();
  void add_query(const Question& passage, const Question& question, const std::string& group);
  Status write();

  const StructureOptions& options_;
  AlignSummary summary_;
  std::string queries_, qrels_ = "query-id\tcorpus-id\tscore\n";
  std::map<std::string, std::size_t> query_ids_;  ///< how often each was wanted
  simdjson::dom::parser key_parser_;
  std::map<std::string, Page> pages_;  ///< by comparable address
  std::map<std::string, std::vector<Question>> by_key_;
  std::vector<Group> groups_;
  std::set<const Page*> done_;
};

Result<std::string> Structure::key_of(std::string_view json) {
  simdjson::dom::element document;
  if (key_parser_.parse(json.data(), json.size()).get(document) != simdjson::SUCCESS)
    return Error{ErrorCode::Corrupt, "expected a JSON object"};
  simdjson::dom::element value;
  if (document[options_.key].get(value) != simdjson::SUCCESS)
    return Error{ErrorCode::Corrupt, "expected a member '" + options_.key + "'"};
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::minify(value);
}

Status Structure::read(const std::string& input) {
  CT_TRY(auto reader, data::RowReader::open(input, options_.columns));
  data::FaqParser parser;
  data::FaqRow parsed;
  data::Row row;
  while (true) {
    CT_TRY(const bool more, reader.next(row));
    if (!more) return {};
    summary_.counters.add("rows.in");
    Status status;
    std::string key;
    if (!row.problem.empty()) status = Error{ErrorCode::Corrupt, std::string(row.problem)};
    if (status.ok()) status = parser.parse(row.json, parsed);
    if (status.ok() && !options_.key.empty()) {
      auto found = key_of(row.json);
      if (found.ok())
        key = *std::move(found);
      else
        status = std::move(found).error();
    }
    if (!status.ok()) {
      if (options_.strict) return status.error().at(input + ":" + std::to_string(row.line));
      summary_.counters.add("rows.malformed");
      continue;
    }
    add(parsed, std::move(key));
  }
}

void Structure::add(const data::FaqRow& row, std::string key) {
  const auto& record = row.record;
  Question question{record.position, record.id, language_of(record), record.question,
                    site_of(record.url)};
  if (question.lang.empty()) return summary_.counters.add("rows.without-language");
  if (options_.passage_id == PassageId::Answer)
    question.passage_id = answer_passage_id(record.answer);
  else if (question.passage_id.empty())
    question.passage_id = data::faq_id(record.question, record.answer);
  if (!options_.key.empty()) {
    by_key_[std::move(key)].push_back(std::move(question));
    return;
  }
  const auto [at, is_new] = pages_.try_emplace(comparable(record.url));
  Page& page = at->second;
  if (is_new) {
    summary_.counters.add("pages.in");
    page.url = record.url;
    page.lang = question.lang;
    page.site = question.site;
    for (const auto& [tag, url] : record.alternates) page.alternates.push_back(comparable(url));
  }
  // A page read twice says the same again.
  for (const auto& known : page.questions)
    if (known.position == question.position) return summary_.counters.add("rows.repeated");
  page.questions.push_back(std::move(question));
}

void Structure::skip(const Page& page, const std::string& reason) {
  summary_.counters.add("pages.skipped." + reason);
  if (summary_.skipped.size() < kMostSkipped) summary_.skipped.push_back({page.url, reason});
}

void Structure::join_keys() {
  for (const auto& [key, questions] : by_key_) {
    Group group{key, kByKey, {}};
    std::set<std::string_view> languages;
    for (const auto& question : questions) {
      if (languages.insert(question.lang).second)
        group.members.push_back(&question);
      else
        summary_.counters.add("questions.second-in-language");
    }
    if (group.members.size() > 1)
      groups_.push_back(std::move(group));
    else
      summary_.counters.add("keys.alone");
  }
}

/// Pages that name each other, in both directions, with all that they are joined to that way.
std::vector<std::vector<const Page*>> Structure::hreflang_sets() {
  const auto names = [](const Page& page, const std::string& address) {
    return std::find(page.alternates.begin(), page.alternates.end(), address) !=
           page.alternates.end();
  };
  std::vector<std::vector<const Page*>> sets;
  std::set<const Page*> seen;
  for (const auto& [address, page] : pages_) {
    if (!seen.insert(&page).second) continue;
    std::vector<const Page*> set{&page};
    std::vector<std::pair<const std::string*, const Page*>> open{{&address, &page}};
    while (!open.empty()) {
      const auto [from, current] = open.back();
      open.pop_back();
      for (const auto& alternate : current->alternates) {
        const auto other = pages_.find(alternate);
        if (other == pages_.end() || !names(other->second, *from)) continue;
        if (!seen.insert(&other->second).second) continue;
        set.push_back(&other->second);
        open.emplace_back(&other->first, &other->second);
      }
    }
    if (set.size() > 1) sets.push_back(std::move(set));
  }
  return sets;
}

void Structure::join_pages() {
  for (auto& [address, page] : pages_)
    std::sort(page.questions.begin(), page.questions.end(),
              [](const Question& a, const Question& b) { return a.position < b.position; });
  for (auto& set : hreflang_sets()) {
    for (const Page* page : set) done_.insert(page);
    std::string name = url_without_language(set.front()->url);
    if (name.empty()) name = "/";
    join_set(name, std::move(set), kByHreflang);
  }
  std::map<std::pair<std::string, std::string>, std::vector<const Page*>> by_path;
  for (const auto& [address, page] : pages_)
    if (!done_.contains(&page))
      by_path[{page.site, url_without_language(page.url)}].push_back(&page);
  for (auto& [key, set] : by_path) {
    if (set.size() == 1)
      skip(*set.front(), "no-translation");
    else
      join_set(key.second.empty() ? "/" : key.second, std::move(set), kByPath);
  }
}

void Structure::join_set(const std::string& name, std::vector<const Page*> pages,
                         double confidence) {
  std::sort(pages.begin(), pages.end(),
            [](const Page* a, const Page* b) { return a->url < b->url; });
  std::set<std::string> languages;
  std::map<std::vector<std::uint32_t>, std::vector<const Page*>> by_positions;
  for (const Page* page : pages) {
    if (!languages.insert(page->lang).second) {
      skip(*page, "second-page-in-language");
      continue;
    }
    std::vector<std::uint32_t> positions;
    for (const auto& question : page->questions) positions.push_back(question.position);
    by_positions[positions].push_back(page);
  }
  const auto most =
      std::max_element(by_positions.begin(), by_positions.end(), [](const auto& a, const auto& b) {
        return std::pair(a.second.size(), a.first.size()) <
               std::pair(b.second.size(), b.first.size());
      });
  for (const auto& [positions, members] : by_positions)
    if (&members != &most->second || members.size() == 1)
      for (const Page* page : members)
        skip(*page, languages.size() == 1 ? "no-translation" : "other-count");
  if (most->second.size() == 1) return;
  summary_.counters.add("pages.joined", most->second.size());
  for (std::size_t i = 0; i < most->first.size(); ++i) {
    Group group{name + "#" + std::to_string(most->first[i]), confidence, {}};
    for (const Page* page : most->second) group.members.push_back(&page->questions[i]);
    groups_.push_back(std::move(group));
  }
}

/// The members without those that only repeat another language's text; English first, so it stays.
std::vector<const Question*> translated(const Group& group, Counters& counters) {
  std::vector<const Question*> members = group.members;
  std::stable_partition(members.begin(), members.end(),
                        [](const Question* q) { return q->lang == "en"; });
  std::set<std::string_view> texts;
  std::vector<const Question*> out;
  for (const Question* question : members) {
    if (texts.insert(question->text).second)
      out.push_back(question);
    else
      counters.add("questions.untranslated");
  }
  return out;
}

/// A question in another language than the answer asks for it.
void Structure::add_query(const Question& passage, const Question& question,
                          const std::string& group) {
  if (text::same_language(question.lang, passage.lang)) return;
  std::string id = question.lang + ":" + passage.passage_id;
  if (const std::size_t before = query_ids_[id]++; before > 0)
    id += "#" + std::to_string(before + 1);  // an answer to several questions
  JsonWriter(queries_)
      .begin_object()
      .member("_id", id)
      .member("text", question.text)
      .member("lang", question.lang)
      .member("group", group)
      .end_object();
  queries_ += '\n';
  qrels_.append(id).append("\t").append(passage.passage_id).append("\t1\n");
  summary_.counters.add("queries");
}

Status Structure::write() {
  const Compression kind = compression_for_name(options_.output);
  const bool standard = options_.output == "-";
  OutputFile file = OutputFile::standard_output();
  if (!standard) {
    CT_TRY(file, OutputFile::create(options_.output + ".part"));
  }
  std::string out;
  const auto flush = [&](std::size_t least) -> Status {
    if (out.size() < least || out.empty()) return {};
    auto status = file.write(kind == Compression::None ? out : compress_frame(out, kind));
    out.clear();
    return status;
  };
  for (const Group& group : groups_) {
    const auto questions = translated(group, summary_.counters);
    if (questions.size() < 2) {
      summary_.counters.add("groups.untranslated");
      continue;
    }
    summary_.counters.add("groups");
    for (const Question* passage : group.members) {
      if (!options_.attach.empty() && !text::same_language(passage->lang, options_.attach))
        continue;
      for (const Question* question : questions) {
        append_aligned_row(out, {passage->passage_id, question->lang, question->text, group.name,
                                 question->site, group.confidence});
        summary_.counters.add("out.rows");
        if (!options_.queries.empty()) add_query(*passage, *question, group.name);
      }
    }
    CT_CHECK(flush(kFrameBytes));
  }
  CT_CHECK(flush(0));
  if (!options_.queries.empty()) {
    CT_CHECK(write_file_atomic(options_.queries, queries_));
    CT_CHECK(write_file_atomic(options_.qrels, qrels_));
  }
  if (standard) return {};
  CT_CHECK(file.sync());
  CT_CHECK(file.close());
  return commit_rename(options_.output + ".part", options_.output);
}

}  // namespace

void append_aligned_row(std::string& out, const AlignedRow& row) {
  JsonWriter json(out);
  json.begin_object().member("passage_id", row.passage_id).member("lang", row.lang);
  json.member("text", row.text).member("group", row.group).member("site", row.site);
  json.member("source", "aligned").member("confidence", row.confidence).end_object();
  out += '\n';
}

Result<AlignSummary> align_by_structure(const StructureOptions& options) {
  return Structure(options).run();
}

}  // namespace crosstail::curate
