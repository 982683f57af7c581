#include "cli/text_run.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/progress.h"
#include "cli/text_input.h"

namespace crosstail::cli {
namespace {

/// A block is what a kill may cost, so it is small; large enough that sorting by length fills the
/// batches of all threads.
constexpr std::size_t kBlockTexts = 512, kTextsPerThread = 256;
constexpr std::size_t kBlockBytes = std::size_t{8} << 20;

/// Size and time of the input, so that a resumed run reads the same.
std::string input_stamp(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? path : path + " (" + std::to_string(size) + " bytes)";
}

void add_stats(Counters& counters, const model::EncodeStats& stats) {
  counters.add("texts", stats.texts);
  counters.add("tokens", stats.tokens);
  counters.add("texts-empty", stats.empty);
  counters.add("texts-truncated", stats.truncated);
  counters.add("tokens-cut", stats.cut_tokens);
  counters.add("invalid-utf8", stats.invalid_utf8);
}

std::string rate(double count, double seconds, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof text, "%.4g %s/s", count / std::max(seconds, 1e-9), unit);
  return text;
}

/// Reads the rows of one shard, block by block.
class Blocks {
 public:
  Blocks(TextInput input, Shard shard, std::size_t texts, std::size_t fields)
      : input_(std::move(input)), shard_(shard), texts_(texts), fields_(fields) {}

  Status skip(std::uint64_t rows) {
    while (rows_ < rows) {
      CT_TRY(const bool more, input_.skip());
      if (!more)
        return Error{ErrorCode::Corrupt, "the input ends at row " + std::to_string(rows_) +
                                             ", the run to resume had read " +
                                             std::to_string(rows)};
      ++rows_;
    }
    return {};
  }

  /// False at the end. `block` is filled up to its limits.
  Result<bool> next(TextBlock& block) {
    block.ids.clear();
    for (auto& text : block.text) text.clear();
    std::size_t bytes = 0;
    TextRow row;
    while (block.size() < texts_ && bytes < kBlockBytes) {
      const bool ours = rows_ % shard_.count == shard_.index;
      CT_TRY(const bool more, ours ? input_.next(row) : input_.skip());
      if (!more) break;
      ++rows_;
      if (!ours) continue;
      block.ids.push_back(std::move(row.id));
      for (std::size_t f = 0; f < fields_; ++f) {
        bytes += row.text[f].size();
        block.text[f].push_back(std::move(row.text[f]));
      }
    }
    return block.size() > 0;
  }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }

 private:
  TextInput input_;
  Shard shard_;
  std::size_t texts_, fields_;
  std::uint64_t rows_ = 0;
};

}  // namespace

void TextArguments::declare(OptionTable& options, std::string input_help, std::string fields_help) {
  options.positionals(inputs, "INPUT", std::move(input_help), 1);
  options.section("Model")
      .text(model, "model", "DIR|FILE|NAME",
            "model directory, converted model, or name (bundled, or in the cache)")
      .choice(precision, "precision", {"auto", "f32", "bf16", "int8"},
              "of the products; auto: bf16 where the processor has it, else f32")
      .count(max_length, "max-length", "TOKENS", "cut texts here; 0 means the model's limit");
  options.section("Input")
      .text(fields, "text-field", "FIELD", std::move(fields_help))
      .custom("columns", "FIELD=COLUMN,…", "columns of CSV and TSV files, by name or number", "",
              [this](std::string_view value) -> Status {
                CT_TRY(columns, data::ColumnMap::parse(value));
                columns_text = value;
                return {};
              })
      .choice(format, "format", {"auto", "rows", "lines"},
              "rows: JSON lines, CSV, TSV; lines: a text a line; auto: by name and first byte");
  options.section("Running")
      .count(threads, "threads", "N", "threads; 0 means one per processor")
      .custom("shard", "i/n", "only rows i, i+n, i+2n … (from 0)", "0/1",
              [this](std::string_view value) -> Status {
                CT_TRY(shard, parse_shard(value));
                return {};
              })
      .flag(resume, "resume", "go on where a killed run stopped")
      .text(report, "report", "FILE", "all counts as JSON");
}

model::ModelOptions TextArguments::model_options() const {
  model::ModelOptions options;
  options.precision = nn::precision_from(precision);  // nothing for "auto"
  options.threads = threads;
  options.max_length = max_length;
  return options;
}

std::string TextArguments::fingerprint(const model::ModelInfo& info) const {
  return "model " + info.identity + " " + info.precision + " on " + info.processor +
         ", max-length " + std::to_string(info.max_length) + ", input " +
         input_stamp(inputs.front()) + ", format " + format + ", fields " + fields + ", columns " +
         columns_text + ", shard " + std::to_string(shard.index) + "/" +
         std::to_string(shard.count);
}

