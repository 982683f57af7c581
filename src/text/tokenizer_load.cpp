/// Which file of a model directory is the tokenizer, and what the files beside it say.

#include <simdjson.h>

#include <array>

#include "base/file.h"
#include "text/sentencepiece_file.h"
#include "text/tokenizer.h"
#include "text/tokenizer_blob.h"
#include "text/tokenizer_json.h"
#include "text/tokenizer_json_field.h"
#include "text/wordpiece_vocab.h"

namespace crosstail::text {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 30;
constexpr std::uint64_t kMaxConfig = std::uint64_t{1} << 24;
/// transformers writes 1e30 for "no limit".
constexpr double kMaxLength = 1e9;

constexpr std::array<const char*, 4> kFiles = {"tokenizer.json", "sentencepiece.bpe.model",
                                               "spiece.model", "vocab.txt"};

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

/// A configuration file; an empty object if it is not there.
struct Config {
  simdjson::dom::parser parser;
  std::string path;
  simdjson::dom::element root;

  Status read(const fs::path& file) {
    path = file.string();
    std::string text = "{}";
    if (is_file(file)) {
      CT_TRY(text, read_file(file, kMaxConfig));
    }
    if (const auto error = parser.parse(text).get(root)) {
      return Error{ErrorCode::Corrupt,
                   path + ": is not valid JSON: " + simdjson::error_message(error)};
    }
    if (!root.is_object()) return Error{ErrorCode::Corrupt, path + ": expected an object"};
    return {};
  }
  [[nodiscard]] JsonField top() const { return {root, ""}; }
  /// The text of a token: "<s>" or {"content": "<s>", …}.
  [[nodiscard]] Result<std::string> token(std::string_view key) const {
    auto field = top().member(key);
    if (!field.ok()) return field.error().at(path);
    if (field->is_null()) return std::string();
    auto plain = field->text();
    if (plain.ok()) return plain;
    auto content = field->text_at("content");
    if (!content.ok()) return content.error().at(path);
    return content;
  }
};

struct Configs {
  Config tokenizer, special, model;

