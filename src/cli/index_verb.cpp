#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/json_writer.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/stream.h"
#include "cli/language_warning.h"
#include "cli/verbs.h"
#include "index/fused_rows.h"
#include "model/locate.h"
#include "model/model_card.h"
#include "retrieve/build_index.h"
#include "retrieve/index_changes.h"
#include "retrieve/verify_kept.h"

namespace crosstail::cli {
namespace {

/// Text as the user gave it; checked() turns it into retrieve::BuildOptions.
struct IndexOptions {
  std::vector<std::string> arguments;  ///< corpora, or an action, its index and what it takes
  std::string output, model, precision = "auto";
  std::vector<std::string> questions;
  std::string passage_vectors, question_vectors;
  std::string passage_from = "usual", passage_prompt = "passage", question_prompt = "query";
  std::uint64_t max_length = 0, question_max_length = 0, window = 0, stride = 0;
  bool strict = false, own_questions = true, texts = true;
  double min_confidence = 0;
  std::uint64_t max_per_language = 0, min_count = 1;
  std::vector<std::string> exclude_language;
  std::string keep_parts = "question", vectors = "f32", preset = "none";
  std::string fusion = "none", alpha, center = "none", centroid_from;
  double beta = 1, shrink = 100, strength = 1;
  bool renormalise = true;
  std::string shard;
  bool resume = false, estimate = false;
  std::uint64_t threads = 0, memory = std::uint64_t{256} << 20, checkpoint_seconds = 2;
  std::string ids;
  bool ignore_missing = false, json = false;
};

Error invalid(std::string message) {
  return {ErrorCode::InvalidArgument, std::move(message)};
}

/// The published settings of xQG (arXiv 2305.03950 and its code), where nothing else is asked for.
void apply_preset(IndexOptions& o) {
  if (o.preset != "xqg") return;
  if (o.fusion == "none") o.fusion = "sum";
  if (o.alpha.empty()) o.alpha = "0.01";
  if (o.question_prompt == "query") o.question_prompt = "passage";
  if (o.max_length == 0) o.max_length = 128;
  // Generated questions go through the passage path there, with its length.
  if (o.question_max_length == 0) o.question_max_length = 128;
}

Result<index::FusionSetting> fusion_of(const IndexOptions& o) {
  index::FusionSetting setting;
  setting.mode = *index::parse_fusion_mode(o.fusion);
  setting.alpha = setting.mode == index::FusionMode::Sum ? 0.01 : 0.5;
  if (!o.alpha.empty()) {
    auto parsed = index::parse_alpha(o.alpha, setting);
    if (!parsed.ok()) return std::move(parsed).error().at("--alpha " + o.alpha);
  }
  setting.beta = o.beta;
  setting.renormalise = o.renormalise;
  setting.center = *index::parse_centering(o.center);
  setting.shrink = o.shrink;
  setting.strength = o.strength;
  if (o.beta < 0 || o.shrink < 0 || o.strength < 0)
    return invalid("--beta, --centroid-shrink and --center-strength are 0 or more");
  return setting;
}

Result<retrieve::BuildOptions> checked(IndexOptions o) {
  apply_preset(o);
  retrieve::BuildOptions out;
  out.output = o.output;
  out.vectors.model = o.model;
  if (o.precision != "auto") out.vectors.precision = o.precision;
  out.vectors.threads = o.threads;
  out.vectors.passage_prompt = o.passage_prompt;
  out.vectors.question_prompt = o.question_prompt;
  out.vectors.max_length = o.max_length;
  out.vectors.question_max_length = o.question_max_length;
  out.vectors.passage_vectors = o.passage_vectors;
  out.vectors.question_vectors = o.question_vectors;
  out.questions.files = o.questions;
  out.questions.min_confidence = o.min_confidence;
  out.questions.max_per_language = o.max_per_language;
  out.questions.min_count = std::max<std::uint64_t>(o.min_count, 1);
  for (const auto& list : o.exclude_language)
    for (std::size_t at = 0; at <= list.size();) {
      const auto comma = std::min(list.find(',', at), list.size());
      if (comma > at) out.questions.exclude_languages.push_back(list.substr(at, comma - at));
      at = comma + 1;
    }
  out.questions.memory_bytes =
      static_cast<std::size_t>(std::max<std::uint64_t>(o.memory, std::uint64_t{1} << 20));
  out.passage_from = *retrieve::parse_passage_from(o.passage_from);
  out.own_questions = o.own_questions;
  out.texts = o.texts;
  out.keep = *index::parse_keep_parts(o.keep_parts);
  out.type = o.vectors == "bf16" ? index::VectorType::BF16 : index::VectorType::F32;
  out.window = o.window;
  out.stride = o.stride;
  out.strict = o.strict;
  CT_TRY(out.fusion, fusion_of(o));
  out.centroid_from = o.centroid_from;
  out.resume = o.resume;
  if (!o.shard.empty()) {
    CT_TRY(const Shard shard, parse_shard(o.shard));
    out.shard = shard.index;
    out.shards = shard.count;
  }
  out.checkpoint_every = std::chrono::seconds(o.checkpoint_seconds);
  out.version = CROSSTAIL_VERSION;
  return out;
}

std::string counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what);
}

