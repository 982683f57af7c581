/// `slice`, `evaluate` and `report` as a person types them, from files to files.

#include <gtest/gtest.h>

#include <unistd.h>
#include <cmath>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "cli/verb.h"
#include "eval/report_page.h"

namespace crosstail::cli {
namespace {

namespace fs = std::filesystem;

/// Three rows of two floats as NumPy writes them.
std::string npy_bytes(std::vector<float> values) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }";
  header.resize(117, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(118);
  bytes += '\0';
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * 4);
  return bytes;
}

class Evaluate : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(dir_);
    std::string qrels = "query-id\tcorpus-id\tscore\n", queries, text, english, others;
    // 40 questions in two languages about 40 passages; "others" puts the right one first for most.
    for (int g = 0; g < 40; ++g)
      for (const char* language : {"de", "ja"}) {
        const std::string q = language + std::string(":") + std::to_string(g),
                          d = "p" + std::to_string(g);
        qrels += q + "\t" + d + "\t1\n";
        queries += R"({"_id":")" + q + R"(","text":"<b>Frage</b> )" + std::to_string(g) +
                   R"(","lang":")" + language + R"(","group":"g)" + std::to_string(g) +
                   R"(","topic":")" + (g % 2 ? "odd" : "even") + "\"}\n";
        const auto hits = [&](std::string& run, bool first) {
          run += q + " Q0 wrong 1 " + (first ? "1" : "3") + " t\n" + q + " Q0 " + d + " 2 2 t\n";
        };
        hits(text, g % 5 == 0);
        hits(english, g % 4 == 0);
        hits(others, g % 8 != 0);
      }
    write("qrels.tsv", qrels);
    write("queries.jsonl", queries);
    write("text.trec", text);
    write("english.trec", english);
    write("others.trec", others);
  }
  void TearDown() override { fs::remove_all(dir_); }

  void write(const std::string& name, std::string_view text) {
    ASSERT_TRUE(write_file_atomic(dir_ / name, text).ok());
  }
  std::string path(const std::string& name) const { return (dir_ / name).string(); }
  std::string read(const std::string& name) const {
    return read_file(dir_ / name).ok() ? *read_file(dir_ / name) : "";
  }

  /// Exit code, with standard output and error in out_ and err_.
  int run(std::vector<std::string> arguments) {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int code = run_program(arguments);
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return code;
  }
  int evaluate(std::vector<std::string> more) {
    std::vector<std::string> arguments{"evaluate",
                                       "--qrels",
                                       path("qrels.tsv"),
                                       "--queries",
                                       path("queries.jsonl"),
                                       "--run",
                                       "text=" + path("text.trec"),
                                       "--run",
                                       "english=" + path("english.trec"),
                                       "--run",
                                       "others=" + path("others.trec"),
                                       "--permutations",
                                       "1000",
                                       "--resamples",
                                       "500",
                                       "--measures",
                                       "mrr@10"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }

  fs::path dir_ = fs::temp_directory_path() / ("crosstail-evaluate-" + std::to_string(::getpid()));
  std::string out_, err_;
};

TEST_F(Evaluate, TheHeadlineIsComputedFromWhatRunsSayOfThemselves) {
  ASSERT_EQ(
      evaluate({"--without-other-languages", "text,english", "--with-other-languages", "others"}),
      kDone)
      << err_;
  // mrr@10: text (8·1 + 32·.5)/40 = .6, english (10 + 15)/40 = .625, others (35 + 2.5)/40 = .9375.
  EXPECT_NE(out_.find("others gains +0.3125 ["), std::string::npos) << out_;
  EXPECT_NE(out_.find("over english, the best of 2 systems without questions in another language "
                      "(0.6250 → 0.9375"),
            std::string::npos)
      << out_;
  EXPECT_NE(out_.find("80 queries in 40 clusters"), std::string::npos);
  EXPECT_NE(out_.find("leakage unchecked"), std::string::npos);
  EXPECT_EQ(out_.find("Configuration"), std::string::npos);
}

TEST_F(Evaluate, OneBaselineIsNotCalledTheBestOfMany) {
  ASSERT_EQ(evaluate({"--without-other-languages", "text", "--with-other-languages", "others"}),
            kDone)
      << err_;
  EXPECT_NE(out_.find("over text, the only system without questions in another language (0.6000"),
            std::string::npos)
      << out_;
}

