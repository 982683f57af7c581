#include "model/model_card.h"

#include <gtest/gtest.h>

#include "model/converted.h"
#include "model/encoder.h"
#include "model/export.h"
#include "model/model_info.h"
#include "tiny_model.h"

namespace crosstail::model {
namespace {

using Tags = std::vector<std::string>;

TEST(ModelCard, ALicenceIsReadAndWritten) {
  const testing::TemporaryFolder folder;
  EXPECT_EQ(read_card_license(folder.path()), "");
  const std::vector<std::string> languages = {"de"};
  testing::TinyModel::write_file(folder / "README.md",
                                 card_head(languages, "mit") + "license: not-here\n");
  EXPECT_EQ(read_card_license(folder.path()), "mit");
  EXPECT_EQ(read_card_languages(folder.path()), languages);
  testing::TinyModel::write_file(folder / "README.md", card_head(languages) + "license: no\n");
  EXPECT_EQ(read_card_license(folder.path()), "");
}

TEST(ModelCard, LanguagesStandInItsFrontMatter) {
  EXPECT_EQ(
      card_languages("---\nlicense: mit\nlanguage:\n- ar\n  - \"de\"\ntags:\n- fr\n---\n- es\n"),
      (Tags{"ar", "de"}));
  EXPECT_EQ(card_languages("---\r\nlanguage: [ar, 'pt-BR']\r\n---\r\n"), (Tags{"ar", "pt-BR"}));
  EXPECT_EQ(card_languages("---\nlanguage: en\n---\n"), (Tags{"en"}));
  EXPECT_EQ(card_languages("---\nlanguage:\n- multilingual\n- af\n---\n"), Tags());
  EXPECT_EQ(card_languages("---\nlanguage:\n- no tag at all\n- sv\n"), (Tags{"sv"}));
  EXPECT_EQ(card_languages("# A card\nlanguage: en\n"), Tags());
  EXPECT_EQ(card_languages(""), Tags());
  EXPECT_EQ(card_languages("---"), Tags());
}

TEST(ModelCard, OfOursIsReadBack) {
  const Tags languages = {"ar", "zh-CN"};
  EXPECT_EQ(card_languages(card_head(languages) + "\n# name\n"), languages);
}

TEST(ModelCard, ThousandsOfLanguagesAreNotRead) {
  std::string card = "---\nlanguage:\n";
  for (int i = 0; i < 5000; ++i) card += "- de\n";
  EXPECT_EQ(card_languages(card).size(), 1000u);
}

TEST(Languages, OfAListAreSortedAndTags) {
  const auto tags = parse_languages("de,ar, pt-BR,de");
  ASSERT_TRUE(tags.ok());
  EXPECT_EQ(*tags, (Tags{"ar", "de", "pt-BR"}));
  EXPECT_EQ(*parse_languages(""), Tags());
  for (const char* wrong : {"de,nonsense tag", "de,,ar"}) EXPECT_FALSE(parse_languages(wrong).ok());
}

TEST(Languages, VariantsOfOneAreSupportedTogether) {
  const Tags supported = {"pt", "de", "zh"}, asked = {"pt-BR", "deu", "th", "und", "", "th", "sw"};
  EXPECT_EQ(unsupported_languages(supported, asked), (Tags{"sw", "th"}));
  EXPECT_EQ(unsupported_languages({}, asked), Tags());
}

TEST(Languages, OfAModelGoThroughConversionAndBack) {
  const testing::TinyModel tiny;
  const testing::TemporaryFolder folder;
  tiny.write(folder / "source");
  const auto languages = [&](const std::string& name) {
    const auto info = model_info(folder / name, {.precision = {}, .threads = 1});
    EXPECT_TRUE(info.ok()) << info.error().message;
    return info->languages;
  };
  EXPECT_EQ(languages("source"), Tags());
  testing::TinyModel::write_file(folder / "source/README.md", "---\nlanguage:\n- ar\n- de\n---\n");
  EXPECT_EQ(languages("source"), (Tags{"ar", "de"}));
  ASSERT_TRUE(convert_model(folder / "source", nn::Precision::F32, folder / "m").ok());
  EXPECT_EQ(languages("m"), (Tags{"ar", "de"}));
  ASSERT_TRUE(
      convert_model(folder / "source", nn::Precision::F32, folder / "n", {.languages = {"th"}})
          .ok());
  EXPECT_EQ(languages("n"), (Tags{"th"}));
  ASSERT_TRUE(export_huggingface(folder / "n", folder / "back").ok());
  EXPECT_EQ(languages("back"), (Tags{"th"}));
}

}  // namespace
}  // namespace crosstail::model
