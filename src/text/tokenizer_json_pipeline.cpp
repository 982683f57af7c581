#include "text/tokenizer_json_pipeline.h"

#include <algorithm>
#include <array>

namespace crosstail::text {

namespace {

/// Sequences in sequences, as deep as a hostile file may nest them.
constexpr int kMaxDepth = 16;
/// Steps of one kind, as many as a hostile file may ask each text to go through.
constexpr std::size_t kMaxSteps = 256;

constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

using Normal = NormalizerStep::Kind;
using Cut = SplitStep::Kind;

Result<std::string> base64(const JsonField& field) {
  CT_TRY(const std::string text, field.text());
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  std::string_view rest = text;
  while (rest.ends_with('=')) rest.remove_suffix(1);
  if (text.size() % 4 != 0 || text.size() - rest.size() > 2) return field.wrong("is not base64");
  out.reserve(rest.size() / 4 * 3 + 2);
  for (const char c : rest) {
    static constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const auto values = [] {
      std::array<int, 256> table{};
      table.fill(-1);
      for (std::size_t i = 0; i < kDigits.size(); ++i) {
        table[static_cast<unsigned char>(kDigits[i])] = static_cast<int>(i);
      }
      return table;
    }();
    const int value = values[static_cast<unsigned char>(c)];
    if (value < 0) return field.wrong("is not base64");
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>(bits >> count & 0xFF));
    }
  }
  return out;
}

/// {"String": "…"} or {"Regex": "…"}.
struct Pattern {
  std::string text;
  bool is_regex = false;
};

Result<Pattern> read_pattern(const JsonField& field) {
  Pattern pattern;
  CT_TRY(const JsonField regex, field.member("Regex"));
  pattern.is_regex = !regex.is_null();
  CT_TRY(const JsonField text, field.member(pattern.is_regex ? "Regex" : "String"));
  CT_TRY(pattern.text, text.text());
  if (pattern.text.empty()) return text.unsupported("an empty pattern");
  return pattern;
}

/// Expressions that are runs of white space: which characters, and how many at least.
bool read_run(std::string_view regex, NormalizerStep& step) {
  const std::size_t brace = regex.find('{');
  std::string_view atom = regex.substr(0, brace);
  if (brace == std::string_view::npos && !atom.empty() && atom.back() == '+') {
    atom.remove_suffix(1);
    step.least = 1;
  } else if (brace != std::string_view::npos && regex.substr(brace) == "{2,}") {
    step.least = 2;
  } else {
    return false;
  }
  if (atom == " " || atom == "[ ]") {
    step.kind = Normal::ReplaceSpaceRuns;
  } else if (atom == "\\s" || atom == "[\\s]") {
    step.kind = Normal::ReplaceWhiteRuns;
  } else {
    return false;
  }
  return true;
}

Status read_replace(const JsonField& field, std::vector<NormalizerStep>& steps) {
  NormalizerStep step;
  CT_TRY(const JsonField pattern_field, field.member("pattern"));
  CT_TRY(const Pattern pattern, read_pattern(pattern_field));
  CT_TRY(step.content, field.text_at("content"));
  step.kind = Normal::ReplaceText;
  step.pattern = pattern.text;
  if (pattern.is_regex && !read_run(pattern.text, step)) {
    return pattern_field.unsupported("the regular expression " + pattern.text);
  }
  steps.push_back(std::move(step));
  return {};
}

Status read_bert_normalizer(const JsonField& field, std::vector<NormalizerStep>& steps) {
  CT_TRY(const bool clean, field.boolean_at("clean_text", true));
  CT_TRY(const bool chinese, field.boolean_at("handle_chinese_chars", true));
  CT_TRY(const bool lower, field.boolean_at("lowercase", true));
  CT_TRY(const bool strip, field.boolean_at("strip_accents", lower));
  if (clean) steps.push_back({.kind = Normal::BertClean});
  if (chinese) steps.push_back({.kind = Normal::BertChinese});
  if (strip) steps.push_back({.kind = Normal::BertStripMarks});
  if (lower) steps.push_back({.kind = Normal::Lowercase});
  return {};
}

