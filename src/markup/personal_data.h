#pragma once
/// Masks what identifies a person in running text: e-mail addresses and telephone numbers.

#include <cstdint>
#include <string>

namespace crosstail::markup {

struct MaskCounts {
  std::uint64_t emails = 0, phones = 0;
};

/// Replaces e-mail addresses by "[email]" and telephone numbers by "[phone]" in valid UTF-8.
///
/// An address is local@domain.tld in the characters of RFC 5322's dot-atom. A telephone number is 7
/// to 15 digits (ITU-T E.164) in groups parted by one of " .-/" or in parentheses, that starts with
/// "+", "00" or "(", or with 0, or is written in North America's 3-3-4 groups. Dates, times,
/// prices, versions and plain numbers stay.
void mask_personal(std::string& text, MaskCounts& counts);

}  // namespace crosstail::markup
