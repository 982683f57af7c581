#include "text/tokenizer_added.h"

#include <algorithm>
#include <cstring>

#include "text/normalizer_unicode.h"

namespace crosstail::text {

namespace {

bool has_flag_at(std::string_view text, std::size_t at, std::uint16_t flag) {
  const char* p = text.data() + at;
  return (unicode::FlagTable::get()[unicode::decode(p)] & flag) != 0;
}

/// The start of the code point that ends at `at` > 0.
std::size_t previous(std::string_view text, std::size_t at) {
  do --at;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  return at;
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  return (begin == 0 || !has_flag_at(text, previous(text, begin), unicode::kWord)) &&
         (end == text.size() || !has_flag_at(text, end, unicode::kWord));
}

}  // namespace

Result<AddedTokenFinder> AddedTokenFinder::build(const std::vector<AddedToken>& tokens,
                                                 bool normalized) {
  AddedTokenFinder finder;
  for (const AddedToken& token : tokens) {
    if (token.normalized == normalized && !token.pattern.empty()) finder.tokens_.push_back(token);
  }
  if (finder.tokens_.empty()) return finder;
  std::vector<std::pair<std::string_view, std::uint32_t>> entries;
  for (std::size_t i = 0; i < finder.tokens_.size(); ++i) {
    entries.emplace_back(finder.tokens_[i].pattern, static_cast<std::uint32_t>(i));
    finder.starts_[static_cast<unsigned char>(finder.tokens_[i].pattern[0])] = true;
  }
  CT_TRY(finder.units_, build_subword_trie(std::move(entries)));
  if (std::count(std::begin(finder.starts_), std::end(finder.starts_), true) == 1) {
    finder.only_start_ = static_cast<unsigned char>(finder.tokens_[0].pattern[0]);
  }
  return finder;
}

void AddedTokenFinder::find(std::string_view text, std::vector<Match>& matches) const {
  const SubwordTrie trie{units_};
  std::size_t taken = 0;  // end of the last match, with what it stripped
  for (std::size_t at = 0; at < text.size();) {
    if (only_start_ >= 0) {
      const void* hit = std::memchr(text.data() + at, only_start_, text.size() - at);
      if (hit == nullptr) return;
      at = static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
    } else {
      while (at < text.size() && !starts_[static_cast<unsigned char>(text[at])]) ++at;
    }
    std::size_t end = at;
    std::uint32_t value = 0;
    std::uint32_t node = 0;
    for (std::size_t i = at; i < text.size();) {
      node = trie.step(node, static_cast<unsigned char>(text[i++]));
      if (node == SubwordTrie::kNone) break;
      if (trie.value_plus_one(node) != 0) {
        value = trie.value_plus_one(node);
        end = i;
      }
    }
    if (value == 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[value - 1];
    Match match{at, end, token.id};
    at = end;
    if (token.single_word && !stands_alone(text, match.begin, match.end)) continue;
    if (token.lstrip) {
      while (match.begin > taken &&
             has_flag_at(text, previous(text, match.begin), unicode::kSpace)) {
        match.begin = previous(text, match.begin);
      }
      match.begin = std::max(match.begin, taken);
    }
    if (token.rstrip) {
      while (match.end < text.size() && has_flag_at(text, match.end, unicode::kSpace)) {
        match.end += unicode::sequence_size(text[match.end]);
      }
    }
    taken = match.end;
    matches.push_back(match);
  }
}

}  // namespace crosstail::text