Status read_normalizer(const JsonField& field, int depth, TokenizerSpec& spec);

Status read_precompiled(const JsonField& field, TokenizerSpec& spec) {
  if (!spec.charsmap.empty()) return field.unsupported("a second Precompiled normalizer");
  CT_TRY(const JsonField map, field.member("precompiled_charsmap"));
  CT_TRY(spec.charsmap, base64(map));
  spec.meta.normalizer.push_back({.kind = Normal::Precompiled});
  return {};
}

Status read_sequence(const JsonField& field, std::string_view key, int depth, TokenizerSpec& spec,
                     Status (*read)(const JsonField&, int, TokenizerSpec&)) {
  CT_TRY(const JsonField list, field.member(key));
  CT_TRY(const auto items, list.items());
  if (depth >= kMaxDepth || items.size() > kMaxSteps) return list.unsupported("so long a Sequence");
  for (const JsonField& item : items) CT_CHECK(read(item, depth + 1, spec));
  return {};
}

Status read_normalizer(const JsonField& field, int depth, TokenizerSpec& spec) {
  auto& steps = spec.meta.normalizer;
  CT_TRY(const std::string type, field.text_at("type"));
  if (steps.size() > kMaxSteps) return field.unsupported("so many normalizers");
  if (type == "Sequence") return read_sequence(field, "normalizers", depth, spec, read_normalizer);
  if (type == "Precompiled") return read_precompiled(field, spec);
  if (type == "BertNormalizer") return read_bert_normalizer(field, steps);
  if (type == "Replace") return read_replace(field, steps);
  if (type == "Prepend") {
    NormalizerStep step{.kind = Normal::Prepend};
    CT_TRY(step.content, field.text_at("prepend"));
    steps.push_back(std::move(step));
    return {};
  }
  if (type == "Strip") {
    NormalizerStep step{.kind = Normal::Strip};
    CT_TRY(step.left, field.boolean_at("strip_left", true));
    CT_TRY(step.right, field.boolean_at("strip_right", true));
    steps.push_back(std::move(step));
    return {};
  }
  static constexpr std::pair<std::string_view, Normal> kPlain[] = {
      {"NFC", Normal::Nfc},
      {"NFD", Normal::Nfd},
      {"NFKC", Normal::Nfkc},
      {"NFKD", Normal::Nfkd},
      {"Nmt", Normal::Nmt},
      {"Lowercase", Normal::Lowercase},
      {"ByteLevel", Normal::ByteLevel},
      {"StripAccents", Normal::StripAccents}};
  for (const auto& [name, kind] : kPlain) {
    if (type != name) continue;
    steps.push_back({.kind = kind});
    return {};
  }
  CT_TRY(const JsonField type_field, field.member("type"));
  return type_field.unsupported("the normalizer \"" + type + "\"");
}

Result<SplitBehavior> read_behavior(const JsonField& field, std::string_view missing) {
  CT_TRY(const std::string name, field.text_at("behavior", missing));
  static constexpr std::pair<std::string_view, SplitBehavior> kNames[] = {
      {"Removed", SplitBehavior::Removed},
      {"Isolated", SplitBehavior::Isolated},
      {"MergedWithPrevious", SplitBehavior::MergedWithPrevious},
      {"MergedWithNext", SplitBehavior::MergedWithNext},
      {"Contiguous", SplitBehavior::Contiguous}};
  for (const auto& [known, behavior] : kNames) {
    if (name == known) return behavior;
  }
  CT_TRY(const JsonField behavior_field, field.member("behavior"));
  return behavior_field.wrong("\"" + name + "\" is no behavior");
}

