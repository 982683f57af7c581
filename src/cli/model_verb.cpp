#include <cstdio>

#include "base/file.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/compress.h"
#include "cli/text_input.h"
#include "cli/verbs.h"
#include "model/compare.h"
#include "model/converted.h"
#include "model/export.h"
#include "model/hub.h"
#include "model/loaded_model.h"
#include "model/locate.h"
#include "model/model_card.h"
#include "model/model_info.h"

namespace crosstail::cli {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6f", value);
  return text;
}

void write_agreement(JsonWriter& json, const model::Agreement& a) {
  json.begin_object()
      .member("texts", std::uint64_t{a.texts})
      .member("mean_cosine", a.mean_cosine)
      .member("worst_cosine", a.worst_cosine)
      .member("neighbours_shared", a.neighbours_shared)
      .member("nearest_same", a.nearest_same)
      .end_object();
}

class ModelVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "model", "what a model is, fetched, converted, compared and made smaller",
        "info|check|convert|compress|pull MODEL… [options]",
        "info: architecture, sizes, identity, tokenizer, prompts, pooling and limits of a model.\n"
        "check: how far two models, or two precisions of one, agree on texts: cosines and\n"
        "neighbours, per language.\n"
        "convert: to one file with packed weights and tokenizer that loads in milliseconds, or\n"
        "(--to huggingface) back to a directory.\n"
        "compress: a smaller directory: a vocabulary trimmed to your texts, fewer layers.\n"
        "pull: fetches a model from a hub into the cache (CROSSTAIL_CACHE; CROSSTAIL_HUB names a\n"
        "mirror); run again to continue. MODEL is a directory, a converted file, or a name in the\n"
        "cache.",
        "  crosstail model pull intfloat/multilingual-e5-small\n"
        "  crosstail model info intfloat/multilingual-e5-small --json\n"
        "  crosstail model convert intfloat/multilingual-e5-small --precision int8 -o e5.ctmodel\n"
        "  crosstail model check intfloat/multilingual-e5-small e5.ctmodel --texts "
        "questions.jsonl --language-field lang\n"
        "  crosstail model compress intfloat/multilingual-e5-small -o small --layers 4 "
        "--vocabulary-from texts.jsonl --vocabulary-size 75k"};
  }

  void declare(OptionTable& options) override {
    options.positionals(words_, "ACTION MODEL",
                        "info, check, convert, compress or pull, and the models", 2);
    options.section("All")
        .choice(precision_, "precision", {"auto", "f32", "bf16", "int8"},
                "to load or convert with; of check, the first model's (auto: f32)")
        .count(threads_, "threads", "N", "threads; 0 means one per processor")
        .flag(json_, "json", "info, check and compress: as JSON")
        .text(output_, "output", "FILE|DIR", "what convert, compress and pull write", 'o')
        .text(field_, "text-field", "FIELD", "check and compress: the text of a row")
        .text(language_field_, "language-field", "FIELD",
              "check and compress: also per language, which this field has")
        .text(languages_, "languages", "LIST",
              "compress and convert: those it is for, for its card; info: is it for these?");
    options.section("Info").flag(verify_, "verify", "compare a converted model's checksums");
    options.section("Check and compress")
        .text(texts_, "texts", "FILE",
              "texts to compare on: JSON lines, CSV, TSV, or a text a line")
        .choice(against_, "against", {"auto", "f32", "bf16", "int8"},
                "precision of the second model (or of the same again)")
        .text(prompt_, "prompt", "NAME", "the first model's prompt, put before each text")
        .count(max_texts_, "max-texts", "N", "only so many texts")
        .real(min_cosine_, "min-cosine", "X", "exit with 1 if any text's cosine is below");
    options.section("Convert")
        .choice(to_, "to", {"crosstail", "huggingface"}, "what to write")
        .text(words_format_, "embedding-weights", "FORMAT",
              "of word embeddings: f32, bf16, int8, int4, tiers with product codes as in "
              "int4:8000,pq4:50000,pq6 (the first pieces finer, pq6: a byte for six numbers), or "
              "auto: as --precision")
        .choice(layers_format_, "layer-weights", {"auto", "int4"},
                "how layers are stored; auto: as --precision");
    options.flag(compact_, "compact",
                 "convert and compress: the tokenizer in a ninth of its bytes, which opening "
                 "expands");
    compress_.declare(options);
    options.section("Pull")
        .text(hub_, "hub", "URL", "where to fetch from; CROSSTAIL_HUB, else huggingface.co")
        .text(revision_, "revision", "NAME", "branch, tag or commit");
  }

  Result<int> run() override {
    const std::string action = words_.front();
    const std::vector<std::string> models(words_.begin() + 1, words_.end());
    if (action == "check" && models.size() <= 2) return check(models);
    if (models.size() != 1)
      return Error{ErrorCode::InvalidArgument, "expected one model for " + action};
    if (action == "info") return describe(models.front());
    if (action == "convert") return convert(models.front());
    if (action == "compress") return compress_model(models.front());
    if (action == "pull") return pull(models.front());
    return Error{ErrorCode::InvalidArgument,
                 "'" + action + "': expected info, check, convert, compress or pull"};
  }

 private:
  Result<int> describe(const std::string& name) {
    CT_TRY(const auto path, model::locate_model(name));
    model::ModelOptions options;
    options.threads = 1;
    options.precision = nn::precision_from(precision_);
    CT_TRY(const auto info, model::model_info(path, options));
    if (verify_ && info.converted) {
      CT_TRY(const MappedFile file, MappedFile::open(path));
      auto status = model::verify_sections(file.bytes());
      if (!status.ok()) return status.error().at(path.string());
    }
    std::string text = json_ ? model::info_json(info) : model::info_text(info);
    CT_TRY(const auto asked, model::parse_languages(languages_));
    std::string missing;
    for (const auto& tag : model::unsupported_languages(info.languages, asked))
      missing += (missing.empty() ? "" : ", ") + tag;
    if (!json_ && !missing.empty()) text += "not supported   " + missing + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
    return kDone;
  }

  Status read_texts(std::vector<std::string>& texts, std::vector<std::string>& languages) const {
    std::vector<std::vector<std::string>> fields = {{field_}};
    if (!language_field_.empty()) fields.push_back({language_field_});
    CT_TRY(TextInput input, TextInput::open(texts_, "auto", {}, std::move(fields)));
    TextRow row;
    while (texts.size() < max_texts_) {
      CT_TRY(const bool more, input.next(row));
      if (!more) break;
      texts.push_back(row.text[0]);
      if (!language_field_.empty()) languages.push_back(row.text[1]);
    }
    if (texts.empty()) return Error{ErrorCode::InvalidArgument, texts_ + ": has no texts"};
    return {};
  }

  Result<int> check(const std::vector<std::string>& models) {
    if (texts_.empty())
      return Error{ErrorCode::InvalidArgument, "--texts: name a file with texts to compare on"};
    if (models.size() == 1 && against_ == "auto")
      return Error{ErrorCode::InvalidArgument,
                   "name a second model, or another precision of the first (--against int8)"};
    std::vector<std::string> texts, languages;
    CT_CHECK(read_texts(texts, languages));
    model::ModelOptions first{.precision = nn::precision_from(precision_), .threads = threads_};
    model::ModelOptions second{.precision = nn::precision_from(against_), .threads = threads_};
    CT_TRY(const auto path, model::locate_model(models.front()));
    if (!first.precision && std::filesystem::is_directory(path))
      first.precision = nn::Precision::F32;
    CT_TRY(const auto a, model::Encoder::open(path, first));
    CT_TRY(const auto b, model::Encoder::open(models.back(), second));
    CT_TRY(const std::string prompt, a.prompt(prompt_));
    CT_TRY(const auto comparison, model::compare_models(a, b, prompt, texts, languages));
    print(comparison, a.info(), b.info());
    return comparison.all.worst_cosine < min_cosine_ ? kFailed : kDone;
  }

  void print(const model::Comparison& c, const model::ModelInfo& a,
             const model::ModelInfo& b) const {
    std::string out;
    if (json_) {
      JsonWriter json(out, 2);
      json.begin_object()
          .member("first", a.name + " " + a.precision)
          .member("second", b.name + " " + b.precision)
          .member("same_model", a.identity == b.identity)
          .key("all");
      write_agreement(json, c.all);
      json.key("languages").begin_object();
      for (const auto& [language, agreement] : c.by_language) {
        json.key(language);
        write_agreement(json, agreement);
      }
      json.end_object().end_object();
      out += '\n';
    } else {
      out = a.name + " " + a.precision + " and " + b.name + " " + b.precision +
            (a.identity == b.identity ? " (the same model)" : " (different models)") +
            "\nlanguage  texts  mean cosine  worst cosine  10 nearest shared  nearest same\n";
      const auto line = [&](const std::string& name, const model::Agreement& g) {
        char text[160];
        std::snprintf(text, sizeof text, "%-8s %6zu     %s      %s           %s      %s\n",
                      name.c_str(), g.texts, number(g.mean_cosine).c_str(),
                      number(g.worst_cosine).c_str(), number(g.neighbours_shared).c_str(),
                      number(g.nearest_same).c_str());
        out += text;
      };
      for (const auto& [language, agreement] : c.by_language) line(language, agreement);
      line("all", c.all);
    }
    std::fwrite(out.data(), 1, out.size(), stdout);
  }

  [[nodiscard]] nn::LayerFormat layer_format() const {
    return layers_format_ == "int4" ? nn::LayerFormat::INT4 : nn::LayerFormat::AsComputed;
  }

  [[nodiscard]] Result<std::optional<nn::WordStorage>> word_storage() const {
    using Storage = std::optional<nn::WordStorage>;
    if (words_format_ == "auto") return Storage();
    auto words = nn::parse_word_storage(words_format_);
    if (!words.ok()) return words.error().at("--embedding-weights");
    return Storage(*words);
  }

  Result<int> convert(const std::string& name) {
    if (output_.empty())
      return Error{ErrorCode::InvalidArgument, "--output: name the file or folder to write"};
    if (to_ == "huggingface") {
      CT_CHECK(model::export_huggingface(name, output_));
    } else {
      CT_TRY(const auto path, model::locate_model(name));
      CT_TRY(const auto languages, model::parse_languages(languages_));
      CT_TRY(const auto words, word_storage());
      CT_CHECK(model::convert_model(
          path, nn::precision_from(precision_).value_or(model::automatic_precision()), output_,
          {words, layer_format(), languages, compact_}));
    }
    log(LogLevel::Info, "summary", name + " is converted: " + output_);
    return kDone;
  }

  Result<int> compress_model(const std::string& name) {
    compress_.source = name;
    compress_.output = output_;
    compress_.text_field = field_;
    compress_.language_field = language_field_;
    compress_.layer_weights = layers_format_;
    compress_.texts = texts_;
    compress_.prompt = prompt_;
    compress_.max_texts = max_texts_;
    CT_TRY(compress_.embedding_weights, word_storage());
    CT_TRY(compress_.languages, model::parse_languages(languages_));
    compress_.threads = threads_;
    compress_.json = json_;
    compress_.compact = compact_;
    return compress(compress_);
  }

  Result<int> pull(const std::string& name) {
    Progress progress("pull", "bytes");
    model::PullOptions options;
    options.name = name;
    options.revision = revision_;
    options.hub = hub_;
    options.folder = output_;
    options.progress = [&](const std::string& file, std::uint64_t done, std::uint64_t size) {
      progress.update(done, file + " of " + std::to_string(size));
    };
    CT_TRY(const auto result, model::pull_model(options));
    progress.finish();
    log(LogLevel::Info, "summary",
        std::to_string(result.files) + " files, " + std::to_string(result.fetched) + " fetched (" +
            std::to_string(result.bytes) + " bytes), in " + result.folder.string());
    return kDone;
  }

  std::vector<std::string> words_;
  std::string precision_ = "auto", against_ = "auto", output_, texts_, field_ = "text",
              language_field_, prompt_, languages_, to_ = "crosstail", words_format_ = "auto",
              layers_format_ = "auto", hub_, revision_ = "main";
  std::uint64_t threads_ = 0, max_texts_ = 2000;
  double min_cosine_ = -1;
  bool json_ = false, verify_ = false, compact_ = false;
  CompressArguments compress_;
};

}  // namespace

std::unique_ptr<Verb> model_verb() {
  return std::make_unique<ModelVerb>();
}

}  // namespace crosstail::cli
