#include "text/tokenizer_json_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

namespace crosstail::text {

namespace {

/// Ids may have gaps, but a hostile one must not cost memory: at most this many times the pieces.
constexpr std::size_t kMaxGapFactor = 8;

using Ids = std::unordered_map<std::string_view, std::uint32_t>;

/// The views of the map are into spec.pieces, which must not grow any more.
Ids ids_of(const TokenizerSpec& spec) {
  Ids ids;
  ids.reserve(spec.pieces.size());
  for (std::uint32_t id = 0; id < spec.pieces.size(); ++id) {
    if (!spec.pieces[id].empty()) ids[spec.pieces[id]] = id;
  }
  return ids;
}

void find_byte_pieces(const Ids& ids, TokenizerSpec& spec) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  spec.meta.byte_ids.assign(256, UnigramModel::kNoId);
  for (std::size_t b = 0; b < 256; ++b) {
    const std::string piece = {'<', '0', 'x', kHex[b / 16], kHex[b % 16], '>'};
    if (const auto found = ids.find(piece); found != ids.end()) {
      spec.meta.byte_ids[b] = found->second;
    }
  }
}

Status read_unigram(const JsonField& model, TokenizerSpec& spec) {
  TokenizerMeta& meta = spec.meta;
  meta.kind = SubwordKind::Unigram;
  CT_TRY(const JsonField vocab, model.member("vocab"));
  simdjson::dom::array entries;
  if (!vocab.get(entries)) {
    return vocab.wrong("expected an array of [piece, score]");
  }
  double lowest = std::numeric_limits<double>::infinity();
  for (const simdjson::dom::element entry : entries) {
    simdjson::dom::array pair;
    std::string_view piece;
    double score = 0;
    if (entry.get(pair) != simdjson::SUCCESS || pair.size() != 2 ||
        pair.at(0).get(piece) != simdjson::SUCCESS || pair.at(1).get(score) != simdjson::SUCCESS ||
        !std::isfinite(score)) {
      return vocab.wrong("entry " + std::to_string(spec.pieces.size()) +
                         " is not [piece, finite score]");
    }
    spec.pieces.emplace_back(piece);
    spec.scores.push_back(score);
    lowest = std::min(lowest, score);
  }
  CT_TRY(const JsonField unknown, model.member("unk_id"));
  if (unknown.is_null()) return unknown.unsupported("a Unigram model without an unknown token");
  CT_TRY(meta.unknown_id, unknown.number());
  if (meta.unknown_id >= spec.pieces.size()) return unknown.wrong("lies outside the vocabulary");
  meta.unknown_score = lowest - 10;
  CT_TRY(meta.byte_fallback, model.boolean_at("byte_fallback", false));
  find_byte_pieces(ids_of(spec), spec);
  return {};
}

/// {"piece": id, …}
Status read_vocab_object(const JsonField& model, TokenizerSpec& spec) {
  CT_TRY(const JsonField vocab, model.member("vocab"));
  simdjson::dom::object entries;
  if (!vocab.get(entries)) {
    return vocab.wrong("expected an object of piece: id");
  }
  const std::size_t limit = kMaxGapFactor * entries.size() + 1024;
  for (const auto [piece, value] : entries) {
    std::uint64_t id = 0;
    if (value.get(id) != simdjson::SUCCESS) {
      return vocab.wrong("the id of \"" + std::string(piece) + "\" is not a whole number");
    }
    if (id >= limit) {
      return vocab.wrong("the id " + std::to_string(id) + " of \"" + std::string(piece) +
                         "\" is far beyond the number of pieces");
    }
    if (id >= spec.pieces.size()) spec.pieces.resize(static_cast<std::size_t>(id) + 1);
    spec.pieces[static_cast<std::size_t>(id)] = piece;
  }
  return {};
}

Status read_word_piece(const JsonField& model, TokenizerSpec& spec) {
  TokenizerMeta& meta = spec.meta;
  meta.kind = SubwordKind::WordPiece;
  CT_CHECK(read_vocab_object(model, spec));
  CT_TRY(meta.continuation, model.text_at("continuing_subword_prefix"));
  CT_TRY(meta.max_word_chars, model.number_at("max_input_chars_per_word", 100));
  CT_TRY(const JsonField unknown, model.member("unk_token"));
  CT_TRY(const std::string piece, unknown.text());
  const Ids ids = ids_of(spec);
  const auto found = ids.find(piece);
  if (found == ids.end()) return unknown.wrong("\"" + piece + "\" is not in the vocabulary");
  meta.unknown_id = found->second;
  return {};
}

/// "a b" or ["a", "b"].
Status read_merge(const JsonField& merges, std::size_t index, simdjson::dom::element entry,
                  std::string_view& left, std::string_view& right) {
  std::string_view line;
  simdjson::dom::array pair;
  if (entry.get(line) == simdjson::SUCCESS) {
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos && line.find(' ', space + 1) == std::string_view::npos) {
      left = line.substr(0, space);
      right = line.substr(space + 1);
      return {};
    }
  } else if (entry.get(pair) == simdjson::SUCCESS && pair.size() == 2 &&
             pair.at(0).get(left) == simdjson::SUCCESS &&
             pair.at(1).get(right) == simdjson::SUCCESS) {
    return {};
  }
  return merges.wrong("entry " + std::to_string(index) + " is not a pair of pieces");
}

