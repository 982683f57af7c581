#include "markup/encoding.h"

#include <gtest/gtest.h>

#include <random>

#include "legacy_samples.h"
#include "single_byte_samples.h"
#include "text/utf8.h"

namespace crosstail::markup {
namespace {

using testing::from_hex;

std::string decoded(std::string_view bytes, Encoding encoding) {
  std::string out;
  decode(bytes, encoding, out);
  return out;
}

std::string utf8(std::u16string_view text) {
  std::string out;
  for (const char16_t unit : text) text::append_utf8(out, unit);
  return out;
}

TEST(Encoding, LabelsAreFoundWhateverTheirCaseAndTheSpaceAroundThem) {
  EXPECT_EQ(encoding_for_label(" UTF8\n"), Encoding::Utf8);
  EXPECT_EQ(encoding_for_label("unicode-1-1-utf-8"), Encoding::Utf8);
  EXPECT_EQ(encoding_for_label("ISO-8859-1"), Encoding::Windows1252);
  EXPECT_EQ(encoding_for_label("latin1"), Encoding::Windows1252);
  EXPECT_EQ(encoding_for_label("US-ASCII"), Encoding::Windows1252);
  EXPECT_EQ(encoding_for_label("iso-8859-9"), Encoding::Windows1254);
  EXPECT_EQ(encoding_for_label("TIS-620"), Encoding::Windows874);
  EXPECT_EQ(encoding_for_label("gb2312"), Encoding::Gbk);
  EXPECT_EQ(encoding_for_label("x-sjis"), Encoding::ShiftJis);
  EXPECT_EQ(encoding_for_label("ks_c_5601-1987"), Encoding::EucKr);
  EXPECT_EQ(encoding_for_label("iso-8859-8-i"), Encoding::Iso8859_8I);
  EXPECT_EQ(encoding_for_label("visual"), Encoding::Iso8859_8);
  EXPECT_EQ(encoding_for_label("hz-gb-2312"), Encoding::Replacement);
  EXPECT_EQ(encoding_for_label("utf-16"), Encoding::Utf16Le);
  EXPECT_EQ(encoding_for_label("unicodefffe"), Encoding::Utf16Be);
  EXPECT_EQ(encoding_for_label("utf-7"), std::nullopt);
  EXPECT_EQ(encoding_for_label(""), std::nullopt);
  EXPECT_EQ(encoding_for_label(std::string(1000, 'u')), std::nullopt);
}

TEST(Encoding, EveryNameIsALabelOfItself) {
  for (int i = 0; i < static_cast<int>(Encoding::Count_); ++i) {
    const auto encoding = static_cast<Encoding>(i);
    EXPECT_EQ(encoding_for_label(name(encoding)), encoding) << name(encoding);
  }
}

TEST(Encoding, SingleBytesAreTheStandardsCharacters) {
  for (const auto& sample : testing::kSingleBytes) {
    SCOPED_TRACE(name(sample.encoding));
    std::string low;
    std::string high;
    std::u16string controls;
    for (int byte = 0x80; byte < 0xA0; ++byte) {
      low.push_back(static_cast<char>(byte));
      controls.push_back(static_cast<char16_t>(byte));
    }
    for (int byte = 0xA0; byte <= 0xFF; ++byte) high.push_back(static_cast<char>(byte));
    EXPECT_EQ(decoded(low, sample.encoding), utf8(sample.low.empty() ? controls : sample.low));
    EXPECT_EQ(decoded(high, sample.encoding), utf8(sample.high));
    EXPECT_EQ(decoded("Aa~\x7f", sample.encoding), "Aa~\x7f");
  }
}

TEST(Encoding, UserDefinedBytesGoToThePrivateUseArea) {
  EXPECT_EQ(decoded("a\x80\xFF", Encoding::XUserDefined), "a\uF780\uF7FF");
}

TEST(Encoding, LegacySentencesAreRead) {
  for (const auto& sample : testing::kLegacy) {
    EXPECT_EQ(decoded(from_hex(sample.hex), sample.encoding), sample.utf8) << name(sample.encoding);
  }
}

// Values of the Encoding standard's indexes jis0208, jis0212, euc-kr, big5 and gb18030.
TEST(Encoding, CharactersWhereCodecsDisagreeAreTheStandards) {
  EXPECT_EQ(decoded("\x81\x5C\x81\x60\x81\x7C\x81\x91", Encoding::ShiftJis), "―～－￠");
  EXPECT_EQ(decoded("\xA1\xBD\xA1\xC1\xA1\xDD\xA1\xF1", Encoding::EucJp), "―～－￠");
  EXPECT_EQ(decoded("\x87\x40\xFA\x40\xFB\xFC\xF0\x40\xB1\x80", Encoding::ShiftJis),
            "①ⅰ髙\uE000ｱ\u0080");
  EXPECT_EQ(decoded("\xAD\xA1\x8E\xB1\x8F\xA2\xB7\x8F\xB0\xA1", Encoding::EucJp), "①ｱ～丂");
  EXPECT_EQ(decoded("\xA3\xE1\xC6\xE8\x88\x62\x88\xA5\x87\x40\xF9\xFE", Encoding::Big5),
            "€あÊ\u0304ê\u030C\u43F0\uFFED");
  EXPECT_EQ(decoded("\x80\xA2\xE3\xA8\xBC\x84\x31\xA4\x37\x90\x30\x81\x30", Encoding::Gbk),
            "€€ḿ\uFFFD\U00010000");
  EXPECT_EQ(decoded("\xA1\xAD\xC8\xFE\x8C\x63", Encoding::EucKr), "∼힝똠");
}

TEST(Encoding, Iso2022JpSwitchesItsSetsByEscapes) {
  // CPython 3.11: "返品は".encode("iso2022_jp")
  EXPECT_EQ(decoded("a\x1B$BJVIJ$O\x1B(Bb", Encoding::Iso2022Jp), "a返品はb");
  EXPECT_EQ(decoded("\x1B(J\\~\x1B(I1\x1B(B\\", Encoding::Iso2022Jp), "¥‾ｱ\\");
  EXPECT_EQ(decoded("\x1B$B\x1B(Ba", Encoding::Iso2022Jp), "\uFFFDa");
  EXPECT_EQ(decoded("\x1B[0m", Encoding::Iso2022Jp), "\uFFFD[0m");
}

TEST(Encoding, AnAsciiByteAfterALoneLeadByteIsReadAgain) {
  EXPECT_EQ(decoded("\x81<p>", Encoding::ShiftJis), "\uFFFD<p>");
  EXPECT_EQ(decoded("\xA4<p>", Encoding::EucJp), "\uFFFD<p>");
  EXPECT_EQ(decoded("\x8F\xB0<p>", Encoding::EucJp), "\uFFFD<p>");
  EXPECT_EQ(decoded("\xB0<p>", Encoding::EucKr), "\uFFFD<p>");
  EXPECT_EQ(decoded("\xA4<p>", Encoding::Big5), "\uFFFD<p>");
  EXPECT_EQ(decoded("\xB0<p>", Encoding::Gbk), "\uFFFD<p>");
  EXPECT_EQ(decoded("\x81\x30<p>", Encoding::Gb18030), "\uFFFD0<p>");
  EXPECT_EQ(decoded("\x81\x30\x81<p>", Encoding::Gb18030), "\uFFFD0\uFFFD<p>");
  EXPECT_EQ(decoded("\xB0", Encoding::Gb18030), "\uFFFD");
}

TEST(Encoding, Utf16TakesPairsAndReplacesLoneSurrogates) {
  using namespace std::string_literals;
  EXPECT_EQ(decoded("a\0\x3D\xD8\x00\xDE\xE9\0"s, Encoding::Utf16Le), "a😀é");
  EXPECT_EQ(decoded("\0a\xD8\x3D\xDE\x00"s, Encoding::Utf16Be), "a😀");
  EXPECT_EQ(decoded("\x3D\xD8z\0\x00\xDEz"s, Encoding::Utf16Le), "\uFFFDz\uFFFD\uFFFD");
}

TEST(Encoding, TheReplacementEncodingIsOneReplacementCharacter) {
  EXPECT_EQ(decoded("~{abc~}", Encoding::Replacement), "\uFFFD");
  EXPECT_EQ(decoded("", Encoding::Replacement), "");
}

TEST(Encoding, AnyBytesInAnyEncodingGiveValidUtf8AndCountedErrors) {
  std::mt19937 random(5);
  for (int round = 0; round < 4000; ++round) {
    std::string bytes(random() % 60, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % 4 == 0 ? random() % 128 : random());
    for (int i = 0; i < static_cast<int>(Encoding::Count_); ++i) {
      std::string out;
      const std::uint64_t errors = decode(bytes, static_cast<Encoding>(i), out);
      ASSERT_TRUE(text::is_valid_utf8(out));
      ASSERT_LE(errors, bytes.size() + 1);
      ASSERT_LE(out.size(), 4 * bytes.size() + 4);
    }
  }
}

}  // namespace
}  // namespace crosstail::markup