/// What a person must know of a build, on stderr.
void tell(const retrieve::BuildReport& report) {
  const Counters& c = report.counters;
  if (const auto unknown = c["questions.unknown-passage"]; unknown > 0)
    log(LogLevel::Warning, "unknown-passages",
        counted(unknown, "questions of ") + std::to_string(c["questions.read"]) +
            " name a passage that is not in the corpus and were passed over");
  if (const auto cut = c["passages.truncated"]; cut > 0) {
    char share[64];
    std::snprintf(share, sizeof share, "%.2f%%",
                  100.0 * static_cast<double>(c["passages.cut-tokens"]) /
                      static_cast<double>(c["passages.tokens"] + c["passages.cut-tokens"]));
    log(LogLevel::Warning, "truncated",
        counted(cut, "passages are longer than the model takes; ") + share +
            " of all tokens were cut off (--window keeps them, --strict makes it an error)");
  }
  if (const auto cut = c["questions.truncated"]; cut > 0)
    log(LogLevel::Warning, "truncated", counted(cut, "questions were cut at their maximum length"));
  if (const auto empty = c["passages.empty"]; empty > 0)
    log(LogLevel::Warning, "empty", counted(empty, "passages have no text"));
  for (const auto& [name, count] : c.all())
    if (name.starts_with("questions.dropped."))
      log(LogLevel::Info, "dropped",
          counted(count, "questions dropped: ") + name.substr(sizeof "questions.dropped." - 1));
  log(LogLevel::Info, "index",
      std::string(report.already_complete ? "was complete already: " : "") +
          counted(report.passages, "passages, ") + counted(report.rows, "vectors, ") +
          counted(report.questions, "attached questions"));
}

std::string gigabytes(std::uint64_t bytes) {
  char text[64];
  if (bytes < 1000000000)
    std::snprintf(text, sizeof text, "%.1f MB", static_cast<double>(bytes) / 1e6);
  else
    std::snprintf(text, sizeof text, "%.1f GB", static_cast<double>(bytes) / 1e9);
  return text;
}

void print_estimate(const retrieve::Estimate& e, bool json_format) {
  std::string text;
  if (json_format) {
    JsonWriter json(text);
    json.begin_object()
        .member("passages", e.passages)
        .member("questions", e.questions)
        .member("sampled_texts", e.sampled_texts)
        .member("encoding_seconds", e.seconds)
        .member("disk_bytes", e.disk_bytes)
        .member("work_bytes", e.work_bytes)
        .member("memory_bytes", e.memory_bytes)
        .end_object();
  } else {
    char hours[64];
    std::snprintf(hours, sizeof hours, e.seconds < 7200 ? "%.0f s" : "%.1f h",
                  e.seconds < 7200 ? e.seconds : e.seconds / 3600);
    text = "passages   " + std::to_string(e.passages) + "\nquestions  " +
           std::to_string(e.questions) + "\nencoding   " + hours + "  (from " +
           std::to_string(e.sampled_texts) + " texts)\ndisk       " + gigabytes(e.disk_bytes) +
           ", and " + gigabytes(e.work_bytes) + " while it is built\nmemory     " +
           gigabytes(e.memory_bytes) + ", and the model";
  }
  std::printf("%s\n", text.c_str());
}

