#include "markup/charset.h"

#include <gtest/gtest.h>

#include "legacy_samples.h"
#include "markup/charset_declaration.h"
#include "text/utf8.h"

namespace crosstail::markup {
namespace {

using namespace std::string_literals;

Encoding decided(std::string_view bytes, std::string_view content_type = {}) {
  return decide_charset(bytes, content_type).encoding;
}

TEST(Charset, AByteOrderMarkBeatsHttpWhichBeatsMeta) {
  const std::string page = "<meta charset=windows-1251>";
  EXPECT_EQ(decided("\xEF\xBB\xBF" + page, "text/html; charset=koi8-r"), Encoding::Utf8);
  EXPECT_EQ(decided("\xFE\xFF\0<"s, "text/html; charset=koi8-r"), Encoding::Utf16Be);
  EXPECT_EQ(decided("\xFF\xFE<\0"s), Encoding::Utf16Le);
  EXPECT_EQ(decided(page, "text/html; charset=koi8-r"), Encoding::Koi8R);
  EXPECT_EQ(decided(page, "text/html"), Encoding::Windows1251);
  EXPECT_EQ(decided(page, "text/html; charset=no-such"), Encoding::Windows1251);
}

TEST(Charset, ContentTypesAreReadAsTheyAreWritten) {
  EXPECT_EQ(encoding_of_content_type("text/html;charset=\"Shift_JIS\""), Encoding::ShiftJis);
  EXPECT_EQ(encoding_of_content_type("text/html; boundary=x; CHARSET = utf-8 "), Encoding::Utf8);
  EXPECT_EQ(encoding_of_content_type("text/html; charset='gbk'"), Encoding::Gbk);
  EXPECT_EQ(encoding_of_content_type("text/html;;; charset=big5,text/html"), Encoding::Big5);
  EXPECT_EQ(encoding_of_content_type("text/html"), std::nullopt);
  EXPECT_EQ(encoding_of_content_type("charset=utf-8"), std::nullopt);
  EXPECT_EQ(encoding_of_content_type("text/html; charset"), std::nullopt);
}

// HTML standard §13.2.3.3; shapes after web-platform-tests' html/syntax/charset.
TEST(CharsetDeclaration, MetaIsFoundInAllItsShapes) {
  EXPECT_EQ(declared_encoding("<meta charset=koi8-r>"), Encoding::Koi8R);
  EXPECT_EQ(declared_encoding("<META/CHARSET = 'koi8-r' />"), Encoding::Koi8R);
  EXPECT_EQ(declared_encoding("<html><head lang=x><title>a</title><meta charset=\"KOI8-R\">"),
            Encoding::Koi8R);
  EXPECT_EQ(declared_encoding("<meta http-equiv=Content-Type content='text/html; charset=koi8-r'>"),
            Encoding::Koi8R);
  EXPECT_EQ(
      declared_encoding("<meta content='text/html;charset=\"koi8-r\"' http-equiv=content-type>"),
      Encoding::Koi8R);
}

TEST(CharsetDeclaration, WhatIsNoDeclarationIsPassedOver) {
  EXPECT_EQ(declared_encoding("<!-- <meta charset=koi8-r> --><meta charset=big5>"), Encoding::Big5);
  EXPECT_EQ(declared_encoding("<!--><meta charset=big5>"), Encoding::Big5);
  EXPECT_EQ(declared_encoding("<p title='<meta charset=koi8-r>'><meta charset=big5>"),
            Encoding::Big5);
  EXPECT_EQ(declared_encoding("<meta content='text/html; charset=koi8-r'>"), std::nullopt);
  EXPECT_EQ(declared_encoding("<meta charset=unknown><meta charset=big5>"), Encoding::Big5);
  EXPECT_EQ(declared_encoding("<metacharset=koi8-r>"), std::nullopt);
  EXPECT_EQ(declared_encoding("<meta charset=koi8-r"), std::nullopt);
  EXPECT_EQ(declared_encoding("<meta charset=\"koi8-r>"), std::nullopt);
  EXPECT_EQ(declared_encoding("<meta name=x content='charset=koi8-r'>"), std::nullopt);
}

TEST(CharsetDeclaration, Utf16MeansUtf8AndUserDefinedMeansWindows1252) {
  EXPECT_EQ(declared_encoding("<meta charset=utf-16>"), Encoding::Utf8);
  EXPECT_EQ(declared_encoding("<meta charset=utf-16be>"), Encoding::Utf8);
  EXPECT_EQ(declared_encoding("<meta charset=x-user-defined>"), Encoding::Windows1252);
}

TEST(CharsetDeclaration, AnXmlDeclarationCountsWhenNoMetaDoes) {
  EXPECT_EQ(declared_encoding("<?xml version=\"1.0\" encoding = 'koi8-r'?><html>"),
            Encoding::Koi8R);
  EXPECT_EQ(declared_encoding("<?xml encoding='koi8-r'?><meta charset=big5>"), Encoding::Big5);
  EXPECT_EQ(declared_encoding("<\0?\0x\0m\0l\0"s), Encoding::Utf16Le);
}

TEST(CharsetDeclaration, LabelsInContentAreFoundAsTheStandardSays) {
  EXPECT_EQ(charset_label("text/html; charset=utf-8; x"), "utf-8");
  EXPECT_EQ(charset_label("charset charset = 'a b'"), "a b");
  EXPECT_EQ(charset_label("charset=\"open"), "");
  EXPECT_EQ(charset_label("text/html"), "");
}

TEST(Charset, ALateMetaCountsAsABrowserStartsAgain) {
  const std::string filler = "<script>" + std::string(3000, ' ') + "</script>";
  EXPECT_EQ(decided(filler + "<meta charset=windows-1251><body>\xE0"), Encoding::Windows1251);
  EXPECT_NE(decided(filler + "<body>\xE0<meta charset=windows-1251>"), Encoding::Windows1251);
}

TEST(Charset, UndeclaredUtf8IsUtf8EvenWhenDamaged) {
  const CharsetDecision valid = decide_charset("<p>Größe</p>");
  EXPECT_EQ(valid.encoding, Encoding::Utf8);
  EXPECT_EQ(valid.source, CharsetSource::Valid);
  EXPECT_EQ(decided("<p>Größe, Öl, Äpfel, Übung, Maß, Fuß, Tür, Höhe, für, süß\xC3"),
            Encoding::Utf8);
}

TEST(Charset, UndeclaredLegacyEncodingsAreDetected) {
  for (const auto& sample : testing::kLegacy) {
    const std::string text = testing::from_hex(sample.hex);
    const std::string page = "<html lang=\"" + std::string(sample.language) +
                             "\"><title>x</title><style>p{}</style><p>" + text + "</p>";
    EXPECT_EQ(name(decided(page)), name(sample.encoding)) << sample.language;
    // Without lang, the frequent ones are still found by their bytes.
    const bool rare = sample.encoding == Encoding::Windows874;
    if (!rare) {
      std::string storage;
      const std::string bare = "<p>" + text + "</p>";
      EXPECT_EQ(decode_to_utf8(bare, decide_charset(bare), storage),
                "<p>" + std::string(sample.utf8) + "</p>")
          << sample.language << " as " << name(decided(bare));
    }
  }
}

// CPython 3.11: "Zażółć gęślą jaźń".encode("iso-8859-2")
TEST(Charset, AnIsoEncodingIsToldFromItsWindowsTwin) {
  const std::string page = "<p lang=pl>Za\xBF\xF3\xB3\xE6 g\xEA\xB6l\xB1 ja\xBC\xF1</p>";
  std::string storage;
  EXPECT_EQ(decode_to_utf8(page, decide_charset(page), storage),
            "<p lang=pl>Zażółć gęślą jaźń</p>");
}

TEST(Charset, Utf16WithoutAMarkIsSeenByItsZeroBytes) {
  EXPECT_EQ(decided("<\0h\0t\0m\0l\0>\0a\0b\0"s), Encoding::Utf16Le);
  EXPECT_EQ(decided("\0<\0h\0t\0m\0l\0>\0a\0b"s), Encoding::Utf16Be);
}

TEST(Charset, UnknownBytesAreWindows1252) {
  const CharsetDecision decision = decide_charset("caf\xE9");
  EXPECT_EQ(decision.encoding, Encoding::Windows1252);
}

TEST(DecodeToUtf8, ValidUtf8IsNotCopied) {
  const std::string page = "\xEF\xBB\xBF<p>Größe</p>";
  std::string storage;
  const std::string_view text = decode_to_utf8(page, decide_charset(page), storage);
  EXPECT_EQ(text.data(), page.data() + 3);
  EXPECT_EQ(text, "<p>Größe</p>");
  EXPECT_TRUE(storage.empty());
}

TEST(DecodeToUtf8, AsciiIsNotCopiedWhateverItIsDeclared) {
  const std::string page = "<meta charset=shift_jis><p>plain</p>";
  std::string storage;
  EXPECT_EQ(decode_to_utf8(page, decide_charset(page), storage).data(), page.data());
}

TEST(DecodeToUtf8, WrongBytesAreReplacedAndCounted) {
  const std::string page =
      "<meta charset=utf-8>a\xFF"
      "b\xE2\x82";
  std::string storage;
  std::uint64_t replaced = 0;
  EXPECT_EQ(decode_to_utf8(page, decide_charset(page), storage, &replaced),
            "<meta charset=utf-8>a\uFFFDb\uFFFD");
  EXPECT_EQ(replaced, 2U);
}

}  // namespace
}  // namespace crosstail::markup
