#include "markup/jsonld_scripts.h"

#include <gtest/gtest.h>

namespace crosstail::markup {
namespace {

FaqPlaces places_in(std::string_view page) {
  FaqPlaces places;
  places.find(page);
  return places;
}

TEST(FaqPlaces, TellTheLastScriptTypeAtEveryPlace) {
  for (std::size_t before = 0; before < 70; ++before)
    for (std::size_t after = 0; after < 40; ++after) {
      const std::string page = std::string(before, 'x') + "LD+Json" + std::string(after, 'l');
      EXPECT_EQ(places_in(page).jsonld_end, before + 1) << before << " " << after;
    }
  EXPECT_EQ(places_in("ld+json, then ld&#43;json").jsonld_end, 15u);
  EXPECT_EQ(places_in("world & l d + children &amp;").jsonld_end, 0u);
  EXPECT_EQ(places_in("").jsonld_end, 0u);
}

TEST(FaqPlaces, TellTheTermsOfAnswersAtEveryPlaceAndInAnyCase) {
  for (const std::string word : {"acceptedAnswer", "SUGGESTEDANSWER", "parentItem"})
    for (std::size_t before = 0; before < 70; ++before)
      for (std::size_t after = 0; after < 40; ++after)
        EXPECT_EQ(places_in(std::string(before, 'c') + word + std::string(after, 'n')).answer_terms,
                  std::vector<std::size_t>{before})
            << word;
  EXPECT_TRUE(
      places_in("accepted answers, suggested answers and a parent's items").answer_terms.empty());
  EXPECT_TRUE(places_in("acceptedAnswe").answer_terms.empty());
}

struct Found {
  std::vector<JsonLdScript> scripts;
  PageMetadata metadata;
};

Found read(std::string_view page) {
  Found found;
  ScriptFinder({}).read(page, places_in(page).jsonld_end, found.scripts, found.metadata);
  return found;
}

TEST(ScriptFinder, ReadsScriptsAnywhereAndTheHead) {
  const Found found = read(
      "<html lang=de><head><title>T</title></head><body><p><script "
      "type=application/ld+json>1</script>"
      "<svg><a href=x></a></svg><script "
      "type='application/ld&#43;json'>2</script><script>3</script>");
  ASSERT_EQ(found.scripts.size(), 2u);
  EXPECT_EQ(found.scripts[0].text, "1");
  EXPECT_EQ(found.scripts[1].text, "2");
  EXPECT_EQ(found.metadata.title, "T");
  EXPECT_EQ(found.metadata.html_lang, "de");
}

TEST(ScriptFinder, PassesOverWhatIsNotRendered) {
  const std::string script = "<script type=application/ld+json>no</script>";
  for (const std::string page :
       {"<template>" + script + "</template>", "<!-- " + script + " -->",
        "<textarea>" + script + "</textarea>", "<noscript>" + script + "</noscript>",
        "<script>'" + script.substr(0, 30) + "'</script>", "<title>" + script})
    EXPECT_TRUE(read(page).scripts.empty()) << page;
}

TEST(ScriptFinder, ReadsTheHeadBehindTheLastScript) {
  const Found found = read("<script type=application/ld+json>1</script><title>after</title><body>");
  EXPECT_EQ(found.scripts.size(), 1u);
  EXPECT_EQ(found.metadata.title, "after");
}

}  // namespace
}  // namespace crosstail::markup
