#include "cli/compress.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>

#include "base/json_writer.h"
#include "base/log.h"
#include "base/pool.h"
#include "cli/compress_report.h"
#include "cli/compress_words.h"
#include "cli/verb.h"
#include "model/compress.h"
#include "model/converted.h"
#include "model/layout.h"
#include "model/locate.h"
#include "model/model_card.h"

namespace crosstail::cli {
namespace {

namespace fs = std::filesystem;

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f%%", 100 * share);
  return text;
}

/// What trimming did.
struct Trimming {
  std::size_t before = 0, after = 0, required = 0;
  std::uint64_t tokens = 0;
  std::map<std::string, double> kept;
  WordsByLanguage words;
};

void print_json(const Trimming& t, const std::vector<std::size_t>& layers,
                const CompressReport* report) {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object().key("vocabulary").begin_object();
  json.member("before", std::uint64_t{t.before}).member("after", std::uint64_t{t.after});
  json.member("required", std::uint64_t{t.required}).member("tokens", t.tokens);
  json.key("languages").begin_object();
  for (const auto& [language, words] : t.words) {
    json.key(language.empty() ? "all" : language).begin_object();
    json.member("words", words.all).member("words_changed", words.share());
    const auto kept = t.kept.find(language);
    if (kept != t.kept.end()) json.member("tokens_kept", kept->second);
    json.end_object();
  }
  json.end_object().end_object().key("layers").begin_array();
  for (const std::size_t layer : layers) json.value(std::uint64_t{layer});
  json.end_array();
  if (report != nullptr) report->write(json);
  json.end_object();
  out += '\n';
  std::fwrite(out.data(), 1, out.size(), stdout);
}

void print_text(const Trimming& t) {
  if (t.words.empty()) return;
  std::string out = "language      words  words changed  tokens kept\n";
  Words all;
  for (const auto& [language, words] : t.words) {
    const auto kept = t.kept.find(language);
    char line[160];
    std::snprintf(line, sizeof line, "%-8s %10llu %14s %12s\n",
                  language.empty() ? "-" : language.c_str(),
                  static_cast<unsigned long long>(words.all), percent(words.share()).c_str(),
                  kept == t.kept.end() ? "-" : percent(kept->second).c_str());
    out += line;
    all.all += words.all;
    all.changed += words.changed;
  }
  out += std::to_string(t.before) + " pieces, " + std::to_string(t.after) + " stay (" +
         std::to_string(t.required) + " in any case); of " + std::to_string(all.all) + " words " +
         percent(all.share()) + " are cut otherwise than before\n";
  std::fwrite(out.data(), 1, out.size(), stdout);
}

/// The pieces that stay, into `plan`; what is known before the new directory is there, into `t`.
Status choose(const CompressArguments& a, const CorpusOptions& corpus,
              const model::ModelDescription& d, const text::Tokenizer& tokenizer,
              model::CompressPlan& plan, Trimming& t) {
  if (d.lower_case)
    return Error{ErrorCode::Unsupported,
                 a.source + ": sentence_bert_config.json: do_lower_case is not supported here"};
  const fs::path json = plan.source / d.folder / "tokenizer.json";
  CT_TRY(const auto spec, model::read_trimmable(json.string()));
  CT_TRY(auto counts, count_pieces(corpus, tokenizer));
  if (!a.languages.empty() && !a.language_field.empty())
    counts.drop(model::unsupported_languages(a.languages, counts.languages()));
  if (counts.tokens() == 0)
    return Error{ErrorCode::InvalidArgument, "--vocabulary-from: there is no text in it"};
  const double balance = a.language_field.empty() ? 0 : a.balance;
  std::vector<double> weights = counts.weighted(balance);
  CT_CHECK(model::mix_prior(spec, a.prior, a.unseen, weights));
  auto pieces = model::choose_pieces(spec, std::move(weights), d.pad_id, a.vocabulary_size);
  if (!pieces.ok()) return pieces.error().at(json.string());
  const auto required = model::required_pieces(spec, d.pad_id);
  t.before = spec.pieces.size();
  t.after = pieces->size();
  t.required = static_cast<std::size_t>(std::count(required.begin(), required.end(), true));
  t.tokens = counts.tokens();
  t.kept = counts.share_kept(*pieces);
  plan.pieces = *std::move(pieces);
  plan.origin.push_back("vocabulary: " + std::to_string(t.after) + " of " +
                        std::to_string(t.before) + " pieces, chosen on " +
                        std::to_string(t.tokens) + " tokens of text");
  return {};
}

Status check(const CompressArguments& a) {
  const auto wrong = [](const char* what) { return Error{ErrorCode::InvalidArgument, what}; };
  if (a.output.empty()) return wrong("--output: name the folder or file to write");
  if (a.layers.empty() && a.vocabulary_from.empty() && a.weights.empty())
    return wrong("name what to leave out: --layers, --vocabulary-from or --weights");
  if (a.vocabulary_size > 0 && a.vocabulary_from.empty())
    return wrong("--vocabulary-size: needs --vocabulary-from");
  if (a.balance < 0 || a.balance > 1) return wrong("--balance: expected 0 to 1");
  if (a.prior < 0 || a.prior > 1) return wrong("--prior: expected 0 to 1");
  if (a.unseen && a.prior == 0)
    return wrong("--unseen: needs --prior, which says how much such pieces count");
  if (a.compact && a.weights.empty()) return wrong("--compact: needs --weights");
  if ((a.embedding_weights || a.layer_weights != "auto") && a.weights.empty())
    return wrong(
        "--embedding-weights, --layer-weights: need --weights, or use `model convert` afterwards");
  return {};
}

nn::Precision precision_of(const CompressArguments& a) {
  return nn::precision_from(a.weights == "int4" ? "int8" : a.weights).value_or(nn::Precision::F32);
}

model::ConvertOptions storage_of(const CompressArguments& a) {
  const bool all = a.weights == "int4";
  auto words = a.embedding_weights;
  if (all && !words) words = nn::TableFormat::INT4;
  return {.words = words,
          .layers = all || a.layer_weights == "int4" ? nn::LayerFormat::INT4
                                                     : nn::LayerFormat::AsComputed,
          .languages = {},
          .compact = a.compact};
}

CorpusOptions corpus_of(const CompressArguments& a, std::vector<std::string> inputs) {
  return {.inputs = std::move(inputs),
          .text_field = a.text_field,
          .language_field = a.language_field,
          .threads = a.threads == 0 ? available_threads() : a.threads};
}

/// The texts of --texts, evenly spread over the file where there are more than asked for.
Result<std::optional<CompressReport>> open_report(const CompressArguments& a) {
  if (a.texts.empty()) return std::optional<CompressReport>();
  struct Copied : CorpusResult {
    CorpusBlock block;
  };
  CorpusBlock all;
  CT_CHECK(for_each_block(
      corpus_of(a, {a.texts}),
      [](const CorpusBlock& block) -> std::unique_ptr<CorpusResult> {
        auto result = std::make_unique<Copied>();
        result->block = block;
        return result;
      },
      [&](CorpusResult& result) {
        auto& block = dynamic_cast<Copied&>(result).block;
        std::move(block.texts.begin(), block.texts.end(), std::back_inserter(all.texts));
        std::move(block.languages.begin(), block.languages.end(),
                  std::back_inserter(all.languages));
      }));
  const std::size_t count = std::min<std::size_t>(all.texts.size(), a.max_texts);
  if (count == 0) return Error{ErrorCode::InvalidArgument, a.texts + ": has no texts"};
  CorpusBlock some;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = i * all.texts.size() / count;
    some.texts.push_back(std::move(all.texts[at]));
    if (!all.languages.empty()) some.languages.push_back(std::move(all.languages[at]));
  }
  return std::optional<CompressReport>(std::in_place, std::move(some.texts),
                                       std::move(some.languages), a.prompt, a.threads);
}

