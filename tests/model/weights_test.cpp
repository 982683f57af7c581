/// Readers of weight files, on files written by hand here.

#include "model/weights.h"

#include <gtest/gtest.h>

#include <cstring>

#include "model/pickle.h"
#include "model/pytorch_file.h"
#include "model/tiny_model.h"
#include "support/shared.h"

namespace crosstail::model {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string number(std::uint64_t value, std::size_t size) {
  return {reinterpret_cast<const char*>(&value), size};
}

std::string safetensors(const std::string& header, const std::string& data) {
  return number(header.size(), 8) + header + data;
}

std::string failure(const Result<TensorMap>& result) {
  return result.ok() ? "" : result.error().message;
}

TEST(Safetensors, ReadsEveryFloatType) {
  // 1.5 and -2 as f32, f16 (IEEE 754: 0x3E00, 0xC000), bf16 (0x3FC0, 0xC000) and f64.
  const float f32[] = {1.5F, -2};
  const double f64[] = {1.5, -2};
  const std::string data = std::string(reinterpret_cast<const char*>(f32), 8) +
                           std::string("\x00\x3E\x00\xC0", 4) + std::string("\xC0\x3F\x00\xC0", 4) +
                           std::string(reinterpret_cast<const char*>(f64), 16);
  const std::string file = safetensors(
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
      R"("b":{"dtype":"F16","shape":[2],"data_offsets":[8,12]},)"
      R"("c":{"dtype":"BF16","shape":[1,2],"data_offsets":[12,16]},)"
      R"("d":{"dtype":"F64","shape":[2],"data_offsets":[16,32]}})",
      data);
  auto tensors = read_safetensors(bytes_of(file));
  ASSERT_TRUE(tensors.ok()) << tensors.error().message;
  ASSERT_EQ(tensors->size(), 4u);
  for (const auto& [name, tensor] : *tensors) {
    auto values = to_floats(tensor);
    ASSERT_TRUE(values.ok());
    ASSERT_EQ(values->view().size(), 2u) << name;
    EXPECT_EQ(values->view()[0], 1.5F) << name;
    EXPECT_EQ(values->view()[1], -2.0F) << name;
  }
}

TEST(Safetensors, SmallestHalfIsExact) {
  // 0x0001 is 2^-24, 0x03FF is 1023 · 2^-24, 0x8400 is -2^-14.
  const std::string file = safetensors(R"({"a":{"dtype":"F16","shape":[3],"data_offsets":[0,6]}})",
                                       {"\x01\x00\xFF\x03\x00\x84", 6});
  auto tensors = read_safetensors(bytes_of(file));
  ASSERT_TRUE(tensors.ok());
  auto values = to_floats(tensors->begin()->second);
  ASSERT_TRUE(values.ok());
  EXPECT_EQ(values->view()[0], 0x1p-24F);
  EXPECT_EQ(values->view()[1], 1023 * 0x1p-24F);
  EXPECT_EQ(values->view()[2], -0x1p-14F);
}

TEST(Safetensors, DamageIsNamed) {
  const auto one = [](const std::string& entry, const std::string& data = std::string(8, 0)) {
    const std::string file = safetensors("{\"a\":" + entry + "}", data);
    return failure(read_safetensors(bytes_of(file)));
  };
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})"), "");
  EXPECT_NE(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", "1234").find("truncated"),
            std::string::npos);
  EXPECT_NE(one(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})").find("does not have the 8"),
            std::string::npos);
  EXPECT_NE(one(R"({"dtype":"F4","shape":[2],"data_offsets":[0,8]})").find("dtype \"F4\""),
            std::string::npos);
  EXPECT_NE(one(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,8]})").find("shape"),
            std::string::npos);
  EXPECT_NE(one(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})").find("data_offsets"),
            std::string::npos);
  EXPECT_NE(one(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]})")
                .find("does not have"),
            std::string::npos);
  EXPECT_NE(one(R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})").find("hole"),
            std::string::npos);
  EXPECT_NE(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})").find("have 8 bytes"),
            std::string::npos);
  EXPECT_NE(failure(read_safetensors(bytes_of("short"))).find("fewer than 8"), std::string::npos);
  EXPECT_NE(failure(read_safetensors(bytes_of(number(1000, 8) + "{}"))).find("truncated"),
            std::string::npos);
  EXPECT_NE(failure(read_safetensors(bytes_of(number(UINT64_MAX, 8) + "{}"))).find("length of"),
            std::string::npos);
}