Status read_metaspace(const JsonField& field, std::vector<SplitStep>& steps) {
  SplitStep step{.kind = Cut::Metaspace};
  CT_TRY(step.pattern, field.text_at("replacement"));
  CT_TRY(step.split, field.boolean_at("split", true));
  CT_TRY(const JsonField scheme, field.member("prepend_scheme"));
  CT_TRY(const std::string name, field.text_at("prepend_scheme", "always"));
  if (name == "always") {
    step.prefix = SplitStep::Prefix::Always;
  } else if (name == "first") {
    step.prefix = SplitStep::Prefix::First;
  } else if (name == "never") {
    step.prefix = SplitStep::Prefix::Never;
  } else {
    return scheme.wrong("\"" + name + "\" is none of always, first, never");
  }
  CT_TRY(const bool add, field.boolean_at("add_prefix_space", true));
  if (!add) {
    if (!scheme.is_null() && step.prefix != SplitStep::Prefix::Never) {
      return scheme.wrong("contradicts add_prefix_space");
    }
    step.prefix = SplitStep::Prefix::Never;
  }
  if (step.pattern.empty()) return field.wrong("replacement is empty");
  steps.push_back(std::move(step));
  return {};
}

Status read_split(const JsonField& field, std::vector<SplitStep>& steps) {
  SplitStep step{.kind = Cut::Text};
  CT_TRY(const JsonField pattern_field, field.member("pattern"));
  CT_TRY(const Pattern pattern, read_pattern(pattern_field));
  CT_TRY(step.behavior, read_behavior(field, ""));
  CT_TRY(step.invert, field.boolean_at("invert", false));
  step.pattern = pattern.text;
  if (pattern.is_regex) {
    if (pattern.text == kGpt2Pattern) {
      step.kind = Cut::Gpt2;
    } else if (pattern.text != " ") {
      return pattern_field.unsupported("the regular expression " + pattern.text);
    }
  }
  steps.push_back(std::move(step));
  return {};
}

Status read_byte_level(const JsonField& field, std::vector<SplitStep>& steps) {
  SplitStep step{.kind = Cut::ByteLevel};
  CT_TRY(const bool add, field.boolean_at("add_prefix_space", true));
  CT_TRY(step.split, field.boolean_at("use_regex", true));
  step.prefix = add ? SplitStep::Prefix::Always : SplitStep::Prefix::Never;
  steps.push_back(std::move(step));
  return {};
}

Status read_pre_tokenizer(const JsonField& field, int depth, TokenizerSpec& spec) {
  auto& steps = spec.meta.splits;
  CT_TRY(const std::string type, field.text_at("type"));
  if (steps.size() > kMaxSteps) return field.unsupported("so many pre_tokenizers");
  if (type == "Sequence") {
    return read_sequence(field, "pretokenizers", depth, spec, read_pre_tokenizer);
  }
  if (type == "Metaspace") return read_metaspace(field, steps);
  if (type == "ByteLevel") return read_byte_level(field, steps);
  if (type == "Split") return read_split(field, steps);
  if (type == "WhitespaceSplit") {
    steps.push_back({.kind = Cut::WhiteSpace});
  } else if (type == "Whitespace") {
    steps.push_back({.kind = Cut::Words});
  } else if (type == "BertPreTokenizer") {
    steps.push_back({.kind = Cut::WhiteSpace});
    steps.push_back({.kind = Cut::Punctuation, .behavior = SplitBehavior::Isolated});
  } else if (type == "Punctuation") {
    SplitStep step{.kind = Cut::Punctuation};
    CT_TRY(step.behavior, read_behavior(field, "Isolated"));
    steps.push_back(std::move(step));
  } else if (type == "Digits") {
    SplitStep step{.kind = Cut::Digits};
    CT_TRY(step.individual, field.boolean_at("individual_digits", false));
    steps.push_back(std::move(step));
  } else if (type == "CharDelimiterSplit") {
    SplitStep step{.kind = Cut::Text, .behavior = SplitBehavior::Removed};
    CT_TRY(step.pattern, field.text_at("delimiter"));
    if (step.pattern.empty()) return field.wrong("delimiter is empty");
    steps.push_back(std::move(step));
  } else {
    CT_TRY(const JsonField type_field, field.member("type"));
    return type_field.unsupported("the pre_tokenizer \"" + type + "\"");
  }
  return {};
}

