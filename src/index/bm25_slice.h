#pragma once
/// The postings of one term among the 65,536 documents of a window, laid out to be read without
/// unpacking: for each, two bytes of its document's place in the window and two of its code.
///
/// Up to 5,119 postings: ascending places, then codes. More: a bit a place, for each 64 of them how
/// many bits stand before (u16), then codes, which is smaller and answers at once whether a
/// document is in it (as the containers of Roaring bitmaps, Lemire et al. 2018).

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>

namespace crosstail::index {

inline constexpr unsigned kBm25WindowBits = 16;
inline constexpr std::size_t kBm25Window = std::size_t{1} << kBm25WindowBits;
inline constexpr std::size_t kBm25BitmapFrom = 5120;

/// One slice where it lies in the file. Its bytes may be damaged: what reads them says so.
class Bm25Slice {
 public:
  static constexpr std::size_t bytes(std::size_t count) {
    return count < kBm25BitmapFrom ? count * 4 : kBitmapBytes + (count * 2 + 2) / 4 * 4;
  }
  /// Ascending places and their codes, 1 to 65,536 of them; appends bytes(count).
  static void append(std::span<const std::uint16_t> places, std::span<const std::uint16_t> codes,
                     std::string& out);

  /// `data`: bytes(count) of them.
  Bm25Slice(const std::byte* data, std::size_t count) : data_(data), count_(count) {}

  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool bitmap() const { return count_ >= kBm25BitmapFrom; }
  [[nodiscard]] std::uint16_t code(std::size_t posting) const {
    return u16(codes_at() + posting * 2);
  }
  /// Codes of all postings, two bytes each.
  [[nodiscard]] const std::byte* codes() const { return data_ + codes_at(); }

  /// All places, ascending unless the file is damaged; they lie in the file, or in `room` for
  /// 65,536 where there is a bitmap. Null where a bitmap has not as many bits as there are
  /// postings.
  const std::uint16_t* places(std::uint16_t* room) const;

  /// For each of `count` places its posting; size() where there is none.
  void find(const std::uint16_t* places, std::size_t count, std::uint32_t* postings) const;

 private:
  static constexpr std::size_t kWords = kBm25Window / 64;
  static constexpr std::size_t kBitmapBytes = kWords * 8 + kWords * 2;

  [[nodiscard]] std::size_t codes_at() const { return bitmap() ? kBitmapBytes : count_ * 2; }
  [[nodiscard]] std::uint16_t u16(std::size_t at) const {
    std::uint16_t value = 0;
    std::memcpy(&value, data_ + at, sizeof value);
    return value;
  }
  [[nodiscard]] std::uint64_t word(std::size_t i) const {
    std::uint64_t value = 0;
    std::memcpy(&value, data_ + i * 8, sizeof value);
    return value;
  }
  [[nodiscard]] std::uint32_t find_bit(std::uint16_t place) const {
    const std::uint64_t bits = word(place / 64), bit = std::uint64_t{1} << (place % 64);
    const std::size_t at = u16(kWords * 8 + place / 64 * std::size_t{2}) +
                           static_cast<std::size_t>(std::popcount(bits & (bit - 1)));
    return static_cast<std::uint32_t>((bits & bit) != 0 && at < count_ ? at : count_);
  }
  [[nodiscard]] std::uint32_t find_place(std::uint16_t place) const {
    // Without branches, so that several searches go on at a time.
    std::size_t begin = 0;
    for (std::size_t left = count_; left > 1;) {
      const std::size_t half = left / 2;
      begin += u16((begin + half) * 2) <= place ? half : 0;
      left -= half;
    }
    return static_cast<std::uint32_t>(u16(begin * 2) == place ? begin : count_);
  }
  void find_bits(const std::uint16_t* places, std::size_t count, std::uint32_t* postings) const {
    for (std::size_t i = 0; i < count; ++i) postings[i] = find_bit(places[i]);
  }
  void find_bits_popcnt(const std::uint16_t* places, std::size_t count,
                        std::uint32_t* postings) const;

  const std::byte* data_;
  std::size_t count_;
};

}  // namespace crosstail::index
