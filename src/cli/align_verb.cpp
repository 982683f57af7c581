#include "base/file.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "cli/verbs.h"
#include "curate/align.h"
#include "text/language_tag.h"

namespace crosstail::cli {
namespace {

class AlignVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "align", "which language versions of a question belong together",
        "--by structure FAQ… -o FILE  |  --by path ENGLISH LANG=OTHER… -o DIR",
        "By structure: joins the pages of a site that are translations of each other (hreflang in\n"
        "both directions, or the same path without its language segment), then their questions by\n"
        "position; writes questions to attach to passages. With --key, joins by a member of the\n"
        "records. By path: from passages of two or more languages whose documents share relative\n"
        "paths, writes a retrieval set of page titles (BEIR, with the titles to attach), or, with\n"
        "--entries, of the entries that a help's index has for the pages.",
        "  crosstail align --by structure faq.jsonl -o questions.jsonl\n"
        "  crosstail align --by path en.jsonl de=de.jsonl fr=fr.jsonl --queries-in /guide/ -o "
        "titles\n"
        "  crosstail align --by path en.jsonl de=de.jsonl --entries en=help/en-US/bookmarks.js \\\n"
        "    --entries de=help/de/bookmarks.js --queries-in /guide/ -o index-entries"};
  }

  void declare(OptionTable& options) override {
    options.positionals(inputs_, "INPUT", "FAQ records, or passages as LANG=FILE", 1);
    options.section("Joining")
        .choice(by_, "by", {"structure", "path"}, "what tells translations")
        .text(structure_.key, "key", "MEMBER", "join the records that share this member's value")
        .text(structure_.attach, "attach-to", "LANG", "attach to the answers in this language only")
        .text(structure_.queries, "queries", "FILE",
              "also write the attached questions in other languages as queries …")
        .text(structure_.qrels, "qrels", "FILE", "… and that those answers are relevant to them")
        .choice(passage_id_, "passage-id", {"pair", "answer"},
                "ids of records, or of answers as in `curate --format beir`")
        .custom("columns", "FIELD=COLUMN,…", "columns of CSV and TSV files, by name or number", "",
                [this](std::string_view value) -> Status {
                  CT_TRY(structure_.columns, data::ColumnMap::parse(value));
                  return {};
                });
    options.section("By path")
        .text(path_.queries_in, "queries-in", "TEXT", "queries only from pages whose path has this")
        .custom("entries", "LANG=FILE",
                "a help's index (bookmarks.js): its entries are the queries, not the titles; one "
                "in English, and each language's",
                "",
                [this](std::string_view value) -> Status {
                  const auto equals = std::min(value.find('='), value.size());
                  if (text::language_code(value.substr(0, equals)).empty() ||
                      equals + 1 >= value.size())
                    return Error{ErrorCode::InvalidArgument,
                                 "expected LANG=FILE, as in de=help/de/bookmarks.js"};
                  path_.entries.emplace_back(value.substr(0, equals), value.substr(equals + 1));
                  return {};
                })
        .real(path_.dev_share, "dev-share", "S",
              "this share of the pages gives its queries to dev-queries.jsonl and qrels/dev.tsv")
        .flag(path_.sections, "sections", "keep sections as passages instead of whole pages")
        .count(min_characters_, "min-characters", "N", "passages shorter than this are left out")
        .count(max_characters_, "max-characters", "N", "passages are cut here");
    options.section("Output")
        .text(output_, "output", "FILE|DIR", "questions, or the folder of the set", 'o')
        .text(report_, "report", "FILE", "all counts and skipped pages as JSON")
        .flag(structure_.strict, "strict", "stop at the first malformed row");
  }

  Result<int> run() override {
    CT_TRY(const auto summary, by_ == "path" ? run_path() : run_structure());
    if (!report_.empty()) CT_CHECK(write_report(summary));
    const Counters& c = summary.counters;
    const auto said = [&](const char* name) { return std::to_string(c[name]) + " "; };
    if (by_ == "path")
      log(LogLevel::Info, "summary",
          said("passages") + "passages, " + said("queries") + "queries, " + said("annotations") +
              "titles attached; " + said("titles.missing") + "titles missing, " +
              said("titles.untranslated") + "untranslated");
    else
      log(LogLevel::Info, "summary",
          said("rows.in") + "rows on " + said("pages.in") + "pages; " + said("groups") +
              "questions in several languages, " + said("out.rows") +
              "rows written; pages skipped: " + std::to_string(c.sum("pages.skipped")));
    if (c["rows.in"] == 0 && by_ != "path")
      log(LogLevel::Warning, "no-rows", "the input holds no rows");
    else if (c[by_ == "path" ? "annotations" : "out.rows"] == 0)
      log(LogLevel::Warning, "nothing-aligned", "no question in several languages was found");
    return kDone;
  }

 private:
  Result<curate::AlignSummary> run_structure() {
    structure_.inputs = inputs_;
    structure_.output = output_;
    structure_.passage_id =
        passage_id_ == "answer" ? curate::PassageId::Answer : curate::PassageId::Pair;
    if (!structure_.attach.empty() && text::language_code(structure_.attach).empty())
      return Error{ErrorCode::InvalidArgument,
                   "--attach-to " + structure_.attach + ": is no language"};
    return curate::align_by_structure(structure_);
  }

  Result<curate::AlignSummary> run_path() {
    path_.output = output_;
    if (!(path_.dev_share >= 0 && path_.dev_share < 1))
      return Error{ErrorCode::InvalidArgument, "--dev-share: expected at least 0 and below 1"};
    path_.min_characters = min_characters_;
    path_.max_characters = max_characters_;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const std::size_t equals = inputs_[i].find('=');
      const std::string tag = inputs_[i].substr(0, equals == std::string::npos ? 0 : equals);
      const bool named = !text::language_code(tag).empty();
      if (i == 0) {
        path_.english = named ? inputs_[0].substr(equals + 1) : inputs_[0];
        if (named) path_.english_language = tag;
        continue;
      }
      if (!named)
        return Error{ErrorCode::InvalidArgument,
                     "'" + inputs_[i] + "': expected LANG=FILE, as in de=de.jsonl"};
      path_.others.emplace_back(tag, inputs_[i].substr(equals + 1));
    }
    return curate::align_by_path(path_);
  }

  Status write_report(const curate::AlignSummary& summary) const {
    std::string out;
    JsonWriter json(out, 2);
    json.begin_object().key("counts");
    summary.counters.write(json);
    json.key("skipped").begin_array();
    for (const auto& page : summary.skipped)
      json.begin_object().member("url", page.url).member("reason", page.reason).end_object();
    json.end_array().end_object();
    out += '\n';
    return write_file_atomic(report_, out);
  }

  std::vector<std::string> inputs_;
  std::string by_ = "structure", output_, report_, passage_id_ = "pair";
  curate::StructureOptions structure_;
  curate::PathOptions path_;
  std::uint64_t min_characters_ = 60, max_characters_ = 1200;
};

}  // namespace

std::unique_ptr<Verb> align_verb() {
  return std::make_unique<AlignVerb>();
}

}  // namespace crosstail::cli