void print_info(const index::IndexReader& index, bool json_format) {
  const index::Manifest& m = index.manifest();
  if (json_format) {
    const std::string text = index::to_json(m);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return;
  }
  std::printf("passages     %llu (%llu deleted)\nvectors      %llu × %zu %s\n",
              static_cast<unsigned long long>(index.passages() - index.deleted_passages()),
              static_cast<unsigned long long>(index.deleted_passages()),
              static_cast<unsigned long long>(index.rows()), index.dim(),
              m.type == index::VectorType::F32 ? "f32" : "bf16");
  std::printf("questions    %llu\nkeeps parts  %s\nfusion       %s\n",
              static_cast<unsigned long long>(index.questions()),
              std::string(name_of(m.keep)).c_str(), to_text(m.fusion).c_str());
  if (m.tuned) std::printf("tuned        %s\n", to_text(m.tuned->setting).c_str());
  std::printf("model        %s\nidentity     %s\nprecision    %s on %s\n", m.model.name.c_str(),
              m.model.identity.c_str(), m.model.precision.c_str(), m.model.processor.c_str());
  std::printf("passages of  %s, at most %llu tokens, after \"%s\"\n", m.passage_from.c_str(),
              static_cast<unsigned long long>(m.model.max_length), m.model.passage_prompt.c_str());
  if (m.window > 0)
    std::printf("windows      %llu tokens, stride %llu\n",
                static_cast<unsigned long long>(m.window),
                static_cast<unsigned long long>(m.stride));
  if (m.shards > 1)
    std::printf("shard        %llu/%llu\n", static_cast<unsigned long long>(m.shard),
                static_cast<unsigned long long>(m.shards));
  for (const auto& [name, counts] : {std::pair("languages", &m.questions_by_language),
                                     std::pair("sources", &m.questions_by_source)}) {
    if (counts->empty()) continue;
    std::printf("%-12s", name);
    for (const auto& [key, count] : *counts)
      std::printf(" %s %llu", key.c_str(), static_cast<unsigned long long>(count));
    std::printf("\n");
  }
}

