#include "cli/compress.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "base/json_writer.h"
#include "base/log.h"
#include "base/pool.h"
#include "cli/compress_texts.h"
#include "cli/verb.h"
#include "model/compress.h"
#include "model/layout.h"
#include "model/locate.h"
#include "model/tokenizer_rewrite.h"
#include "model/vocabulary.h"
#include "text/tokenizer.h"
#include "text/utf8.h"
#include "text/words.h"

namespace crosstail::cli {
namespace {

namespace fs = std::filesystem;

/// Words of one language, and how many of them are cut otherwise than before.
struct Words {
  std::uint64_t all = 0, changed = 0;
  [[nodiscard]] double share() const {
    return all == 0 ? 0 : static_cast<double>(changed) / static_cast<double>(all);
  }
};
using WordsByLanguage = std::map<std::string, Words>;

struct CountedIds : CorpusResult {
  std::vector<std::pair<std::string, std::vector<std::uint32_t>>> ids;  ///< language, pieces
};
struct CountedWords : CorpusResult {
  WordsByLanguage words;
};

std::string language_of(const CorpusBlock& block, std::size_t i) {
  return block.languages.empty() ? std::string() : block.languages[i];
}

const text::EncodeOptions kBare{.add_special = false};
const text::EncodeOptions kPlaced{.add_special = false, .offsets = true};

/// One thread's working memory.
struct Scratch {
  text::TokenizerScratch tokenizer;
  text::Encoding encoding, other;
};
Scratch& scratch() {
  thread_local Scratch own;
  return own;
}

Result<model::PieceCounts> count_pieces(const CorpusOptions& corpus,
                                        const text::Tokenizer& tokenizer) {
  model::PieceCounts counts(tokenizer.size());
  CT_CHECK(for_each_block(
      corpus,
      [&](const CorpusBlock& block) -> std::unique_ptr<CorpusResult> {
        auto result = std::make_unique<CountedIds>();
        Scratch& own = scratch();
        for (std::size_t i = 0; i < block.texts.size(); ++i) {
          tokenizer.encode(block.texts[i], kBare, own.tokenizer, own.encoding);
          std::string language = language_of(block, i);
          if (result->ids.empty() || result->ids.back().first != language)
            result->ids.emplace_back(std::move(language), std::vector<std::uint32_t>());
          auto& to = result->ids.back().second;
          to.insert(to.end(), own.encoding.ids.begin(), own.encoding.ids.end());
        }
        return result;
      },
      [&](CorpusResult& result) {
        for (const auto& [language, ids] : dynamic_cast<CountedIds&>(result).ids)
          counts.add(language, ids);
      }));
  return counts;
}

/// The tokens of one word after another, in an encoding with offsets.
class WordTokens {
 public:
  explicit WordTokens(const text::Encoding& encoding) : encoding_(encoding) {}
  /// Those that share bytes with [begin, end); words are asked for front to back.
  std::span<const std::uint32_t> of(std::size_t begin, std::size_t end) {
    const auto& at = encoding_.offsets;
    while (first_ < at.size() && at[first_].end <= begin) ++first_;
    std::size_t last = first_;
    while (last < at.size() && at[last].begin < end) ++last;
    return std::span(encoding_.ids).subspan(first_, last - first_);
  }

