#pragma once
/// The indexes of the Encoding standard (§5), made from ICU's converters at first use and corrected
/// where the standard says otherwise. 0 stands for "no code point". Thread-safe.

#include <array>
#include <vector>

#include "markup/encoding.h"

namespace crosstail::markup {

/// Code points of the bytes 0x80 to 0xFF of a single-byte encoding; U+FFFD where there is none.
using SingleByteTable = std::array<char16_t, 128>;
const SingleByteTable& single_byte_table(Encoding encoding);

/// Code points of two-byte characters, by lead byte (0x81 to 0xFE) and trail byte (0x40 to 0xFF).
class DoubleByteTable {
 public:
  DoubleByteTable() : values_(std::size_t{126} * 192) {}
  [[nodiscard]] char32_t at(unsigned lead, unsigned trail) const {
    return holds(lead, trail) ? values_[place(lead, trail)] : 0;
  }
  void set(unsigned lead, unsigned trail, char32_t value) {
    if (holds(lead, trail)) values_[place(lead, trail)] = value;
  }

 private:
  static bool holds(unsigned lead, unsigned trail) {
    return lead >= 0x81 && lead <= 0xFE && trail >= 0x40 && trail <= 0xFF;
  }
  static std::size_t place(unsigned lead, unsigned trail) {
    return std::size_t{lead - 0x81} * 192 + (trail - 0x40);
  }
  std::vector<char32_t> values_;
};

const DoubleByteTable& shift_jis_table();  ///< index jis0208, placed by Shift_JIS codes
const DoubleByteTable& jis0212_table();    ///< by the two bytes behind 0x8F in EUC-JP
const DoubleByteTable& euc_kr_table();
const DoubleByteTable& big5_table();  ///< 8862, 8864, 88A3 and 88A5 are the decoder's own
const DoubleByteTable& gbk_table();   ///< gb18030's two-byte characters

/// Code points of gb18030's four-byte characters below U+10000, by the standard's pointer.
inline constexpr std::size_t kGb18030Pointers = 39420;
const std::vector<char16_t>& gb18030_ranges();

}  // namespace crosstail::markup
