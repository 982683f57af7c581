#include <gtest/gtest.h>
#include <simdjson.h>

#include <map>
#include <random>

#include "base/file.h"
#include "base/stream.h"
#include "support/program.h"
#include "support/shared.h"

namespace crosstail {
namespace {

using testing::ProgramRun;
using testing::run_crosstail;
using testing::TemporaryFolder;
using testing::whole_file;

const std::string kFaq = CROSSTAIL_SOURCE_DIR "/docs/faq";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string field(const std::string& line, const char* name) {
  simdjson::dom::parser parser;
  std::string_view value;
  EXPECT_EQ(parser.parse(line)[name].get(value), simdjson::SUCCESS) << name << " in " << line;
  return std::string(value);
}

std::uint64_t number(const std::string& json, const std::string& pointer) {
  simdjson::dom::parser parser;
  std::uint64_t value = 0;
  if (parser.parse(json).at_pointer(pointer).get(value) != simdjson::SUCCESS) return 0;
  return value;
}

std::uint64_t sum(const std::string& json, const std::string& pointer) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  std::uint64_t total = 0;
  if (parser.parse(json).at_pointer(pointer).get(object) != simdjson::SUCCESS) return 0;
  for (const auto entry : object) total += std::uint64_t(entry.value);
  return total;
}

// The pages were written with 28 questions each; the syntax of each is stated in docs/extract.md.
TEST(Extract, FindsEveryQuestionOfOurOwnFaqInEverySyntax) {
  const ProgramRun run = run_crosstail({"extract", kFaq});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  std::map<std::string, int> pages, kinds;
  for (const auto& line : lines_of(run.out)) {
    ++pages[field(line, "url")];
    ++kinds[field(line, "kind")];
    EXPECT_EQ(field(line, "page_type"), "FAQPage");
    EXPECT_EQ(field(line, "answer").find('<'), std::string::npos) << line;
    EXPECT_EQ(field(line, "url"), field(line, "page_language") + ".html");
  }
  EXPECT_EQ(pages.size(), 16u);
  for (const auto& [page, count] : pages) EXPECT_EQ(count, 28) << page;
  EXPECT_EQ(kinds, (std::map<std::string, int>{
                       {"jsonld", 12 * 28}, {"microdata", 2 * 28}, {"rdfa", 2 * 28}}));
}

TEST(Extract, GivesTheSameBytesForAnyNumberOfThreads) {
  const ProgramRun one = run_crosstail({"extract", kFaq, "--threads", "1"});
  ASSERT_FALSE(one.out.empty());
  for (const char* threads : {"2", "5"})
    EXPECT_EQ(run_crosstail({"extract", kFaq, "--threads", threads}).out, one.out) << threads;
}

TEST(Extract, TakesInAsMuchAsItPutsOutAndDrops) {
  const TemporaryFolder folder;
  ASSERT_TRUE(
      write_file_atomic(folder / "a.html",
                        R"(<script type="application/ld+json">{"@context":"https://schema.org",
      "@type":"FAQPage","mainEntity":[
      {"@type":"Question","name":"Kept?","acceptedAnswer":{"@type":"Answer","text":"Yes, it is kept."}},
      {"@type":"Question","name":"Kept?","acceptedAnswer":{"@type":"Answer","text":"Yes, it is kept."}},
      {"@type":"Question","name":"","acceptedAnswer":{"@type":"Answer","text":"No question."}},
      {"@type":"Question","name":"No answer?","acceptedAnswer":{"@type":"Answer","text":" "}},
      {"@type":"Question","name":"None at all?"}]}</script>)")
          .ok());
  ASSERT_TRUE(write_file_atomic(folder / "b.html", "<p>no FAQ here").ok());
  ASSERT_TRUE(write_file_atomic(folder / "c.png", "\x89PNG\r\n").ok());
  ASSERT_TRUE(write_file_atomic(folder / "d.html", "").ok());
  const TemporaryFolder out;
  const std::string report_path = (out / "report.json").string();
  const ProgramRun run =
      run_crosstail({"extract", folder.path().string(), "-o", (out / "faq.jsonl").string(),
                     "--report", report_path, "--dropped", (out / "dropped.jsonl").string()});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const std::string report = whole_file(report_path);
  EXPECT_EQ(number(report, "/pairs/in"), 5u);
  EXPECT_EQ(number(report, "/pairs/out"), 1u);
  EXPECT_EQ(sum(report, "/pairs/dropped"), 4u);
  EXPECT_EQ(number(report, "/pages/in"), 2u);
  EXPECT_EQ(number(report, "/pages/with-pairs"), 1u);
  EXPECT_EQ(number(report, "/pages/dropped/no-faq-markup"), 1u);
  EXPECT_EQ(number(report, "/files/dropped/unknown-kind"), 1u);
  EXPECT_EQ(number(report, "/files/dropped/empty"), 1u);
  EXPECT_EQ(lines_of(whole_file(out / "dropped.jsonl")).size(), 4u + 1u + 2u);
}

