#include "text/normalizer_sentencepiece.h"

#include <algorithm>

namespace crosstail::text {

namespace {
constexpr std::string_view kSpaceSymbol = "\xE2\x96\x81";
}

SentencePieceNormalizer::SentencePieceNormalizer(Data data) : data_(std::move(data)) {
  for (unsigned c = 1; c < 128; ++c) {
    const char one = static_cast<char>(c);
    plain_[c] = c != ' ' && !data_.charsmap.maps(c) &&
                !data_.charsmap.continues_in_ascii({&one, 1}) &&
                (data_.user_defined.empty() || data_.user_defined.walk({&one, 1}) == 0);
  }
}

SentencePieceNormalizer::Step SentencePieceNormalizer::next(std::string_view text) const {
  if (!data_.user_defined.empty()) {
    std::size_t longest = 0;
    std::uint32_t node = 0;
    for (std::size_t i = 0; i < text.size();) {
      node = data_.user_defined.step(node, static_cast<unsigned char>(text[i++]));
      if (node == SubwordTrie::kNone) break;
      if (data_.user_defined.value_plus_one(node) != 0) longest = i;
    }
    if (longest != 0) return {text.substr(0, longest), longest};
  }
  const char* p = text.data();
  if (data_.charsmap.starts_rule(unicode::decode(p))) {
    const Charsmap::Match match = data_.charsmap.longest(text);
    if (match.length != 0) return {match.replacement, match.length};
  }
  const auto length = static_cast<std::size_t>(p - text.data());
  return {text.substr(0, length), length};
}

/// How many bytes at the start of the text are left as they are.
std::size_t SentencePieceNormalizer::plain_run(std::string_view text) const {
  std::size_t n = 0;
  while (n < text.size() && static_cast<unsigned char>(text[n]) < 0x80 &&
         plain_[static_cast<unsigned char>(text[n])]) {
    ++n;
  }
  // A mark may follow the last one and compose with it.
  const bool before_ascii = n == text.size() || static_cast<unsigned char>(text[n]) < 0x80;
  return before_ascii || n == 0 ? n : n - 1;
}

void SentencePieceNormalizer::apply(std::string_view text, std::string& out,
                                    std::vector<std::uint32_t>* origin) const {
  out.clear();
  if (origin != nullptr) origin->clear();
  std::size_t at = 0;
  const auto put = [&](std::string_view bytes) {
    out.append(bytes);
    if (origin != nullptr) origin->resize(out.size(), static_cast<std::uint32_t>(at));
  };
  const std::string_view space = data_.escape_whitespaces ? kSpaceSymbol : " ";
  if (data_.remove_extra_whitespaces) {
    while (at < text.size()) {
      const Step step = next(text.substr(at));
      if (step.normal != " ") break;
      at += step.length;
    }
  }
  if (at == text.size()) return;
  out.reserve(text.size() + text.size() / 4);
  if (!data_.whitespace_as_suffix && data_.add_dummy_prefix) put(space);
  bool after_space = data_.remove_extra_whitespaces;
  while (at < text.size()) {
    if (const std::size_t run = plain_run(text.substr(at)); run != 0) {
      if (origin == nullptr) {
        out.append(text.substr(at, run));
        at += run;
      } else {
        for (const std::size_t end = at + run; at < end; ++at) put(text.substr(at, 1));
      }
      after_space = false;
      continue;
    }
    const Step step = next(text.substr(at));
    std::string_view normal = step.normal;
    while (after_space && normal.starts_with(' ')) normal.remove_prefix(1);
    if (!normal.empty()) {
      for (const char c : normal) put(c == ' ' ? space : std::string_view(&c, 1));
      after_space = normal.ends_with(' ');
    }
    at += step.length;
    if (!data_.remove_extra_whitespaces) after_space = false;
  }
  if (data_.remove_extra_whitespaces) {
    while (out.ends_with(space)) {
      out.resize(out.size() - space.size());
      if (origin != nullptr) {
        at = (*origin)[out.size()];
        origin->resize(out.size());
      }
    }
  }
  if (data_.whitespace_as_suffix && data_.add_dummy_prefix) put(space);
  if (origin != nullptr) origin->push_back(static_cast<std::uint32_t>(at));
}

}  // namespace crosstail::text
