#include "curate/curate.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "base/json_writer.h"
#include "curate/page_url.h"
#include "data/faq_reader.h"
#include "support/shared.h"

namespace crosstail::curate {
namespace {

namespace fs = std::filesystem;

/// A folder of its own for each test.
class Curate : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              ("crosstail-curate-" +
               std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    options_.inputs = {(folder_ / "in.jsonl").string()};
    options_.output = (folder_ / "out").string();
    options_.identify = false;
    options_.threads = 2;
  }
  void TearDown() override { fs::remove_all(folder_); }

  void add(std::string_view url, std::string_view question, std::string_view answer,
           std::string_view language = "en", std::string_view alternate = {}) {
    JsonWriter json(input_);
    json.begin_object().member("url", url).member("language", language);
    json.member("question", question).member("answer", answer);
    if (!alternate.empty())
      json.key("alternates")
          .begin_array()
          .begin_object()
          .member("hreflang", "de")
          .member("url", alternate)
          .end_object()
          .end_array();
    json.end_object();
    input_ += '\n';
  }
  DataCard run() {
    std::ofstream(options_.inputs[0], std::ios::binary) << input_;
    auto card = curate(options_);
    EXPECT_TRUE(card.ok()) << (card.ok() ? "" : card.error().message);
    return card.ok() ? *std::move(card) : DataCard();
  }
  std::string file(const std::string& name) const {
    std::ifstream in(folder_ / "out" / name, std::ios::binary);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
  }
  /// Split by URL.
  std::map<std::string, std::string> splits() const {
    std::map<std::string, std::string> out;
    for (const auto& entry : fs::directory_iterator(folder_ / "out")) {
      if (entry.path().extension() != ".jsonl") continue;
      std::ifstream in(entry.path());
      data::FaqParser parser;
      data::FaqRow row;
      for (std::string line; std::getline(in, line);) {
        EXPECT_TRUE(parser.parse(line, row).ok()) << line;
        const auto at = line.rfind("\"split\":\"");
        out[row.record.url] = line.substr(at + 9, line.size() - at - 11);
      }
    }
    return out;
  }
  /// `count` sites with two pages each.
  void add_sites(int from, int to) {
    for (int i = from; i < to; ++i)
      for (int page = 0; page < 2; ++page)
        add("https://www.site" + std::to_string(i) + ".example/p" + std::to_string(page),
            "What is thing number " + std::to_string(i) + " of page " + std::to_string(page) + "?",
            "It is a thing that is unlike all the others, number " + std::to_string(i * 2 + page) +
                ".");
  }