Status read_merges(const JsonField& model, const Ids& ids, TokenizerSpec& spec) {
  CT_TRY(const JsonField merges, model.member("merges"));
  simdjson::dom::array entries;
  if (!merges.get(entries)) return merges.wrong("expected an array");
  std::uint32_t rank = 0;
  std::size_t index = 0;
  for (const simdjson::dom::element entry : entries) {
    std::string_view line;
    // A comment of merges.txt that got into older files.
    if (entry.get(line) == simdjson::SUCCESS && line.starts_with("#version")) continue;
    std::string_view left;
    std::string_view right;
    CT_CHECK(read_merge(merges, index++, entry, left, right));
    const std::string& prefix = spec.meta.continuation;
    if (right.size() < prefix.size()) return merges.wrong("a piece is shorter than the prefix");
    const std::string merged = std::string(left) + std::string(right.substr(prefix.size()));
    const auto a = ids.find(left);
    const auto b = ids.find(right);
    const auto both = ids.find(merged);
    if (a == ids.end() || b == ids.end() || both == ids.end()) {
      return merges.wrong("\"" + std::string(left) + " " + std::string(right) +
                          "\": a piece is not in the vocabulary");
    }
    spec.merges.push_back({a->second, b->second, rank++, both->second});
  }
  return {};
}

Status read_bpe(const JsonField& model, TokenizerSpec& spec) {
  TokenizerMeta& meta = spec.meta;
  meta.kind = SubwordKind::Bpe;
  CT_TRY(const JsonField dropout, model.member("dropout"));
  if (!dropout.is_null()) {
    double value = 0;
    if (!dropout.get(value)) return dropout.wrong("expected a number");
    if (value != 0) return dropout.unsupported("random merging");
  }
  CT_CHECK(read_vocab_object(model, spec));
  CT_TRY(meta.continuation, model.text_at("continuing_subword_prefix", ""));
  CT_TRY(meta.end_of_word, model.text_at("end_of_word_suffix", ""));
  CT_TRY(meta.fuse_unknown, model.boolean_at("fuse_unk", false));
  CT_TRY(meta.byte_fallback, model.boolean_at("byte_fallback", false));
  CT_TRY(meta.ignore_merges, model.boolean_at("ignore_merges", false));
  const Ids ids = ids_of(spec);
  CT_TRY(const JsonField unknown, model.member("unk_token"));
  if (!unknown.is_null()) {
    CT_TRY(const std::string piece, unknown.text());
    const auto found = ids.find(piece);
    // Only an added token then, as in files of BART: nothing is ever unknown to a byte-level BPE.
    if (found != ids.end()) meta.unknown_id = found->second;
  }
  find_byte_pieces(ids, spec);
  return read_merges(model, ids, spec);
}

}  // namespace

Status read_json_model(const JsonField& model, TokenizerSpec& spec) {
  CT_TRY(std::string type, model.text_at("type", ""));
  if (type.empty()) {
    // Old files do not say; each model has a field that no other has.
    CT_TRY(const JsonField merges, model.member("merges"));
    CT_TRY(const JsonField longest, model.member("max_input_chars_per_word"));
    CT_TRY(const JsonField unknown, model.member("unk_id"));
    type = !merges.is_null()    ? "BPE"
           : !longest.is_null() ? "WordPiece"
           : !unknown.is_null() ? "Unigram"
                                : "";
  }
  if (type == "Unigram") return read_unigram(model, spec);
  if (type == "BPE") return read_bpe(model, spec);
  if (type == "WordPiece") return read_word_piece(model, spec);
  CT_TRY(const JsonField field, model.member("type"));
  return field.unsupported("\"" + type + "\"");
}

}  // namespace crosstail::text
