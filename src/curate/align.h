#pragma once
/// Which language versions of one question belong together.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/counters.h"
#include "base/result.h"
#include "data/rows.h"

namespace crosstail::curate {

/// A page that could not be joined, and why.
struct SkippedPage {
  std::string url, reason;
};

/// Counts of one run: `rows.in`, `rows.malformed`, `pages.in`, `pages.joined`,
/// `pages.skipped.REASON`, `groups`, `questions.untranslated`, `out.rows` …
struct AlignSummary {
  Counters counters;
  std::vector<SkippedPage> skipped;  ///< at most 10,000; the counters count all
};

/// Appends one row of questions.jsonl: passage_id, lang, text, group, site, source, confidence.
struct AlignedRow {
  std::string_view passage_id, lang, text, group, site;
  double confidence = 1;
};
void append_aligned_row(std::string& out, const AlignedRow& row);

enum class PassageId : std::uint8_t {
  Pair,    ///< the record's id
  Answer,  ///< the id that `curate --format beir` gives to the answer
};

struct StructureOptions {
  std::vector<std::string> inputs;  ///< FAQ records, as `extract` writes them
  std::string output;               ///< questions.jsonl; .gz and .zst compress
  data::ColumnMap columns;
  std::string key;     ///< a member that names what is a translation of what; empty: by structure
  std::string attach;  ///< attach to the answers in this language only; empty: in all
  /// Both or neither: the attached questions in other languages than `attach` (which must be given)
  /// as queries for those answers, and their judgments (BEIR).
  std::string queries, qrels;
  PassageId passage_id = PassageId::Pair;
  bool strict = false;
};

/// Joins by hreflang where both pages name each other, else by the path without its language
/// segment; then by position, where the pages hold the same positions. Of the pages of a set, those
/// that agree with most others are joined; the rest is skipped and reported, as are second pages in
/// a language that the set has. With `key`, questions of one key are joined and pages do not
/// matter.
///
/// Each question of a joined group is attached to each answer of the group (or of `attach`), also
/// to its own: `search --leave-out` decides later what counts. A question equal, letter for letter,
/// to one of the group in another language is untranslated and left out; English stays. Confidence:
/// 1 by key, 0.99 by hreflang, 0.95 by path. Everything is held in memory.
Result<AlignSummary> align_by_structure(const StructureOptions& options);

struct PathOptions {
  /// The pages whose passages are searched: what `extract --passages` wrote, and its language.
  std::string english, english_language = "en";
  /// Language tag and file of passages, for each translation.
  std::vector<std::pair<std::string, std::string>> others;
  std::string output;      ///< a folder
  std::string queries_in;  ///< only pages whose path contains this become queries
  /// Language tag and a help's index (markup/help_index.h), one of them in English: its entries are
  /// the queries, in place of the titles.
  std::vector<std::pair<std::string, std::string>> entries;
  /// This share of the pages, chosen by a hash of their paths, gives its queries to
  /// `dev-queries.jsonl` and `qrels/dev.tsv` and none to the others.
  double dev_share = 0;
  bool sections = false;  ///< keep sections as passages instead of whole pages
  std::size_t min_characters = 60, max_characters = 1200;  ///< of a passage; shorter ones go,
                                                           ///< longer ones are cut
};

/// Writes a retrieval set of page titles: `corpus.jsonl`, `queries.jsonl`, `qrels/test.tsv` and
/// `annotations.jsonl`. A passage is the text of an English page without its title; the titles of
/// the page in all languages are attached to it (`group` is the page); a title that differs from
/// the English one is a query for it, if no other page has the same English title.
///
/// With `entries`, an entry that leads to one page, and is no entry of the English index, is a
/// query for that page in its language. It was worded by other people than the titles were, and
/// belongs to a group of its own.
Result<AlignSummary> align_by_path(const PathOptions& options);

}  // namespace crosstail::curate
