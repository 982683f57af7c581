/// Ids back to text: the decoders of tokenizer.json, and that of the SentencePiece library.

#include <algorithm>
#include <charconv>
#include <map>

#include "text/normalizer.h"
#include "text/tokenizer_parts.h"
#include "text/utf8.h"

namespace crosstail::text {

namespace {

using Kind = DecodeStep::Kind;
using Tokens = std::vector<std::string>;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kSpaceSymbol = "\xE2\x96\x81";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  if (text.find(from) == std::string::npos) return;
  std::string fresh;
  std::size_t copied = 0;
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, copied)) {
    fresh.append(text, copied, at - copied).append(to);
    copied = at + from.size();
  }
  fresh.append(text, copied);
  text = std::move(fresh);
}

/// The byte a piece like <0x41> writes, or -1.
int byte_of(std::string_view piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || !piece.ends_with('>')) return -1;
  int value = 0;
  const char* const end = piece.data() + 5;
  const auto [stop, error] = std::from_chars(piece.data() + 3, end, value, 16);
  return error == std::errc() && stop == end ? value : -1;
}

void byte_fallback(Tokens& tokens) {
  Tokens fresh;
  std::string bytes;
  const auto flush = [&] {
    if (bytes.empty()) return;
    if (is_valid_utf8(bytes)) {
      fresh.push_back(bytes);
    } else {
      fresh.insert(fresh.end(), bytes.size(), std::string(kReplacement));
    }
    bytes.clear();
  };
  for (std::string& token : tokens) {
    if (const int byte = byte_of(token); byte >= 0) {
      bytes.push_back(static_cast<char>(byte));
    } else {
      flush();
      fresh.push_back(std::move(token));
    }
  }
  flush();
  tokens = std::move(fresh);
}

void clean_up(std::string& token) {
  static constexpr std::pair<std::string_view, std::string_view> kRules[] = {
      {" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
      {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
      {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : kRules) replace_all(token, from, to);
}

void word_piece(Tokens& tokens, const DecodeStep& step) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i != 0) {
      if (tokens[i].starts_with(step.a)) {
        tokens[i].erase(0, step.a.size());
      } else {
        tokens[i].insert(0, 1, ' ');
      }
    }
    if (step.flag) clean_up(tokens[i]);
  }
}

/// A token with a character outside GPT-2's table stands for itself.
void byte_level(Tokens& tokens) {
  static const std::map<char32_t, char> table = [] {
    std::map<char32_t, char> chars;
    for (unsigned b = 0; b < 256; ++b) {
      chars[byte_level_char(static_cast<unsigned char>(b))] = static_cast<char>(b);
    }
    return chars;
  }();
  std::string all;
  for (const std::string& token : tokens) {
    std::string bytes;
    const char* p = token.data();
    const char* const end = p + token.size();
    while (p < end) {
      const auto found = table.find(unicode::decode(p));
      if (found == table.end()) break;
      bytes.push_back(found->second);
      if (p == end) break;
    }
    all += bytes.size() == count_code_points(token) ? bytes : token;
  }
  tokens = {repair_utf8(all)};
}

void strip(std::string& token, const DecodeStep& step) {
  for (std::uint32_t i = 0; i < step.start && token.starts_with(step.a); ++i) {
    token.erase(0, step.a.size());
  }
  for (std::uint32_t i = 0; i < step.stop && token.ends_with(step.a); ++i) {
    token.resize(token.size() - step.a.size());
  }
}

void metaspace(Tokens& tokens, const DecodeStep& step) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    replace_all(tokens[i], step.a, i == 0 && step.flag ? "" : " ");
  }
}

void fuse(Tokens& tokens) {
  std::string all;
  for (const std::string& token : tokens) all += token;
  tokens = {std::move(all)};
}

void apply(const DecodeStep& step, Tokens& tokens) {
  switch (step.kind) {
    case Kind::Metaspace:
      metaspace(tokens, step);
      break;
    case Kind::ByteFallback:
      byte_fallback(tokens);
      break;
    case Kind::WordPiece:
      word_piece(tokens, step);
      break;
    case Kind::ByteLevel:
      byte_level(tokens);
      break;
    case Kind::Replace:
      for (std::string& token : tokens) replace_all(token, step.a, step.b);
      break;
    case Kind::Strip:
      for (std::string& token : tokens) strip(token, step);
      break;
    case Kind::Fuse:
      fuse(tokens);
      break;
    case Kind::Suffix:
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        replace_all(tokens[i], step.a, i + 1 == tokens.size() ? "" : " ");
      }
      break;
    case Kind::SentencePiece:
      break;
  }
}

/// Bytes of a run of byte pieces: well-formed characters, U+FFFD for each byte of the rest.
void flush_bytes(std::string& bytes, std::string& out) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = std::min(unicode::sequence_size(bytes[at]), bytes.size() - at);
    const std::string_view one = std::string_view(bytes).substr(at, size);
    if (is_valid_utf8(one)) {
      out += one;
      at += size;
    } else {
      out += kReplacement;
      ++at;
    }
  }
  bytes.clear();
}

std::string decode_sentencepiece(const Tokenizer::Parts& parts,
                                 std::span<const std::uint32_t> ids) {
  const TokenizerMeta& meta = parts.meta;
  std::string out;
  std::string bytes;
  bool at_start = true;
  bool consumed_space = false;
  for (const std::uint32_t id : ids) {
    std::string_view piece = parts.piece(id);
    if (const int byte = meta.byte_fallback ? byte_of(piece) : -1; byte >= 0) {
      bytes.push_back(static_cast<char>(byte));
      continue;
    }
    flush_bytes(bytes, out);
    if (consumed_space || !out.empty()) at_start = false;
    consumed_space = false;
    if (id == meta.surface_unknown) {
      out += " \xE2\x81\x87 ";
      continue;
    }
    if (at_start && (meta.add_dummy_prefix || meta.remove_extra_whitespaces) &&
        piece.starts_with(kSpaceSymbol)) {
      piece.remove_prefix(kSpaceSymbol.size());
      consumed_space = !meta.remove_extra_whitespaces;
    }
    std::string text(piece);
    replace_all(text, kSpaceSymbol, " ");
    out += text;
  }
  flush_bytes(bytes, out);
  return out;
}

}  // namespace

std::string Tokenizer::decode(std::span<const std::uint32_t> ids, bool skip_special) const {
  const auto& decoder = parts_->meta.decoder;
  std::vector<std::uint32_t> kept;
  for (const std::uint32_t id : ids) {
    if (!piece(id).empty() && !(skip_special && is_special(id))) kept.push_back(id);
  }
  if (!decoder.empty() && decoder[0].kind == Kind::SentencePiece) {
    return decode_sentencepiece(*parts_, kept);
  }
  Tokens tokens;
  for (const std::uint32_t id : kept) tokens.emplace_back(piece(id));
  for (const DecodeStep& step : decoder) apply(step, tokens);
  std::string text;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i != 0 && decoder.empty()) text += ' ';
    text += tokens[i];
  }
  return text;
}

}  // namespace crosstail::text
