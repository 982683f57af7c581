#include "markup/encoding_tables.h"

#include <unicode/ucnv.h>

#include <memory>
#include <span>

namespace crosstail::markup {
namespace {

constexpr char16_t kReplacement = 0xFFFD;
constexpr char32_t kSubstitute = 0x1A;  // ICU's other replacement

/// ISO-8859-16, 0xA0 to 0xFF (ISO/IEC 8859-16:2001); ICU does not know it.
constexpr std::u16string_view kIso8859_16 =
    u"\u00A0ĄąŁ€„Š§š©Ș«Ź\u00ADźŻ°±ČłŽ”¶·žčș»ŒœŸż"
    u"ÀÁÂĂÄĆÆÇÈÉÊËÌÍÎÏĐŃÒÓÔŐÖŚŰÙÚÛÜĘȚßàáâăäćæçèéêëìíîïđńòóôőöśűùúûüęțÿ";
static_assert(kIso8859_16.size() == 96);

/// One ICU converter, asked for one character at a time. Without it (a system with cut ICU data)
/// every character is unknown.
class IcuConverter {
 public:
  explicit IcuConverter(const char* name) {
    UErrorCode error = U_ZERO_ERROR;
    converter_.reset(ucnv_open(name, &error));
  }

  /// The single code point that `bytes` stand for, or 0.
  [[nodiscard]] char32_t code_point(std::span<const unsigned char> bytes) const {
    if (!converter_) return 0;
    std::array<UChar, 8> units{};
    UErrorCode error = U_ZERO_ERROR;
    const int32_t count = ucnv_toUChars(converter_.get(), units.data(), units.size(),
                                        reinterpret_cast<const char*>(bytes.data()),
                                        static_cast<int32_t>(bytes.size()), &error);
    if (U_FAILURE(error) || count < 1 || count > 2) return 0;
    char32_t value = units[0];
    if (count == 2) {
      if (!U16_IS_LEAD(units[0]) || !U16_IS_TRAIL(units[1])) return 0;
      value = static_cast<char32_t>(U16_GET_SUPPLEMENTARY(units[0], units[1]));
    }
    return value == kReplacement || value == kSubstitute ? 0 : value;
  }