TEST(Floats, WholeNumbersAndInfinitiesAreErrors) {
  const std::string whole(8, '\1');
  auto result = to_floats({DType::I64, {1}, bytes_of(whole)});
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("I64"), std::string::npos);
  const std::string infinite("\x00\x00\x80\x3f\x00\x00\x80\x7f", 8);
  result = to_floats({DType::F32, {2, 1}, bytes_of(infinite)});
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("infinity at [1, 0]"), std::string::npos);
}

/// A pickle of protocol 2 with the opcodes that torch.save writes (pickletools.dis of a state dict
/// of PyTorch 2): {"w": tensor of `shape` in storage "0"}.
std::string pickle(const std::string& rows, const std::string& columns,
                   const std::string& function = "ctorch._utils\n_rebuild_tensor_v2\n") {
  return std::string("\x80\x02") + "}q\x01" + "(X" + number(1, 4) + "wq\x02" + function +
         "q\x03((X" + number(7, 4) + "storageq\x04" + "ctorch\nFloatStorage\nq\x05X" +
         number(1, 4) + "0q\x06X" + number(3, 4) + "cpuq\x07K\x06tq\x08QK" + std::string("\0", 1) +
         "K" + rows + "K" + columns + "\x86q\x09K" + columns + "K\x01\x86q\x0a\x89" +
         "ccollections\nOrderedDict\nq\x0b)Rq\x0ctq\x0dRq\x0eu.";
}

TEST(Pickle, ReadsAStateDictWithoutExecutingAnything) {
  const std::string text = pickle("\x02", "\x03");
  auto tensors = read_state_dict(bytes_of(text));
  ASSERT_TRUE(tensors.ok()) << tensors.error().message;
  ASSERT_EQ(tensors->size(), 1u);
  EXPECT_EQ((*tensors)[0].name, "w");
  EXPECT_EQ((*tensors)[0].storage, "0");
  EXPECT_EQ((*tensors)[0].dtype, DType::F32);
  EXPECT_EQ((*tensors)[0].shape, (std::vector<std::size_t>{2, 3}));
  EXPECT_EQ((*tensors)[0].strides, (std::vector<std::size_t>{3, 1}));
}

TEST(Pickle, OtherGlobalsAreRefusedByName) {
  const std::string attack = "cos\nsystem\n(X" + number(4, 4) + "true\x85R.";
  auto tensors = read_state_dict(bytes_of(attack));
  ASSERT_FALSE(tensors.ok());
  EXPECT_EQ(tensors.error().code, ErrorCode::Unsupported);
  EXPECT_NE(tensors.error().message.find("os.system"), std::string::npos);
  EXPECT_NE(tensors.error().message.find("nothing was executed"), std::string::npos);
  const std::string text = pickle("\x02", "\x03", "cbuiltins\neval\n");
  EXPECT_NE(read_state_dict(bytes_of(text)).error().message.find("builtins.eval"),
            std::string::npos);
}

TEST(Pickle, DamageIsAnErrorWithItsByte) {
  const std::string good = pickle("\x02", "\x03");
  for (std::size_t length = 0; length < good.size(); ++length) {
    const std::string cut = good.substr(0, length);
    EXPECT_FALSE(read_state_dict(bytes_of(cut)).ok()) << length;
  }
  for (const std::string text : {".", "}u.", "Q.", "R.", "h\x07.", "(t}s.", "0.", "\xFF."})
    EXPECT_FALSE(read_state_dict(bytes_of(text)).ok()) << text;
  // A tuple that contains itself through the memo, and marks without end, cost nothing.
  EXPECT_FALSE(read_state_dict(bytes_of(std::string(1 << 20, '('))).ok());
}

