#pragma once
/// Many strings in files (docs/formats/index.md): `StringStore` as they are, for what is needed at
/// once (ids); `TextStore` in compressed blocks with an offset table, for texts.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "index/block_file.h"

namespace crosstail::index {

/// NAME.dat (bytes) and NAME.off (end of each string, u64). Not thread-safe.
class StringStoreWriter {
 public:
  static Result<StringStoreWriter> create(const std::filesystem::path& name);
  static Result<StringStoreWriter> reopen(const std::filesystem::path& name, std::uint64_t bytes,
                                          std::uint64_t strings);
  Status append(std::string_view text);
  Status sync();
  Status finish();
  [[nodiscard]] std::uint64_t bytes() const { return data_.data_bytes(); }
  [[nodiscard]] std::uint64_t strings() const { return offsets_.data_bytes() / 8; }

 private:
  BlockFileWriter data_, offsets_;
};

/// Thread-safe.
class StringStore {
 public:
  static Result<StringStore> open(const std::filesystem::path& name);
  [[nodiscard]] std::uint64_t size() const { return offsets_.records(); }
  [[nodiscard]] bool is_open() const { return data_.is_open(); }
  /// Fails with Corrupt.
  [[nodiscard]] Result<std::string_view> get(std::uint64_t i) const;
  template <class Visit>
  void for_each_file(Visit&& visit) const {
    if (!is_open()) return;
    visit(data_);
    visit(offsets_);
  }

 private:
  BlockFile data_, offsets_;
};

/// NAME.zst (zstd frames of about 64 KiB of text, each ending where a string ends), NAME.frm (for
/// each frame its end among the compressed bytes and its end among the texts) and NAME.off (end of
/// each string among the texts). Not thread-safe.
class TextStoreWriter {
 public:
  static Result<TextStoreWriter> create(const std::filesystem::path& name);
  /// What position() said.
  struct Position {
    std::uint64_t compressed = 0, frames = 0, strings = 0, raw = 0;
    std::string pending;  ///< text of the frame that is not full
  };
  static Result<TextStoreWriter> reopen(const std::filesystem::path& name,
                                        const Position& position);
  Status append(std::string_view text);
  Status sync();
  Status finish();
  [[nodiscard]] Position position() const;

 private:
  Status end_frame();
  BlockFileWriter data_, frames_, offsets_;
  std::string pending_;
  std::uint64_t raw_ = 0;
};

/// Keeps the frame that was read last. Thread-safe.
class TextStore {
 public:
  static Result<TextStore> open(const std::filesystem::path& name);
  TextStore();
  TextStore(TextStore&&) noexcept;
  TextStore& operator=(TextStore&&) noexcept;
  ~TextStore();
  [[nodiscard]] std::uint64_t size() const { return offsets_.records(); }
  [[nodiscard]] bool is_open() const { return data_.is_open(); }
  [[nodiscard]] Result<std::string> get(std::uint64_t i) const;
  template <class Visit>
  void for_each_file(Visit&& visit) const {
    if (!is_open()) return;
    visit(data_);
    visit(frames_);
    visit(offsets_);
  }

 private:
  struct Cache;
  BlockFile data_, frames_, offsets_;
  std::unique_ptr<Cache> cache_;
};

}  // namespace crosstail::index
