/// encode, score, classify and model as a person runs them, on models of 8 dimensions.

#include <gtest/gtest.h>
#include <simdjson.h>

#include "base/file.h"
#include "data/npy.h"
#include "model/tiny_model.h"
#include "support/program.h"

namespace crosstail {
namespace {

using testing::mean_of;
using testing::ProgramRun;
using testing::run_crosstail;
using testing::TemporaryFolder;
using testing::TinyFamily;
using testing::TinyModel;
using testing::whole_file;

constexpr auto kCls = TinyModel::kCls, kSep = TinyModel::kSep, kOne = TinyModel::kOne,
               kTwo = TinyModel::kTwo;

struct Fixture {
  TemporaryFolder folder;
  TinyModel tiny;
  std::string model = (folder / "model").string(), out = (folder / "v.npy").string();

  explicit Fixture(TinyFamily family = TinyFamily::Bert, std::size_t labels = 0)
      : tiny(family, labels) {
    ::setenv("CROSSTAIL_CACHE", (folder / "cache").c_str(), 1);
    tiny.write(model);
  }
  std::string file(const std::string& name, const std::string& text) const {
    TinyModel::write_file(folder / name, text);
    return (folder / name).string();
  }
  ProgramRun encode(std::vector<std::string> more) const {
    std::vector<std::string> words = {"encode", "--model", model, "-o", out, "--precision", "f32"};
    words.insert(words.end(), more.begin(), more.end());
    return run_crosstail(words);
  }
};

void expect_row(const data::NpyArray& array, std::size_t row, const std::vector<double>& wanted,
                double tolerance = 2e-5) {
  std::vector<float> got(array.columns());
  array.read_row(row, got.data());
  for (std::size_t c = 0; c < wanted.size(); ++c)
    ASSERT_NEAR(double(got[c]), wanted[c], tolerance) << "row " << row << ", number " << c;
}

TEST(Encode, WritesVectorsAndIdsOfJsonLinesCsvAndPlainText) {
  const Fixture f;
  const auto one = mean_of(f.tiny.states({kCls, kOne, kSep}));
  const auto two = mean_of(f.tiny.states({kCls, kTwo, kSep}));
  const std::pair<std::string, std::string> cases[] = {
      {f.file("a.jsonl", "{\"_id\":\"x\",\"text\":\"one\"}\n{\"_id\":7,\"text\":\"two\"}\n"),
       "x\n7\n"},
      {f.file("a.csv", "id,text\nx,one\ny,two\n"), "x\ny\n"},
      {f.file("a.txt", "one\ntwo\n"), "1\n2\n"}};
  for (const auto& [input, ids] : cases) {
    const ProgramRun run = f.encode({input});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(whole_file(f.folder / "v.ids.txt"), ids) << input;
    auto array = data::NpyArray::open(f.out);
    ASSERT_TRUE(array.ok()) << array.error().message;
    ASSERT_EQ(array->rows(), 2u);
    expect_row(*array, 0, one);
    expect_row(*array, 1, two);
  }
}

TEST(Encode, JoinsFieldsAndTakesColumns) {
  const Fixture f;
  const auto wanted = mean_of(f.tiny.states({kCls, kOne, kTwo, kSep}));
  for (const auto& words : std::vector<std::vector<std::string>>{
           {f.file("a.jsonl", R"({"id":"x","title":"one","text":"two"})"), "--text-field",
            "title+text"},
           {f.file("b.csv", "n,q\nx,one two\n"), "--columns", "id=n,text=q"}}) {
    const ProgramRun run = f.encode(words);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    expect_row(*data::NpyArray::open(f.out), 0, wanted);
    EXPECT_EQ(whole_file(f.folder / "v.ids.txt"), "x\n");
  }
}

TEST(Encode, StoresHalfPrecisionAndBfloat16) {
  const Fixture f;
  const std::string input = f.file("a.txt", "one\n");
  const auto wanted = mean_of(f.tiny.states({kCls, kOne, kSep}));
  for (const auto& [type, tolerance] : {std::pair("f16", 2e-3), {"bf16", 2e-2}}) {
    ASSERT_EQ(f.encode({input, "--output-type", type}).exit_code, 0);
    auto array = data::NpyArray::open(f.out);
    ASSERT_TRUE(array.ok());
    EXPECT_EQ(size_of(array->type()), 2u);
    expect_row(*array, 0, wanted, tolerance);
  }
}

TEST(Encode, ReadsStandardInputAndShards) {
  const Fixture f;
  const ProgramRun run = run_crosstail(
      {"encode", "--model", f.model, "-o", f.out, "--precision", "f32", "-", "--shard", "1/2"},
      "one\ntwo\none\n");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(whole_file(f.folder / "v.ids.txt"), "2\n");
  expect_row(*data::NpyArray::open(f.out), 0, mean_of(f.tiny.states({kCls, kTwo, kSep})));
}

TEST(Encode, SaysWhatIsWrong) {
  const Fixture f;
  const std::string input = f.file("a.jsonl", "{\"text\":\"one\"}\n{\"body\":\"two\"}\n");
  ProgramRun run = f.encode({input});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_NE(run.err.find("line 2: no text in the field \"text\"; the row has body"),
            std::string::npos)
      << run.err;
  run = f.encode({input, "--prompt", "query"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.err.find("has no prompt \"query\""), std::string::npos);
  run = run_crosstail({"encode", "--model", "no-such-model", input, "-o", f.out});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_NE(run.err.find("crosstail model pull no-such-model"), std::string::npos) << run.err;
  run = run_crosstail({"encode", "--model", f.model, input, "-o", "-"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.err.find(".npy"), std::string::npos);
}

std::string many_lines(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += i % 3 == 0 ? "one two one two three\n" : i % 3 == 1 ? "two\n" : "three one\n";
  return text;
}

TEST(Encode, ARunThatWasKilledAndResumedHasTheSameBytes) {
  const Fixture f;
  const std::string input = f.file("a.txt", many_lines(60'000));
  ASSERT_EQ(f.encode({input}).exit_code, 0);
  const std::string wanted = whole_file(f.out), ids = whole_file(f.folder / "v.ids.txt");
  ASSERT_EQ(wanted.size(), 128 + 60'000 * 8 * sizeof(float));
  int landings = 0;
  for (const int signal : {SIGKILL, SIGINT, SIGTERM, SIGKILL}) {
    // How long a start and a run take is the machine's affair: until the signal lands in between.
    bool landed = false;
    double wait = 30'000, early = 0, late = 0;  // microseconds; halved between the two
    for (int attempt = 0; attempt < 15 && !landed; ++attempt) {
      std::filesystem::remove(f.out);
      std::filesystem::remove(f.out + ".journal");
      const ProgramRun run =
          run_crosstail({"encode", "--model", f.model, "-o", f.out, "--precision", "f32", input},
                        "", std::chrono::microseconds(static_cast<std::int64_t>(wait)), signal);
      // Vectors in place with a journal beside them: killed when the work was done.
      landed = run.exit_code != 0 && std::filesystem::exists(f.out + ".journal") &&
               !std::filesystem::exists(f.out);
      const bool done = run.exit_code == 0 || std::filesystem::exists(f.out);
      (done ? late : early) = wait;
      if (late > 0 && late - early < 0.02 * late) early *= 0.7;  // the machine's pace has changed
      wait = late > 0 ? (early + late) / 2 : 1.6 * wait;
      if (early > late && late > 0) late = 0;
      if (!landed) continue;
      EXPECT_EQ(run.exit_code, signal == SIGKILL ? 128 + SIGKILL : 130) << run.err;
      if (signal != SIGKILL) EXPECT_NE(run.err.find("--resume"), std::string::npos) << run.err;
    }
    // Wherever the last one landed: before the first checkpoint, inside, or when the work was done.
    landings += landed ? 1 : 0;
    const ProgramRun run = f.encode({input, "--resume"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_TRUE(whole_file(f.out) == wanted);
    EXPECT_TRUE(whole_file(f.folder / "v.ids.txt") == ids);
    EXPECT_FALSE(std::filesystem::exists(f.out + ".journal"));
  }
  EXPECT_GE(landings, 1) << "no signal landed between the first checkpoint and the end";
}

TEST(Encode, WritesItsCountsWithoutTimes) {
  const Fixture f;
  const std::string report = (f.folder / "r.json").string();
  const std::string input = f.file("a.txt", "one\n\n\xFF\n");
  ASSERT_EQ(f.encode({input, "--report", report}).exit_code, 0);
  simdjson::dom::parser parser;
  const auto counts = parser.load(report)["counts"];
  EXPECT_EQ(std::uint64_t(counts["texts"]), 3u);
  EXPECT_EQ(std::uint64_t(counts["texts-empty"]), 1u);
  EXPECT_EQ(std::uint64_t(counts["invalid-utf8"]), 1u);
  // BERT cleans U+FFFD away, so the third text has its frame only.
  EXPECT_EQ(std::uint64_t(counts["tokens"]), 3u + 2u + 2u);
}

TEST(Score, WritesAJsonLineAPair) {
  const Fixture f(TinyFamily::Bert, 1);
  const std::string input = f.file("p.jsonl", R"({"id":"x","query":"one","text":"two"})");
  const ProgramRun run = run_crosstail({"score", "--model", f.model, "--precision", "f32", input});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  simdjson::dom::parser parser;
  const auto row = parser.parse(run.out);
  EXPECT_EQ(std::string_view(row["id"]), "x");
  const double logit = f.tiny.logits({kCls, kOne, kSep, kTwo, kSep}, {0, 0, 0, 1, 1})[0];
  EXPECT_NEAR(double(row["score"]), 1 / (1 + std::exp(-logit)), 1e-5);
}

TEST(Classify, WritesTheBestLabelAndAllOfThem) {
  const Fixture f(TinyFamily::Roberta, 3);
  const std::string input = f.file("p.txt", "one two\n");
  const ProgramRun run = run_crosstail(
      {"classify", "--model", f.model, "--precision", "f32", "--all", "--raw", input});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto logits = f.tiny.logits({kCls, kOne, kTwo, kSep});
  const auto best = std::size_t(std::max_element(logits.begin(), logits.end()) - logits.begin());
  simdjson::dom::parser parser;
  const auto row = parser.parse(run.out);
  EXPECT_EQ(std::string_view(row["label"]), "label " + std::to_string(best));
  EXPECT_NEAR(double(row["score"]), logits[best], 2e-5);
  EXPECT_NEAR(double(row["scores"]["label 2"]), logits[2], 2e-5);
}

TEST(Model, InfoTellsWhatTheDirectorySays) {
  const Fixture f;
  const ProgramRun run = run_crosstail({"model", "info", f.model, "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  simdjson::dom::parser parser;
  const auto info = parser.parse(run.out);
  EXPECT_EQ(std::string_view(info["architecture"]), "bert");
  EXPECT_EQ(std::uint64_t(info["dim"]), 8u);
  EXPECT_EQ(std::uint64_t(info["max_length"]), 16u);
  EXPECT_EQ(std::string_view(info["tokenizer_source"]), "vocab.txt");
  EXPECT_EQ(std::string_view(info["identity"]).size(), 64u);
  EXPECT_FALSE(bool(info["pooling_stated"]));
}

TEST(Model, ConvertsComparesAndGoesBack) {
  const Fixture f;
  const std::string converted = (f.folder / "m.ctmodel").string(),
                    back = (f.folder / "back").string();
  ASSERT_EQ(
      run_crosstail({"model", "convert", f.model, "--precision", "f32", "-o", converted}).exit_code,
      0);
  const std::string texts = f.file("t.jsonl",
                                   "{\"text\":\"one\",\"lang\":\"en\"}\n"
                                   "{\"text\":\"two one\",\"lang\":\"de\"}\n"
                                   "{\"text\":\"two\",\"lang\":\"de\"}\n");
  ProgramRun run =
      run_crosstail({"model", "check", f.model, converted, "--texts", texts, "--language-field",
                     "lang", "--json", "--min-cosine", "0.999999"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  simdjson::dom::parser parser;
  const auto check = parser.parse(run.out);
  EXPECT_TRUE(bool(check["same_model"]));
  EXPECT_EQ(std::uint64_t(check["languages"]["de"]["texts"]), 2u);
  EXPECT_NEAR(double(check["all"]["worst_cosine"]), 1, 1e-6);
  EXPECT_NEAR(double(check["all"]["neighbours_shared"]), 1, 1e-12);
  run = run_crosstail({"model", "convert", converted, "--to", "huggingface", "-o", back});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(whole_file(back + "/config.json"), f.tiny.config());
  EXPECT_EQ(run_crosstail({"model", "info", converted, "--verify"}).exit_code, 0);
}

TEST(Model, NamesAreFoundInTheCache) {
  const Fixture f;
  f.tiny.write(f.folder / "cache/models/someone/tiny");
  const std::string input = f.file("a.txt", "one\n");
  const ProgramRun run = run_crosstail(
      {"encode", "--model", "someone/tiny", "--precision", "f32", input, "-o", f.out});
  EXPECT_EQ(run.exit_code, 0) << run.err;
}

}  // namespace
}  // namespace crosstail
