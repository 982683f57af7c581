#include "pipeline/recipe.h"

#include <gtest/gtest.h>

#include "pipeline/plan.h"

namespace crosstail::pipeline {
namespace {

constexpr const char* kHead = "name = \"x\"\ndescription = \"y\"\n";

Recipe recipe(const std::string& text) {
  auto parsed = parse_recipe(kHead + text, "x.toml");
  EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().message);
  return parsed.ok() ? std::move(*parsed) : Recipe{};
}

std::string parse_error(const std::string& text) {
  const auto parsed = parse_recipe(kHead + text, "x.toml");
  return parsed.ok() ? "no error" : parsed.error().message;
}

std::string plan_error(const std::string& text,
                       const std::map<std::string, std::string>& settings = {}) {
  const auto plan = make_plan(recipe(text), settings, "out");
  return plan.ok() ? "no error" : plan.error().message;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

TEST(Recipe, StagesStayInTheOrderOfTheFile) {
  const auto r = recipe("[stages.b]\nverb = \"extract\"\n[stages.a]\nverb = \"curate\"\n");
  ASSERT_EQ(r.stages.size(), 2u);
  EXPECT_EQ(r.stages[0].name, "b");
  EXPECT_EQ(r.stages[1].name, "a");
}

TEST(Recipe, ErrorsNameFileLineAndKey) {
  EXPECT_EQ(parse_error("[stages.a]\nverb = \"extract\"\ninput = 3\n"),
            "x.toml:5: stages.a: unknown key 'input'; there are verb, arguments, inputs, options, "
            "outputs, updates");
  EXPECT_EQ(parse_error("[stages.a]\narguments = [\"x\"]\n"),
            "x.toml:3: stages.a: verb is missing");
  EXPECT_EQ(parse_error(""), "x.toml: there are no [stages.NAME]");
  EXPECT_EQ(parse_error("[stages.a]\nverb = \"extract\"\noptions = { k = { } }\n"),
            "x.toml:5: stages.a: options.k: expected a string or a number");
  EXPECT_TRUE(parse_error("[stages.a\n").starts_with("x.toml:3:")) << parse_error("[stages.a\n");
}

TEST(Recipe, CommandLinesHaveParametersOutputsAndFlags) {
  const auto plan =
      make_plan(recipe("[parameters]\nsite = { help = \"pages\" }\nalpha = 0.9\n"
                       "[stages.get]\nverb = \"extract\"\narguments = [\"${site}\"]\n"
                       "outputs = { output = \"faq.jsonl\" }\n"
                       "[stages.use]\nverb = \"model convert\"\n"
                       "arguments = [\"${get.output}\"]\n"
                       "inputs = { questions = [\"a\", \"${get.output}/b\"] }\n"
                       "options = { strict = true, quiet = false, alpha = \"${alpha}\", k = 5 }\n"
                       "outputs = { output = \"d/\", stdout = \"use.txt\" }\n"),
                {{"site", "pages $1"}}, "out");
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(joined(plan->stages[0].command), "extract pages $1 --output out/faq.jsonl");
  EXPECT_EQ(
      joined(plan->stages[1].command),
      "model convert out/faq.jsonl --questions a --questions out/faq.jsonl/b --alpha 0.9 --k 5 "
      "--strict --output out/d");
  EXPECT_EQ(plan->stages[1].outputs[1].path, "out/use.txt");
  EXPECT_EQ(plan->stages[1].inputs[0].producer, 0);
  EXPECT_EQ(plan->stages[1].inputs[1].producer, -1);
}

TEST(Recipe, SettingsDoNotDependOnWhereFilesAre) {
  const std::string text =
      "[parameters]\nsite = { help = \"pages\" }\n[stages.get]\nverb = \"extract\"\n"
      "arguments = [\"${site}\"]\noutputs = { output = \"faq.jsonl\" }\n";
  const auto one = make_plan(recipe(text), {{"site", "a"}}, "here");
  const auto two = make_plan(recipe(text), {{"site", "b"}}, "there");
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->stages[0].settings, two->stages[0].settings);
}

TEST(Recipe, ANameBeforeAPathBelongsToTheSettings) {
  const auto plan =
      make_plan(recipe("[stages.get]\nverb = \"extract\"\noutputs = { output = \"de.jsonl\" }\n"
                       "[stages.use]\nverb = \"align\"\narguments = [\"de=${get.output}\"]\n"),
                {}, "out");
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(joined(plan->stages[1].command), "align de=out/de.jsonl");
  EXPECT_EQ(plan->stages[1].inputs[0].path, "out/de.jsonl");
  EXPECT_EQ(plan->stages[1].settings, "align\nde=<input>\n");
}

TEST(Recipe, StagesRunAfterWhatTheyReadWhateverTheOrderInTheFile) {
  const auto plan =
      make_plan(recipe("[stages.last]\nverb = \"curate\"\narguments = [\"${first.output}\"]\n"
                       "[stages.first]\nverb = \"extract\"\noutputs = { output = \"f\" }\n"),
                {}, "out");
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->stages[0].name, "first");
}

TEST(Recipe, WhatIsChangedInPlaceIsReadAfterTheChange) {
  const auto plan =
      make_plan(recipe("[stages.index]\nverb = \"extract\"\noutputs = { output = \"i/\" }\n"
                       "[stages.search]\nverb = \"curate\"\narguments = [\"${index.output}\"]\n"
                       "[stages.tune]\nverb = \"align\"\narguments = [\"${index.output}\"]\n"
                       "updates = [\"index.output\"]\n"),
                {}, "out");
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->stages[1].name, "tune");
  EXPECT_EQ(plan->stages[2].name, "search");
}

TEST(Recipe, PlansThatCannotBeAreRefused) {
  EXPECT_EQ(
      plan_error(
          "[parameters]\nsite = { help = \"folder with pages\" }\n[stages.a]\nverb = \"x\"\n"),
      "x.toml: --set site=… is needed: folder with pages");
  EXPECT_EQ(plan_error("[stages.a]\nverb = \"x\"\n", {{"sight", "1"}}),
            "x.toml: there is no parameter 'sight'; there are: none");
  EXPECT_EQ(plan_error("[stages.a]\nverb = \"x\"\narguments = [\"${b.output}\"]\n"),
            "x.toml:3: stages.a: ${b.output} is not known; there are: none");
  EXPECT_EQ(plan_error("[stages.a]\nverb = \"x\"\noutputs = { output = \"../f\" }\n"),
            "x.toml:3: stages.a: outputs.output leaves the results' folder: ../f");
  EXPECT_EQ(
      plan_error("[stages.a]\nverb = \"x\"\noutputs = { output = \"f\", report = \"./f\" }\n"),
      "x.toml:3: stages.a: out/f is written by another output, too");
  EXPECT_EQ(
      plan_error("[stages.a]\nverb = \"x\"\narguments = [\"${b.o}\"]\noutputs = { o = \"a\" }\n"
                 "[stages.b]\nverb = \"x\"\narguments = [\"${a.o}\"]\noutputs = { o = \"b\" }\n"),
      "x.toml: these stages wait for each other: a b");
  EXPECT_EQ(plan_error("[stages.a]\nverb = \"x\"\narguments = [\"5 $\"]\n"),
            "x.toml:3: stages.a: '5 $': after $ stands {NAME}, or $ for a dollar");
}

}  // namespace
}  // namespace crosstail::pipeline