class IndexVerb final : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "index", "vectors of passages, with the questions attached to them",
        "CORPUS… -o DIR [--model M] [--questions FILE…]\n"
        "       crosstail index info|verify DIR, export DIR -o FOLDER, merge DIR… -o DIR,\n"
        "       add|sync DIR CORPUS…, delete DIR ID…",
        "Encodes passages and their attached questions, and keeps what later choices need: the "
        "fusion of\n"
        "the two is chosen when searching, or by `crosstail tune`, without encoding again. A "
        "corpus "
        "is JSON\n"
        "lines, CSV or TSV: BEIR, Tevatron, Pyserini, WebFAQ, or what `extract` and `curate` "
        "write. A run\n"
        "that was killed goes on with --resume and ends with the same bytes.\n\n"
        "  info     what is in an index          verify   check every byte of it\n"
        "  add      more passages                delete   take passages out, by id\n"
        "  sync     add, replace and delete so that the index is as the corpus; encodes what "
        "changed\n"
        "  merge    join shards, or indexes      export   passages.npy, questions.npy and their "
        "rows\n",
        "  crosstail index corpus.jsonl -o idx --questions annotations.jsonl\n"
        "  crosstail index corpus.jsonl -o idx --model M --questions annotations.jsonl --estimate\n"
        "  crosstail index corpus.jsonl -o part-3 --model M --shard 3/8\n"
        "  crosstail index merge part-* -o idx\n"
        "  crosstail index sync idx corpus.jsonl --questions annotations.jsonl\n"
        "  crosstail index corpus.jsonl -o idx --passage-vectors p.npy --questions q.jsonl \\\n"
        "    --question-vectors q.npy --keep-parts total --vectors bf16"};
  }

  void declare(OptionTable& options) override {
    auto& o = options_;
    options
        .positionals(o.arguments, "CORPUS", "corpora; or an action, its index and what it takes", 1)
        .text(o.output, "output", "DIR", "the index; put in place when it is complete", 'o')
        .text(o.model, "model", "M",
              "model directory, converted model, or name; default: the bundled crosstail-mini")
        .choice(o.precision, "precision", {"auto", "f32", "bf16", "int8"}, "of the encoder")
        .count(o.threads, "threads", "N", "threads; 0: all processors")
        .flag(o.resume, "resume", "go on with a run that was killed or stopped")
        .flag(o.estimate, "estimate", "only encode a sample; print time, disk and memory")
        .flag(o.json, "json", "info and --estimate as JSON")
        .text(o.shard, "shard", "I/N", "only part I of N of the corpus, counted from 0")
        .section("Passages")
        .choice(o.passage_from, "passage-from",
                {"usual", "text", "title+text", "answer", "question+answer"},
                "what is encoded; usual: the title before the text, of pairs the answer")
        .count(o.max_length, "max-length", "N", "tokens of a passage; 0: the model's")
        .count(o.window, "window", "N", "cut long texts into windows of N tokens")
        .count(o.stride, "stride", "N", "tokens from one window to the next; 0: the window")
        .flag(o.strict, "strict", "a text that must be cut is an error")
        .text(o.passage_prompt, "passage-prompt", "NAME", "prompt of the model for passages")
        .section("Attached questions")
        .texts(o.questions, "questions", "FILE", "rows of passage_id, lang, text; or xQG's")
        .count(o.question_max_length, "question-max-length", "N",
               "tokens of a question; 0: the model's")
        .text(o.question_prompt, "question-prompt", "NAME", "prompt of the model for questions")
        .real(o.min_confidence, "min-confidence", "X", "drop questions below")
        .count(o.max_per_language, "max-per-language", "N",
               "the first N of a passage, source and language; 0: all")
        .texts(o.exclude_language, "exclude-language", "TAG,…", "drop questions in these languages")
        .count(o.min_count, "min-count", "N", "of source log, only texts asked so often")
        .negative_flag(o.own_questions, "own-questions",
                       "do not attach a pair's question to its answer")
        .section("What is kept")
        .choice(o.keep_parts, "keep-parts", {"question", "language", "total", "none"},
                "vectors of questions: each; sums by language, in all; or only fused passages")
        .choice(o.vectors, "vectors", {"f32", "bf16"}, "how vectors are stored")
        .negative_flag(o.texts, "texts", "do not store texts")
        .section("Vectors from elsewhere")
        .text(o.passage_vectors, "passage-vectors", "FILE.npy", "one row a passage, in order")
        .text(o.question_vectors, "question-vectors", "FILE.npy", "one row a question, in order")
        .section("Default fusion, for searches that name none")
        .choice(o.fusion, "fusion",
                {"none", "sum", "mean", "language-mean", "questions-only", "max"},
                "how questions enter the vector")
        .text(o.alpha, "alpha", "A", "weight of questions, or SOURCE=A,…; 0.01 for sum, else 0.5")
        .real(o.beta, "beta", "B", "weight of questions in max")
        .negative_flag(o.renormalise, "renormalise", "leave means as long as they come out")
        .choice(o.center, "center", {"none", "global", "language"},
                "take the questions' centroid out")
        .real(o.shrink, "centroid-shrink", "S", "questions that the global centroid counts as")
        .real(o.strength, "center-strength", "G", "the share of the centroids that is taken out")
        .text(o.centroid_from, "centroid-from", "FILE", "centroids of these questions instead")
        .choice(o.preset, "preset", {"none", "xqg"}, "the published settings of xQG")
        .section("Changing an index")
        .text(o.ids, "ids", "FILE", "delete: ids, one a line")
        .flag(o.ignore_missing, "ignore-missing", "delete: pass over ids that are not there")
        .section("Running")
        .count(o.memory, "memory", "BYTES", "for sorting questions, before runs go to disk")
        .count(o.checkpoint_seconds, "checkpoint-seconds", "N", "between journal entries");
  }

  Result<int> run() override {
    const std::string action = options_.arguments.front();
    static const std::vector<std::string> kActions{"info", "verify", "export", "merge",
                                                   "add",  "delete", "sync"};
    if (std::find(kActions.begin(), kActions.end(), action) == kActions.end()) return build();
    rest_.assign(options_.arguments.begin() + 1, options_.arguments.end());
    if (rest_.empty())
      return invalid("index " + action + ": which index? (a corpus of that name is ./" + action +
                     ")");
    if (action == "info") return show();
    if (action == "verify") return verify();
    if (action == "export") return export_vectors();
    if (action == "merge") return merge();
    if (action == "delete") return delete_passages();
    return change(action == "sync");
  }

 private:
  Result<int> build() {
    options_.output = options_.output.empty() && options_.estimate ? "index" : options_.output;
    if (options_.model.empty() && options_.passage_vectors.empty() &&
        options_.question_vectors.empty()) {
      CT_TRY(options_.model, model::default_model());
    }
    CT_TRY(auto options, checked(options_));
    options.corpus = options_.arguments;
    if (options_.estimate) {
      CT_TRY(const auto estimate, retrieve::estimate_index(options));
      print_estimate(estimate, options_.json);
      return kDone;
    }
    Progress progress("index", "passages");
    options.progress = [&](std::uint64_t done, std::uint64_t total) {
      progress.update(done, "of " + std::to_string(total));
    };
    CT_TRY(const auto report, retrieve::build_index(options));
    progress.finish();
    tell(report);
    return warn_of_languages(options.output);
  }

  /// Names the languages of passages and questions that the model says it is not made for.
  Result<int> warn_of_languages(const std::filesystem::path& index) const {
    CT_TRY(const auto manifest, index::read_manifest(index));
    const std::string& model = options_.model.empty() ? manifest.model.name : options_.model;
    if (model.empty()) return kDone;  // vectors from elsewhere
    const auto supported = model::stated_languages(model);
    for (const auto& segment : manifest.segments)
      warn_of_unsupported(supported, segment.tags, "passages or questions");
    return kDone;
  }

  Result<int> one_index() {
    if (rest_.size() == 1) return kDone;
    return invalid("one index directory is expected, got " + std::to_string(rest_.size()));
  }

  Result<int> show() {
    CT_CHECK(one_index());
    CT_TRY(const auto index, index::IndexReader::open(rest_.front()));
    print_info(*index, options_.json);
    return kDone;
  }

  Result<int> verify() {
    CT_CHECK(one_index());
    CT_TRY(const auto index, index::IndexReader::open(rest_.front()));
    const std::size_t threads = options_.threads == 0 ? available_threads() : options_.threads;
    Pool pool(threads - 1);
    CT_CHECK(index->verify(&pool));
    CT_TRY(const auto kept, retrieve::verify_kept_files(rest_.front(), &pool));
    std::printf("%s: whole", rest_.front().c_str());
    if (kept > 0) std::printf(", also the %zu files that searches keep beside it", kept);
    std::printf("\n");
    return kDone;
  }

  Result<int> export_vectors() {
    CT_CHECK(one_index());
    if (options_.output.empty()) return invalid("index export: -o FOLDER is needed");
    retrieve::ExportOptions out;
    out.output = options_.output;
    CT_TRY(out.fusion, fusion_of(options_));
    out.fused = out.fusion.mode != index::FusionMode::None;
    CT_CHECK(retrieve::export_index(rest_.front(), out));
    return kDone;
  }

  Result<int> merge() {
    if (options_.output.empty()) return invalid("index merge: -o DIR is needed");
    CT_TRY(const auto report, retrieve::merge_indexes(rest_, options_.output, CROSSTAIL_VERSION));
    tell(report);
    return kDone;
  }

  Result<int> delete_passages() {
    std::vector<std::string> ids(rest_.begin() + 1, rest_.end());
    if (!options_.ids.empty()) {
      CT_TRY(auto lines, open_lines(options_.ids));
      std::string_view line;
      while (true) {
        CT_TRY(const bool more, lines.next(line));
        if (!more) break;
        if (!line.empty()) ids.emplace_back(line);
      }
    }
    if (ids.empty()) return invalid("index delete: ids are needed, or --ids FILE");
    CT_TRY(const std::uint64_t deleted,
           retrieve::delete_from_index(rest_.front(), ids, options_.ignore_missing));
    log(LogLevel::Info, "deleted", counted(deleted, "passages deleted"));
    return kDone;
  }

  Result<int> change(bool sync) {
    CT_TRY(auto options, checked(options_));
    options.output = rest_.front();
    options.corpus.assign(rest_.begin() + 1, rest_.end());
    if (options.corpus.empty()) return invalid("a corpus is needed after the index");
    if (!sync) {
      CT_TRY(const auto report, retrieve::add_to_index(options));
      tell(report);
      return warn_of_languages(options.output);
    }
    CT_TRY(const auto report, retrieve::sync_index(options));
    tell(report.build);
    log(LogLevel::Info, "sync",
        counted(report.unchanged, "passages as before, ") + counted(report.added, "added, ") +
            counted(report.replaced, "replaced, ") + counted(report.deleted, "deleted"));
    return warn_of_languages(options.output);
  }

  IndexOptions options_;
  std::vector<std::string> rest_;
};

}  // namespace

std::unique_ptr<Verb> index_verb() {
  return std::make_unique<IndexVerb>();
}

}  // namespace crosstail::cli