Status TextRun::blocks(const Work& work, JournaledOutputs& outputs) {
  CT_TRY(auto fields, parse_fields(arguments_.fields, plan_.fields));
  CT_TRY(TextInput input, TextInput::open(arguments_.inputs.front(), arguments_.format,
                                          arguments_.columns, std::move(fields)));
  const std::size_t threads = arguments_.threads != 0 ? arguments_.threads : available_threads();
  Blocks reader(std::move(input), arguments_.shard,
                std::max(kBlockTexts, kTextsPerThread * threads), plan_.fields);
  if (outputs.resumed_state()) {
    CT_TRY(counters_, Counters::from_lines(*outputs.resumed_state()));
    resumed_texts_ = counters_["texts"];
    CT_CHECK(reader.skip(counters_["rows"]));
  } else {
    outputs.append(0, plan_.head);
  }
  const std::uint64_t old_tokens = counters_["tokens"];
  Progress progress(plan_.verb, "texts");
  const auto start = std::chrono::steady_clock::now();
  TextBlock block;
  while (true) {
    if (interrupt_requested()) return Error{ErrorCode::Interrupted, "interrupted"};
    const std::uint64_t before = reader.rows();
    CT_TRY(const bool more, reader.next(block));
    if (!more) break;
    CT_TRY(const auto stats, work(block, outputs));
    counters_.add("rows", reader.rows() - before);
    add_stats(counters_, stats);
    CT_CHECK(outputs.boundary([&] { return counters_.to_lines(); }));
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    progress.update(counters_["texts"], rate(static_cast<double>(counters_["tokens"] - old_tokens),
                                             seconds_, "tokens"));
  }
  progress.finish();
  return {};
}

Status TextRun::run(const Work& work,
                    const std::function<void(std::uint64_t, JournaledOutputs&)>& finish) {
  JournaledOptions options;
  options.fingerprint = plan_.verb + ": " + plan_.fingerprint;
  options.resume = arguments_.resume;
  options.frame_bytes = plan_.head.empty() ? std::size_t{1} << 20 : 1;
  CT_TRY(auto outputs, JournaledOutputs::open(plan_.outputs, options));
  if (outputs.already_complete()) {
    CT_TRY(counters_, Counters::from_lines(*outputs.resumed_state()));
    resumed_texts_ = counters_["texts"];
    return {};
  }
  auto status = blocks(work, outputs);
  if (!status.ok()) {
    Error error = std::move(status).error();
    if (error.code == ErrorCode::Interrupted || error.code == ErrorCode::NoSpace) {
      CT_CHECK(outputs.suspend());
      if (outputs.resumable() && error.code == ErrorCode::Interrupted)
        error.message += "; run the same command with --resume to go on";
    }
    return error;
  }
  if (finish) finish(counters_["texts"], outputs);
  return outputs.commit(counters_.to_lines());
}

Status TextRun::summarise(const model::ModelInfo& info) const {
  const auto& c = counters_;
  const auto done = static_cast<double>(c["texts"] - resumed_texts_);
  char text[256];
  std::snprintf(text, sizeof text, "%llu texts, %llu tokens in %.2f s (%s)",
                static_cast<unsigned long long>(c["texts"]),
                static_cast<unsigned long long>(c["tokens"]), seconds_,
                rate(done, seconds_, "texts").c_str());
  log(LogLevel::Info, "summary",
      text + std::string("; ") + info.name + ", " + info.precision + " on " + info.processor);
  const double all = static_cast<double>(c["tokens"] + c["tokens-cut"]);
  if (c["rows"] == 0) log(LogLevel::Warning, "no-texts", "the input holds no texts");
  if (c["texts-truncated"] > 0) {
    std::snprintf(text, sizeof text,
                  "%llu texts were longer than %zu tokens: %.2f%% of all tokens were cut off",
                  static_cast<unsigned long long>(c["texts-truncated"]), info.max_length,
                  100 * static_cast<double>(c["tokens-cut"]) / all);
    log(LogLevel::Info, "summary", text);
  }
  for (const auto& [name, what] : {std::pair("texts-empty", "empty texts"),
                                   {"invalid-utf8", "ill-formed UTF-8 sequences, read as U+FFFD"}})
    if (c[name] > 0)
      log(LogLevel::Info, "summary", std::to_string(c[name]) + " " + std::string(what));
  if (arguments_.report.empty()) return {};
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object().key("counts");
  c.write(json);
  json.member("model", std::string_view(info.identity))
      .member("precision", std::string_view(info.precision))
      .member("processor", std::string_view(info.processor))
      .end_object();
  return write_file_atomic(arguments_.report, out + "\n");
}

}  // namespace crosstail::cli
