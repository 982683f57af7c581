/// A whole directory: what goes in comes out, and every damaged file is named.

#include "index/index_reader.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "support/small_index.h"
#include "support/temporary_folder.h"

namespace crosstail::index {
namespace {

using testing::TemporaryFolder;

SegmentOptions options_of(std::size_t dim) {
  SegmentOptions options;
  options.dimension = dim;
  return options;
}

TEST(IndexReader, GivesBackWhatWentIn) {
  const TemporaryFolder folder;
  const auto passages = testing::random_passages(300, 8);
  ASSERT_TRUE(testing::write_small_index(folder / "i", passages, options_of(8)).ok());
  const auto opened = IndexReader::open(folder / "i");
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const IndexReader& index = **opened;
  ASSERT_EQ(index.passages(), passages.size());
  std::uint64_t question = 0;
  for (std::size_t p = 0; p < passages.size(); ++p) {
    const auto number = static_cast<PassageNumber>(p);
    const auto fields = index.fields(number);
    ASSERT_TRUE(fields.ok());
    EXPECT_EQ(fields->id, passages[p].id);
    EXPECT_EQ(fields->doc, passages[p].doc);
    EXPECT_EQ(fields->site, passages[p].site);
    EXPECT_EQ(fields->language, "en");
    const auto text = index.text(number);
    ASSERT_TRUE(text.ok());
    EXPECT_EQ(text->title, passages[p].title);
    EXPECT_EQ(text->text, passages[p].text);
    EXPECT_EQ(*index.find(passages[p].id), number);
    const auto range = index.questions_of(number);
    ASSERT_EQ(range.size(), passages[p].questions.size());
    for (const auto& expected : passages[p].questions) {
      const auto got = index.question(question);
      EXPECT_EQ(got.passage, number);
      EXPECT_EQ(got.tag, expected.tag);
      EXPECT_EQ(got.source, expected.source);
      EXPECT_EQ(got.confidence, expected.confidence);
      EXPECT_EQ(got.group, group_key(expected.group));
      EXPECT_EQ(got.text, text_key(expected.text));
      EXPECT_EQ(*index.question_text(question), expected.text);
      EXPECT_EQ(index.question_fields(question)->group, expected.group);
      std::vector<float> vector(8);
      index.question_vector(question, vector.data());
      EXPECT_EQ(vector, expected.vector);
      ++question;
    }
  }
  EXPECT_EQ(*index.find("nobody"), std::nullopt);
  EXPECT_TRUE(index.verify().ok()) << index.verify().error().message;
}

TEST(IndexReader, ListsNameThePassagesOfAGroupSiteAndText) {
  const TemporaryFolder folder;
  const auto passages = testing::random_passages(200, 4);
  ASSERT_TRUE(testing::write_small_index(folder / "i", passages, options_of(4)).ok());
  const auto index = *IndexReader::open(folder / "i");
  for (int subject = 0; subject < 400; subject += 7) {
    const std::string group = "g" + std::to_string(subject),
                      text = "question " + std::to_string(subject) + "!";
    std::vector<PassageNumber> expected;
    for (std::size_t p = 0; p < passages.size(); ++p)
      if (std::any_of(passages[p].questions.begin(), passages[p].questions.end(),
                      [&](const auto& q) { return q.group == group; }))
        expected.push_back(static_cast<PassageNumber>(p));
    EXPECT_EQ(*index->passages_with_group(group_key(group)), expected);
    EXPECT_EQ(*index->passages_with_text(text_key(text)), expected);
  }
  // Questions without a site of their own are of their passage's.
  std::vector<PassageNumber> expected;
  for (std::size_t p = 3; p < passages.size(); p += 5)
    if (!passages[p].questions.empty()) expected.push_back(static_cast<PassageNumber>(p));
  EXPECT_EQ(*index->passages_with_site(site_key("Site3.Example")), expected);
  EXPECT_TRUE(index->passages_with_group(0)->empty());
}

TEST(IndexReader, WindowsShareTheirPassagesQuestions) {
  const TemporaryFolder folder;
  auto passages = testing::random_passages(20, 4);
  std::size_t rows = 0;
  for (std::size_t p = 0; p < passages.size(); ++p) {
    while (passages[p].rows.size() < 1 + p % 3)
      passages[p].rows.push_back({1, 2, 3, static_cast<float>(p)});
    rows += passages[p].rows.size();
  }
  SegmentOptions options = options_of(4);
  options.windows = true;
  ASSERT_TRUE(testing::write_small_index(folder / "i", passages, options, [](Manifest& m) {
                m.window = 64;
              }).ok());
  const auto index = *IndexReader::open(folder / "i");
  ASSERT_EQ(index->rows(), rows);
  std::size_t row = 0;
  for (std::size_t p = 0; p < passages.size(); ++p) {
    const auto range = index->rows_of(static_cast<PassageNumber>(p));
    EXPECT_EQ(range.begin, row);
    EXPECT_EQ(range.size(), passages[p].rows.size());
    for (std::size_t w = 0; w < passages[p].rows.size(); ++w, ++row) {
      EXPECT_EQ(index->passage_of(row), p);
      EXPECT_EQ(index->row_owners()[row], p);
      EXPECT_EQ(index->row_documents()[row], p / 3);
      EXPECT_EQ(index->window(row)->begin, w);
    }
  }
  EXPECT_TRUE(index->verify().ok()) << index->verify().error().message;
}

TEST(IndexReader, EveryDamagedFileIsNamed) {
  const TemporaryFolder folder;
  const auto passages = testing::random_passages(40, 4);
  ASSERT_TRUE(testing::write_small_index(folder / "i", passages, options_of(4)).ok());
  const auto segment = folder / "i/segment-00000";
  for (const auto& entry : std::filesystem::directory_iterator(segment)) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string whole{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const auto check = [&](const std::string& bytes, const std::string& what) {
      std::ofstream(entry.path(), std::ios::binary)
          .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      const auto index = IndexReader::open(folder / "i");
      const auto status = index.ok() ? (*index)->verify() : Status(index.error());
      ASSERT_FALSE(status.ok()) << entry.path() << " " << what;
      EXPECT_NE(status.error().message.find(entry.path().filename().string()), std::string::npos)
          << status.error().message;
    };
    for (std::size_t i = 0; i < 23; ++i) {
      std::string damaged = whole;
      const std::size_t at = i * (whole.size() - 1) / 22;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << (i % 8)));
      check(damaged, "flipped at " + std::to_string(at));
      check(whole.substr(0, at), "cut at " + std::to_string(at));
    }
    check(whole + "x", "longer");
    std::ofstream(entry.path(), std::ios::binary)
        .write(whole.data(), static_cast<std::streamsize>(whole.size()));
  }
  const auto index = IndexReader::open(folder / "i");
  ASSERT_TRUE(index.ok());
  EXPECT_TRUE((*index)->verify().ok());
}