/// A folder that goes away in the end.
struct Scaffold {
  fs::path path;
  explicit Scaffold(fs::path p) : path(std::move(p)) { remove(); }
  Scaffold(const Scaffold&) = delete;
  Scaffold& operator=(const Scaffold&) = delete;
  ~Scaffold() { remove(); }
  void remove() const {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

/// Writes what was asked for, step by step where each is measured. Returns the folder's tokenizer.
Result<text::Tokenizer> write_steps(const CompressArguments& a, const model::CompressPlan& plan,
                                    const fs::path& module, CompressReport* report) {
  const auto measure = [&](const char* name, const fs::path& path) -> Status {
    return report == nullptr ? Status() : report->add(name, path);
  };
  CT_CHECK(measure("source", plan.source));
  const fs::path output = fs::absolute(a.output).lexically_normal();
  const Scaffold scaffold(output.string() + ".part.d");
  if (report != nullptr && plan.pieces && !plan.layers.empty()) {
    model::CompressPlan trimming = plan;
    trimming.layers.clear();
    CT_CHECK(model::compress_model(trimming, scaffold.path / "vocabulary"));
    CT_CHECK(measure("vocabulary", scaffold.path / "vocabulary"));
  }
  const bool convert = !a.weights.empty();
  const fs::path folder = convert ? scaffold.path / output.stem() : output;
  CT_CHECK(model::compress_model(plan, folder));
  CT_CHECK(measure(!plan.layers.empty() ? "layers" : "vocabulary", folder));
  CT_TRY(auto tokenizer, text::load_tokenizer(folder / module));
  if (convert) {
    CT_CHECK(model::convert_model(folder, precision_of(a), output, storage_of(a)));
    CT_CHECK(measure("weights", output));
  }
  return tokenizer;
}

}  // namespace

void CompressArguments::declare(OptionTable& options) {
  options.section("Compress")
      .text(layers, "layers", "N|LIST", "so many layers, evenly spread, or these (0,3,7,11)")
      .texts(vocabulary_from, "vocabulary-from", "FILE|DIR",
             "trim the vocabulary to these texts; may be given again")
      .count(vocabulary_size, "vocabulary-size", "N", "pieces to keep; 0: all that the texts have")
      .real(balance, "balance", "X",
            "languages' say in the vocabulary: 0 as much as they have text, 1 all alike")
      .real(prior, "prior", "X",
            "say of the tokenizer's own probabilities of pieces, for words of other domains than "
            "these texts: 0 none, 1 all")
      .flag(unseen, "unseen", "with --prior: pieces that no text has may stay too")
      .choice(weights, "weights", {"f32", "bf16", "int8", "int4"},
              "write a converted file with weights in this precision, not a folder; int4: layers "
              "and word embeddings in four bits, computed in int8");
}

Result<int> compress(const CompressArguments& a) {
  CT_CHECK(check(a));
  model::CompressPlan plan;
  plan.languages = a.languages;
  CT_TRY(plan.source, model::locate_model(a.source));
  std::error_code ignored;
  if (!fs::is_directory(plan.source, ignored))
    return Error{ErrorCode::InvalidArgument,
                 a.source + ": is a converted model; compress the directory it came from"};
  CT_TRY(const auto d, model::read_layout(plan.source));
  CT_TRY(const auto tokenizer, text::load_tokenizer(plan.source / d.folder));
  if (!a.layers.empty()) {
    CT_TRY(plan.layers, model::parse_layers(a.layers, d.shape.layers));
    std::string names;
    for (const std::size_t layer : plan.layers)
      names += (names.empty() ? "" : ", ") + std::to_string(layer);
    plan.origin.push_back("layers: " + names + " of " + std::to_string(d.shape.layers));
  }
  CorpusOptions corpus = corpus_of(a, a.vocabulary_from);
  Trimming trimming;
  if (!a.vocabulary_from.empty()) CT_CHECK(choose(a, corpus, d, tokenizer, plan, trimming));
  CT_TRY(auto report, open_report(a));
  CT_TRY(const auto smaller, write_steps(a, plan, d.folder, report ? &*report : nullptr));
  if (plan.pieces) {
    if (!a.texts.empty()) {
      corpus = corpus_of(a, {a.texts});
      trimming.kept.clear();
    }
    CT_TRY(trimming.words,
           changed_words(corpus, tokenizer, smaller, model::IdMap(*plan.pieces, tokenizer.size())));
  }
  if (a.json) print_json(trimming, plan.layers, report ? &*report : nullptr);
  if (!a.json) print_text(trimming);
  if (!a.json && report) {
    const std::string table = report->text();
    std::fwrite(table.data(), 1, table.size(), stdout);
  }
  log(LogLevel::Info, "summary", a.source + " is compressed: " + a.output);
  return kDone;
}

}  // namespace crosstail::cli
