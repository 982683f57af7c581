#include "curate/align.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/json_writer.h"
#include "support/shared.h"

namespace crosstail::curate {
namespace {

namespace fs = std::filesystem;

class Align : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              ("crosstail-align-" +
               std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    options_.inputs = {(folder_ / "faq.jsonl").string()};
    options_.output = (folder_ / "questions.jsonl").string();
  }
  void TearDown() override { fs::remove_all(folder_); }

  void add(std::string_view url, std::string_view language, int position, std::string_view question,
           const std::vector<std::string>& alternates = {}, std::string_view key = {}) {
    JsonWriter json(input_);
    json.begin_object()
        .member("id", std::string(url) + "#" + std::to_string(position))
        .member("url", url)
        .member("page_language", language)
        .member("position", position)
        .member("question", question)
        .member("answer", "An answer.")
        .member("k", key);
    json.key("alternates").begin_array();
    for (const auto& alternate : alternates)
      json.begin_object().member("hreflang", "x").member("url", alternate).end_object();
    json.end_array().end_object();
    input_ += '\n';
  }
  AlignSummary run() {
    std::ofstream(options_.inputs[0]) << input_;
    auto summary = align_by_structure(options_);
    EXPECT_TRUE(summary.ok()) << (summary.ok() ? "" : summary.error().message);
    return summary.ok() ? *std::move(summary) : AlignSummary();
  }
  /// passage_id, lang, text of each row, and the groups.
  std::set<std::string> rows(std::set<std::string>* groups = nullptr) const {
    std::set<std::string> out;
    std::ifstream in(options_.output);
    simdjson::dom::parser parser;
    for (std::string line; std::getline(in, line);) {
      const simdjson::dom::element row = parser.parse(line);
      out.insert(std::string(row["passage_id"]) + " " + std::string(row["lang"]) + " " +
                 std::string(row["text"]));
      if (groups != nullptr) groups->insert(std::string(row["group"]));
      EXPECT_EQ(std::string_view(row["source"]), "aligned");
    }
    return out;
  }

