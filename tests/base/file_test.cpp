#include "base/file.h"

#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace crosstail {
namespace {

using testing::TemporaryFolder;

TEST(MappedFile, ShowsTheBytesOfTheFile) {
  TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "a", std::string("x\0y", 3)).ok());
  auto file = MappedFile::open(folder / "a");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->text(), std::string_view("x\0y", 3));
}

TEST(MappedFile, OfAnEmptyFileIsEmpty) {
  TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "a", "").ok());
  auto file = MappedFile::open(folder / "a");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->size(), 0u);
}

TEST(MappedFile, NamesTheMissingFile) {
  auto file = MappedFile::open("/nonexistent/file");
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, ErrorCode::NotFound);
  EXPECT_NE(file.error().message.find("/nonexistent/file"), std::string::npos);
}

TEST(ReadFile, RefusesMoreThanTheLimit) {
  TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "a", "12345").ok());
  EXPECT_TRUE(read_file(folder / "a", 5).ok());
  auto text = read_file(folder / "a", 4);
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().code, ErrorCode::Limit);
}

TEST(WriteFileAtomic, ReplacesAndLeavesNoPart) {
  TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "a", "old and long").ok());
  ASSERT_TRUE(write_file_atomic(folder / "a", "new").ok());
  EXPECT_EQ(*read_file(folder / "a"), "new");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.part"));
}

TEST(OutputFile, ReopenCutsBack) {
  TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "a", "0123456789").ok());
  {
    auto file = OutputFile::reopen(folder / "a", 4);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->write("xy").ok());
    EXPECT_EQ(file->size(), 6u);
  }
  EXPECT_EQ(*read_file(folder / "a"), "0123xy");
  EXPECT_EQ(OutputFile::reopen(folder / "a", 100).error().code, ErrorCode::Corrupt);
}

TEST(OutputFile, TellsThatTheDiskIsFull) {
  // /dev/full fails every write with ENOSPC (full(4)).
  auto file = OutputFile::create("/dev/full");
  ASSERT_TRUE(file.ok());
  const Status status = file->write("x");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::NoSpace);
  EXPECT_NE(status.error().message.find("make space"), std::string::npos);
}

}  // namespace
}  // namespace crosstail
