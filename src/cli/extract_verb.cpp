#include <chrono>
#include <cstdio>

#include "base/file.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/progress.h"
#include "cli/verbs.h"
#include "markup/extract.h"

namespace crosstail::cli {
namespace {

/// What a person can say to `crosstail extract`.
struct ExtractArguments {
  std::vector<std::string> inputs;
  std::string output = "-", passages, dropped, report, base_url;
  bool keep_author = false, mask_personal = false, resume = false, strict = false;
  Shard shard;
  std::uint64_t threads = 0;  ///< 0: as many as there are processors
  std::uint64_t max_page_bytes = std::uint64_t{8} << 20;
  std::uint64_t max_record_bytes = std::uint64_t{64} << 20;
  std::uint64_t max_depth = 512, max_nodes = 500'000, max_attributes = 512;
  std::uint64_t max_json_depth = 512, max_json_values = 1'000'000;
  std::uint64_t max_page_milliseconds = 10'000;

  [[nodiscard]] markup::ExtractOptions options() const {
    markup::ExtractOptions o;
    o.inputs = inputs;
    o.output = output;
    o.passages = passages;
    o.dropped = dropped;
    o.base_url = base_url;
    o.records.keep_author = keep_author;
    o.records.mask_personal = mask_personal;
    o.records.dropped = !dropped.empty();
    o.limits.max_bytes = max_page_bytes;
    o.limits.tree.max_depth = max_depth;
    o.limits.tree.max_nodes = max_nodes;
    o.limits.tree.max_milliseconds = max_page_milliseconds;
    o.limits.tree.tokens.max_attributes = max_attributes;
    o.limits.jsonld.max_depth = max_json_depth;
    o.limits.jsonld.max_values = max_json_values;
    o.max_record_bytes = max_record_bytes;
    o.threads = threads != 0 ? threads : available_threads();
    o.shard_index = shard.index;
    o.shard_count = shard.count;
    o.resume = resume;
    return o;
  }
};

std::string counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what);
}

/// "reason 3, reason 2": the counts of a group, largest first.
std::string reasons(const Counters& counters, const std::string& group) {
  std::vector<std::pair<std::uint64_t, std::string>> found;
  const std::string prefix = group + ".";
  for (const auto& [name, count] : counters.all())
    if (name.compare(0, prefix.size(), prefix) == 0)
      found.emplace_back(count, name.substr(prefix.size()));
  std::sort(found.rbegin(), found.rend());
  std::string text;
  for (const auto& [count, name] : found)
    text += (text.empty() ? "" : ", ") + name + " " + std::to_string(count);
  return text;
}

/// A few lines for a person: what went in, what came out, what was dropped and mended.
void print_summary(const markup::ExtractSummary& summary) {
  const Counters& c = summary.counters;
  char rate[64];
  const double seconds = summary.seconds > 0 ? summary.seconds : 1e-9;
  std::snprintf(rate, sizeof rate, "%.2f s, %.0f pages/s, %.1f MB/s", summary.seconds,
                static_cast<double>(c["pages.in"]) / seconds,
                static_cast<double>(c["inputs.bytes"]) / 1e6 / seconds);
  log(LogLevel::Info, "summary",
      counted(c["pages.in"], "pages in ") + counted(c["inputs.files"], "files (") + rate + ")");
  log(LogLevel::Info, "summary",
      counted(c["pairs.out"], "pairs out of ") + counted(c["pages.with-pairs"], "pages; ") +
          counted(c.sum("pairs.dropped"), "pairs dropped"));
  const std::pair<const char*, const char*> groups[] = {{"pairs by kind", "pairs.by-kind"},
                                                        {"pairs dropped", "pairs.dropped"},
                                                        {"pages dropped", "pages.dropped"},
                                                        {"records passed over", "records.dropped"},
                                                        {"files passed over", "files.dropped"},
                                                        {"repairs", "repairs"},
                                                        {"limits hit", "limits"},
                                                        {"damage", "damage"},
                                                        {"masked", "masked"}};
  for (const auto& [title, group] : groups) {
    const std::string text = reasons(c, group);
    if (!text.empty()) log(LogLevel::Info, "summary", std::string(title) + ": " + text);
  }
}

class ExtractVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "extract", "questions, answers and passages out of web pages", "INPUT… -o FILE [options]",
        "Reads HTML, WARC, ARC and N-Quads (plain, gzip or zstd; recognised by content), finds\n"
        "schema.org FAQ mark-up in JSON-LD, Microdata and RDFa, and writes one JSON line a\n"
        "question-answer pair. Broken mark-up is repaired where the intent is clear; every drop "
        "and\n"
        "repair is counted.",
        "  crosstail extract crawl/ archive.warc.gz -o faq.jsonl.zst --report report.json\n"
        "  crosstail extract help/en-US --passages passages.jsonl -o faq.jsonl --base-url "
        "https://help.example.org/"};
  }

  void declare(OptionTable& options) override {
    options.positionals(a_.inputs, "INPUT", "files, folders, or - for standard input", 1);
    options.section("Output")
        .text(a_.output, "output", "FILE", "FAQ records as JSON lines; .gz and .zst compress", 'o')
        .text(a_.passages, "passages", "FILE", "also write the pages' passages here")
        .text(a_.dropped, "dropped", "FILE",
              "each dropped pair, page, record and file, with its reason")
        .text(a_.report, "report", "FILE", "all counts as JSON")
        .text(a_.base_url, "base-url", "URL", "put before the relative paths of files")
        .flag(a_.keep_author, "keep-author", "keep the names of answers' authors")
        .flag(a_.mask_personal, "mask-personal", "replace e-mail addresses and phone numbers");
    options.section("Running")
        .count(a_.threads, "threads", "N", "threads; 0 means one per processor")
        .custom("shard", "i/n", "only part i of n (from 0)", "0/1",
                [this](std::string_view value) -> Status {
                  CT_TRY(a_.shard, parse_shard(value));
                  return {};
                })
        .flag(a_.resume, "resume", "go on where a killed run stopped")
        .flag(a_.strict, "strict", "exit with 1 if any input was damaged");
    options.section("Limits (each hit is counted)")
        .count(a_.max_page_bytes, "max-page-bytes", "BYTES", "of a page; the rest is left out")
        .count(a_.max_record_bytes, "max-record-bytes", "BYTES",
               "of an archive's record; larger are passed over")
        .count(a_.max_depth, "max-depth", "N", "nesting of HTML elements")
        .count(a_.max_nodes, "max-nodes", "N", "nodes of a page's tree")
        .count(a_.max_attributes, "max-attributes", "N", "attributes of one tag")
        .count(a_.max_json_depth, "max-json-depth", "N", "nesting of JSON-LD")
        .count(a_.max_json_values, "max-json-values", "N", "values of one JSON-LD script")
        .count(a_.max_page_milliseconds, "max-page-milliseconds", "MS",
               "time for a page's tree; 0 means none");
  }

  Result<int> run() override {
    if (!a_.report.empty() && a_.report == a_.output)
      return Error{ErrorCode::InvalidArgument, "--report and --output name the same file"};
    Progress progress("extract", "pages");
    auto result = markup::extract(a_.options(), [&](const Counters& counters) {
      progress.update(counters["pages.in"], counted(counters["pairs.out"], "pairs"));
    });
    progress.finish();
    if (!result.ok()) return with_hint(std::move(result).error());
    if (!a_.report.empty()) CT_CHECK(write_file_atomic(a_.report, markup::report_json(*result)));
    print_summary(*result);
    const bool nothing = result->counters["pages.in"] == 0;
    if (nothing) log(LogLevel::Warning, "no-pages", "no page was found in the inputs");
    const bool not_ours = nothing && result->damaged();
    return not_ours || (a_.strict && result->damaged()) ? kFailed : kDone;
  }

 private:
  [[nodiscard]] Error with_hint(Error error) const {
    if (error.code == ErrorCode::Interrupted && a_.output != "-")
      error.message += "; run the same command with --resume to go on";
    return error;
  }

  ExtractArguments a_;
};

}  // namespace

std::unique_ptr<Verb> extract_verb() {
  return std::make_unique<ExtractVerb>();
}

}  // namespace crosstail::cli
