#include "markup/input_walk.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temporary_folder.h"

namespace crosstail::markup {
namespace {

using testing::TemporaryFolder;

std::vector<std::string> names(std::vector<std::string> inputs) {
  InputWalk walk(std::move(inputs));
  std::vector<std::string> found;
  while (true) {
    auto file = walk.next();
    if (!file.ok()) return {"error: " + file.error().message};
    if (!file->has_value()) return found;
    found.push_back((**file).name);
  }
}

TEST(InputWalk, GoesThroughFoldersByName) {
  TemporaryFolder folder;
  std::filesystem::create_directories(folder / "b/c");
  for (const char* name : {"z.html", "a.html", "b/2.html", "b/1.html", "b/c/x.html"})
    ASSERT_TRUE(write_file_atomic(folder / name, "x").ok());
  EXPECT_EQ(names({folder.path().string()}),
            (std::vector<std::string>{"a.html", "b/1.html", "b/2.html", "b/c/x.html", "z.html"}));
}

TEST(InputWalk, NamesAFileByItsNameAndStandardInputByADash) {
  TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "page.html", "x").ok());
  EXPECT_EQ(names({(folder / "page.html").string(), "-"}),
            (std::vector<std::string>{"page.html", "-"}));
}

TEST(InputWalk, DoesNotFollowLinksToFolders) {
  TemporaryFolder folder;
  std::filesystem::create_directory_symlink(folder.path(), folder / "loop");
  ASSERT_TRUE(write_file_atomic(folder / "a", "x").ok());
  EXPECT_EQ(names({folder.path().string()}), std::vector<std::string>{"a"});
}

TEST(InputWalk, FailsForAnInputThatIsNotThere) {
  InputWalk walk({"/nonexistent/input"});
  auto file = walk.next();
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, ErrorCode::NotFound);
}

TEST(Recognise, GoesByContent) {
  EXPECT_EQ(recognise(""), ContentKind::Empty);
  EXPECT_EQ(recognise("WARC/1.0\r\nWARC-Type: warcinfo\r\n"), ContentKind::Warc);
  EXPECT_EQ(recognise("filedesc://a.arc 0.0.0.0 2008 text/plain 75\n"), ContentKind::Arc);
  EXPECT_EQ(recognise("_:b0 <http://schema.org/name> \"x\" <http://e.org/> .\n"),
            ContentKind::NQuads);
  EXPECT_EQ(recognise("# comment\n\n<http://e.org/a> <http://e.org/b> <http://e.org/c> ."),
            ContentKind::NQuads);
  for (const char* html :
       {"<!DOCTYPE html><p>", "<HTML lang=en>", " \n\t<html>", "\xef\xbb\xbf<!doctype HTML>",
        "<?xml version=\"1.0\"?>\n<html xmlns=\"x\">", "<!-- c --><html>", "<script>", "<p>text",
        "stray text <body >"})
    EXPECT_EQ(recognise(html), ContentKind::Html) << html;
  EXPECT_EQ(recognise(std::string_view("\xff\xfe<\0h\0t\0m\0l\0>\0", 14)), ContentKind::Html);
  EXPECT_EQ(recognise(std::string_view("\xfe\xff\0<\0h\0t\0m\0l\0>", 14)), ContentKind::Html);
  for (const char* other :
       {"hello", "{\"html\": \"<html>\"}", "\x89PNG\r\n", "# Title\n\nText <b>x</b>",
        "<?xml version=\"1.0\"?><rss>", "<svg xmlns=\"x\">", "body { color: red }"})
    EXPECT_EQ(recognise(other), ContentKind::Unknown) << other;
}

}  // namespace
}  // namespace crosstail::markup
