// Rows to batches: layouts, languages, no false negatives, the same sequence every time.
#include "train/batches.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "data/training_examples.h"
#include "support/temporary_folder.h"

namespace crosstail::train {
namespace {

using data::parse_training_row;
using data::TrainingExample;
using testing::TemporaryFolder;

TrainingExample parsed(const std::string& json) {
  TrainingExample e;
  const auto status = parse_training_row(json, e);
  EXPECT_TRUE(status.ok()) << status.error().message;
  return e;
}

TEST(TrainingRows, ThatNamePassagesGetThemFromTheCorpus) {
  const TemporaryFolder folder;
  const auto corpus_file = (folder / "corpus.jsonl").string(),
             rows = (folder / "rows.jsonl").string();
  std::ofstream(corpus_file) << R"({"docid":"a","title":"T","text":"one"}
{"docid":7,"text":"two"}
{"_id":"a","text":"a second passage of this id"}
{"docid":"empty","text":""}
)";
  std::ofstream(rows)
      << R"({"query_id":"1","query_text":"q","positive_document_ids":["a"],"negative_document_ids":["7",7],"answer":null}
{"query_id":"2","query_text":"r","positive_document_ids":["b"],"negative_document_ids":[]}
)";
  const auto corpus = data::TrainingCorpus::read({corpus_file});
  ASSERT_TRUE(corpus.ok()) << corpus.error().message;
  EXPECT_EQ(corpus->size(), 3U);
  EXPECT_NE(corpus->find("empty").data(), nullptr);
  auto reader = data::TrainingReader::open(rows, {}, &*corpus);
  ASSERT_TRUE(reader.ok());
  TrainingExample e;
  ASSERT_TRUE(*reader->next(e));
  EXPECT_EQ(e.question, "q");
  ASSERT_EQ(e.positives.size(), 1U);
  EXPECT_EQ(e.positives[0].text, "T one");
  ASSERT_EQ(e.negatives.size(), 2U);
  EXPECT_EQ(e.negatives[1].text, "two");
  EXPECT_EQ(e.negatives[1].id, "7");
  const auto missing = reader->next(e);
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("rows.jsonl:2"), std::string::npos);
  EXPECT_NE(missing.error().message.find("no passage \"b\""), std::string::npos)
      << missing.error().message;
  // Batches read with it, and say what is missing without it.
  std::ofstream(rows) << R"({"query_text":"q","positive_document_ids":["7"]})"
                      << "\n";
  BatchOptions o;
  o.files = {rows};
  const auto without = survey(o);
  ASSERT_FALSE(without.ok());
  EXPECT_NE(without.error().message.find("--corpus"), std::string::npos);
  o.corpus = std::make_shared<const data::TrainingCorpus>(*corpus);
  const auto summary = survey(o);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  BatchStream stream(o, *summary);
  const auto batch = stream.next();
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(batch->at(0).positives.at(0).text, "two");
}

TEST(TrainingRows, ACorpusRowWithoutAnIdIsNamed) {
  const TemporaryFolder folder;
  const auto file = (folder / "corpus.jsonl").string();
  std::ofstream(file) << R"({"docid":"a","text":"one"}
{"text":"two"})"
                      << "\n";
  const auto corpus = data::TrainingCorpus::read({file});
  ASSERT_FALSE(corpus.ok());
  EXPECT_NE(corpus.error().message.find("corpus.jsonl:2"), std::string::npos);
  EXPECT_NE(corpus.error().message.find("docid"), std::string::npos);
}

TEST(TrainingRows, OfEveryLayoutAreRead) {
  auto e = parsed(
      R"({"query_id":"1","query":"q","positive_passages":[{"docid":"d","title":"T","text":"p"}],
          "negative_passages":[{"docid":"e","title":"","text":"n","score":0.5}]})");
  EXPECT_EQ(e.question, "q");
  EXPECT_EQ(e.positives.at(0).text, "T p");
  EXPECT_EQ(e.negatives.at(0).score, 0.5);
  e = parsed(R"({"query":"q","pos":["a","b"],"neg":["c"],"pos_scores":[2,1],"neg_scores":[-1]})");
  EXPECT_EQ(e.positives.at(1).text, "b");
  EXPECT_EQ(e.positives.at(1).score, 1);
  EXPECT_EQ(e.negatives.at(0).score, -1);
  e = parsed(R"({"anchor":"q","positive":"a","negative_1":"x","negative_2":"y","lang":"de"})");
  EXPECT_EQ(e.negatives.size(), 2U);
  EXPECT_EQ(e.language, "de");
  e = parsed(R"({"question":"q","answer":"a","language":"fin","group":"g","split":"dev"})");
  EXPECT_EQ(e.positives.at(0).text, "a");
  EXPECT_EQ(e.group, "g");
  EXPECT_EQ(e.split, "dev");
  e = parsed(R"({"sentence1":"a","sentence2":"b","score":0.25})");
  EXPECT_EQ(e.score, 0.25);
  e = parsed(R"({"text":"a","label":"Legal"})");
  EXPECT_EQ(e.label, "Legal");
}

TEST(TrainingRows, SayWhatIsMissing) {
  TrainingExample e;
  EXPECT_NE(parse_training_row(R"({"answer":"a"})", e).error().message.find("query"),
            std::string::npos);
  EXPECT_NE(parse_training_row(R"({"query":"q","pos":["a"],"pos_scores":[1,2]})", e)
                .error()
                .message.find("pos_scores"),
            std::string::npos);
  EXPECT_FALSE(parse_training_row("[1]", e).ok());
}

