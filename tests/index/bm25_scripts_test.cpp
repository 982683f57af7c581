/// BM25 over subwords and over ICU's words finds texts in scripts that put no spaces between words.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <vector>

#include "index/bm25.h"
#include "index/bm25_words.h"
#include "support/temporary_folder.h"
#include "text/tokenizer.h"

namespace crosstail::index {
namespace {

/// In turn: how to print on both sides, how to insert a picture, how to save a file.
const std::array<std::string, 12> kTexts = {"选择双面打印可以节省纸张。",
                                            "在文档中插入图片。",
                                            "请保存文件后再关闭窗口。",
                                            "両面印刷を選ぶと用紙を節約できます。",
                                            "文書に画像を挿入します。",
                                            "ウィンドウを閉じる前にファイルを保存してください。",
                                            "เลือกการพิมพ์สองหน้าเพื่อประหยัดกระดาษ",
                                            "แทรกรูปภาพในเอกสาร",
                                            "บันทึกแฟ้มก่อนปิดหน้าต่าง",
                                            "Print on both sides to save paper.",
                                            "Insert a picture into the document.",
                                            "Save the file before you close the window."};

struct Asked {
  std::string text;
  std::uint32_t row;
};
const std::vector<Asked> kQueries = {{"双面打印", 0},  {"插入图片", 1},   {"保存文件", 2},
                                     {"両面印刷", 3},  {"画像の挿入", 4}, {"ファイルの保存", 5},
                                     {"พิมพ์สองหน้า", 6}, {"แทรกรูปภาพ", 7},  {"บันทึกแฟ้ม", 8}};

template <class Analyse>
void expect_found(const std::filesystem::path& path, Bm25Terms terms, Analyse analyse) {
  auto builder = Bm25Builder::create(path, {.terms = terms});
  ASSERT_TRUE(builder.ok());
  for (const std::string& text : kTexts) ASSERT_TRUE(builder->add(analyse(text)).ok());
  ASSERT_TRUE(builder->finish().ok());
  const auto index = Bm25Index::open(path);
  ASSERT_TRUE(index.ok()) << index.error().message;
  Bm25Scratch scratch;
  for (const Asked& asked : kQueries) {
    const auto hits = index->search(index->query(analyse(asked.text)), 3, scratch);
    ASSERT_TRUE(hits.ok()) << hits.error().message;
    ASSERT_FALSE(hits->empty()) << asked.text;
    EXPECT_EQ(hits->front().row, asked.row) << asked.text;
  }
}

TEST(Bm25Scripts, ChineseJapaneseAndThaiAreFoundByIcuWords) {
  testing::TemporaryFolder folder;
  std::vector<std::string> words;
  expect_found(folder / "x", Bm25Terms::Words, [&](const std::string& text) {
    bm25_words(text, words);
    return std::span<const std::string>(words);
  });
}

TEST(Bm25Scripts, ChineseJapaneseAndThaiAreFoundBySubwords) {
  testing::TemporaryFolder folder;
  // A vocabulary of some words, and of all characters of the texts at a lower score.
  std::string vocabulary = R"(["<unk>",0],["▁",-5])";
  for (const char* word : {"打印", "图片", "保存", "文件", "印刷", "画像", "挿入", "ファイル",
                           "พิมพ์", "หน้า", "รูปภาพ", "บันทึก", "แฟ้ม", "▁Print", "▁Save"})
    vocabulary += ",[\"" + std::string(word) + "\",-6]";
  std::vector<std::string> characters;
  for (const std::string& text : kTexts)
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = at + 1;
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) ++end;
      characters.push_back(text.substr(at, end - at));
      at = end;
    }
  std::sort(characters.begin(), characters.end());
  characters.erase(std::unique(characters.begin(), characters.end()), characters.end());
  for (const std::string& character : characters)
    if (character != " ") vocabulary += ",[\"" + character + "\",-9]";
  std::ofstream(folder / "tokenizer.json")
      << R"({"normalizer":null,"pre_tokenizer":{"type":"Metaspace","replacement":"▁",)"
         R"("add_prefix_space":true},"model":{"type":"Unigram","unk_id":0,"vocab":[)"
      << vocabulary << "]}}";
  const auto tokenizer = text::load_tokenizer(folder.path());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message;
  text::TokenizerScratch scratch;
  text::Encoding encoding;
  text::EncodeOptions plain;
  plain.add_special = false;
  expect_found(folder / "x", Bm25Terms::Ids, [&](const std::string& text) {
    tokenizer->encode(text, plain, scratch, encoding);
    return std::span<const std::uint32_t>(encoding.ids);
  });
}

}  // namespace
}  // namespace crosstail::index
