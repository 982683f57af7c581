#pragma once
/// Gzip (RFC 1952) in memory: whole members at libdeflate's speed, pieces of members at isal's, and
/// where a member could start.

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "base/stream.h"

struct libdeflate_decompressor;

namespace crosstail {

/// Length of the member header at the start of `bytes` (extra field, name, comment and header
/// checksum included), or nothing if no deflate member starts here or the header is cut off.
std::optional<std::size_t> gzip_header_length(std::string_view bytes);

enum class DeflateFormat { Gzip, Zlib, Raw };

/// Inflates one member that lies wholly in memory. Not thread-safe; reusable.
class WholeInflater {
 public:
  enum class Outcome {
    Done,
    OutputTooSmall,
    Damaged,  ///< or cut off: the two look the same here
  };
  struct Progress {
    Outcome outcome;
    std::size_t consumed = 0, produced = 0;  ///< only for Done
  };

  WholeInflater();
  ~WholeInflater();
  WholeInflater(const WholeInflater&) = delete;
  WholeInflater& operator=(const WholeInflater&) = delete;

  /// `input` may go on after the member. The checksum is verified.
  Progress inflate(DeflateFormat format, std::string_view input, char* output,
                   std::size_t capacity);

 private:
  libdeflate_decompressor* decompressor_;
};

/// Inflates one member piece by piece: any split of the input, any output capacity, no memory
/// beyond a window of 64 KiB. Not thread-safe; reusable by reset().
class PieceInflater {
 public:
  enum class Outcome {
    NeedInput,   ///< all input was taken in
    OutputFull,  ///< call again with the rest of the input (it may be empty) and more room
    Done,        ///< the member ended, its checksum is right
    Damaged,     ///< see problem(); what was produced before is in the output
  };
  struct Progress {
    Outcome outcome;
    std::size_t consumed = 0, produced = 0;
  };

  PieceInflater();
  ~PieceInflater();
  PieceInflater(PieceInflater&&) noexcept;
  PieceInflater& operator=(PieceInflater&&) noexcept;

  void reset(DeflateFormat format);
  Progress inflate(std::string_view input, char* output, std::size_t capacity);
  /// In words, after Damaged.
  [[nodiscard]] std::string_view problem() const { return problem_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::string_view problem_;
};

/// The members of `inner` as one stream; zero bytes after a member are padding, anything else there
/// is a Corrupt error. `name` is for messages.
std::unique_ptr<ByteSource> gzip_source(std::unique_ptr<ByteSource> inner, std::string name);

}  // namespace crosstail