  fs::path folder_;
  StructureOptions options_;
  std::string input_;
};

using Rows = std::set<std::string>;

TEST_F(Align, PagesThatNameEachOtherAreJoined) {
  add("https://a.example/questions", "en", 0, "Who?", {"https://a.example/fragen"});
  add("https://a.example/fragen", "de", 0, "Wer?", {"http://www.a.example/questions/"});
  const auto summary = run();
  EXPECT_EQ(
      rows(),
      (Rows{"https://a.example/fragen#0 de Wer?", "https://a.example/fragen#0 en Who?",
            "https://a.example/questions#0 de Wer?", "https://a.example/questions#0 en Who?"}));
  EXPECT_EQ(summary.counters["groups"], 1U);
}

TEST_F(Align, OneDirectionOfHreflangIsNotEnough) {
  add("https://a.example/questions", "en", 0, "Who?", {"https://a.example/fragen"});
  add("https://a.example/fragen", "de", 0, "Wer?");
  const auto summary = run();
  EXPECT_TRUE(rows().empty());
  EXPECT_EQ(summary.counters["pages.skipped.no-translation"], 2U);
}

TEST_F(Align, WithoutHreflangThePathDecides) {
  add("https://a.example/faq", "en", 0, "Who?");
  add("https://a.example/de/faq", "de", 0, "Wer?");
  add("https://a.example/de/other", "de", 0, "Was?");
  add("https://b.example/de/faq", "de", 0, "Wo?");
  const auto summary = run();
  EXPECT_EQ(rows().size(), 4U);
  EXPECT_EQ(summary.counters["pages.joined"], 2U);
  EXPECT_EQ(summary.counters["pages.skipped.no-translation"], 2U);
}

TEST_F(Align, QuestionsAreJoinedByPosition) {
  for (const char* language : {"en", "de"})
    for (int i : {1, 0, 2})
      add("https://a.example/" + std::string(language) + "/faq", language, i,
          std::string(language) + std::to_string(i));
  options_.attach = "en";
  run();
  Rows groups;
  const auto all = rows(&groups);
  EXPECT_EQ(all.size(), 6U);
  EXPECT_TRUE(all.contains("https://a.example/en/faq#2 de de2"));
  EXPECT_FALSE(all.contains("https://a.example/en/faq#2 de de1"));
  EXPECT_EQ(groups, (Rows{"a.example/faq#0", "a.example/faq#1", "a.example/faq#2"}));
}

TEST_F(Align, PagesWhoseCountsDifferAreSkippedAndReported) {
  for (const char* language : {"en", "de", "fr"})
    for (int i = 0; i < (language == std::string("fr") ? 2 : 3); ++i)
      add("https://a.example/" + std::string(language) + "/faq", language, i,
          std::string(language) + std::to_string(i));
  const auto summary = run();
  EXPECT_EQ(summary.counters["pages.skipped.other-count"], 1U);
  ASSERT_EQ(summary.skipped.size(), 1U);
  EXPECT_EQ(summary.skipped[0].url, "https://a.example/fr/faq");
  for (const auto& row : rows()) EXPECT_EQ(row.find(" fr "), std::string::npos);
}

TEST_F(Align, UntranslatedQuestionsAreLeftOut) {
  add("https://a.example/en/faq", "en", 0, "Who?");
  add("https://a.example/de/faq", "de", 0, "Wer?");
  add("https://a.example/fr/faq", "fr", 0, "Who?");
  EXPECT_EQ(run().counters["questions.untranslated"], 1U);
  EXPECT_EQ(rows().size(), 6U);  // three answers, two questions
}

TEST_F(Align, MalformedRowsAreCountedOrStopAStrictRun) {
  add("https://a.example/en/faq", "en", 0, "Who?");
  input_ += "nonsense\n";
  EXPECT_EQ(run().counters["rows.malformed"], 1U);
  options_.strict = true;
  const auto summary = align_by_structure(options_);
  ASSERT_FALSE(summary.ok());
  EXPECT_NE(summary.error().message.find("faq.jsonl:2: expected"), std::string::npos);
}

TEST_F(Align, TheFaqOfBitcoinOrgIsJoinedFromItsParts) {
  CROSSTAIL_NEEDS_SHARED();
  std::map<std::string, std::set<std::string>> languages_of_key;
  for (const auto& file :
       fs::directory_iterator(*testing::shared_dir() / "data/faq-aligned/bitcoin.org")) {
    const std::string language = file.path().stem().string();
    std::ifstream in(file.path());
    bool inside = false;
    int position = 0;
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("  faq:"))
        inside = true;
      else if (line.starts_with("  ") && line[2] != ' ')
        inside = false;
      const auto colon = line.find(": \"");
      if (!inside || colon == std::string::npos || line[4] == ' ') continue;
      const std::string key = line.substr(4, colon - 4);
      if (key.find("txt") != std::string::npos || key.find("li") != std::string::npos) continue;
      const std::string text = line.substr(colon + 3, line.rfind('"') - colon - 3);
      add("https://bitcoin.org/" + language + "/faq", language, position++, text, {}, key);
      languages_of_key[key].insert(language);
    }
  }
  ASSERT_GE(languages_of_key.size(), 46U);
  options_.key = "k";
  run();
  Rows groups;
  rows(&groups);
  std::size_t expected = 0;
  for (const auto& [key, languages] : languages_of_key) expected += languages.size() > 1;
  EXPECT_EQ(groups.size(), expected);
  EXPECT_TRUE(groups.contains("whatisbitcoin"));
}

