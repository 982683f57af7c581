#pragma once
/// Text to the ids of a model's embedding rows, identical to the tokenizer the model came with:
/// SentencePiece unigram and BPE, WordPiece, byte-level BPE.
///
/// A tokenizer is one flat blob (docs/formats/tokenizer.md): loading a model directory builds it,
/// a converted model embeds it, and encoding reads it in place. Nothing is parsed a second time.
///
/// Where Hugging Face's `tokenizers` and the SentencePiece library give different ids for the same
/// text (literal special tokens, character maps over several code points), the ids follow the
/// file that was loaded: `tokenizer.json` or the `.model` file.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crosstail::text {

enum class TruncateSide { Right, Left };  ///< Right: the end of the text is cut off.

/// Which text of a pair gives way. LongestFirst: the longer one until both are equal (as the
/// strategy of that name in `tokenizers`).
enum class PairTruncation { LongestFirst, OnlyFirst, OnlySecond };

struct EncodeOptions {
  std::size_t max_length = 0;  ///< ids, specials included; 0: no limit
  TruncateSide truncate = TruncateSide::Right;
  PairTruncation pair_truncation = PairTruncation::LongestFirst;
  bool add_special = true;  ///< the frame of the model's post-processor, as [CLS] … [SEP]
  bool offsets = false;     ///< fill Encoding::offsets; slower
};

/// Bytes [begin, end) of the text a token stands for; {0, 0} for tokens of the frame. Where the
/// text was not valid UTF-8, of the repaired text (text::repair_utf8).
struct TokenOffset {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool operator==(const TokenOffset&) const = default;
};

/// The result of one encode(). Reuse it: encode() clears the vectors and keeps their memory.
struct Encoding {
  std::vector<std::uint32_t> ids;
  std::vector<std::uint8_t> type_ids;  ///< 0, or 1 for what belongs to the second text of a pair
  std::vector<TokenOffset> offsets;    ///< as long as ids if options.offsets, else empty
  std::uint64_t unknown = 0;           ///< ids in `ids` that are the unknown token
  std::uint64_t invalid_utf8 = 0;      ///< ill-formed sequences read as U+FFFD
  bool truncated = false;
};

/// Ids with a role, where the model has them.
struct SpecialIds {
  std::optional<std::uint32_t> bos, eos, cls, sep, pad, unk, mask;
};

class TokenizerScratch;

/// Immutable and thread-safe; copies share the blob.
class Tokenizer {
 public:
  /// Reads the blob in place; it must outlive every copy of the object and be aligned to 8 bytes.
  /// A compact blob (text/tokenizer_compact.h) is expanded into memory of the object's own.
  /// Memory-safe on any bytes: what the checks here do not see, encoding meets with bounds.
  /// Fails with Corrupt.
  static Result<Tokenizer> from_blob(std::span<const std::byte> blob);
  /// The same, owning the bytes.
  static Result<Tokenizer> from_owned_blob(std::vector<std::byte> blob);
  /// What from_blob() reads.
  [[nodiscard]] std::span<const std::byte> to_blob() const;

  /// Encodes any bytes up to 4 GiB; time is linear in their number. With max_length and
  /// TruncateSide::Right, the rest of the text is not looked at (so not counted either).
  /// Specials are never cut: a max_length below their number counts as that number.
  /// `scratch` and `out` belong to one thread at a time; a scratch serves any number of tokenizers,
  /// best one.
  void encode(std::string_view text, const EncodeOptions& options, TokenizerScratch& scratch,
              Encoding& out) const;
  void encode_pair(std::string_view first, std::string_view second, const EncodeOptions& options,
                   TokenizerScratch& scratch, Encoding& out) const;
  /// For one text now and then; allocates its own scratch.
  [[nodiscard]] std::vector<std::uint32_t> encode(std::string_view text,
                                                  const EncodeOptions& options = {}) const;

  /// Ids back to text, as the original's decoder. Ids outside the vocabulary are passed over.
  [[nodiscard]] std::string decode(std::span<const std::uint32_t> ids,
                                   bool skip_special = true) const;

  /// 1 + the largest id; the model's embedding matrix has at least as many rows.
  [[nodiscard]] std::size_t size() const;
  /// The piece as its file writes it ("▁de", "##ing", "<s>"); empty for an id without one.
  [[nodiscard]] std::string_view piece(std::uint32_t id) const;
  [[nodiscard]] std::optional<std::uint32_t> id(std::string_view piece) const;
  /// Of a piece, as its file has it; nothing for a model without scores.
  [[nodiscard]] std::optional<double> score(std::uint32_t id) const;
  /// SentencePiece's `precompiled_charsmap`; may be empty.
  [[nodiscard]] std::string_view character_map() const;
  [[nodiscard]] bool is_special(std::uint32_t id) const;
  [[nodiscard]] SpecialIds special() const;
  /// How many ids the frame adds to a text, or to a pair.
  [[nodiscard]] std::size_t frame_size(bool pair = false) const;

  /// `model_max_length` of tokenizer_config.json; 0 if absent or beyond a billion.
  [[nodiscard]] std::size_t model_max_length() const;
  /// "unigram", "bpe" or "wordpiece".
  [[nodiscard]] std::string_view kind() const;
  /// For `model info`: the file the ids follow and what else was there, as
  /// "tokenizer.json (sentencepiece.bpe.model is there too and was not read)".
  [[nodiscard]] std::string_view source() const;

  struct Parts;  ///< views into the blob; private to src/text

 private:
  explicit Tokenizer(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

/// Working memory of encode(): buffers and a cache of recent words. A few MB at most besides what
/// the longest text needs. Not thread-safe.
class TokenizerScratch {
 public:
  TokenizerScratch();
  TokenizerScratch(TokenizerScratch&&) noexcept;
  TokenizerScratch& operator=(TokenizerScratch&&) noexcept;
  ~TokenizerScratch();

  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// Loads the tokenizer of a model directory: `tokenizer.json`, else `sentencepiece.bpe.model` or
/// `spiece.model`, else `vocab.txt`; roles and limits from `tokenizer_config.json`,
/// `special_tokens_map.json` and, for a `.model` without them, `config.json`.
/// Fails with NotFound (no such file), Corrupt (file and place), Unsupported (the field's name and
/// value: nothing that changes ids is passed over; `truncation` and `padding` are ignored, as the
/// caller's options say both).
Result<Tokenizer> load_tokenizer(const std::filesystem::path& model_dir);

/// The readers behind load_tokenizer(), for one file's bytes.
Result<Tokenizer> tokenizer_from_json(std::string_view tokenizer_json);

}  // namespace crosstail::text