TEST(Manifest, ReadsBackWhatItWrote) {
  Manifest manifest;
  manifest.model.name = "m";
  manifest.model.identity = "i";
  manifest.model.dimension = 3;
  manifest.fusion.mode = FusionMode::Mean;
  manifest.fusion.alpha = 0.1;
  manifest.fusion.source_alpha = std::array<double, kSources>{0.25, 0, 0.5, 0};
  manifest.tuned = TunedRecord{manifest.fusion, "[1]"};
  manifest.segments.push_back({"segment-00000",
                               1,
                               2,
                               3,
                               4,
                               {"de", "pt-BR"},
                               {{"a.rec", 5, 0xdeadbeef00000001}},
                               "",
                               0,
                               true,
                               {{"x", 1}}});
  manifest.options["a"] = "\"b\"\n";
  manifest.questions_by_language["deu"] = 7;
  const auto read = parse_manifest(to_json(manifest), "m");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, manifest);
}

TEST(Manifest, NamesTheFieldThatIsWrong) {
  Manifest manifest;
  manifest.model.dimension = 3;
  manifest.segments.push_back({"segment-00000", 1, 1, 0, 0, {}, {}, "", 0, false, {}});
  const std::string good = to_json(manifest);
  ASSERT_TRUE(parse_manifest(good, "m").ok());
  const auto error_of = [&](std::string_view from, std::string_view to) {
    std::string bad = good;
    const auto at = bad.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    bad.replace(at, from.size(), to);
    const auto read = parse_manifest(bad, "m");
    return read.ok() ? std::string("read") : read.error().message;
  };
  EXPECT_NE(error_of("\"question\"", "\"answer\"").find("`keep_parts`"), std::string::npos);
  EXPECT_NE(error_of("\"segment-00000\"", "\"../etc\"").find("`segments[0].folder`"),
            std::string::npos);
  EXPECT_NE(error_of("\"dimension\": 3", "\"dimension\": 0").find("`model.dimension`"),
            std::string::npos);
  EXPECT_NE(error_of("\"version\": 1", "\"version\": 2").find("version 1"), std::string::npos);
  EXPECT_NE(error_of("crosstail-index", "other").find("`format`"), std::string::npos);
}

TEST(Manifest, WhatDiffersBetweenModelsIsSaid) {
  ModelRecord a, b;
  a.identity = "abc";
  b.identity = "abd";
  EXPECT_NE(check_same_model(a, b).error().message.find("\"abc\""), std::string::npos);
  b = a;
  b.precision = "int8";  // a note, not another model
  EXPECT_TRUE(check_same_model(a, b).ok());
  b.passage_prompt = "x";
  EXPECT_FALSE(check_same_model(a, b).ok());
}

TEST(IndexReader, AFolderWithoutManifestIsNoIndex) {
  const TemporaryFolder folder;
  const auto opened = IndexReader::open(folder.path());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::NotFound);
  EXPECT_NE(opened.error().message.find("crosstail index"), std::string::npos);
}

}  // namespace
}  // namespace crosstail::index
