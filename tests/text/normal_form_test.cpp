#include "text/normal_form.h"

#include <gtest/gtest.h>

namespace crosstail::text {
namespace {

TEST(NormalForm, CaseSpacesAndPunctuationDoNotCount) {
  EXPECT_EQ(normal_form("What is Bitcoin?"), "whatisbitcoin");
  EXPECT_EQ(normal_form("  WHAT  is\n“Bitcoin” …"), "whatisbitcoin");
  EXPECT_EQ(normal_form("C++ 2.0 🙂"), "c20");
  EXPECT_EQ(normal_form("?!"), "");
}

TEST(NormalForm, CompatibilityFormsAreOne) {
  // UAX #15: NFKC maps full-width letters, ligatures and superscripts; CaseFolding.txt: ß to ss.
  EXPECT_EQ(normal_form("ＦＡＱ"), "faq");
  EXPECT_EQ(normal_form("ﬁle"), "file");
  EXPECT_EQ(normal_form("x²"), "x2");
  EXPECT_EQ(normal_form("Straße"), normal_form("STRASSE"));
  EXPECT_EQ(normal_form("ΣΊΣΥΦΟΣ"), normal_form("σίσυφος"));
}

TEST(NormalForm, CombiningAndPrecomposedAreOne) {
  EXPECT_EQ(normal_form("Caf\u0065\u0301"), normal_form("Caf\u00e9"));
  EXPECT_EQ(normal_form("\u1112\u1161\u11ab"), normal_form("\ud55c"));  // Hangul jamo and syllable
  EXPECT_EQ(normal_form("\u0e19\u0e49\u0e33"), normal_form("\u0e19\u0e49\u0e4d\u0e32"));  // Thai am
  EXPECT_EQ(normal_form("\u30ab\u3099"), normal_form("ガ"));
}

TEST(NormalForm, SoftHyphensAndJoinersVanish) {
  EXPECT_EQ(normal_form("Pass\u00adwort"), "passwort");
  EXPECT_EQ(normal_form("a\u200bb"), "ab");
}

}  // namespace
}  // namespace crosstail::text