  fs::path folder_;
  CurateOptions options_;
  std::string input_;
};

constexpr const char* kAnswer = "This is an answer with more than thirty characters in it.";

TEST_F(Curate, EveryRowIsKeptOrDroppedWithAReason) {
  add("https://a.example/", "What is a good question?", kAnswer);
  add("https://a.example/", "", kAnswer);
  add("https://a.example/", "What is a good question?", "");
  input_ += "not json\n{\"question\":\"no answer\"}\n";
  add("https://a.example/", "What is a good question?", kAnswer);
  add("https://b.example/", "what is a GOOD question", kAnswer);
  options_.dropped = (folder_ / "dropped.jsonl").string();
  const auto card = run();
  EXPECT_EQ(card.rows, 7U);
  EXPECT_EQ(card.kept, 1U);
  EXPECT_EQ(card.dropped["empty-question"], 1U);
  EXPECT_EQ(card.dropped["empty-answer"], 1U);
  EXPECT_EQ(card.dropped["malformed"], 2U);
  EXPECT_EQ(card.dropped["duplicate-same-site"], 1U);
  EXPECT_EQ(card.dropped["duplicate-other-site"], 1U);
  std::ifstream dropped(options_.dropped);
  std::size_t lines = 0;
  for (std::string line; std::getline(dropped, line); ++lines)
    EXPECT_NE(line.find("\"line\":"), std::string::npos);
  EXPECT_EQ(lines, 6U);
}

TEST_F(Curate, MalformedRowsAreNamedAndStopAStrictRun) {
  add("https://a.example/", "What is a good question?", kAnswer);
  input_ += "{\"question\":1,\n";
  options_.strict = true;
  std::ofstream(options_.inputs[0]) << input_;
  const auto card = curate(options_);
  ASSERT_FALSE(card.ok());
  EXPECT_EQ(card.error().code, ErrorCode::Corrupt);
  EXPECT_NE(card.error().message.find("in.jsonl:2: expected"), std::string::npos)
      << card.error().message;
  EXPECT_FALSE(fs::exists(options_.output)) << "nothing is put in place";
}

TEST_F(Curate, AnEmptyInputGivesAnEmptyDataSet) {
  const auto card = run();
  EXPECT_EQ(card.rows, 0U);
  EXPECT_TRUE(fs::exists(folder_ / "out/card.md"));
  EXPECT_TRUE(fs::exists(folder_ / "out/card.json"));
}

TEST_F(Curate, AFolderThatIsNotOursIsNotReplaced) {
  fs::create_directories(folder_ / "out");
  std::ofstream(folder_ / "out/thesis.tex") << "x";
  std::ofstream(options_.inputs[0]) << input_;
  const auto card = curate(options_);
  ASSERT_FALSE(card.ok());
  EXPECT_EQ(card.error().code, ErrorCode::InvalidArgument);
  EXPECT_TRUE(fs::exists(folder_ / "out/thesis.tex"));
}

TEST_F(Curate, TheOutputDoesNotDependOnThreads) {
  std::mt19937 random(1);
  for (int i = 0; i < 5000; ++i)
    add("https://s" + std::to_string(random() % 300) + ".example/" + std::to_string(random() % 5),
        "What is question " + std::to_string(random() % 3000) + "?", kAnswer,
        i % 3 == 0 ? "de" : "en");
  options_.threads = 1;
  run();
  const std::string english = file("eng.jsonl"), card = file("card.json");
  options_.threads = 3;
  run();
  EXPECT_FALSE(english.empty());
  EXPECT_EQ(file("eng.jsonl"), english);
  EXPECT_EQ(file("card.json"), card);
}

TEST_F(Curate, NoDuplicateIsLeft) {
  std::mt19937 random(2);
  std::set<std::string> distinct;
  for (int i = 0; i < 20000; ++i) {
    const std::string n = std::to_string(random() % 4000);
    distinct.insert(n);
    add("https://s" + std::to_string(random() % 50) + ".example/",
        (random() % 2 == 0 ? "What is question number " : "what is  QUESTION number ") + n + "?",
        kAnswer);
  }
  const auto card = run();
  EXPECT_EQ(card.kept, distinct.size());
  EXPECT_EQ(card.rows, 20000U);
  std::uint64_t dropped = 0;
  for (const auto& [reason, count] : card.dropped.all()) dropped += count;
  EXPECT_EQ(card.kept + dropped, card.rows);
}

TEST_F(Curate, AnIdIsTheMd5OfQuestionAndAnswer) {
  add("https://a.example/", "Q: What is it?", "A: A thing\nthat is on two lines, you see.");
  run();
  // echo -n "What is it? A thing that is on two lines, you see." | md5sum
  EXPECT_NE(file("eng.jsonl").find("\"id\":\"ae6cea675e2798c93ec829a6c2e3235d\""),
            std::string::npos)
      << file("eng.jsonl");
}

TEST_F(Curate, PairsOfOneRegistrableDomainStayTogether) {
  add_sites(0, 200);
  for (int i = 0; i < 200; ++i)
    add("https://shop.site" + std::to_string(i) + ".example/",
        "What is in shop number " + std::to_string(i) + "?", kAnswer + std::to_string(i));
  options_.dev_share = options_.test_share = 0.25;
  const auto card = run();
  std::map<std::string, std::set<std::string>> sides;
  std::map<std::string, int> counts;
  for (const auto& [url, split] : splits()) {
    sides[site_of(url)].insert(split);
    ++counts[split];
  }
  EXPECT_EQ(sides.size(), 200U);
  for (const auto& [site, split] : sides) EXPECT_EQ(split.size(), 1U) << site;
  EXPECT_EQ(counts.size(), 3U);
  EXPECT_GT(counts["test"], 50);
  EXPECT_LT(counts["test"], 250);
  EXPECT_EQ(card.components, 200U);
}

TEST_F(Curate, AlternatesAndDuplicatesJoinSites) {
  options_.test_share = 0.5;
  options_.dev_share = 0;
  for (int i = 0; i < 60; ++i) {
    const std::string n = std::to_string(i);
    add("https://a" + n + ".example/", "What is alternate number " + n + "?", kAnswer + n, "en",
        "https://b" + n + ".test/");
    add("https://b" + n + ".test/", "Was ist das zu Nummer " + n + "?", kAnswer + n, "de");
    add("https://c" + n + ".example/", "Something said twice, number " + n, kAnswer + n);
    add("https://d" + n + ".example/", "Something said twice, number " + n, kAnswer + n);
    add("https://d" + n + ".example/x", "Something else, number " + n, kAnswer + n);
  }
  run();
  auto side = splits();
  for (int i = 0; i < 60; ++i) {
    const std::string n = std::to_string(i);
    EXPECT_EQ(side["https://a" + n + ".example/"], side["https://b" + n + ".test/"]) << n;
    EXPECT_EQ(side["https://c" + n + ".example/"], side["https://d" + n + ".example/x"]) << n;
  }
}

TEST_F(Curate, SplitsStayWhenDataIsAddedAndMoveWithTheSeed) {
  options_.test_share = options_.dev_share = 0.2;
  add_sites(0, 300);
  run();
  const auto before = splits();
  add_sites(300, 900);
  run();
  const auto after = splits();
  for (const auto& [url, split] : before) EXPECT_EQ(after.at(url), split) << url;
  options_.seed = 1;
  run();
  std::size_t moved = 0;
  for (const auto& [url, split] : splits()) moved += after.at(url) != split;
  EXPECT_GT(moved, after.size() / 5);
}

TEST_F(Curate, LanguageVersionsOfAPageStayTogetherByPage) {
  options_.split_by = SplitBy::Page;
  options_.test_share = 0.5;
  options_.dev_share = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string n = std::to_string(i);
    add("https://a.example/en/p" + n, "What is on page number " + n + "?", kAnswer + n);
    add("https://a.example/de/p" + n, "Was steht auf Seite Nummer " + n + "?", kAnswer + n, "de");
  }
  const auto card = run();
  auto side = splits();
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string n = std::to_string(i);
    EXPECT_EQ(side["https://a.example/en/p" + n], side["https://a.example/de/p" + n]);
    seen.insert(side["https://a.example/de/p" + n]);
  }
  EXPECT_EQ(seen.size(), 2U);
  EXPECT_TRUE(card.note.empty());
}

