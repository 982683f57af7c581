#pragma once
/// The pre-tokenizers of tokenizer.json: they cut a normalised text into the parts that the model
/// then segments one by one. Two of them also rewrite the parts (Metaspace, ByteLevel).

#include <cstdint>
#include <string>
#include <vector>

#include "text/normalizer_text.h"

namespace crosstail::text {

/// What becomes of the delimiters between parts.
enum class SplitBehavior : std::uint8_t {
  Removed,
  Isolated,
  MergedWithPrevious,
  MergedWithNext,
  Contiguous,
};

struct SplitStep {
  enum class Kind : std::uint8_t {
    WhiteSpace,   ///< at white space, which goes away
    Punctuation,  ///< BERT's punctuation is a delimiter
    Words,        ///< keeps \w+ and [^\w\s]+ ("Whitespace")
    Digits,       ///< runs of digits are delimiters; each digit if `individual`
    Text,         ///< `pattern` is the delimiter, or what lies between if `invert`
    Gpt2,         ///< the matches of GPT-2's expression are delimiters, or not if `invert`
    Metaspace,    ///< space becomes `pattern`, which starts a new part if `split`
    ByteLevel,    ///< GPT-2's expression if `split`, then bytes become printable characters
  };
  enum class Prefix : std::uint8_t { Always, First, Never };
  Kind kind = Kind::WhiteSpace;
  SplitBehavior behavior = SplitBehavior::Removed;
  Prefix prefix = Prefix::Always;  ///< Metaspace, ByteLevel: a space put before a part
  std::string pattern;
  bool split = true;
  bool individual = false;
  bool invert = false;
};

/// A part: bytes [begin, end) of the text.
struct TextSpan {
  std::uint32_t begin;
  std::uint32_t end;
};

/// Working memory of one thread.
struct SplitScratch {
  std::vector<TextSpan> spans, fresh_spans;
  AlignedText part, spare, joined;
  struct Match {
    TextSpan span;
    bool is_match;
  };
  std::vector<Match> matches;
};

/// Cuts `text`, one part at first, into scratch.spans; `text` is rewritten where a step does so.
/// `track`: keep alignments; needed for Prefix::First.
void split_text(const std::vector<SplitStep>& steps, AlignedText& text, SplitScratch& scratch,
                bool track);

/// True if the steps cut at all white space first, so that words between it are independent.
bool cuts_at_white_space_first(const std::vector<SplitStep>& steps);

}  // namespace crosstail::text
