#pragma once
/// Hashed character n-grams of words, as fastText defines them (Bojanowski et al. 2017; the hash is
/// 32-bit FNV-1a over the bytes taken as signed numbers). Shared by the two language models.

#include <cstdint>
#include <string_view>

namespace crosstail::text {

constexpr std::uint32_t kNgramHashStart = 2166136261U;

inline std::uint32_t ngram_hash_step(std::uint32_t hash, char byte) {
  return (hash ^
          static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<signed char>(byte)))) *
         16777619U;
}

inline std::uint32_t ngram_hash(std::string_view bytes) {
  std::uint32_t hash = kNgramHashStart;
  for (const char byte : bytes) hash = ngram_hash_step(hash, byte);
  return hash;
}

/// Calls use(hash) for each n-gram of `minimum` to `maximum` code points of `word`, which carries
/// its boundary marks: "<word>". A single boundary mark is no n-gram.
template <class Use>
void for_each_ngram(std::string_view word, int minimum, int maximum, const Use& use) {
  const auto continues = [&](std::size_t i) {
    return (static_cast<unsigned char>(word[i]) & 0xC0U) == 0x80U;
  };
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (continues(i)) continue;
    std::uint32_t hash = kNgramHashStart;
    std::size_t j = i;
    for (int n = 1; j < word.size() && n <= maximum; ++n) {
      do hash = ngram_hash_step(hash, word[j++]);
      while (j < word.size() && continues(j));
      if (n >= minimum && !(n == 1 && (i == 0 || j == word.size()))) use(hash);
    }
  }
}

}  // namespace crosstail::text