TEST(Extract, NamesPagesByTheirPathBelowTheInput) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "site/de");
  const std::string page = whole_file(kFaq + "/en.html");
  ASSERT_TRUE(write_file_atomic(folder / "site/de/faq.html", page).ok());
  auto url_of_first = [](const ProgramRun& run) {
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.out.empty() ? std::string() : field(lines_of(run.out)[0], "url");
  };
  const std::string site = (folder / "site").string();
  EXPECT_EQ(url_of_first(run_crosstail({"extract", site})), "de/faq.html");
  EXPECT_EQ(url_of_first(run_crosstail({"extract", site + "/de/faq.html"})), "faq.html");
  EXPECT_EQ(url_of_first(run_crosstail({"extract", site, "--base-url", "https://e.org/x"})),
            "https://e.org/x/de/faq.html");
  EXPECT_EQ(url_of_first(run_crosstail({"extract", "-"}, page)), "-");
}

TEST(Extract, ReadsCompressedPagesWhateverTheirNames) {
  const TemporaryFolder folder;
  const std::string page = whole_file(kFaq + "/en.html");
  ASSERT_TRUE(write_file_atomic(folder / "a.dat", compress_frame(page, Compression::Gzip)).ok());
  ASSERT_TRUE(write_file_atomic(folder / "b.txt", compress_frame(page, Compression::Zstd)).ok());
  const ProgramRun run = run_crosstail({"extract", folder.path().string()});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(lines_of(run.out).size(), 56u);
}

TEST(Extract, ShardsAreDisjointAndWhole) {
  std::vector<std::string> all;
  for (const char* shard : {"0/3", "1/3", "2/3"}) {
    const auto lines = lines_of(run_crosstail({"extract", kFaq, "--shard", shard}).out);
    EXPECT_FALSE(lines.empty()) << shard;
    all.insert(all.end(), lines.begin(), lines.end());
  }
  auto whole = lines_of(run_crosstail({"extract", kFaq}).out);
  std::sort(all.begin(), all.end());
  std::sort(whole.begin(), whole.end());
  EXPECT_EQ(all, whole);
}

/// Many pages in folders, about 12 MB: enough for a run to be killed in the middle.
void make_site(const TemporaryFolder& folder) {
  const std::string page = whole_file(kFaq + "/de.html");
  for (int i = 0; i < 300; ++i) {
    const std::string sub = "s" + std::to_string(i % 10);
    std::filesystem::create_directories(folder / sub);
    ASSERT_TRUE(OutputFile::create(folder / (sub + "/" + std::to_string(i) + ".html"))
                    ->write(page + std::string(static_cast<std::size_t>(i % 7) * 1000, ' '))
                    .ok());
  }
}

class ExtractKilled : public ::testing::TestWithParam<const char*> {};

