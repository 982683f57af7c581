#include "text/tokenizer_json.h"

#include <unordered_map>

#include "text/tokenizer_json_field.h"
#include "text/tokenizer_json_model.h"
#include "text/tokenizer_json_pipeline.h"

namespace crosstail::text {

namespace {

Result<AddedToken> read_added_token(const JsonField& field) {
  AddedToken token;
  CT_TRY(token.content, field.text_at("content"));
  CT_TRY(const JsonField id, field.member("id"));
  CT_TRY(token.id, id.number());
  CT_TRY(token.special, field.boolean_at("special", false));
  CT_TRY(token.single_word, field.boolean_at("single_word", false));
  CT_TRY(token.lstrip, field.boolean_at("lstrip", false));
  CT_TRY(token.rstrip, field.boolean_at("rstrip", false));
  CT_TRY(token.normalized, field.boolean_at("normalized", !token.special));
  return token;
}

/// What a token that is looked for in the normalised text looks like there.
Result<std::string> normalized_pattern(const AddedToken& token, const TokenizerSpec& spec) {
  if (!token.normalized) return token.content;
  CT_TRY(Charsmap charsmap, Charsmap::open(spec.charsmap));
  const NormalizerChain chain(spec.meta.normalizer, std::move(charsmap));
  AlignedText text{token.content, {}};
  AlignedText spare;
  chain.apply(text, spare, false);
  return text.text;
}

/// Ids the model has no pieces for extend the vocabulary, one after another.
Status read_added_tokens(const JsonField& list, TokenizerSpec& spec) {
  if (list.is_null()) return {};
  CT_TRY(const auto items, list.items());
  std::unordered_map<std::string, std::uint32_t> ids;
  for (std::uint32_t id = 0; id < spec.pieces.size(); ++id) ids[spec.pieces[id]] = id;
  const std::size_t limit = spec.pieces.size() + 16 * items.size() + 1024;
  for (const JsonField& item : items) {
    CT_TRY(AddedToken token, read_added_token(item));
    if (token.content.empty()) continue;
    if (const auto known = ids.find(token.content); known != ids.end()) {
      // tokenizers goes by the vocabulary as well, with a warning where they differ.
      token.id = known->second;
    } else if (token.id >= limit) {
      return item.wrong("the id " + std::to_string(token.id) + " is far beyond the vocabulary");
    } else {
      if (token.id >= spec.pieces.size()) spec.pieces.resize(token.id + 1);
      if (!spec.pieces[token.id].empty()) {
        return item.wrong("the id " + std::to_string(token.id) + " belongs to \"" +
                          spec.pieces[token.id] + "\"");
      }
      spec.pieces[token.id] = token.content;
      ids[token.content] = token.id;
    }
    CT_TRY(token.pattern, normalized_pattern(token, spec));
    spec.meta.added.push_back(std::move(token));
  }
  return {};
}

}  // namespace

Result<TokenizerSpec> read_tokenizer_json(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (const auto error = parser.parse(json.data(), json.size()).get(root)) {
    return Error{ErrorCode::Corrupt,
                 std::string("is not valid JSON: ") + simdjson::error_message(error)};
  }
  const JsonField top(root, "");
  if (!root.is_object()) {
    return Error{ErrorCode::Corrupt, "expected an object with the field \"model\""};
  }
  TokenizerSpec spec;
  CT_TRY(const JsonField version, top.member("version"));
  CT_TRY(const std::string version_text, top.text_at("version", "1.0"));
  if (version_text != "1.0") return version.unsupported("\"" + version_text + "\"");
  CT_TRY(const JsonField model, top.member("model"));
  CT_CHECK(read_json_model(model, spec));
  const std::size_t model_size = spec.pieces.size();
  CT_TRY(const JsonField normalizer, top.member("normalizer"));
  CT_CHECK(read_json_normalizer(normalizer, spec));
  CT_TRY(const JsonField pre_tokenizer, top.member("pre_tokenizer"));
  CT_CHECK(read_json_pre_tokenizer(pre_tokenizer, spec));
  CT_TRY(const JsonField post_processor, top.member("post_processor"));
  CT_CHECK(read_json_post_processor(post_processor, spec));
  CT_TRY(const JsonField decoder, top.member("decoder"));
  CT_CHECK(read_json_decoder(decoder, spec));
  CT_TRY(const JsonField added, top.member("added_tokens"));
  CT_CHECK(read_added_tokens(added, spec));
  if (spec.pieces.size() > model_size) {
    // What was added is found before the model, which does not know it.
    spec.matched.assign(spec.pieces.size(), false);
    std::fill_n(spec.matched.begin(), model_size, true);
    if (!spec.scores.empty()) spec.scores.resize(spec.pieces.size());
  }
  for (const auto* frame : {&spec.meta.single, &spec.meta.pair}) {
    for (const FrameItem& item : *frame) {
      if (item.kind == FrameItem::Kind::Special && item.id >= spec.pieces.size()) {
        return post_processor.wrong("the id " + std::to_string(item.id) +
                                    " lies outside the vocabulary");
      }
    }
  }
  return spec;
}

}  // namespace crosstail::text
