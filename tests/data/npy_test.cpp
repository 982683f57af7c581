#include "data/npy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/temporary_folder.h"

namespace crosstail::data {
namespace {

using testing::TemporaryFolder;

// python3 -c "import numpy, sys; numpy.save(sys.stdout.buffer, numpy.array([[1, 2], [3, -0.5]],
// '<f4'))" (numpy 2.4) writes this header, padded with spaces to 128 bytes, and these numbers.
std::string numpy_file() {
  std::string bytes("\x93NUMPY\x01\x00v\x00", 10);
  bytes += "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
  bytes.resize(127, ' ');
  bytes += '\n';
  const float numbers[] = {1, 2, 3, -0.5f};
  bytes.append(reinterpret_cast<const char*>(numbers), sizeof numbers);
  return bytes;
}

TEST(Npy, ReadsWhatNumpyWrites) {
  TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "a.npy", numpy_file()).ok());
  auto array = NpyArray::open(folder / "a.npy");
  ASSERT_TRUE(array.ok()) << array.error().message;
  EXPECT_EQ(array->rows(), 2u);
  EXPECT_EQ(array->columns(), 2u);
  EXPECT_EQ(array->to_floats(), (std::vector<float>{1, 2, 3, -0.5f}));
}

TEST(Npy, WritesTheHeaderThatNumpyWrites) {
  EXPECT_EQ(npy_header(NpyType::F32, 2, 2), numpy_file().substr(0, 128));
  EXPECT_EQ(npy_header(NpyType::U16, SIZE_MAX, SIZE_MAX).size(), kNpyHeaderBytes);
}

std::string failure(std::string bytes) {
  TemporaryFolder folder;
  EXPECT_TRUE(write_file_atomic(folder / "a.npy", bytes).ok());
  auto array = NpyArray::open(folder / "a.npy");
  return array.ok() ? "" : array.error().message;
}

TEST(Npy, NamesWhatIsWrong) {
  const std::string good = numpy_file();
  EXPECT_NE(failure("hello, world").find("not a .npy file"), std::string::npos);
  EXPECT_NE(failure(good.substr(0, 60)).find("ends before"), std::string::npos);
  EXPECT_NE(failure(good.substr(0, 140)).find("truncated"), std::string::npos);
  for (const auto& [from, to] :
       {std::pair("<f4", ">f4"), {"False", "True "}, {"(2, 2)", "(2,2,1"}}) {
    std::string bytes = good;
    bytes.replace(bytes.find(from), std::string(from).size(), to);
    EXPECT_NE(failure(bytes).find("header field"), std::string::npos) << to;
  }
  std::string huge = good;
  huge.replace(huge.find("(2, 2), }"), 30, "(99999999999999999, 99999999), }");
  EXPECT_NE(failure(huge).find("truncated"), std::string::npos);
}

TEST(HalfPrecision, RoundTripsAndRounds) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = half_to_float(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(half_to_float(float_to_half(value))));
    } else {
      EXPECT_EQ(float_to_half(value), half);
    }
    const float wide = bfloat16_to_float(half);
    if (!std::isnan(wide)) EXPECT_EQ(float_to_bfloat16(wide), half);
  }
  // IEEE 754: 1 + 2^-11 lies between 1 and 1 + 2^-10 and goes to the even one; 65520 overflows.
  EXPECT_EQ(float_to_half(1 + 0x1p-11f), 0x3c00);
  EXPECT_EQ(float_to_half(1 + 3 * 0x1p-11f), 0x3c02);
  EXPECT_EQ(float_to_half(65519.0f), 0x7bff);
  EXPECT_EQ(float_to_half(65520.0f), 0x7c00);
  EXPECT_EQ(half_to_float(0x0001), 0x1p-24f);
  EXPECT_EQ(float_to_half(0x1p-25f), 0x0000);
  EXPECT_EQ(float_to_half(3 * 0x1p-26f), 0x0001);
  EXPECT_EQ(float_to_bfloat16(1 + 0x1p-8f), 0x3f80);
  EXPECT_EQ(float_to_bfloat16(1 + 3 * 0x1p-8f), 0x3f82);
  EXPECT_TRUE(
      std::isnan(bfloat16_to_float(float_to_bfloat16(std::numeric_limits<float>::quiet_NaN()))));
}

}  // namespace
}  // namespace crosstail::data
