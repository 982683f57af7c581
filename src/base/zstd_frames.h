#pragma once
/// Zstandard (RFC 8878) streams whose first frame may be a skippable one that carries the
/// dictionary of all others, as WARC-Zstandard files have it (IIPC, "Zstandard Compression in WARC
/// Files", version 1.0).

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/stream.h"

struct ZSTD_DCtx_s;
struct ZSTD_DDict_s;

namespace crosstail {

/// A dictionary made ready for use. Thread-safe to read; shared by all that decompress with it.
class ZstdDictionary {
 public:
  /// `bytes`: a dictionary, or a zstd frame that holds one. Corrupt if it is neither, Limit if it
  /// is larger than 16 MiB.
  static Result<std::shared_ptr<const ZstdDictionary>> make(std::string_view bytes);
  ~ZstdDictionary();
  ZstdDictionary(const ZstdDictionary&) = delete;
  ZstdDictionary& operator=(const ZstdDictionary&) = delete;
  [[nodiscard]] const ZSTD_DDict_s* get() const { return prepared_; }

 private:
  explicit ZstdDictionary(ZSTD_DDict_s* prepared) : prepared_(prepared) {}
  ZSTD_DDict_s* prepared_;
};

/// Size of the dictionary frame (magic 0x184D2A5D) at the start of a file, its eight header bytes
/// included; nothing if the file does not start with one.
std::optional<std::size_t> zstd_dictionary_frame(std::string_view first_bytes);

/// True if a zstd frame or a skippable frame starts here.
bool is_zstd_frame(std::string_view bytes);

/// Decompresses frame after frame, piece by piece; skippable frames yield nothing. Not thread-safe.
class ZstdInflater {
 public:
  enum class Outcome {
    NeedInput,   ///< all input was taken in
    OutputFull,  ///< call again with the rest of the input (it may be empty) and more room
    FrameDone,   ///< a frame ended
    Damaged,     ///< see problem()
  };
  struct Progress {
    Outcome outcome;
    std::size_t consumed = 0, produced = 0;
  };

  explicit ZstdInflater(std::shared_ptr<const ZstdDictionary> dictionary = nullptr);
  ~ZstdInflater();
  ZstdInflater(const ZstdInflater&) = delete;
  ZstdInflater& operator=(const ZstdInflater&) = delete;

  /// Forgets an unfinished frame.
  void reset();
  Progress inflate(std::string_view input, char* output, std::size_t capacity);
  [[nodiscard]] std::string_view problem() const { return problem_; }

 private:
  std::shared_ptr<const ZstdDictionary> dictionary_;
  ZSTD_DCtx_s* context_;
  std::string problem_;
};

/// The frames of `inner` as one stream. `name` is for messages.
std::unique_ptr<ByteSource> zstd_source(std::unique_ptr<ByteSource> inner, std::string name);

}  // namespace crosstail