TEST_F(Curate, AComponentOverHalfIsAWarningThatNamesTheRemedy) {
  for (int i = 0; i < 20; ++i)
    add("https://a.example/" + std::to_string(i), "What is number " + std::to_string(i) + "?",
        kAnswer + std::to_string(i));
  const auto card = run();
  EXPECT_NE(card.note.find("--split-by page"), std::string::npos) << card.note;
  EXPECT_EQ(card.largest_component, 1.0);
}

TEST_F(Curate, BeirHasEachPassageOnce) {
  options_.format = Format::Beir;
  add("https://a.example/", "What is the first question?", kAnswer);
  add("https://a.example/", "What is the second question?", kAnswer);
  options_.split_by = SplitBy::None;
  run();
  const std::string corpus = file("eng/corpus.jsonl"), queries = file("eng/queries.jsonl");
  EXPECT_EQ(std::count(corpus.begin(), corpus.end(), '\n'), 1);
  EXPECT_EQ(std::count(queries.begin(), queries.end(), '\n'), 2);
  const std::string qrels = file("eng/qrels/all.tsv");
  EXPECT_EQ(qrels.substr(0, qrels.find('\n')), "query-id\tcorpus-id\tscore");
  EXPECT_EQ(std::count(qrels.begin(), qrels.end(), '\n'), 3);
}

TEST_F(Curate, FormatsHaveTheirFields) {
  const std::pair<Format, std::vector<std::string>> expected[] = {
      {Format::WebFaq, {"id", "origin", "url", "question", "answer", "semantic_similarity_score"}},
      {Format::Tevatron,
       {"query_id", "query", "positive_passages", "docid", "title", "text", "negative_passages"}},
      {Format::SentenceTransformers, {"anchor", "positive"}}};
  add("https://a.example/", "What is the first question?", kAnswer);
  options_.split_by = SplitBy::None;
  for (const auto& [format, fields] : expected) {
    options_.format = format;
    run();
    for (const auto& field : fields)
      EXPECT_NE(file("eng/all.jsonl").find("\"" + field + "\":"), std::string::npos) << field;
  }
}

TEST_F(Curate, ReadsCsvByColumns) {
  input_ =
      "Nr,Frage,Antwort,Sprache\n1,Was ist ein gutes Beispiel?,\"Eine Antwort, die lang genug "
      "ist.\",de\n";
  options_.columns = *data::ColumnMap::parse("question=Frage,answer=Antwort,lang=Sprache");
  EXPECT_EQ(run().languages.count("deu"), 1U);
}

TEST_F(Curate, AFullDiskIsAnErrorAndLeavesNothing) {
  add_sites(0, 4000);
  std::ofstream(options_.inputs[0]) << input_;
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{100 << 10, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const auto card = curate(options_);
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(card.ok());
  EXPECT_TRUE(card.error().code == ErrorCode::Io || card.error().code == ErrorCode::NoSpace);
  EXPECT_FALSE(fs::exists(options_.output));
  EXPECT_FALSE(fs::exists(options_.output + ".part"));
}

TEST_F(Curate, LanguagesAreIdentifiedAndOthersDropped) {
  options_.identify = true;
  options_.languages = {"de"};
  add("https://a.example/", "Wie kann ich mein Passwort ändern?",
      "Öffnen Sie die Einstellungen und wählen Sie dort ein neues Passwort.", "en");
  add("https://a.example/", "How can I change my password?",
      "Open the settings and choose a new password there.", "de");
  add("https://a.example/", "12345 67890 12345", "12345 67890 12345 12345 67890 12345");
  const auto card = run();
  EXPECT_EQ(card.kept, 1U);
  EXPECT_EQ(card.languages.count("deu"), 1U);
  EXPECT_EQ(card.dropped["other-language"], 1U);
}

}  // namespace
}  // namespace crosstail::curate