 private:
  struct Close {
    void operator()(UConverter* converter) const { ucnv_close(converter); }
  };
  std::unique_ptr<UConverter, Close> converter_;
};

bool is_private_use(char32_t c) {
  return c >= 0xE000 && c <= 0xF8FF;
}

enum class PrivateUse { Kept, Dropped };

DoubleByteTable double_byte_table(const char* icu_name, PrivateUse private_use) {
  const IcuConverter icu(icu_name);
  DoubleByteTable table;
  for (unsigned lead = 0x81; lead <= 0xFE; ++lead) {
    for (unsigned trail = 0x40; trail <= 0xFE; ++trail) {
      const unsigned char bytes[] = {static_cast<unsigned char>(lead),
                                     static_cast<unsigned char>(trail)};
      const char32_t value = icu.code_point(bytes);
      if (private_use == PrivateUse::Dropped && is_private_use(value)) continue;
      table.set(lead, trail, value);
    }
  }
  return table;
}

struct Correction {
  unsigned code;
  char32_t value;
};

void correct(DoubleByteTable& table, std::span<const Correction> corrections) {
  for (const Correction& c : corrections) table.set(c.code >> 8, c.code & 0xFF, c.value);
}

/// HKSCS-2008 characters that ICU's ibm-1375 leaves in the private use area.
constexpr Correction kBig5[] = {
    {0x8840, 0x31C0}, {0x8841, 0x31C1}, {0x8842, 0x31C2}, {0x8843, 0x31C3}, {0x8844, 0x31C4},
    {0x8846, 0x31C5}, {0x8849, 0x31C6}, {0x884A, 0x31C7}, {0x884D, 0x31C8}, {0x884F, 0x31C9},
    {0x8850, 0x31CA}, {0x8851, 0x31CB}, {0x8852, 0x31CC}, {0x8854, 0x31CD}, {0x8855, 0x31CE},
    {0x88A9, 0x23DA}, {0x88AA, 0x23DB}, {0x8C43, 0x9FA6}, {0x8C6D, 0x9FA7}, {0x8C74, 0x9FA8},
    {0x8CB7, 0x9FA9}, {0x8CB9, 0x9FAA}, {0x8CBB, 0x9FAB}, {0x8CC0, 0x9FAC}, {0x8CD7, 0x9FAD},
    {0x8CD8, 0x9FAE}, {0x8CDA, 0x9FAF}, {0x8CED, 0x9FB2}, {0x8D48, 0x9FB3}, {0xC879, 0x31CF},
    {0xC8A1, 0x9FB0}, {0xC8A3, 0x9FB1}};

/// GB 18030-2022 against the edition of 2005.
constexpr Correction kGbk[] = {
    {0xA6D9, 0xFE10}, {0xA6DA, 0xFE12}, {0xA6DB, 0xFE11}, {0xA6DC, 0xFE13}, {0xA6DD, 0xFE14},
    {0xA6DE, 0xFE15}, {0xA6DF, 0xFE16}, {0xA6EC, 0xFE17}, {0xA6ED, 0xFE18}, {0xA6F3, 0xFE19},
    {0xFE59, 0x9FB4}, {0xFE61, 0x9FB5}, {0xFE66, 0x9FB6}, {0xFE67, 0x9FB7}, {0xFE6D, 0x9FB8},
    {0xFE7E, 0x9FB9}, {0xFE90, 0x9FBA}, {0xFEA0, 0x9FBB}};

SingleByteTable single_byte_from_icu(const char* icu_name) {
  const IcuConverter icu(icu_name);
  SingleByteTable table{};
  for (unsigned byte = 0x80; byte <= 0xFF; ++byte) {
    const unsigned char bytes[] = {static_cast<unsigned char>(byte)};
    const char32_t value = icu.code_point(bytes);
    // windows-874 is the one that has private use characters; the standard leaves them out.
    const bool private_use = is_private_use(value) && byte >= 0xD0 && value != 0xF8FF;
    table[byte - 0x80] = value == 0 || private_use ? kReplacement : static_cast<char16_t>(value);
  }
  return table;
}

SingleByteTable make_single_byte_table(Encoding encoding) {
  if (encoding == Encoding::Iso8859_16 || encoding == Encoding::XUserDefined) {
    SingleByteTable table{};
    for (unsigned i = 0; i < 128; ++i) {
      const char16_t control = static_cast<char16_t>(0x80 + i);
      const char16_t iso = i < 32 ? control : kIso8859_16[i - 32];
      table[i] = encoding == Encoding::Iso8859_16 ? iso : static_cast<char16_t>(0xF780 + i);
    }
    return table;
  }
  const Encoding source = encoding == Encoding::Iso8859_8I ? Encoding::Iso8859_8 : encoding;
  SingleByteTable table = single_byte_from_icu(std::string(name(source)).c_str());
  if (encoding == Encoding::Koi8U) {
    table[0xAE - 0x80] = 0x045E;
    table[0xBE - 0x80] = 0x040E;
  }
  if (encoding == Encoding::Windows1255) table[0xCA - 0x80] = 0x05BA;
  if (encoding == Encoding::Windows1253) table[0xAA - 0x80] = kReplacement;
  return table;
}

DoubleByteTable make_jis0212() {
  const IcuConverter icu("ibm-954_P101-2007");
  DoubleByteTable table;
  for (unsigned lead = 0xA1; lead <= 0xED; ++lead) {
    for (unsigned trail = 0xA1; trail <= 0xFE; ++trail) {
      const unsigned char bytes[] = {0x8F, static_cast<unsigned char>(lead),
                                     static_cast<unsigned char>(trail)};
      table.set(lead, trail, icu.code_point(bytes));
    }
  }
  return table;
}

std::vector<char16_t> make_gb18030_ranges() {
  const IcuConverter icu("gb18030");
  std::vector<char16_t> values(kGb18030Pointers);
  for (std::size_t pointer = 0; pointer < values.size(); ++pointer) {
    const unsigned char bytes[] = {static_cast<unsigned char>(0x81 + pointer / 12600),
                                   static_cast<unsigned char>(0x30 + pointer / 1260 % 10),
                                   static_cast<unsigned char>(0x81 + pointer / 10 % 126),
                                   static_cast<unsigned char>(0x30 + pointer % 10)};
    values[pointer] = static_cast<char16_t>(icu.code_point(bytes));
  }
  return values;
}

}  // namespace

const SingleByteTable& single_byte_table(Encoding encoding) {
  static const std::vector<SingleByteTable> tables = [] {
    std::vector<SingleByteTable> made(static_cast<std::size_t>(Encoding::Count_));
    for (auto e = Encoding::Ibm866; e <= Encoding::XMacCyrillic;
         e = static_cast<Encoding>(static_cast<int>(e) + 1)) {
      made[static_cast<std::size_t>(e)] = make_single_byte_table(e);
    }
    const auto last = Encoding::XUserDefined;
    made[static_cast<std::size_t>(last)] = make_single_byte_table(last);
    return made;
  }();
  return tables[static_cast<std::size_t>(encoding)];
}

const DoubleByteTable& shift_jis_table() {
  static const DoubleByteTable table = [] {
    DoubleByteTable made = double_byte_table("ibm-943_P15A-2003", PrivateUse::Kept);
    // Bytes 0xA0 to 0xDF are no lead bytes; ICU reads them as half-width kana and a letter.
    for (unsigned lead = 0xA0; lead <= 0xDF; ++lead) {
      for (unsigned trail = 0x40; trail <= 0xFF; ++trail) made.set(lead, trail, 0);
    }
    return made;
  }();
  return table;
}

const DoubleByteTable& jis0212_table() {
  static const DoubleByteTable table = make_jis0212();
  return table;
}

const DoubleByteTable& euc_kr_table() {
  static const DoubleByteTable table = double_byte_table("windows-949-2000", PrivateUse::Dropped);
  return table;
}

const DoubleByteTable& big5_table() {
  static const DoubleByteTable table = [] {
    DoubleByteTable made = double_byte_table("ibm-1375_P100-2008", PrivateUse::Dropped);
    correct(made, kBig5);
    return made;
  }();
  return table;
}

const DoubleByteTable& gbk_table() {
  static const DoubleByteTable table = [] {
    DoubleByteTable made = double_byte_table("gb18030", PrivateUse::Kept);
    correct(made, kGbk);
    return made;
  }();
  return table;
}

const std::vector<char16_t>& gb18030_ranges() {
  static const std::vector<char16_t> values = make_gb18030_ranges();
  return values;
}

}  // namespace crosstail::markup
