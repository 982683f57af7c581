#include <malloc.h>

#include "base/log.h"
#include "base/pool.h"
#include "cli/verbs.h"
#include "curate/curate.h"

namespace crosstail::cli {
namespace {

/// CLD2 and the parsers take and give back blocks of about 100 KiB for each text; by default the C
/// library hands such memory back to the kernel every time, which costs more than the work.
void keep_freed_memory() {
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
}

class CurateVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "curate", "which pairs are worth keeping: clean, filter, de-duplicate, split",
        "FAQ… -o DIR [options]",
        "Reads question-answer pairs (what `extract` writes, WebFAQ's records, or CSV and TSV),\n"
        "cleans them, tells their language, drops what is not worth keeping with a reason for\n"
        "each, removes duplicates, splits by connected components, and writes a data set with a\n"
        "data card. rows = kept + dropped.",
        "  crosstail curate faq.jsonl.zst -o data --report report.json --dropped dropped.jsonl\n"
        "  crosstail curate table.csv --columns question=Frage,answer=Antwort -o data --format "
        "beir"};
  }

  void declare(OptionTable& options) override {
    options.positionals(o_.inputs, "FAQ", "files of pairs, or - for standard input", 1);
    options.section("Input and output")
        .text(o_.output, "output", "DIR", "the data set; put in place when complete", 'o')
        .choice(format_, "format", {"jsonl", "webfaq", "beir", "tevatron", "sentence-transformers"},
                "layout of the output")
        .custom("columns", "FIELD=COLUMN,…", "columns of CSV and TSV files, by name or number", "",
                [this](std::string_view value) -> Status {
                  CT_TRY(o_.columns, data::ColumnMap::parse(value));
                  return {};
                })
        .text(o_.report, "report", "FILE", "all counts as JSON")
        .text(o_.dropped, "dropped", "FILE", "each dropped pair with its reason and place");
    options.section("What is kept")
        .choice(preset_, "preset", {"default", "webfaq-v1", "webfaq-v2"},
                "filters, cleaning and thresholds")
        .texts(o_.languages, "language", "CODE", "keep only this language")
        .real(o_.min_confidence, "min-confidence", "P",
              "least confidence in the language (negative: the preset's)")
        .negative_flag(o_.clean, "clean", "leave texts as they are")
        .flag(o_.keep_duplicates, "keep-duplicates", "do not drop repeated pairs");
    options.section("Language identification")
        .text(o_.language_model, "language-model", "FILE", "fastText's lid.176.bin or lid.176.ftz")
        .negative_flag(o_.language_hints, "language-hints",
                       "do not use addresses, hreflang and html lang as evidence")
        .negative_flag(o_.identify, "identify", "believe the languages that the pages state");
    options.section("Split")
        .choice(split_by_, "split-by", {"site", "page", "group", "none"},
                "what must not be torn apart")
        .real(o_.dev_share, "dev-share", "P", "share of components that go to dev")
        .real(o_.test_share, "test-share", "P", "share of components that go to test")
        .count(o_.seed, "seed", "N", "chooses the sides")
        .negative_flag(o_.link_duplicates, "link-duplicates",
                       "sites that share a pair may be on different sides");
    options.section("Running")
        .count(threads_, "threads", "N", "threads; 0 means one per processor")
        .flag(o_.strict, "strict", "stop at the first malformed row");
  }

  Result<int> run() override {
    keep_freed_memory();
    CT_TRY(o_.format, curate::parse_format(format_));
    CT_TRY(o_.preset, curate::parse_preset(preset_));
    CT_TRY(o_.split_by, curate::parse_split_by(split_by_));
    o_.threads = threads_ != 0 ? threads_ : available_threads();
    CT_TRY(const auto card, curate::curate(o_));
    std::string reasons;
    for (const auto& [reason, count] : card.dropped.all())
      reasons += (reasons.empty() ? ": " : ", ") + reason + " " + std::to_string(count);
    log(LogLevel::Info, "summary",
        std::to_string(card.rows) + " rows, " + std::to_string(card.kept) + " kept in " +
            std::to_string(card.languages.size()) + " languages from " +
            std::to_string(card.sites) + " sites; " + std::to_string(card.rows - card.kept) +
            " dropped" + reasons);
    if (card.rows == 0) log(LogLevel::Warning, "empty-input", "the input holds no rows");
    if (!card.note.empty()) log(LogLevel::Warning, "lopsided-split", card.note);
    return kDone;
  }

 private:
  curate::CurateOptions o_;
  std::string format_ = "jsonl", preset_ = "default", split_by_ = "site";
  std::uint64_t threads_ = 0;
};

}  // namespace

std::unique_ptr<Verb> curate_verb() {
  return std::make_unique<CurateVerb>();
}

}  // namespace crosstail::cli
