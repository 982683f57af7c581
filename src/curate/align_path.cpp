#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include <simdjson.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/json_writer.h"
#include "curate/align.h"
#include "curate/page_url.h"
#include "data/rows.h"
#include "markup/help_index.h"
#include "text/language_tag.h"
#include "text/utf8.h"

namespace crosstail::curate {
namespace {

namespace fs = std::filesystem;

struct Section {
  std::string id, text;
};

struct Document {
  std::string title, url;
  std::vector<Section> sections;
};

/// Passage records by `doc`, in the order of the paths.
using Documents = std::map<std::string, Document>;

/// Entries of a help's index, sorted, each with the pages that it leads to.
using Entries = std::map<std::string, std::set<std::string>>;

std::string folded_spaces(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    if (!space)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

/// The section's lines on one line, without those that only repeat the page's title.
std::string body_of(std::string_view text, std::string_view title) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string line = folded_spaces(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line == title) continue;
    if (!out.empty()) out += ' ';
    out += line;
  }
  return out;
}

void cut_characters(std::string& text, std::size_t most) {
  std::size_t at = 0;
  for (std::size_t n = 0; n < most && at < text.size(); ++n) (void)text::next_code_point(text, at);
  text.resize(at);
}

Result<Documents> read_passages(const std::string& path) {
  CT_TRY(auto reader, data::RowReader::open(path));
  simdjson::dom::parser parser;
  Documents documents;
  data::Row row;
  while (true) {
    CT_TRY(const bool more, reader.next(row));
    if (!more) break;
    const auto bad = [&](std::string_view expected) {
      std::string message = path;
      message.append(":").append(std::to_string(row.line)).append(": expected ").append(expected);
      message += "; `crosstail extract --passages` writes such files";
      return Error{ErrorCode::Corrupt, std::move(message)};
    };
    simdjson::dom::element record;
    if (!row.problem.empty() ||
        parser.parse(row.json.data(), row.json.size()).get(record) != simdjson::SUCCESS ||
        !record.is_object())
      return bad("a JSON object");
    std::string_view id, doc, text, title, url;
    if (record["_id"].get(id) != simdjson::SUCCESS) return bad("a text '_id'");
    if (record["doc"].get(doc) != simdjson::SUCCESS) return bad("a text 'doc'");
    if (record["text"].get(text) != simdjson::SUCCESS) return bad("a text 'text'");
    if (record["title"].get(title) != simdjson::SUCCESS) title = {};
    if (record["url"].get(url) != simdjson::SUCCESS) url = {};
    Document& document = documents[std::string(doc)];
    if (document.sections.empty()) {
      document.title = folded_spaces(title);
      document.url = url;
    }
    document.sections.push_back({std::string(id), std::string(text)});
  }
  if (documents.empty()) return Error{ErrorCode::Corrupt, path + ": expected at least one passage"};
  return documents;
}

/// Queries and their judgments as they grow.
struct QueryFiles {
  std::string queries, qrels = "query-id\tcorpus-id\tscore\n";

  void add(const std::string& id, const std::string& query, const std::string& language,
           const std::string& group, const std::vector<std::string>& passages) {
    JsonWriter(queries)
        .begin_object()
        .member("_id", id)
        .member("text", query)
        .member("lang", language)
        .member("group", group)
        .end_object();
    queries += '\n';
    for (const auto& passage : passages)
      qrels.append(id).append("\t").append(passage).append("\t1\n");
  }
};

/// The files of the set as they grow.
struct SetFiles {
  std::string corpus, annotations;
  QueryFiles test, dev;

  Status write(const fs::path& folder) const {
    const fs::path building = folder.string() + ".part";
    std::error_code error;
    if (fs::exists(folder, error) && !fs::is_empty(folder, error) &&
        !fs::exists(folder / "qrels", error))
      return Error{ErrorCode::InvalidArgument,
                   folder.string() + ": exists and is no retrieval set; give another directory"};
    fs::remove_all(building, error);
    fs::create_directories(building / "qrels", error);
    if (error) return system_error(building.string(), "make the folder", error.value());
    CT_CHECK(write_file_atomic(building / "corpus.jsonl", corpus));
    CT_CHECK(write_file_atomic(building / "queries.jsonl", test.queries));
    CT_CHECK(write_file_atomic(building / "annotations.jsonl", annotations));
    CT_CHECK(write_file_atomic(building / "qrels/test.tsv", test.qrels));
    if (!dev.queries.empty()) {
      CT_CHECK(write_file_atomic(building / "dev-queries.jsonl", dev.queries));
      CT_CHECK(write_file_atomic(building / "qrels/dev.tsv", dev.qrels));
    }
    fs::remove_all(folder, error);
    return commit_rename(building, folder);
  }
};

class PathSet {
 public:
  explicit PathSet(const PathOptions& options) : options_(options) {}

  Result<AlignSummary> run() {
    if (options_.others.empty() || options_.output.empty())
      return Error{
          ErrorCode::InvalidArgument,
          "align --by path: give the English passages, at least one LANG=FILE, and -o DIR"};
    CT_TRY(const auto english, read_passages(options_.english));
    add_corpus(english);
    for (const auto& [language, path] : options_.others) {
      CT_TRY(const auto documents, read_passages(path));
      add_language(language, documents);
    }
    if (!options_.entries.empty()) CT_CHECK(add_entries());
    CT_CHECK(files_.write(options_.output));
    return std::move(summary_);
  }

