#include "index/bm25_slice.h"

#include <array>

namespace crosstail::index {
namespace {

template <class T>
void append_all(std::span<const T> values, std::string& out) {
  out.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

}  // namespace

void Bm25Slice::append(std::span<const std::uint16_t> places, std::span<const std::uint16_t> codes,
                       std::string& out) {
  const std::size_t begin = out.size();
  if (places.size() < kBm25BitmapFrom) {
    append_all(places, out);
  } else {
    std::array<std::uint64_t, kWords> bits{};
    std::array<std::uint16_t, kWords> before{};
    for (const std::uint16_t place : places) bits[place / 64] |= std::uint64_t{1} << (place % 64);
    std::size_t sum = 0;
    for (std::size_t w = 0; w < kWords; ++w) {
      before[w] = static_cast<std::uint16_t>(sum);
      sum += static_cast<std::size_t>(std::popcount(bits[w]));
    }
    append_all(std::span<const std::uint64_t>(bits), out);
    append_all(std::span<const std::uint16_t>(before), out);
  }
  append_all(codes, out);
  out.resize(begin + bytes(places.size()), '\0');
}

const std::uint16_t* Bm25Slice::places(std::uint16_t* room) const {
  // Slices begin at multiples of 4 bytes.
  if (!bitmap()) return reinterpret_cast<const std::uint16_t*>(data_);
  std::size_t n = 0;
  for (std::size_t w = 0; w < kWords; ++w)
    for (std::uint64_t bits = word(w); bits != 0; bits &= bits - 1)
      room[n++] =
          static_cast<std::uint16_t>(w * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
  return n == count_ ? room : nullptr;
}

__attribute__((target("popcnt"))) void Bm25Slice::find_bits_popcnt(const std::uint16_t* places,
                                                                   std::size_t count,
                                                                   std::uint32_t* postings) const {
  for (std::size_t i = 0; i < count; ++i) postings[i] = find_bit(places[i]);
}

void Bm25Slice::find(const std::uint16_t* places, std::size_t count,
                     std::uint32_t* postings) const {
  static const bool popcnt = __builtin_cpu_supports("popcnt") != 0;
  if (!bitmap()) {
    for (std::size_t i = 0; i < count; ++i) postings[i] = find_place(places[i]);
  } else if (popcnt) {
    find_bits_popcnt(places, count, postings);
  } else {
    find_bits(places, count, postings);
  }
}

}  // namespace crosstail::index
