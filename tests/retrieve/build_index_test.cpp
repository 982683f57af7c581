/// Builds from files: what each format and option gives, what is refused, and that every way to the
/// same corpus ends with the same index.

#include "retrieve/build_index.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>

#include "data/npy.h"
#include "index/fused_rows.h"
#include "retrieve/index_changes.h"
#include "support/temporary_folder.h"

namespace crosstail::retrieve {
namespace {

using index::IndexReader;
using testing::TemporaryFolder;

void put(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// All files of a folder, by name.
std::map<std::string, std::string> content_of(const std::filesystem::path& dir) {
  std::map<std::string, std::string> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir))
    if (entry.is_regular_file())
      out[std::filesystem::relative(entry.path(), dir).string()] = bytes_of(entry.path());
  return out;
}

void put_vectors(const std::filesystem::path& path, const std::vector<std::vector<float>>& rows,
                 std::size_t dim) {
  std::string bytes = data::npy_header(data::NpyType::F32, rows.size(), dim);
  for (const auto& row : rows)
    bytes.append(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(float));
  put(path, bytes);
}

constexpr std::size_t kDim = 4;

/// A corpus of `count` passages with questions, all in files.
struct Inputs {
  TemporaryFolder folder;
  std::vector<std::string> corpus, questions;
  std::vector<std::vector<float>> passage_vectors, question_vectors;
  std::vector<std::size_t> question_passages;