 private:
  struct Target {
    std::string title, site;
    bool unique_title = false;
    std::vector<std::string> passages;
  };

  void add_corpus(const Documents& english);
  void add_passage(const std::string& doc, const std::string& id, std::string text, Target& target);
  void add_language(const std::string& language, const Documents& documents);
  void annotate(const std::string& doc, const Target& target, const std::string& language,
                const std::string& title);
  Status add_entries();
  void add_entries_of(const std::string& language, const Entries& entries, const Entries& english);
  QueryFiles& files_of(const std::string& doc);

  const PathOptions& options_;
  std::map<std::string, Target> targets_;
  SetFiles files_;
  AlignSummary summary_;
};

void PathSet::add_passage(const std::string& doc, const std::string& id, std::string text,
                          Target& target) {
  if (text::count_code_points(text) < options_.min_characters)
    return summary_.counters.add("passages.too-short");
  cut_characters(text, options_.max_characters);
  JsonWriter(files_.corpus)
      .begin_object()
      .member("_id", id)
      .member("title", target.title)
      .member("text", text)
      .member("lang", options_.english_language)
      .member("doc", doc)
      .end_object();
  files_.corpus += '\n';
  target.passages.push_back(id);
  summary_.counters.add("passages");
}

void PathSet::add_corpus(const Documents& english) {
  std::map<std::string, std::size_t> titles;
  for (const auto& [doc, document] : english) ++titles[document.title];
  for (const auto& [doc, document] : english) {
    summary_.counters.add("pages.in");
    if (document.title.empty()) {
      summary_.counters.add("pages.without-title");
      continue;
    }
    Target target{document.title, site_of(document.url), titles[document.title] == 1, {}};
    std::string whole;
    for (const auto& section : document.sections) {
      std::string body = body_of(section.text, document.title);
      if (options_.sections) {
        add_passage(doc, section.id, std::move(body), target);
      } else if (!body.empty()) {
        whole += (whole.empty() ? "" : " ") + body;
      }
    }
    if (!options_.sections) add_passage(doc, doc, std::move(whole), target);
    if (target.passages.empty()) continue;
    annotate(doc, target, options_.english_language, target.title);
    targets_.emplace(doc, std::move(target));
  }
}

void PathSet::annotate(const std::string& doc, const Target& target, const std::string& language,
                       const std::string& title) {
  for (const auto& passage : target.passages) {
    append_aligned_row(files_.annotations, {passage, language, title, doc, target.site, 1});
    summary_.counters.add("annotations");
  }
}

void PathSet::add_language(const std::string& language, const Documents& documents) {
  for (const auto& [doc, target] : targets_) {
    const auto found = documents.find(doc);
    if (found == documents.end() || found->second.title.empty()) {
      summary_.counters.add("titles.missing");
      continue;
    }
    const std::string& title = found->second.title;
    if (title == target.title) {
      summary_.counters.add("titles.untranslated");
      continue;
    }
    annotate(doc, target, language, title);
    if (!target.unique_title || doc.find(options_.queries_in) == std::string::npos) continue;
    if (!options_.entries.empty()) continue;
    files_of(doc).add(language + ":" + doc, title, language, doc, target.passages);
    summary_.counters.add("queries");
  }
}

QueryFiles& PathSet::files_of(const std::string& doc) {
  const double place = std::ldexp(static_cast<double>(xxh3(doc)), -64);
  return place < options_.dev_share ? files_.dev : files_.test;
}

Status PathSet::add_entries() {
  std::vector<Entries> read;
  const Entries* english = nullptr;
  read.reserve(options_.entries.size());
  for (const auto& [language, path] : options_.entries) {
    CT_TRY(const auto index, markup::read_help_index(path));
    read.emplace_back();
    for (const auto& entry : index) read.back()[entry.text].insert(entry.page);
    if (english == nullptr && text::same_language(language, options_.english_language))
      english = &read.back();
  }
  if (english == nullptr)
    return Error{ErrorCode::InvalidArgument, "align --by path: --entries needs the index in " +
                                                 options_.english_language + " too, as " +
                                                 options_.english_language +
                                                 "=FILE: what stands there is no "
                                                 "translation"};
  for (std::size_t i = 0; i < read.size(); ++i)
    if (&read[i] != english) add_entries_of(options_.entries[i].first, read[i], *english);
  return {};
}

void PathSet::add_entries_of(const std::string& language, const Entries& entries,
                             const Entries& english) {
  std::size_t number = 0;  // among the entries that lead to one page
  for (const auto& [entry, pages] : entries) {
    summary_.counters.add("entries.in");
    if (pages.size() != 1) {
      summary_.counters.add("entries.of-several-pages");
      continue;
    }
    std::string id = language;
    id.append(":").append(std::to_string(number++));
    const std::string& page = *pages.begin();
    const auto target = targets_.find(page);
    const auto untranslated = english.find(entry);
    if (entry.empty() || target == targets_.end() ||
        page.find(options_.queries_in) == std::string::npos) {
      summary_.counters.add("entries.elsewhere");
    } else if (untranslated != english.end() && untranslated->second.size() == 1) {
      summary_.counters.add("entries.untranslated");
    } else {
      files_of(page).add(id, entry, language, "index:" + id, target->second.passages);
      summary_.counters.add("queries");
    }
  }
}

}  // namespace

Result<AlignSummary> align_by_path(const PathOptions& options) {
  return PathSet(options).run();
}

}  // namespace crosstail::curate