  Status read(const fs::path& dir) {
    CT_CHECK(tokenizer.read(dir / "tokenizer_config.json"));
    CT_CHECK(special.read(dir / "special_tokens_map.json"));
    return model.read(dir / "config.json");
  }
  /// What the tokenizer's configuration says, else the map.
  [[nodiscard]] Result<std::string> token(std::string_view key) const {
    CT_TRY(std::string text, tokenizer.token(key));
    if (!text.empty()) return text;
    return special.token(key);
  }
};

Status add_roles(const Configs& configs, TokenizerSpec& spec) {
  SpecialIds& s = spec.meta.special;
  const std::array<std::pair<const char*, std::optional<std::uint32_t>*>, 7> roles = {
      {{"bos_token", &s.bos},
       {"eos_token", &s.eos},
       {"cls_token", &s.cls},
       {"sep_token", &s.sep},
       {"pad_token", &s.pad},
       {"unk_token", &s.unk},
       {"mask_token", &s.mask}}};
  for (const auto& [key, id] : roles) {
    CT_TRY(const std::string piece, configs.token(key));
    if (piece.empty()) continue;
    const auto found = std::find(spec.pieces.begin(), spec.pieces.end(), piece);
    if (found == spec.pieces.end()) {
      // A role that the vocabulary has no piece for is one the model never had.
      continue;
    }
    *id = static_cast<std::uint32_t>(found - spec.pieces.begin());
  }
  if (!s.unk && spec.meta.unknown_id < spec.pieces.size()) s.unk = spec.meta.unknown_id;
  return {};
}

Status add_limits(const Configs& configs, TokenizerSpec& spec) {
  CT_TRY(const JsonField field, configs.tokenizer.top().member("model_max_length"));
  double length = 0;
  if (field.get(length) && length >= 1 && length <= kMaxLength) {
    spec.meta.model_max_length = static_cast<std::uint64_t>(length);
  }
  return {};
}

/// XLM-R numbers its pieces anew, T5 does not; the class of the tokenizer or the model's type says
/// which of them a .model file belongs to.
Result<SentencePieceIds> numbering(const Configs& configs) {
  CT_TRY(std::string name, configs.tokenizer.token("tokenizer_class"));
  if (name.empty()) {
    CT_TRY(name, configs.model.token("tokenizer_class"));
  }
  CT_TRY(const std::string type, configs.model.token("model_type"));
  const auto starts = [&](std::string_view known) { return name.starts_with(known); };
  if (starts("XLMRobertaTokenizer")) return SentencePieceIds::Fairseq;
  if (starts("T5Tokenizer") || starts("MT5Tokenizer")) return SentencePieceIds::AsInFile;
  const bool generic = name.empty() || starts("PreTrainedTokenizer") || starts("TokenizersBackend");
  if (generic && (type == "xlm-roberta" || type == "xlm-roberta-xl")) {
    return SentencePieceIds::Fairseq;
  }
  if (generic && (type == "t5" || type == "mt5" || type == "umt5")) {
    return SentencePieceIds::AsInFile;
  }
  return Error{ErrorCode::Unsupported,
               "tokenizer_class \"" + name + "\" with model_type \"" + type +
                   "\": its numbering of a SentencePiece model's ids is not known; put a "
                   "tokenizer.json into the directory (transformers writes one)"};
}

Result<WordPieceOptions> word_piece_options(const Configs& configs) {
  WordPieceOptions options;
  const JsonField top = configs.tokenizer.top();
  CT_TRY(options.lowercase, top.boolean_at("do_lower_case", true));
  CT_TRY(options.chinese, top.boolean_at("tokenize_chinese_chars", true));
  CT_TRY(const JsonField strip, top.member("strip_accents"));
  if (!strip.is_null()) {
    CT_TRY(const bool value, strip.boolean());
    options.strip_accents = value ? 1 : 0;
  }
  const std::array<std::pair<const char*, std::string*>, 5> tokens = {
      {{"unk_token", &options.unknown},
       {"cls_token", &options.cls},
       {"sep_token", &options.sep},
       {"pad_token", &options.pad},
       {"mask_token", &options.mask}}};
  for (const auto& [key, piece] : tokens) {
    CT_TRY(const std::string text, configs.token(key));
    if (!text.empty()) *piece = text;
  }
  return options;
}

Result<TokenizerSpec> read_spec(const fs::path& dir, const std::string& name,
                                const Configs& configs) {
  CT_TRY(const MappedFile file, MappedFile::open(dir / name));
  if (file.size() > kMaxFile) {
    return Error{ErrorCode::Limit, "has " + std::to_string(file.size()) +
                                       " bytes; a tokenizer of more than 1 GiB is not read"};
  }
  if (name == "tokenizer.json") return read_tokenizer_json(file.text());
  if (name == "vocab.txt") {
    CT_TRY(const WordPieceOptions options, word_piece_options(configs));
    return read_wordpiece_vocab(file.text(), options);
  }
  CT_TRY(const SentencePieceIds ids, numbering(configs));
  return read_sentencepiece(file.text(), ids);
}

/// "tokenizer.json (sentencepiece.bpe.model is there too and was not read)"
std::string describe(const fs::path& dir, std::size_t chosen) {
  std::string others;
  int count = 0;
  for (std::size_t i = chosen + 1; i < kFiles.size(); ++i) {
    if (!is_file(dir / kFiles[i])) continue;
    others += (count++ == 0 ? "" : ", ") + std::string(kFiles[i]);
  }
  if (count == 0) return kFiles[chosen];
  return std::string(kFiles[chosen]) + " (" + others + (count == 1 ? " is" : " are") +
         " there too and " + (count == 1 ? "was" : "were") + " not read)";
}

Result<Tokenizer> finish(const TokenizerSpec& spec) {
  CT_TRY(auto blob, write_blob(spec));
  return Tokenizer::from_owned_blob(std::move(blob));
}

}  // namespace

Result<Tokenizer> load_tokenizer(const fs::path& dir) {
  for (std::size_t i = 0; i < kFiles.size(); ++i) {
    const fs::path path = dir / kFiles[i];
    if (!is_file(path)) continue;
    Configs configs;
    CT_CHECK(configs.read(dir));
    auto spec = read_spec(dir, kFiles[i], configs);
    if (!spec.ok()) return spec.error().at(path.string());
    spec->meta.source = describe(dir, i);
    if (auto status = add_roles(configs, *spec); !status.ok()) return status.error();
    CT_CHECK(add_limits(configs, *spec));
    auto tokenizer = finish(*std::move(spec));
    if (!tokenizer.ok()) return tokenizer.error().at(path.string());
    return tokenizer;
  }
  return Error{ErrorCode::NotFound,
               dir.string() +
                   ": no tokenizer: expected tokenizer.json, sentencepiece.bpe.model, "
                   "spiece.model or vocab.txt"};
}

Result<Tokenizer> tokenizer_from_json(std::string_view json) {
  CT_TRY(TokenizerSpec spec, read_tokenizer_json(json));
  spec.meta.source = "tokenizer.json";
  if (spec.meta.unknown_id < spec.pieces.size()) spec.meta.special.unk = spec.meta.unknown_id;
  return finish(spec);
}

}  // namespace crosstail::text