  explicit Inputs(std::size_t count, std::uint64_t seed = 1) {
    std::mt19937_64 random(seed);
    const auto vector = [&] {
      std::vector<float> v(kDim);
      for (auto& x : v) x = static_cast<float>(random() % 2001) / 1000.0F - 1;
      return v;
    };
    const std::vector<std::string> tags{"de", "fr", "pt", "pt-BR"};
    for (std::size_t p = 0; p < count; ++p) {
      corpus.push_back("{\"_id\":\"p" + std::to_string(p) + "\",\"title\":\"T\",\"text\":\"Text " +
                       std::to_string(p) + "\",\"lang\":\"en\"}");
      passage_vectors.push_back(vector());
      for (std::size_t q = random() % 4; q > 0; --q) {
        const std::string subject = std::to_string(random() % count);
        questions.push_back("{\"passage_id\":\"p" + std::to_string(p) + "\",\"lang\":\"" +
                            tags[random() % 4] + "\",\"group\":\"g" + subject +
                            "\",\"text\":\"Question " + subject + "?\"}");
        question_vectors.push_back(vector());
        question_passages.push_back(p);
      }
    }
    write();
  }
  void write() {
    const auto joined = [](const std::vector<std::string>& lines) {
      std::string text;
      for (const auto& line : lines) text += line + "\n";
      return text;
    };
    put(folder / "corpus.jsonl", joined(corpus));
    put(folder / "q.jsonl", joined(questions));
    put_vectors(folder / "p.npy", passage_vectors, kDim);
    put_vectors(folder / "q.npy", question_vectors, kDim);
  }
  void shuffle_questions() {
    std::mt19937_64 random(9);
    for (std::size_t i = questions.size(); i > 1; --i) {
      const std::size_t j = random() % i;
      std::swap(questions[i - 1], questions[j]);
      std::swap(question_vectors[i - 1], question_vectors[j]);
    }
    write();
  }
  [[nodiscard]] BuildOptions options(const std::string& output) const {
    BuildOptions out;
    out.corpus = {(folder / "corpus.jsonl").string()};
    out.output = (folder / output).string();
    out.questions.files = {(folder / "q.jsonl").string()};
    out.vectors.passage_vectors = (folder / "p.npy").string();
    out.vectors.question_vectors = (folder / "q.npy").string();
    out.version = "test";
    return out;
  }
};

std::string error_of(const BuildOptions& options) {
  const auto built = build_index(options);
  return built.ok() ? std::string("built") : built.error().message;
}

std::shared_ptr<const IndexReader> opened(const std::string& dir) {
  auto index = IndexReader::open(dir);
  EXPECT_TRUE(index.ok()) << (index.ok() ? "" : index.error().message);
  return *index;
}

TEST(BuildIndex, AttachesQuestionsToTheirPassages) {
  const Inputs inputs(50);
  const auto options = inputs.options("i");
  const auto report = build_index(options);
  ASSERT_TRUE(report.ok()) << report.error().message;
  const auto index = opened(options.output);
  ASSERT_EQ(index->questions(), inputs.questions.size());
  std::vector<float> vector(kDim);
  for (std::uint64_t q = 0; q < index->questions(); ++q) {
    EXPECT_EQ(index->question(q).passage, inputs.question_passages[q]);
    index->question_vector(q, vector.data());
    EXPECT_EQ(vector, inputs.question_vectors[q]);
  }
  EXPECT_TRUE(index->verify().ok()) << index->verify().error().message;
  EXPECT_FALSE(std::filesystem::exists(options.output + ".part"));
}

TEST(BuildIndex, ShuffledQuestionsGiveEachPassageItsOwnVectors) {
  Inputs inputs(200);
  inputs.shuffle_questions();
  auto options = inputs.options("i");
  options.questions.memory_bytes = 4096;  // runs and buckets on disk
  ASSERT_EQ(error_of(options), "built");
  const auto index = opened(options.output);
  // By text of row: which vectors does each passage have, in the order of the file?
  std::map<std::string, std::vector<std::vector<float>>> expected;
  for (std::size_t i = 0; i < inputs.questions.size(); ++i) {
    const auto begin = inputs.questions[i].find(":\"p") + 2;
    expected[inputs.questions[i].substr(begin, inputs.questions[i].find('"', begin) - begin)]
        .push_back(inputs.question_vectors[i]);
  }
  std::vector<float> vector(kDim);
  for (std::uint32_t p = 0; p < index->passages(); ++p) {
    const auto range = index->questions_of(p);
    auto& own = expected[std::string(index->fields(p)->id)];
    ASSERT_EQ(range.size(), own.size());
    for (std::size_t i = 0; i < own.size(); ++i) {
      index->question_vector(range.begin + i, vector.data());
      EXPECT_EQ(vector, own[i]);
    }
  }
}

TEST(BuildIndex, ShardsJoinedAreOneBuild) {
  const Inputs inputs(97);
  for (const auto keep : {index::KeepParts::Question, index::KeepParts::Language,
                          index::KeepParts::Total, index::KeepParts::None}) {
    const std::string name(name_of(keep));
    auto options = inputs.options(name + "-whole");
    options.keep = keep;
    if (keep == index::KeepParts::None) options.fusion.mode = index::FusionMode::Mean;
    ASSERT_EQ(error_of(options), "built");
    const std::string whole = options.output;
    std::vector<std::string> parts;
    for (const std::uint64_t shard : {2, 0, 1}) {
      options.shard = shard;
      options.shards = 3;
      options.output = (inputs.folder / (name + std::to_string(shard))).string();
      ASSERT_EQ(error_of(options), "built");
      parts.push_back(options.output);
    }
    const std::string joined = (inputs.folder / (name + "-joined")).string();
    const auto merged = merge_indexes(parts, joined, "test");
    ASSERT_TRUE(merged.ok()) << merged.error().message;
    EXPECT_EQ(content_of(joined + "/segment-00000"), content_of(whole + "/segment-00000")) << name;
    auto manifest = *index::read_manifest(whole);
    manifest.options.erase("fingerprint");
    EXPECT_EQ(*index::read_manifest(joined), manifest) << name;
    parts.pop_back();
    EXPECT_FALSE(merge_indexes(parts, joined, "test").ok());
  }
}

TEST(BuildIndex, SyncEndsAsABuildOfTheNewCorpus) {
  Inputs inputs(60);
  const auto options = inputs.options("i");
  ASSERT_EQ(error_of(options), "built");
  // p3 changes, p5 goes, p60 comes; their vectors come with the new rows.
  inputs.corpus[3].replace(inputs.corpus[3].find("Text"), 4, "News");
  inputs.passage_vectors[3] = {9, 8, 7, 6};
  std::erase_if(inputs.corpus,
                [](const std::string& row) { return row.find("\"p5\"") != std::string::npos; });
  inputs.passage_vectors.erase(inputs.passage_vectors.begin() + 5);
  inputs.corpus.push_back("{\"_id\":\"p60\",\"text\":\"New\"}");
  inputs.passage_vectors.push_back({1, 1, 1, 1});
  inputs.write();
  const auto synced = sync_index(options);
  ASSERT_TRUE(synced.ok()) << synced.error().message;
  EXPECT_EQ(synced->unchanged, 58U);
  EXPECT_EQ(synced->added, 1U);
  EXPECT_EQ(synced->replaced, 1U);
  EXPECT_EQ(synced->deleted, 1U);
  auto fresh_options = inputs.options("fresh");
  ASSERT_EQ(error_of(fresh_options), "built");
  const auto index = opened(options.output), fresh = opened(fresh_options.output);
  EXPECT_TRUE(index->verify().ok());
  EXPECT_EQ(index->centroids(), fresh->centroids());
  EXPECT_EQ(index->manifest().questions_by_language, fresh->manifest().questions_by_language);
  index::FusionSetting setting;
  setting.mode = index::FusionMode::Mean;
  setting.alpha = 0.5;
  setting.center = index::Centering::Language;
  const auto a = *index::FusedRows::make(index, setting),
             b = *index::FusedRows::make(fresh, setting);
  std::vector<float> x(kDim), y(kDim);
  for (std::uint32_t p = 0; p < fresh->passages(); ++p) {
    const auto known = *index->find(fresh->fields(p)->id);
    ASSERT_TRUE(known.has_value());
    a->read(*known, *known + 1, x.data());
    b->read(p, p + 1, y.data());
    EXPECT_EQ(x, y) << p;
  }
  EXPECT_EQ(*index->find("p5"), std::nullopt);
  // Joined with nothing, what was deleted is gone.
  ASSERT_TRUE(merge_indexes({options.output}, (inputs.folder / "m").string(), "test").ok());
  EXPECT_EQ(opened((inputs.folder / "m").string())->passages(), fresh->passages());
  const auto again = sync_index(options);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->unchanged, 60U);
  EXPECT_EQ(again->added + again->replaced + again->deleted, 0U);
}