/// A zip archive of stored members (APPNOTE.TXT 4.3), checksums left 0 as nothing reads them.
std::string zip(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string file, directory;
  for (const auto& [name, bytes] : members) {
    const std::string sizes =
        number(bytes.size(), 4) + number(bytes.size(), 4) + number(name.size(), 2);
    directory += "PK\x01\x02" + std::string(16, '\0') + sizes + std::string(12, '\0') +
                 number(file.size(), 4) + name;
    file += "PK\x03\x04" + std::string(14, '\0') + sizes + number(0, 2) + name + bytes;
  }
  return file + directory + "PK\x05\x06" + number(0, 4) + number(members.size(), 2) +
         number(members.size(), 2) + number(directory.size(), 4) + number(file.size(), 4) +
         number(0, 2);
}

std::string floats(std::initializer_list<float> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(float)};
}

TEST(PytorchFile, ReadsTensorsOutOfTheArchive) {
  const std::string file = zip({{"model/data.pkl", pickle("\x02", "\x03")},
                                {"model/byteorder", "little"},
                                {"model/data/0", floats({1, 2, 3, 4, 5, 6})}});
  auto tensors = read_pytorch_file(bytes_of(file));
  ASSERT_TRUE(tensors.ok()) << tensors.error().message;
  auto values = to_floats(tensors->at("w"));
  ASSERT_TRUE(values.ok());
  EXPECT_EQ(std::vector<float>(values->view().begin(), values->view().end()),
            (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST(PytorchFile, WhatCannotBeReadIsSaid) {
  const auto with = [](const std::string& file) {
    return failure(read_pytorch_file(bytes_of(file)));
  };
  const std::string data = floats({1, 2, 3, 4, 5, 6});
  EXPECT_NE(with(zip({{"m/data.pkl", pickle("\x02", "\x03")}, {"m/data/0", data.substr(4)}}))
                .find("tensor w: shape [2, 3]"),
            std::string::npos);
  EXPECT_NE(with(zip({{"m/data.pkl", pickle("\x02", "\x03")}})).find("no member data/0"),
            std::string::npos);
  EXPECT_NE(with(zip({{"m/byteorder", "big"}, {"m/data.pkl", pickle("\x02", "\x03")}}))
                .find("byteorder \"big\""),
            std::string::npos);
  EXPECT_NE(with(zip({{"m/other", "x"}})).find("without data.pkl"), std::string::npos);
  EXPECT_NE(with("version https://git-lfs.github.com/spec/v1").find("Git LFS"), std::string::npos);
  EXPECT_NE(with(std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 14) + "x")
                .find("before version 1.6"),
            std::string::npos);
  const std::string good = zip({{"m/data.pkl", pickle("\x02", "\x03")}, {"m/data/0", data}});
  for (std::size_t length = 0; length < good.size(); length += 7)
    EXPECT_NE(with(good.substr(0, length)), "") << length;
}

// The same model once as safetensors and once as published models have it.
TEST(PytorchFile, HasTheNumbersOfTheSafetensorsFile) {
  CROSSTAIL_NEEDS_SHARED();
  const auto fixtures = *testing::shared_dir() / "fixtures";
  auto safe = Weights::open(fixtures / "st-mean-norm");
  auto torch = Weights::open(fixtures / "st-mean-norm-legacy");
  ASSERT_TRUE(safe.ok() && torch.ok());
  for (const auto& [name, tensor] : safe->tensors()) {
    if (name.starts_with("pooler.")) continue;  // the published file has none
    auto a = safe->floats(name, tensor.shape), b = torch->floats("roberta." + name, tensor.shape);
    ASSERT_TRUE(a.ok() && b.ok()) << name;
    EXPECT_TRUE(std::ranges::equal(a->view(), b->view())) << name;
  }
}

}  // namespace
}  // namespace crosstail::model