TEST_F(Align, QuestionsInOtherLanguagesMakeATestSet) {
  add("https://a.example/en/q", "en", 0, "Who?");
  add("https://a.example/de/q", "de", 0, "Wer?");
  add("https://a.example/fr/q", "fr", 0, "Qui ?");
  options_.attach = "en";
  options_.queries = (folder_ / "queries.jsonl").string();
  options_.qrels = (folder_ / "qrels.tsv").string();
  const auto summary = run();
  const auto whole = [&](const char* name) {
    std::ifstream in(folder_ / name);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_EQ(summary.counters["queries"], 2U);
  EXPECT_EQ(whole("qrels.tsv"),
            "query-id\tcorpus-id\tscore\n"
            "de:https://a.example/en/q#0\thttps://a.example/en/q#0\t1\n"
            "fr:https://a.example/en/q#0\thttps://a.example/en/q#0\t1\n");
  EXPECT_NE(whole("queries.jsonl").find("\"text\":\"Wer?\",\"lang\":\"de\",\"group\":"),
            std::string::npos);
  options_.attach.clear();
  EXPECT_EQ(align_by_structure(options_).error().code, ErrorCode::InvalidArgument);
}

class AlignPath : public Align {
 protected:
  void passage(const std::string& file, std::string_view doc, std::string_view anchor,
               std::string_view title, std::string_view text) {
    std::string line;
    JsonWriter(line)
        .begin_object()
        .member("_id", std::string(doc) + "#" + std::string(anchor))
        .member("doc", doc)
        .member("url", doc)
        .member("title", title)
        .member("text", text)
        .end_object();
    std::ofstream(folder_ / file, std::ios::app) << line << "\n";
  }
  std::string read(const std::string& name) const {
    std::ifstream in(folder_ / "set" / name);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
  }
};

TEST_F(AlignPath, TitlesOfAllLanguagesAreAttachedToTheEnglishPage) {
  const std::string body =
      "A body with at least sixty characters, so that it is a passage of the set.";
  passage("en.jsonl", "guide/a.html", "x", "Page A", "Page A\n" + body);
  passage("en.jsonl", "guide/a.html", "y", "Page A", "Second section.");
  passage("en.jsonl", "ref/b.html", "x", "Page B", body);
  passage("en.jsonl", "guide/c.html", "x", "Same", body);
  passage("en.jsonl", "guide/d.html", "x", "Same", body);
  passage("en.jsonl", "guide/short.html", "x", "Short", "Too short.");
  for (const char* page : {"guide/a.html", "ref/b.html", "guide/c.html", "guide/short.html"})
    passage("de.jsonl", page, "x", std::string("Seite ") + page, "x");
  passage("de.jsonl", "guide/d.html", "x", "Same", "x");
  PathOptions options;
  options.english = (folder_ / "en.jsonl").string();
  options.others = {{"de", (folder_ / "de.jsonl").string()}};
  options.output = (folder_ / "set").string();
  options.queries_in = "guide/";
  const auto summary = align_by_path(options);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(read("corpus.jsonl").substr(0, 150),
            ("{\"_id\":\"guide/a.html\",\"title\":\"Page A\",\"text\":\"" + body +
             " Second section.\",\"lang\":\"en\",\"doc\"")
                .substr(0, 150));
  EXPECT_EQ(read("queries.jsonl"),
            "{\"_id\":\"de:guide/a.html\",\"text\":\"Seite "
            "guide/a.html\",\"lang\":\"de\",\"group\":\"guide/a.html\"}\n");
  EXPECT_EQ(read("qrels/test.tsv"),
            "query-id\tcorpus-id\tscore\nde:guide/a.html\tguide/a.html\t1\n");
  EXPECT_EQ(summary->counters["passages"], 4U);
  EXPECT_EQ(summary->counters["annotations"], 7U);  // four English titles, three German
  EXPECT_EQ(summary->counters["titles.untranslated"], 1U);
}

// Worked out by hand: ids count the entries that lead to one page, sorted by their bytes.
TEST_F(AlignPath, EntriesOfTheHelpsIndexAreTheQueries) {
  const std::string body(80, 'x');
  const auto passages = [&](const char* name, const char* title) {
    std::ofstream out(folder_ / name);
    for (const std::string doc : {"guide/a.html", "guide/b.html", "menu/c.html"})
      out << R"({"_id":")" << doc << R"(#1","doc":")" << doc << R"(","title":")" << title << doc
          << R"(","text":")" << body << "\"}\n";
  };
  passages("en.jsonl", "Page ");
  passages("de.jsonl", "Seite ");
  const auto index = [&](const char* name,
                         const std::vector<std::pair<std::string, std::string>>& entries) {
    std::ofstream out(folder_ / name);
    out << "var bookmarks = [\n";
    for (const auto& [page, text] : entries)
      out << "{url:\"xx/" << page << "?DbPAR=A#bm\", app:\"A\", text:\"" << text << "\"},\n";
    out << "];\n";
  };
  index("en.js", {{"guide/a.html", "AutoText"}, {"guide/b.html", "printing"}});
  index("de.js", {{"guide/b.html", "Drucken --  beidseitig"},
                  {"guide/a.html", "AutoText"},  // no translation
                  {"guide/a.html", "Absatz"},    // leads to two pages
                  {"guide/b.html", "Absatz"},
                  {"menu/c.html", "Menü"},       // not in guide/
                  {"guide/z.html", "Nirgends"},  // no passage
                  {"guide/a.html", "Zeile"}});
  PathOptions options;
  options.english = (folder_ / "en.jsonl").string();
  options.others = {{"de", (folder_ / "de.jsonl").string()}};
  options.output = (folder_ / "set").string();
  options.queries_in = "guide/";
  options.entries = {{"en", (folder_ / "en.js").string()}, {"de", (folder_ / "de.js").string()}};
  const auto summary = align_by_path(options);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(read("queries.jsonl"),
            "{\"_id\":\"de:1\",\"text\":\"Drucken, beidseitig\",\"lang\":\"de\",\"group\":"
            "\"index:de:1\"}\n"
            "{\"_id\":\"de:4\",\"text\":\"Zeile\",\"lang\":\"de\",\"group\":\"index:de:4\"}\n");
  EXPECT_EQ(read("qrels/test.tsv"),
            "query-id\tcorpus-id\tscore\nde:1\tguide/b.html\t1\nde:4\tguide/a.html\t1\n");
  EXPECT_EQ(summary->counters["annotations"], 6U);  // titles are attached as before
  EXPECT_EQ(summary->counters["entries.of-several-pages"], 1U);
  EXPECT_EQ(summary->counters["entries.untranslated"], 1U);
  EXPECT_EQ(summary->counters["entries.elsewhere"], 2U);

  options.entries.erase(options.entries.begin());
  const auto without_english = align_by_path(options);
  ASSERT_FALSE(without_english.ok());
  EXPECT_NE(without_english.error().message.find("as en=FILE"), std::string::npos);
}

TEST_F(AlignPath, AShareOfThePagesIsKeptForTuning) {
  const auto passages = [&](const char* name, const char* title) {
    std::ofstream out(folder_ / name);
    for (int i = 0; i < 400; ++i)
      out << R"({"_id":"p)" << i << R"(","doc":"guide/)" << i << R"(.html","title":")" << title << i
          << R"(","text":")" << std::string(80, 'x') << "\"}\n";
  };
  passages("en.jsonl", "Page ");
  passages("de.jsonl", "Seite ");
  PathOptions options;
  options.english = (folder_ / "en.jsonl").string();
  options.others = {{"de", (folder_ / "de.jsonl").string()}};
  options.output = (folder_ / "set").string();
  options.dev_share = 0.5;
  ASSERT_TRUE(align_by_path(options).ok());
  const auto ids = [&](const char* name) {
    std::istringstream in(read(name));
    std::set<std::string> out;
    std::string line;
    for (std::getline(in, line); std::getline(in, line);) out.insert(line);
    return out;
  };
  const auto test = ids("qrels/test.tsv"), dev = ids("qrels/dev.tsv");
  EXPECT_EQ(test.size() + dev.size(), 400U);
  EXPECT_GT(dev.size(), 150U);  // 200, give or take five standard deviations of 10
  EXPECT_LT(dev.size(), 250U);
  for (const auto& row : dev) EXPECT_FALSE(test.contains(row)) << row;
  EXPECT_NE(read("dev-queries.jsonl"), "");
}

TEST_F(AlignPath, WhatIsNoPassageFileIsNamed) {
  std::ofstream(folder_ / "en.jsonl") << "{\"question\":\"x\"}\n";
  PathOptions options;
  options.english = (folder_ / "en.jsonl").string();
  options.others = {{"de", options.english}};
  options.output = (folder_ / "set").string();
  const auto summary = align_by_path(options);
  ASSERT_FALSE(summary.ok());
  EXPECT_NE(summary.error().message.find("en.jsonl:1: expected a text '_id'"), std::string::npos)
      << summary.error().message;
}

}  // namespace
}  // namespace crosstail::curate