TEST_F(Evaluate, WritesAReportThatBecomesAPageWithEverythingEscaped) {
  ASSERT_EQ(evaluate({"--slice", "topic", "-o", path("out")}), kDone) << err_;
  const std::string tsv = read("out/per-query.tsv");
  EXPECT_TRUE(
      tsv.starts_with("query\tlanguage\tcluster\ttext:mrr@10\tenglish:mrr@10\tothers:mrr@10\nde:"
                      "0\tde\t0\t1\t1\t0.5\n"))
      << tsv.substr(0, 200);
  EXPECT_NE(read("out/tables.md").find("| odd | 40 | 20 |"), std::string::npos);
  EXPECT_NE(read("out/tables.tex").find("\\toprule"), std::string::npos);
  write("template.html",
        "<title><!--TITLE--></title><main><!--TABLES--></main><script "
        "id=\"report\"><!--DATA--></script>");
  ASSERT_EQ(
      run({"report", path("out"), "-o", path("page.html"), "--template", path("template.html")}),
      kDone)
      << err_;
  const std::string page = read("page.html");
  EXPECT_NE(page.find("&lt;b&gt;Frage&lt;/b&gt;"), std::string::npos);
  EXPECT_NE(page.find("\\u003cb>Frage\\u003c/b>"), std::string::npos);
  EXPECT_EQ(page.find("<b>"), std::string::npos);
}

TEST_F(Evaluate, TheSameSeedGivesTheSameBytesWithAnyThreads) {
  ASSERT_EQ(evaluate({"--threads", "1", "-o", path("one")}), kDone);
  ASSERT_EQ(evaluate({"--threads", "3", "-o", path("three")}), kDone);
  EXPECT_EQ(read("one/report.json"), read("three/report.json"));
}

TEST_F(Evaluate, TheInstalledTemplateHasItsMarks) {
  const auto text = read_file(fs::path(CROSSTAIL_SOURCE_DIR) / "web/report.html");
  ASSERT_TRUE(text.ok());
  ASSERT_EQ(evaluate({"-o", path("out")}), kDone);
  const auto page = eval::report_page({"", read("out/report.json")}, *text);
  ASSERT_TRUE(page.ok()) << page.error().message;
  EXPECT_EQ(
      page->find("http://") == std::string::npos || page->find("src=\"http") == std::string::npos,
      true);
}

TEST_F(Evaluate, TwoQuerySetsStandSideBySideAndAreNotMixed) {
  ASSERT_EQ(evaluate({"-o", path("entries")}), kDone);
  ASSERT_EQ(run({"report", "entries=" + path("entries"), "--beside", "titles=" + path("entries"),
                 "--template", CROSSTAIL_SOURCE_DIR "/web/report.html", "-o", path("page.html")}),
            kDone)
      << err_;
  const std::string page = read("page.html");
  const auto own = page.find("<h2>Headline: entries</h2>"),
             other = page.find("<h2>Beside it, a query set of its own: titles</h2>"),
             own_table = page.find("<section id=\"systems\">"),
             other_table = page.find("<div id=\"titles-systems\">");
  ASSERT_NE(own, std::string::npos);
  ASSERT_NE(other_table, std::string::npos);
  EXPECT_LT(own, other);
  EXPECT_LT(other, own_table);
  EXPECT_LT(own_table, other_table);
  EXPECT_EQ(page.find("data-chart=\"titles-systems\""), std::string::npos);
  EXPECT_EQ(run({"report", path("entries"), "--beside", path("entries"), "-o", path("x.html")}),
            kWrongUsage);
}

TEST_F(Evaluate, LongTailViewsGoFromSliceToEvaluate) {
  write("resource.tsv", "# pairs\nde\t1000\nja\t10\n");
  ASSERT_EQ(run({"slice", "--queries", path("queries.jsonl"), "--resource", path("resource.tsv"),
                 "-o", path("slices.jsonl")}),
            kDone)
      << err_;
  EXPECT_TRUE(read("slices.jsonl").starts_with("{\"format\":\"crosstail-slices\",\"version\":1,"));
  std::string questions;
  for (int i = 0; i < 1100; ++i)
    questions +=
        R"({"passage_id":"p)" + std::to_string(i % 40) + R"(","lang":"de","text":"frage )" +
        std::to_string(static_cast<int>(std::sqrt(i))) + "\"}\n";  // small numbers are rare
  write("questions.jsonl", questions);
  ASSERT_EQ(run({"slice", "--queries", path("queries.jsonl"), "--questions",
                 path("questions.jsonl"), "-o", path("slices.jsonl")}),
            kDone)
      << err_;
  ASSERT_EQ(evaluate({"--slices", path("slices.jsonl")}), kDone) << err_;
  EXPECT_NE(out_.find("Long tail by rarity"), std::string::npos) << out_;
}