TEST(BuildIndex, AddingAndDeleting) {
  const Inputs inputs(20);
  const auto options = inputs.options("i");
  ASSERT_EQ(error_of(options), "built");
  EXPECT_NE(add_to_index(options).error().message.find("\"p0\" is in the index already"),
            std::string::npos);
  auto more = options;
  put(inputs.folder / "more.jsonl", "{\"_id\":\"x\",\"text\":\"y\"}\n");
  put_vectors(inputs.folder / "more.npy", {{1, 2, 3, 4}}, kDim);
  more.corpus = {(inputs.folder / "more.jsonl").string()};
  more.questions.files.clear();
  more.vectors.passage_vectors = (inputs.folder / "more.npy").string();
  more.vectors.question_vectors.clear();
  const auto added = add_to_index(more);
  ASSERT_TRUE(added.ok()) << added.error().message;
  EXPECT_EQ(opened(options.output)->passages(), 21U);
  EXPECT_FALSE(delete_from_index(options.output, {"p1", "nobody"}, false).ok());
  EXPECT_EQ(*delete_from_index(options.output, {"p1", "nobody", "x", "p1"}, true), 2U);
  const auto index = opened(options.output);
  EXPECT_EQ(index->deleted_passages(), 2U);
  EXPECT_EQ(*index->find("x"), std::nullopt);
  EXPECT_EQ(index->live_rows()[0], (std::uint64_t{1} << 20) - 1 - 2);
  EXPECT_TRUE(index->verify().ok());
}