 private:
  const text::Encoding& encoding_;
  std::size_t first_ = 0;
};

/// Compares how each word of a text is cut by both tokenizers, where it stands.
void compare_words(const std::string& text, const text::Tokenizer& before,
                   const text::Tokenizer& after, const model::IdMap& ids, Words& words) {
  Scratch& own = scratch();
  thread_local text::TokenizerScratch second;
  const std::string valid = text::repair_utf8(text);
  before.encode(valid, kPlaced, own.tokenizer, own.encoding);
  after.encode(valid, kPlaced, second, own.other);
  for (auto& id : own.encoding.ids) id = ids(id);
  WordTokens old_tokens(own.encoding), new_tokens(own.other);
  text::for_each_word(valid, [&](std::string_view word) {
    const auto begin = static_cast<std::size_t>(word.data() - valid.data());
    const auto a = old_tokens.of(begin, begin + word.size());
    const auto b = new_tokens.of(begin, begin + word.size());
    ++words.all;
    if (!std::equal(a.begin(), a.end(), b.begin(), b.end())) ++words.changed;
  });
}

Result<WordsByLanguage> changed_words(const CorpusOptions& corpus, const text::Tokenizer& before,
                                      const text::Tokenizer& after, const model::IdMap& ids) {
  WordsByLanguage sum;
  CT_CHECK(for_each_block(
      corpus,
      [&](const CorpusBlock& block) -> std::unique_ptr<CorpusResult> {
        auto result = std::make_unique<CountedWords>();
        for (std::size_t i = 0; i < block.texts.size(); ++i)
          compare_words(block.texts[i], before, after, ids, result->words[language_of(block, i)]);
        return result;
      },
      [&](CorpusResult& result) {
        for (const auto& [language, words] : dynamic_cast<CountedWords&>(result).words) {
          sum[language].all += words.all;
          sum[language].changed += words.changed;
        }
      }));
  return sum;
}

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

void print_json(const Trimming& t, const std::vector<std::size_t>& layers) {
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
    json.member("tokens_kept", kept == t.kept.end() ? 1.0 : kept->second).end_object();
  }
  json.end_object().end_object().key("layers").begin_array();
  for (const std::size_t layer : layers) json.value(std::uint64_t{layer});
  json.end_array().end_object();
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
                  percent(kept == t.kept.end() ? 1 : kept->second).c_str());
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
  CT_TRY(const auto counts, count_pieces(corpus, tokenizer));
  if (counts.tokens() == 0)
    return Error{ErrorCode::InvalidArgument, "--vocabulary-from: there is no text in it"};
  const double balance = a.language_field.empty() ? 0 : a.balance;
  auto pieces = model::choose_pieces(spec, counts.weighted(balance), d.pad_id, a.vocabulary_size);
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

}  // namespace

void CompressArguments::declare(OptionTable& options) {
  options.section("Compress")
      .text(layers, "layers", "N|LIST", "so many layers, evenly spread, or these (0,3,7,11)")
      .texts(vocabulary_from, "vocabulary-from", "FILE|DIR",
             "trim the vocabulary to these texts; may be given again")
      .count(vocabulary_size, "vocabulary-size", "N", "pieces to keep; 0: all that the texts have")
      .real(balance, "balance", "X",
            "languages' say in the vocabulary: 0 as much as they have text, 1 all alike");
}

Result<int> compress(const CompressArguments& a) {
  if (a.output.empty())
    return Error{ErrorCode::InvalidArgument, "--output: name the folder to write"};
  if (a.layers.empty() && a.vocabulary_from.empty())
    return Error{ErrorCode::InvalidArgument,
                 "name what to leave out: --layers, --vocabulary-from or both"};
  if (a.vocabulary_size > 0 && a.vocabulary_from.empty())
    return Error{ErrorCode::InvalidArgument, "--vocabulary-size: needs --vocabulary-from"};
  if (a.balance < 0 || a.balance > 1)
    return Error{ErrorCode::InvalidArgument, "--balance: expected 0 to 1"};
  model::CompressPlan plan;
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
  const CorpusOptions corpus{.inputs = a.vocabulary_from,
                             .text_field = a.text_field,
                             .language_field = a.language_field,
                             .threads = a.threads == 0 ? available_threads() : a.threads};
  Trimming trimming;
  if (!a.vocabulary_from.empty()) CT_CHECK(choose(a, corpus, d, tokenizer, plan, trimming));
  CT_CHECK(model::compress_model(plan, a.output));
  if (plan.pieces) {
    CT_TRY(const auto smaller, text::load_tokenizer(fs::path(a.output) / d.folder));
    CT_TRY(trimming.words,
           changed_words(corpus, tokenizer, smaller, model::IdMap(*plan.pieces, tokenizer.size())));
  }
  if (a.json) print_json(trimming, plan.layers);
  if (!a.json) print_text(trimming);
  log(LogLevel::Info, "summary", a.source + " is compressed: " + a.output);
  return kDone;
}

}  // namespace crosstail::cli