TEST_F(Evaluate, SlicesAndLanguagesHavePValuesCorrectedOverTheirTable) {
  ASSERT_EQ(evaluate({"--system", "others", "--slice", "topic"}), kDone) << err_;
  // 40 questions a language, "others" better on most: clearly significant in both.
  EXPECT_NE(out_.find("p (Holm)"), std::string::npos);
  EXPECT_NE(out_.find("Holm-corrected over the rows of this table"), std::string::npos) << out_;
  // 20 clusters a topic: under thirty, so no p-value.
  const auto odd = out_.find("  odd ");
  ASSERT_NE(odd, std::string::npos);
  EXPECT_NE(out_.substr(odd, 120).find("–"), std::string::npos) << out_.substr(odd, 120);
}

TEST_F(Evaluate, ExtremesAreShownWithTheirPassagesOnePerCluster) {
  std::string corpus;
  for (int g = 0; g < 40; ++g)
    corpus += R"({"_id":"p)" + std::to_string(g) + R"(","title":"T","text":"an\nanswer )" +
              std::to_string(g) + "\"}\n";
  write("corpus.jsonl", corpus + R"({"_id":"wrong","text":"no answer"})" + "\n");
  ASSERT_EQ(evaluate({"--system", "others", "--corpus", path("corpus.jsonl"), "-o", path("out")}),
            kDone)
      << err_;
  const std::string tables = read("out/tables.md");
  const auto best = tables.find("## Largest gains");
  ASSERT_NE(best, std::string::npos);
  // Question 1: "text" has it second, "others" first. Its Japanese twin is of the same cluster.
  EXPECT_NE(tables.find("| de | p1 ✓: T: an answer 1 | wrong: no answer<br>p1 ✓ |", best),
            std::string::npos)
      << tables.substr(best, 600);
  EXPECT_EQ(tables.find("| ja | p1 ✓", best), std::string::npos);
  write("corpus.jsonl", "{\"text\":\"no id\"}\n");
  EXPECT_EQ(evaluate({"--system", "others", "--corpus", path("corpus.jsonl")}), kFailed);
  EXPECT_NE(err_.find("corpus.jsonl:1: expected a passage"), std::string::npos) << err_;
}

TEST_F(Evaluate, RunsThatDifferOnlyInAlphaAreACurve) {
  for (const char* alpha : {"0.1", "0.3"}) {
    write("m" + std::string(alpha) + ".trec", read("others.trec"));
    write("m" + std::string(alpha) + ".trec.meta.json",
          R"({"format":"crosstail-run-meta","version":1,"fusion":"mean","center":"none","alpha":)" +
              std::string(alpha) + "}");
  }
  ASSERT_EQ(evaluate({"--run", "a=" + path("m0.1.trec"), "--run", "b=" + path("m0.3.trec"), "-o",
                      path("out")}),
            kDone)
      << err_;
  EXPECT_NE(read("out/tables.md").find("| mean | b | 0.3 | 0.9375 |"), std::string::npos);
}

TEST_F(Evaluate, SameTextLeaksAreRefusedUnlessAllowed) {
  write(
      "others.trec.meta.json",
      R"({"format":"crosstail-run-meta","version":1,"other_languages":true,"leaks_checked":["same-text","same-group"],
            "leaks":{"de:3":{"same-text":["p3"]},"ja:4":{"same-text":["p9"]}}})");
  EXPECT_EQ(evaluate({}), kWrongUsage);
  EXPECT_NE(err_.find("others.trec: 1 queries find their own text"), std::string::npos) << err_;
  EXPECT_EQ(evaluate({"--allow-leakage"}), kDone);
}

TEST_F(Evaluate, WhatIsWrongIsNamed) {
  const auto fails = [&](std::vector<std::string> more, int code, const std::string& message) {
    EXPECT_EQ(evaluate(more), code);
    EXPECT_NE(err_.find(message), std::string::npos) << err_;
  };
  fails({"--baseline", "none"}, kWrongUsage,
        "--baseline none: no run has this name; there are text, english, others");
  fails({"--measures", "hits"}, kWrongUsage, "unknown measure \"hits\"");
  fails({"--slice", "colour"}, kWrongUsage, "--slice colour: no query has such a field");
  fails({"--cluster", "colour"}, kWrongUsage, "--cluster colour: no query has such a field");
  fails({"--run", "text=" + path("text.trec")}, kWrongUsage, "two runs are called text");
  fails({"--run", "gone=" + path("gone.trec")}, kFailed, "gone.trec");
  write("bad.trec", "de:0 Q0 p0 1 1.0 t\nde:1 Q0 p1 1 nan t\n");
  fails({"--run", "bad=" + path("bad.trec")}, kFailed, "bad.trec:2: expected a number as score");
  write("twice.trec", "de:0 Q0 p0 1 1.0 t\nde:0 Q0 p0 2 0.5 t\n");
  fails({"--run", "twice=" + path("twice.trec")}, kFailed, "returns passage \"p0\" more than once");
  write("alien.trec", "xx Q0 p0 1 1.0 t\n");
  fails({"--run", "alien=" + path("alien.trec")}, kWrongUsage,
        "no query of the run is in the qrels");
  EXPECT_EQ(run({"report", path("qrels.tsv")}), kFailed);
  EXPECT_NE(err_.find("expected a report.json"), std::string::npos) << err_;
  EXPECT_EQ(run({"evaluate"}), kWrongUsage);
}