TEST(BuildIndex, FiltersOfQuestions) {
  const Inputs inputs(2);
  put(inputs.folder / "q.jsonl",
      "{\"passage_id\":\"p0\",\"lang\":\"de\",\"text\":\"a\",\"confidence\":0.2}\n"
      "{\"passage_id\":\"p0\",\"lang\":\"de\",\"text\":\"b\",\"confidence\":0.9}\n"
      "{\"passage_id\":\"p0\",\"lang\":\"de-AT\",\"text\":\"c\"}\n"
      "{\"passage_id\":\"p0\",\"lang\":\"fr\",\"text\":\"d\"}\n"
      "{\"passage_id\":\"p1\",\"lang\":\"ja\",\"text\":\"Rare?\",\"source\":\"log\"}\n"
      "{\"passage_id\":\"p1\",\"lang\":\"ja\",\"text\":\"often\",\"source\":\"log\"}\n"
      "{\"passage_id\":\"p0\",\"lang\":\"ja\",\"text\":\"Often!\",\"source\":\"log\"}\n"
      "{\"passage_id\":\"p1\",\"lang\":\"ja\",\"text\":\"much\",\"source\":\"log\",\"count\":5}\n"
      "{\"passage_id\":\"p7\",\"lang\":\"ja\",\"text\":\"whose\"}\n");
  put_vectors(inputs.folder / "q.npy", std::vector<std::vector<float>>(9, {1, 0, 0, 0}), kDim);
  auto options = inputs.options("i");
  options.questions.min_confidence = 0.5;
  options.questions.max_per_language = 1;
  options.questions.exclude_languages = {"fr-CA"};
  options.questions.min_count = 2;
  const auto report = build_index(options);
  ASSERT_TRUE(report.ok()) << report.error().message;
  const auto index = opened(options.output);
  std::vector<std::string> texts;
  for (std::uint64_t q = 0; q < index->questions(); ++q) texts.push_back(*index->question_text(q));
  EXPECT_EQ(texts, (std::vector<std::string>{"b", "Often!", "often"}));
  EXPECT_EQ(report->counters["questions.unknown-passage"], 1U);
  EXPECT_EQ(report->counters["questions.dropped.min-confidence"], 1U);
  EXPECT_EQ(report->counters["questions.dropped.exclude-language"], 1U);
  EXPECT_EQ(report->counters["questions.dropped.min-count"], 1U);
}

TEST(BuildIndex, WhatSeveralSourcesStateIsAttachedOnceAsTheFirstOfThem) {
  const Inputs inputs(2);
  put(inputs.folder / "q.jsonl",
      "{\"passage_id\":\"p0\",\"lang\":\"de\",\"text\":\"Wo?\",\"source\":\"aligned\"}\n"
      "{\"passage_id\":\"p0\",\"lang\":\"de-AT\",\"text\":\"wo\",\"source\":\"annotated\"}\n"
      "{\"passage_id\":\"p0\",\"lang\":\"fr\",\"text\":\"Wo?\",\"source\":\"aligned\"}\n"
      "{\"passage_id\":\"p1\",\"lang\":\"de\",\"text\":\"Wo?\",\"source\":\"aligned\"}\n"
      "{\"passage_id\":\"p0\",\"lang\":\"de\",\"text\":\"wo\",\"source\":\"annotated\"}\n");
  put_vectors(inputs.folder / "q.npy", std::vector<std::vector<float>>(5, {1, 0, 0, 0}), kDim);
  const auto options = inputs.options("i");
  const auto report = build_index(options);
  ASSERT_TRUE(report.ok()) << report.error().message;
  const auto index = opened(options.output);
  std::vector<std::string> kept;
  for (std::uint64_t q = 0; q < index->questions(); ++q)
    kept.push_back(std::string(index->question(q).tag) + " " +
                   std::string(name_of(index->question(q).source)));
  EXPECT_EQ(kept, (std::vector<std::string>{"de-AT annotated", "fr aligned", "de annotated",
                                            "de aligned"}));
  EXPECT_EQ(report->counters["questions.dropped.stated-again"], 1U);
}