constexpr FrameItem first_text(std::uint8_t type_id) {
  return {FrameItem::Kind::First, type_id, 0};
}
constexpr FrameItem second_text(std::uint8_t type_id) {
  return {FrameItem::Kind::Second, type_id, 0};
}
constexpr FrameItem special(std::uint8_t type_id, std::uint32_t id) {
  return {FrameItem::Kind::Special, type_id, id};
}

Result<std::uint8_t> read_type_id(const JsonField& field) {
  CT_TRY(const std::uint32_t type_id, field.number_at("type_id", 0));
  if (type_id > 255) return field.wrong("type_id is above 255");
  return static_cast<std::uint8_t>(type_id);
}

Status read_template_item(const JsonField& item, const JsonField& specials,
                          std::vector<FrameItem>& frame) {
  CT_TRY(const JsonField sequence, item.member("Sequence"));
  if (!sequence.is_null()) {
    CT_TRY(const std::string id, sequence.text_at("id"));
    CT_TRY(const std::uint8_t type_id, read_type_id(sequence));
    if (id != "A" && id != "B") return sequence.wrong("id is neither A nor B");
    frame.push_back(id == "A" ? first_text(type_id) : second_text(type_id));
    return {};
  }
  CT_TRY(const JsonField token, item.member("SpecialToken"));
  CT_TRY(const std::string name, token.text_at("id"));
  CT_TRY(const std::uint8_t type_id, read_type_id(token));
  CT_TRY(const JsonField definition, specials.member(name));
  if (definition.is_null()) return token.wrong("\"" + name + "\" is not in special_tokens");
  CT_TRY(const JsonField ids_field, definition.member("ids"));
  CT_TRY(const auto ids, ids_field.items());
  for (const JsonField& id_field : ids) {
    CT_TRY(const std::uint32_t id, id_field.number());
    frame.push_back(special(type_id, id));
  }
  return {};
}

Status read_template(const JsonField& field, TokenizerMeta& meta) {
  CT_TRY(const JsonField specials, field.member("special_tokens"));
  for (const bool pair : {false, true}) {
    auto& frame = pair ? meta.pair : meta.single;
    frame.clear();
    CT_TRY(const JsonField list, field.member(pair ? "pair" : "single"));
    CT_TRY(const auto items, list.items());
    for (const JsonField& item : items) CT_CHECK(read_template_item(item, specials, frame));
    const auto uses = [&](FrameItem::Kind kind) {
      return std::count_if(frame.begin(), frame.end(),
                           [&](const FrameItem& f) { return f.kind == kind; });
    };
    if (uses(FrameItem::Kind::First) != 1 || uses(FrameItem::Kind::Second) != (pair ? 1 : 0)) {
      return list.unsupported("a template that does not use each text once");
    }
  }
  return {};
}

/// ["[SEP]", 102]
Result<std::uint32_t> read_token_id(const JsonField& field, std::string_view key) {
  CT_TRY(const JsonField token, field.member(key));
  CT_TRY(const auto parts, token.items());
  if (parts.size() != 2) return token.wrong("expected [token, id]");
  return parts[1].number();
}

Status read_trim(const JsonField& field, TokenizerMeta& meta) {
  CT_TRY(const bool trim, field.boolean_at("trim_offsets", true));
  TrimOffsets step;
  CT_TRY(step.add_prefix_space, field.boolean_at("add_prefix_space", true));
  if (trim) meta.trims.push_back(step);
  return {};
}