TEST_F(Evaluate, MissingQueriesAreToldOf) {
  write("short.trec", "de:0 Q0 p0 1 1.0 t\nzz Q0 p0 1 1.0 t\n");
  ASSERT_EQ(evaluate({"--run", "short=" + path("short.trec")}), kDone);
  EXPECT_NE(err_.find("short: 79 queries are not answered and count as 0"), std::string::npos)
      << err_;
  EXPECT_NE(
      err_.find("short: 1 queries of the run are not judged and were passed over, such as \"zz\""),
      std::string::npos);
  // 1 of 80 queries right, macro over two languages of 40.
  EXPECT_NE(out_.find("0.0125"), std::string::npos) << out_;
}

TEST_F(Evaluate, VectorsAreComparedQueryByQuery) {
  // Two encoders of three queries in the plane: one pairs every row, the other none.
  const auto npy = [&](const std::string& name, std::vector<float> values) {
    write(name, npy_bytes(std::move(values)));
  };
  npy("q.npy", {1, 0, 0, 1, -1, 0});
  npy("good.npy", {2, 0, 0, 3, -1, 0});
  npy("bad.npy", {0, 1, -1, 0, 1, 0});
  write("three.jsonl",
        "{\"_id\":\"a\",\"text\":\"x\",\"lang\":\"de\"}\n{\"_id\":\"b\",\"text\":\"x\",\"lang\":"
        "\"de\"}\n{\"_id\":\"c\",\"text\":\"x\",\"lang\":\"fr\"}\n");
  ASSERT_EQ(run({"evaluate", "--format", "vectors", "--queries", path("three.jsonl"), "--run",
                 "good=" + path("q.npy") + "," + path("good.npy"), "--run",
                 "bad=" + path("q.npy") + "," + path("bad.npy")}),
            kDone)
      << err_;
  EXPECT_NE(out_.find("nn-accuracy"), std::string::npos);
  EXPECT_NE(out_.find("-1.0000"), std::string::npos) << out_;
  // Three points on the unit circle, 90, 90 and 180 degrees apart: squared distances 2, 2 and 4;
  // uniformity is log((2 exp(-4) + exp(-8)) / 3).
  EXPECT_NE(out_.find("Uniformity"), std::string::npos);
  EXPECT_NE(out_.find("-4.3963"), std::string::npos) << out_;
}

TEST_F(Evaluate, OfSomeVectorMeasuresTheSmallerIsTheBetter) {
  // Alignment 0 for "good", 2, 2 and 4 for "bad": the baseline's two losses and its worst query.
  const auto npy = [&](const std::string& name, std::vector<float> values) {
    write(name, npy_bytes(std::move(values)));
  };
  npy("q.npy", {1, 0, 0, 1, -1, 0});
  npy("good.npy", {2, 0, 0, 3, -1, 0});
  npy("bad.npy", {0, 1, -1, 0, 1, 0});
  write("three.jsonl",
        "{\"_id\":\"a\",\"text\":\"x\"}\n{\"_id\":\"b\",\"text\":\"x\"}\n{\"_id\":\"c\",\"text\":"
        "\"x\"}\n");
  const std::vector<std::string> arguments{"evaluate",
                                           "--format",
                                           "vectors",
                                           "--queries",
                                           path("three.jsonl"),
                                           "--run",
                                           "bad=" + path("q.npy") + "," + path("bad.npy"),
                                           "--run",
                                           "worse=" + path("q.npy") + "," + path("bad.npy"),
                                           "--run",
                                           "good=" + path("q.npy") + "," + path("good.npy"),
                                           "--measures",
                                           "alignment",
                                           "--without-other-languages",
                                           "bad",
                                           "--with-other-languages",
                                           "worse,good"};
  ASSERT_EQ(run(arguments), kDone) << err_;
  // (2 + 2 + 4) / 3 = 2.6667 less; of the two candidates the one with the smaller alignment.
  EXPECT_NE(out_.find("good gains -2.6667"), std::string::npos) << out_;
  EXPECT_NE(out_.find("the smaller is the better"), std::string::npos);
  auto unknown = arguments;
  unknown[12] = "mrr@10";
  EXPECT_EQ(run(unknown), kWrongUsage);
  EXPECT_NE(err_.find("nn-accuracy, margin, alignment, uniformity-term"), std::string::npos)
      << err_;
}

}  // namespace
}  // namespace crosstail::cli