TEST(NegativeFilters, DropByMarginRatioScoreAndRank) {
  const auto with = [](auto change) {
    TrainingExample e = parsed(
        R"({"query":"q","pos":["p"],"pos_scores":[10],"neg":["a","b","c","p"],
            "neg_scores":[9.8,8,-3,1]})");
    NegativeFilter filter;
    change(filter);
    filter_negatives(filter, e);
    std::string left;
    for (const auto& n : e.negatives) left += n.text;
    return left;
  };
  EXPECT_EQ(with([](auto&) {}), "abc");  // one of the positives is never a negative
  EXPECT_EQ(with([](auto& f) { f.use_margin = true, f.margin = 1; }), "bc");
  EXPECT_EQ(with([](auto& f) { f.ratio = 0.75; }), "c");
  EXPECT_EQ(with([](auto& f) { f.max_score = 8.5; }), "bc");
  EXPECT_EQ(with([](auto& f) { f.top_k = 1; }), "a");
}

BatchOptions options_for(const TemporaryFolder& folder, const std::string& rows) {
  std::ofstream(folder / "rows.jsonl") << rows;
  BatchOptions o;
  o.files = {(folder / "rows.jsonl").string()};
  o.batch_size = 4;
  return o;
}

std::string row(const std::string& question, const std::string& answer,
                const std::string& language = "en", const std::string& group = "") {
  return R"({"question":")" + question + R"(","answer":")" + answer + R"(","lang":")" + language +
         R"(","group":")" + group + "\"}\n";
}

TEST(Batches, NeverHoldEqualQuestionsPassagesOrGroups) {
  const TemporaryFolder folder;
  std::string rows;
  for (int i = 0; i < 40; ++i)
    rows += row("q" + std::to_string(i / 2), "a" + std::to_string(i % 7), "en",
                "g" + std::to_string(i % 11));
  const auto o = options_for(folder, rows);
  const auto summary = survey(o);
  ASSERT_TRUE(summary.ok());
  BatchStream stream(o, *summary);
  std::size_t seen = 0;
  while (true) {
    const auto batch = stream.next();
    ASSERT_TRUE(batch.ok());
    if (stream.epoch() > 0) break;
    std::set<std::string> questions, answers, groups;
    for (const auto& e : *batch) {
      EXPECT_TRUE(questions.insert(e.question).second);
      EXPECT_TRUE(answers.insert(e.positives[0].text).second);
      EXPECT_TRUE(groups.insert(e.group).second);
    }
    seen += batch->size();
  }
  EXPECT_EQ(seen, 40U);  // every row once an epoch
}

TEST(Batches, OfOneLanguageAreOfOneLanguage) {
  const TemporaryFolder folder;
  std::string rows;
  for (int i = 0; i < 60; ++i)
    rows += row("q" + std::to_string(i), "a" + std::to_string(i), i % 3 == 0 ? "de" : "en");
  auto o = options_for(folder, rows);
  o.homogeneous = true;
  const auto summary = survey(o);
  BatchStream stream(o, *summary);
  for (int i = 0; i < 15; ++i) {
    const auto batch = stream.next();
    ASSERT_TRUE(batch.ok());
    for (const auto& e : *batch) EXPECT_EQ(e.language, batch->front().language);
  }
}

TEST(Batches, TemperatureMeetsSmallLanguagesMoreOften) {
  const TemporaryFolder folder;
  std::string rows;
  for (int i = 0; i < 1000; ++i)
    rows += row("q" + std::to_string(i), "a" + std::to_string(i), i < 100 ? "fi" : "en");
  auto o = options_for(folder, rows);
  o.temperature = 2;
  o.buffer_rows = 64;
  const auto summary = survey(o);
  // By hand: weights √100 and √900, so a quarter of 1,000 rows are Finnish.
  EXPECT_NEAR(summary->copies("fi", 2), 2.5, 1e-12);
  EXPECT_NEAR(summary->copies("en", 2), 750.0 / 900, 1e-12);
  BatchStream stream(o, *summary);
  double finnish = 0, all = 0;
  while (true) {
    const auto batch = stream.next();
    ASSERT_TRUE(batch.ok());
    if (stream.epoch() > 0) break;
    for (const auto& e : *batch) {
      finnish += e.language == "fi" ? 1 : 0;
      ++all;
    }
  }
  EXPECT_NEAR(finnish / all, 0.25, 0.03);
}

TEST(Batches, AreTheSameForTheSameSeedAndOthersForAnother) {
  const TemporaryFolder folder;
  std::string rows;
  for (int i = 0; i < 100; ++i) rows += row("q" + std::to_string(i), "a" + std::to_string(i));
  auto o = options_for(folder, rows);
  o.buffer_rows = 30;
  const auto sequence = [&] {
    BatchStream stream(o, *survey(o));
    std::string out;
    for (int i = 0; i < 60; ++i) {
      const auto batch = stream.next();
      for (const auto& e : *batch) out += e.question + " ";
    }
    return out;
  };
  const auto first = sequence();
  EXPECT_EQ(sequence(), first);
  o.seed = 7;
  EXPECT_NE(sequence(), first);
}

TEST(Batches, RowsOfAnotherSplitArePassedOver) {
  const TemporaryFolder folder;
  const auto o =
      options_for(folder, row("q1", "a1") + R"({"question":"q2","answer":"a2","split":"dev"})"
                                            "\n");
  const auto summary = survey(o);
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->used, 1U);
  EXPECT_EQ(summary->other_split, 1U);
}

}  // namespace
}  // namespace crosstail::train