TEST(BuildIndex, FormatsOfCorpora) {
  const Inputs inputs(1);
  const std::vector<std::pair<std::string, std::string>> corpora{
      {"beir", "{\"_id\":\"a\",\"title\":\"t\",\"text\":\"x\"}\n"},
      {"tevatron", "{\"docid\":\"a\",\"title\":\"t\",\"text\":\"x\"}\n"},
      {"pyserini", "{\"id\":\"a\",\"contents\":\"x\"}\n"},
      {"csv", "id,title,text\na,t,x\n"},
      {"tsv", "_id\ttitle\ttext\na\tt\tx\n"},
      {"webfaq",
       "{\"id\":\"a\",\"url\":\"https://s.example/f\",\"language\":\"de\","
       "\"question\":\"t\",\"answer\":\"x\"}\n"}};
  for (const auto& [name, text] : corpora) {
    put(inputs.folder / name, text);
    auto options = inputs.options(name + ".idx");
    options.corpus = {(inputs.folder / name).string()};
    options.questions.files.clear();
    options.vectors.question_vectors.clear();
    options.own_questions = false;
    ASSERT_EQ(error_of(options), "built") << name;
    const auto index = opened(options.output);
    EXPECT_EQ(index->fields(0)->id, "a") << name;
    EXPECT_EQ(index->text(0)->text, "x") << name;
    if (name == "webfaq") EXPECT_EQ(index->fields(0)->site, "https://s.example");
  }
}

TEST(CorpusRow, PassageFrom) {
  CorpusRow row;
  row.id = "i";
  row.title = "t";
  row.text = "x";
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(*row.passage(PassageFrom::Usual), Pair("t", "x"));
  EXPECT_EQ(*row.passage(PassageFrom::TitleText), Pair("t", "x"));
  EXPECT_EQ(*row.passage(PassageFrom::Text), Pair("", "x"));
  EXPECT_FALSE(row.passage(PassageFrom::Answer).ok());
  row.pair = true;
  row.question = "q";
  row.answer = "a";
  EXPECT_EQ(*row.passage(PassageFrom::Usual), Pair("", "a"));
  EXPECT_EQ(*row.passage(PassageFrom::QuestionAnswer), Pair("q", "a"));
  EXPECT_FALSE(row.passage(PassageFrom::Text).ok());
}

TEST(QuestionReader, ReadsXqgRows) {
  const TemporaryFolder folder;
  put(folder / "q",
      "{\"docid\":\"a\",\"text\":\"passage\",\"generated_queries\":"
      "{\"ja\":[\"x\",\"y\"],\"ko\":[]}}\n"
      "{\"passage_id\":\"b\",\"lang\":\"de\",\"text\":\"z\",\"source\":\"aligned\"}\n");
  auto reader = QuestionReader::open({(folder / "q").string()});
  QuestionRow row;
  std::string all;
  while (*reader->next(row))
    all += row.passage_id + "|" + row.tag + "|" + row.text + "|" +
           std::string(name_of(row.source)) + "|" + std::to_string(row.number) + "\n";
  EXPECT_EQ(all, "a|ja|x|generated|0\na|ja|y|generated|1\nb|de|z|aligned|2\n");
}