TEST_P(ExtractKilled, AndResumedEndsWithTheSameBytes) {
  const TemporaryFolder site, whole;
  make_site(site);
  const std::string suffix = GetParam();
  auto arguments = [&](const TemporaryFolder& folder, bool resume) {
    std::vector<std::string> words = {"extract",   site.path().string(),
                                      "-o",        (folder / ("faq.jsonl" + suffix)).string(),
                                      "--dropped", (folder / ("dropped.jsonl" + suffix)).string(),
                                      "--report",  (folder / "report.json").string()};
    if (resume) words.emplace_back("--resume");
    return words;
  };
  ASSERT_EQ(run_crosstail(arguments(whole, false)).exit_code, 0);
  std::mt19937 random(7);
  for (int round = 0; round < 6; ++round) {
    const TemporaryFolder folder;
    int code = 137;
    for (int tries = 0; code == 137 && tries < 20; ++tries) {
      const auto delay = tries == 19 ? 0 : 2000 + random() % 80000;
      code = run_crosstail(arguments(folder, tries > 0), "", std::chrono::microseconds(delay))
                 .exit_code;
    }
    ASSERT_EQ(code, 0);
    for (const std::string name :
         {"faq.jsonl" + suffix, "dropped.jsonl" + suffix, std::string("report.json")})
      EXPECT_TRUE(whole_file(folder / name) == whole_file(whole / name))
          << name << " in round " << round;
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ExtractKilled, ::testing::Values("", ".zst"),
                         [](const auto& info) { return *info.param == 0 ? "plain" : "zst"; });

TEST(Extract, InterruptedSaysSoAndCanBeResumed) {
  const TemporaryFolder site, folder;
  make_site(site);
  const std::vector<std::string> arguments = {"extract", site.path().string(), "-o",
                                              (folder / "faq.jsonl").string()};
  // A signal before main() is the system's own end of a process, one after the end comes too late.
  for (int delay = 5; delay < 1000; delay = delay * 5 / 4 + 1) {
    const ProgramRun run = run_crosstail(arguments, "", std::chrono::milliseconds(delay), SIGINT);
    if (run.err.empty()) continue;
    if (run.exit_code == 0) GTEST_SKIP() << "done before the signal came";
    EXPECT_EQ(run.exit_code, 130);
    EXPECT_NE(run.err.find("--resume"), std::string::npos) << run.err;
    EXPECT_FALSE(std::filesystem::exists(folder / "faq.jsonl"));
    return;
  }
  FAIL() << "no run was reached by the signal";
}

TEST(Extract, WrongUsageExitsWithTwo) {
  EXPECT_EQ(run_crosstail({"extract"}).exit_code, 2);
  const ProgramRun run = run_crosstail({"extract", "x", "--reprot", "r"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.err.find("did you mean --report"), std::string::npos);
  const ProgramRun missing = run_crosstail({"extract", "/nonexistent/folder"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_NE(missing.err.find("/nonexistent/folder"), std::string::npos);
}

TEST(Extract, AFullDiskIsAClearErrorAndNothingHalfIsLeftUnderTheName) {
  // A file size limit stands for the disk: write() fails in the middle of the output.
  const TemporaryFolder site, folder;
  make_site(site);
  const std::string output = (folder / "faq.jsonl").string();
  const std::string command = "ulimit -f 1000; trap '' XFSZ; exec " CROSSTAIL_BINARY " extract " +
                              site.path().string() + " -o " + output + " 2>" +
                              (folder / "err").string();
  const int status = std::system(("bash -c " + testing::quoted(command)).c_str());
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_NE(whole_file(folder / "err").find(output), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(output));
  // With space again, resume ends with what an undisturbed run gives.
  EXPECT_EQ(run_crosstail({"extract", site.path().string(), "-o", output, "--resume"}).exit_code,
            0);
  EXPECT_TRUE(whole_file(output) == run_crosstail({"extract", site.path().string()}).out);
}

TEST(Extract, FindsAllPairsOfTheRealPages) {
  CROSSTAIL_NEEDS_SHARED();
  const TemporaryFolder folder;
  const std::string archive =
      (*testing::shared_dir() / "data/faq-pages/xposedornot.tar.zst").string();
  ASSERT_EQ(std::system(("tar --zstd -xf " + archive + " -C " + folder.path().string()).c_str()),
            0);
  const ProgramRun run = run_crosstail({"extract", folder.path().string()});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  // The manifest's column qa_jsonld, summed; extruct, selectolax + orjson and others agree on it.
  EXPECT_EQ(lines_of(run.out).size(), 3664u);
}

}  // namespace
}  // namespace crosstail
