#pragma once
/// Vocabulary trimming: which pieces of a model's tokenizer stay when it is made smaller.
///
/// A text whose pieces all stay is cut as before: unigram's best path and WordPiece's longest match
/// only lose rivals. A piece that goes is cut into others, which its texts then need, so pieces go
/// from the rarest up, a part at a time, and what each stood for is counted to the pieces that take
/// its place (as SentencePiece's training prunes; Kudo, 2018, section 3.2).

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/tokenizer_spec.h"

namespace crosstail::model {

/// How often each piece stands in texts, for each language by itself. Not thread-safe.
class PieceCounts {
 public:
  /// Beyond this many languages the rest are counted as one.
  static constexpr std::size_t kMaxLanguages = 256;

  explicit PieceCounts(std::size_t pieces) : pieces_(pieces) {}
  void add(const std::string& language, std::span<const std::uint32_t> ids);

  /// Σ over languages of n(piece, language) · (N / N(language))^balance, with N(language) the
  /// language's tokens and N the largest of these: 0 counts texts as they are, 1 gives each
  /// language the same say.
  [[nodiscard]] std::vector<double> weighted(double balance) const;
  [[nodiscard]] std::uint64_t tokens() const;
  [[nodiscard]] std::vector<std::string> languages() const;
  /// Forgets what was counted for these.
  void drop(std::span<const std::string> languages);
  /// Of all tokens, the share of those whose piece is in `kept` (ascending), per language.
  [[nodiscard]] std::map<std::string, double> share_kept(std::span<const std::uint32_t> kept) const;

 private:
  struct Language {
    std::uint64_t tokens = 0;
    std::vector<std::uint64_t> counts;
  };
  std::size_t pieces_;
  std::map<std::string, Language> languages_;
};

/// What must stay in any case: added and special tokens, the frame's, byte pieces, pieces of one
/// character (WordPiece: also those that continue a word), U+2581 alone, and every id up to
/// `pad_id`, from which RoBERTa counts its positions. One flag an id.
std::vector<bool> required_pieces(const text::TokenizerSpec& spec, std::uint32_t pad_id);

/// Texts of one domain say little of the words of others; a unigram tokenizer's own probabilities
/// come from the web. `counts` (one an id) become (1 - prior) · their share + prior · the share of
/// exp(score), among the pieces that were seen, or with `unseen` among all that texts are matched
/// against. Fails with Unsupported for other tokenizers.
Status mix_prior(const text::TokenizerSpec& spec, double prior, bool unseen,
                 std::vector<double>& counts);

/// The pieces to keep, as old ids in order: the required ones and the most frequent by `counts`
/// (one an id), `size` in all; ties by id. `size` 0: all that were seen. Fails with Unsupported
/// (BPE: its merges build upon one another) or InvalidArgument (`size` under the required).
Result<std::vector<std::uint32_t>> choose_pieces(const text::TokenizerSpec& spec,
                                                 std::vector<double> counts, std::uint32_t pad_id,
                                                 std::size_t size);

/// The tokenizer of a directory as its tokenizer.json has it. Fails with Unsupported where there is
/// no such file.
Result<text::TokenizerSpec> read_trimmable(const std::string& path);

}  // namespace crosstail::model