TEST(BuildIndex, BadInputIsNamed) {
  Inputs inputs(5);
  auto options = inputs.options("i");
  const auto with_corpus = [&](const std::string& text) {
    put(inputs.folder / "bad.jsonl", text);
    auto bad = options;
    bad.corpus = {(inputs.folder / "bad.jsonl").string()};
    return error_of(bad);
  };
  EXPECT_NE(with_corpus("").find("bad.jsonl: no passages"), std::string::npos);
  EXPECT_NE(with_corpus("{\"_id\":\"a\",\"text\":\"x\"}\n{\"_id\":\"b\",\"text\":\"x\"}\n"
                        "{\"_id\":\"a\",\"text\":\"y\"}\n")
                .find("bad.jsonl:3: passage \"a\" was there before ("),
            std::string::npos);
  EXPECT_NE(with_corpus("{\"_id\":\"a\",\"text\":\"x\"}\n{\"text\":\"x\"}\n").find("bad.jsonl:2: "),
            std::string::npos);
  EXPECT_NE(with_corpus("{\"_id\":\"a\"}\n").find("bad.jsonl:1: passage \"a\": expected a text"),
            std::string::npos);
  EXPECT_NE(with_corpus("{\"_id\":\"a\",\"text\":\"x\"}\n").find("has 5 rows, the corpus has 1"),
            std::string::npos);
  auto bad = options;
  put_vectors(inputs.folder / "wide.npy", std::vector<std::vector<float>>(5, {1, 2, 3}), 3);
  bad.vectors.passage_vectors = (inputs.folder / "wide.npy").string();
  EXPECT_NE(error_of(bad).find("4 columns"), std::string::npos);
  inputs.passage_vectors[2][1] = std::numeric_limits<float>::quiet_NaN();
  inputs.write();
  EXPECT_NE(error_of(options).find("p.npy: row 2, column 1: not a finite number"),
            std::string::npos);
  put(inputs.folder / "q.jsonl", "{\"passage_id\":\"p0\",\"lang\":\"de\"}\n");
  EXPECT_NE(error_of(options).find("q.jsonl:1: expected `text`"), std::string::npos);
  std::filesystem::create_directories(inputs.folder / "taken");
  put(inputs.folder / "taken/file", "mine");
  bad = options;
  bad.output = (inputs.folder / "taken").string();
  EXPECT_NE(error_of(bad).find("is no index"), std::string::npos);
  EXPECT_EQ(bytes_of(inputs.folder / "taken/file"), "mine");
}

TEST(BuildIndex, ResumeRefusesOtherInputs) {
  Inputs inputs(5);
  const auto options = inputs.options("i");
  inputs.passage_vectors[4][0] = std::numeric_limits<float>::quiet_NaN();
  inputs.write();
  EXPECT_NE(error_of(options), "built");
  auto resumed = options;
  resumed.resume = true;
  resumed.keep = index::KeepParts::Total;
  EXPECT_NE(error_of(resumed).find("other options or inputs"), std::string::npos);
  resumed.keep = options.keep;
  inputs.passage_vectors[4][0] = 1;
  inputs.write();
  EXPECT_EQ(error_of(resumed), "built");
  EXPECT_TRUE(build_index(resumed)->already_complete);
}

TEST(BuildIndex, FusedWhileReadIsWhatPartsWouldGive) {
  const Inputs inputs(40);
  auto options = inputs.options("parts");
  ASSERT_EQ(error_of(options), "built");
  options.output = (inputs.folder / "none").string();
  options.keep = index::KeepParts::None;
  options.fusion.mode = index::FusionMode::LanguageMean;
  options.fusion.alpha = 0.4;
  ASSERT_EQ(error_of(options), "built");
  const auto parts = opened((inputs.folder / "parts").string()), none = opened(options.output);
  const auto a = *index::FusedRows::make(parts, options.fusion),
             b = *index::FusedRows::make(none, options.fusion);
  std::vector<float> x(40 * kDim), y(x);
  a->read(0, 40, x.data());
  b->read(0, 40, y.data());
  EXPECT_EQ(x, y);
}

TEST(BuildIndex, ExportedFilesBuildTheSameIndexAgain) {
  const Inputs inputs(30);
  const auto options = inputs.options("i");
  ASSERT_EQ(error_of(options), "built");
  ExportOptions out;
  out.output = (inputs.folder / "x").string();
  const auto exported = export_index(options.output, out);
  ASSERT_TRUE(exported.ok()) << exported.error().message;
  auto again = options;
  again.corpus = {(inputs.folder / "x/passages.jsonl").string()};
  again.questions.files = {(inputs.folder / "x/questions.jsonl").string()};
  again.vectors.passage_vectors = (inputs.folder / "x/passages.npy").string();
  again.vectors.question_vectors = (inputs.folder / "x/questions.npy").string();
  again.output = (inputs.folder / "again").string();
  ASSERT_EQ(error_of(again), "built");
  EXPECT_EQ(content_of(again.output + "/segment-00000"),
            content_of(options.output + "/segment-00000"));
}

}  // namespace
}  // namespace crosstail::retrieve
