#include "base/hash.h"

#include <gtest/gtest.h>

namespace crosstail {
namespace {

// RFC 1321, appendix A.5; FIPS 180-2, appendix B.1.
TEST(Hash, Md5OfTheStandardsExamples) {
  EXPECT_EQ(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(Hash, Sha256OfTheStandardsExample) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// XXH3's published value for the empty input with seed 0.
TEST(Hash, Xxh3OfNothing) {
  EXPECT_EQ(xxh3(""), 0x2d06800538d394c2u);
}

}  // namespace
}  // namespace crosstail