Status read_post_processor(const JsonField& field, int depth, TokenizerSpec& spec) {
  TokenizerMeta& meta = spec.meta;
  CT_TRY(const std::string type, field.text_at("type"));
  if (type == "Sequence") {
    return read_sequence(field, "processors", depth, spec, read_post_processor);
  }
  if (type == "ByteLevel") return read_trim(field, meta);
  const bool framed = std::any_of(meta.single.begin(), meta.single.end(), [](const FrameItem& f) {
    return f.kind == FrameItem::Kind::Special;
  });
  if (framed) return field.unsupported("a second frame around the first");
  if (type == "TemplateProcessing") return read_template(field, meta);
  if (type != "BertProcessing" && type != "RobertaProcessing") {
    CT_TRY(const JsonField type_field, field.member("type"));
    return type_field.unsupported("the post_processor \"" + type + "\"");
  }
  CT_TRY(const std::uint32_t cls, read_token_id(field, "cls"));
  CT_TRY(const std::uint32_t sep, read_token_id(field, "sep"));
  meta.single = {special(0, cls), first_text(0), special(0, sep)};
  if (type == "BertProcessing") {
    meta.pair = {special(0, cls), first_text(0), special(0, sep), second_text(1), special(1, sep)};
    return {};
  }
  meta.pair = {special(0, cls), first_text(0),  special(0, sep),
               special(0, sep), second_text(0), special(0, sep)};
  return read_trim(field, meta);
}

Status read_decoder(const JsonField& field, int depth, TokenizerSpec& spec) {
  CT_TRY(const std::string type, field.text_at("type"));
  if (type == "Sequence") return read_sequence(field, "decoders", depth, spec, read_decoder);
  DecodeStep step;
  using Kind = DecodeStep::Kind;
  if (type == "Metaspace") {
    step.kind = Kind::Metaspace;
    CT_TRY(step.a, field.text_at("replacement"));
    CT_TRY(const std::string scheme, field.text_at("prepend_scheme", "always"));
    CT_TRY(const bool add, field.boolean_at("add_prefix_space", true));
    step.flag = add && scheme != "never";
    if (step.a.empty()) return field.wrong("replacement is empty");
  } else if (type == "WordPiece") {
    step.kind = Kind::WordPiece;
    CT_TRY(step.a, field.text_at("prefix"));
    CT_TRY(step.flag, field.boolean_at("cleanup", true));
  } else if (type == "Replace") {
    step.kind = Kind::Replace;
    CT_TRY(const JsonField pattern_field, field.member("pattern"));
    CT_TRY(const Pattern pattern, read_pattern(pattern_field));
    if (pattern.is_regex) return pattern_field.unsupported("a regular expression");
    step.a = pattern.text;
    CT_TRY(step.b, field.text_at("content"));
  } else if (type == "Strip") {
    step.kind = Kind::Strip;
    CT_TRY(step.a, field.text_at("content"));
    CT_TRY(step.start, field.number_at("start", 0));
    CT_TRY(step.stop, field.number_at("stop", 0));
    if (step.a.empty()) return field.wrong("content is empty");
  } else if (type == "BPEDecoder") {
    step.kind = Kind::Suffix;
    CT_TRY(step.a, field.text_at("suffix"));
    if (step.a.empty()) return field.wrong("suffix is empty");
  } else if (type == "ByteFallback") {
    step.kind = Kind::ByteFallback;
  } else if (type == "ByteLevel") {
    step.kind = Kind::ByteLevel;
  } else if (type == "Fuse") {
    step.kind = Kind::Fuse;
  } else {
    CT_TRY(const JsonField type_field, field.member("type"));
    return type_field.unsupported("the decoder \"" + type + "\"");
  }
  spec.meta.decoder.push_back(std::move(step));
  if (spec.meta.decoder.size() > kMaxSteps) return field.unsupported("so many decoders");
  return {};
}

}  // namespace

Status read_json_normalizer(const JsonField& field, TokenizerSpec& spec) {
  return field.is_null() ? Status() : read_normalizer(field, 0, spec);
}

Status read_json_pre_tokenizer(const JsonField& field, TokenizerSpec& spec) {
  return field.is_null() ? Status() : read_pre_tokenizer(field, 0, spec);
}

Status read_json_post_processor(const JsonField& field, TokenizerSpec& spec) {
  spec.meta.single = {first_text(0)};
  spec.meta.pair = {first_text(0), second_text(1)};
  return field.is_null() ? Status() : read_post_processor(field, 0, spec);
}

Status read_json_decoder(const JsonField& field, TokenizerSpec& spec) {
  return field.is_null() ? Status() : read_decoder(field, 0, spec);
}

}  // namespace crosstail::text
