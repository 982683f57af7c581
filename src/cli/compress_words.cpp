#include "cli/compress_words.h"

#include <algorithm>

#include "text/utf8.h"
#include "text/words.h"

namespace crosstail::cli {
namespace {

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

}  // namespace

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

}  // namespace crosstail::cli
