// Whole runs on a tiny model: it learns, it resumes, it says what is wrong.
#include "train/trainer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <fstream>

#include "base/file.h"
#include "base/interrupt.h"
#include "model/encoder.h"
#include "model/model_card.h"
#include "support/program.h"
#include "support/temporary_folder.h"
#include "support/tiny_bert.h"
#include "train/checkpoint.h"

namespace crosstail::train {
namespace {

using testing::TemporaryFolder;
using testing::tiny_word;
using testing::whole_file;

/// Row i: a question of two words, a passage of three others, a hard negative.
std::string rows_of(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto w = [&](std::size_t k) { return tiny_word((i * 7 + k * 5 + i / 5) % 25); };
    out += R"({"anchor":")" + w(0) + " " + w(1) + R"(","positive":")" + w(2) + " " + w(3) + " " +
           tiny_word(i % 25) + R"(","negative":")" + w(4) + " " + w(3) + R"(","lang":")" +
           (i % 3 == 0 ? "de" : "en") + "\"}\n";
  }
  return out;
}

TrainOptions options_for(const TemporaryFolder& folder, std::size_t rows = 24) {
  testing::write_tiny_bert(folder / "model");
  std::ofstream(folder / "rows.jsonl") << rows_of(rows);
  TrainOptions o;
  o.model = folder / "model";
  o.output = folder / "out";
  o.data.files = {(folder / "rows.jsonl").string()};
  o.data.batch_size = 8;
  o.engine.mode = nn::ProductMode::F32;
  o.engine.threads = 2;
  o.learning_rate = 2e-3;
  o.steps = 12;
  o.checkpoint_every = 5;
  return o;
}

std::string weights(const std::filesystem::path& folder) {
  return whole_file(folder / "model.safetensors");
}

double last_loss(const std::filesystem::path& metrics) {
  const auto text = whole_file(metrics);
  const auto at = text.rfind("\"loss\":");
  return std::strtod(text.c_str() + at + 7, nullptr);
}

TEST(Trainer, OverfitsOneBatchToZero) {
  for (const auto mode : {nn::ProductMode::F32, nn::ProductMode::BF16}) {
    const TemporaryFolder folder;
    auto o = options_for(folder, 8);
    o.engine.mode = mode;
    o.steps = 150;
    o.dropout = o.attention_dropout = 0;
    o.adam.weight_decay = 0;
    const auto report = train(o);
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_LT(report->final_loss, 1e-3) << nn::name_of(mode);
  }
}

TEST(Trainer, TheSameSeedGivesTheSameWeightsWithAnyNumberOfThreads) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  std::string first;
  for (const std::size_t threads : {1U, 2U, 4U}) {
    o.engine.threads = threads;
    o.output = folder / ("out" + std::to_string(threads));
    ASSERT_TRUE(train(o).ok());
    const auto bytes = weights(o.output);
    if (first.empty()) first = bytes;
    EXPECT_EQ(bytes, first) << threads;
  }
  o.output = folder / "other-seed";
  o.data.seed = 43;
  ASSERT_TRUE(train(o).ok());
  EXPECT_NE(weights(o.output), first);
}

TEST(Trainer, InterruptedAndResumedEndsWithTheSameBytes) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  o.dev = {(folder / "rows.jsonl").string()};
  o.evaluate_every = 4;
  ASSERT_TRUE(train(o).ok());
  o.output = folder / "resumed";
  request_interrupt();  // found after the first step
  auto stopped = train(o);
  clear_interrupt();
  // The survey of the data sees the interrupt first; without resume nothing is there yet.
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code, ErrorCode::Interrupted);
  o.resume = true;
  ASSERT_TRUE(train(o).ok());
  EXPECT_EQ(weights(folder / "resumed"), weights(folder / "out"));
  EXPECT_EQ(whole_file(folder / "resumed" / "training" / "metrics.jsonl"),
            whole_file(folder / "out" / "training" / "metrics.jsonl"));
  EXPECT_FALSE(std::filesystem::exists(folder / "resumed.training"));
}

TEST(Trainer, KilledAtAnyMomentAndResumedEndsWithTheSameBytes) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  std::vector<std::string> arguments = {"train",
                                        o.data.files[0],
                                        "--model",
                                        o.model.string(),
                                        "--batch-size",
                                        "4",
                                        "--steps",
                                        "100",
                                        "--precision",
                                        "f32",
                                        "--threads",
                                        "2",
                                        "--checkpoint-every",
                                        "7",
                                        "--learning-rate",
                                        "1e-3",
                                        "--dev",
                                        o.data.files[0],
                                        "--evaluate-every",
                                        "30",
                                        "-o"};
  auto whole = arguments, killed = arguments;
  whole.push_back((folder / "whole").string());
  ASSERT_EQ(testing::run_crosstail(whole).exit_code, 0);
  killed.push_back((folder / "killed").string());
  killed.push_back("--resume");
  testing::ProgramRun run;
  // Ever later, so that it is killed at many moments and still comes to an end on a slow machine.
  double milliseconds = 100;
  for (int i = 0; i < 30 && run.exit_code != 0; ++i, milliseconds *= 1.5)
    run = testing::run_crosstail(
        killed, "", std::chrono::microseconds(static_cast<std::int64_t>(1000 * milliseconds)));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(weights(folder / "killed"), weights(folder / "whole"));
  EXPECT_EQ(whole_file(folder / "killed" / "training" / "metrics.jsonl"),
            whole_file(folder / "whole" / "training" / "metrics.jsonl"));
}

TEST(Trainer, ResumingWithOtherOptionsNamesThem) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  o.output = folder / "out";
  o.steps = 200000;
  o.checkpoint_every = 1;
  // The checkpoint of a run that was stopped.
  std::vector<std::string> arguments = {
      "train",  o.data.files[0],      "--model", o.model.string(),  "--steps",
      "200000", "--checkpoint-every", "1",       "--learning-rate", "1e-3",
      "-o",     o.output.string()};
  for (int i = 0; i < 20 && !std::filesystem::exists(folder / "out.training/state.checkpoint"); ++i)
    testing::run_crosstail(arguments, "", std::chrono::milliseconds(500 + 300 * i));
  arguments[9] = "5e-4";
  arguments.push_back("--resume");
  const auto run = testing::run_crosstail(arguments);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.err.find("learning rate: 0.0005, was 0.001"), std::string::npos) << run.err;
}

TEST(Trainer, ALossThatIsNotANumberStopsAndNamesTheBatch) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  o.learning_rate = 1e30;
  o.adam.clip_norm = 0;
  o.warmup = 0;
  o.decay = Decay::Constant;
  const auto report = train(o);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::Corrupt);
  EXPECT_NE(report.error().message.find("of 8 rows, the first from line"), std::string::npos)
      << report.error().message;
  EXPECT_FALSE(std::filesystem::exists(o.output));
}

TEST(Trainer, ALossThatIsNotANumberLeavesTheCheckpointBeforeIt) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  std::string rows;
  for (std::size_t i = 0; i < 24; ++i)
    rows += R"({"query":")" + tiny_word(i) + R"(","pos":[")" + tiny_word(i + 1) + R"("],"neg":[")" +
            tiny_word(i + 3) + R"("],"pos_scores":[)" + (i == 7 ? "1e200" : "2") +
            R"(],"neg_scores":[1]})" + "\n";
  std::ofstream(o.data.files[0]) << rows;
  o.objective.kind = ObjectiveKind::MarginMse;
  o.checkpoint_every = 1;
  // The row whose margin squared is beyond a double comes second or third with some seed.
  std::string message;
  for (o.data.seed = 1; o.data.seed < 20; ++o.data.seed) {
    const auto report = train(o);
    ASSERT_FALSE(report.ok());
    message = report.error().message;
    if (message.find("at step 1 ") == std::string::npos) break;
  }
  const auto at = message.find("at step ");
  ASSERT_NE(at, std::string::npos) << message;
  const auto failed = std::strtoull(message.c_str() + at + 8, nullptr, 10);
  ASSERT_GT(failed, 1U);
  auto engine = ModelEngine::open(o.model, o.engine);
  ASSERT_TRUE(engine.ok());
  o.objective.normalise = true;  // as the model's directory says: what train() made of it
  const auto fingerprint = fingerprint_of(o);
  ASSERT_TRUE(fingerprint.ok());
  const auto kept =
      read_checkpoint(folder / "out.training/state.checkpoint", *fingerprint, **engine);
  ASSERT_TRUE(kept.ok()) << kept.error().message;
  EXPECT_EQ(kept->step, failed - 1);
  for (const float value : (*engine)->parameters().values.span()) ASSERT_TRUE(std::isfinite(value));
}

/// No file may grow beyond `bytes` while it lives: what a full disk does to a write.
class SmallDisk {
 public:
  explicit SmallDisk(std::uintmax_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{static_cast<rlim_t>(bytes), before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(Trainer, ADiskThatFillsUpInTheMiddleOfACheckpointLeavesTheOneThatWasThere) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  o.keep_state = true;
  ASSERT_TRUE(train(o).ok());
  const auto uninterrupted = weights(o.output);
  const auto checkpoint = folder / "out.training/state.checkpoint";
  const auto before = whole_file(checkpoint);  // of step 10
  o.resume = true;
  o.checkpoint_every = 1;
  {
    const SmallDisk small(before.size() / 2);
    const auto report = train(o);
    ASSERT_FALSE(report.ok());
    EXPECT_NE(report.error().message.find("state.checkpoint"), std::string::npos)
        << report.error().message;
  }
  EXPECT_EQ(whole_file(checkpoint), before);
  const auto report = train(o);
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(weights(o.output), uninterrupted);
}

TEST(Trainer, RowsWithoutPositivesAreCountedAndNamed) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  std::ofstream(folder / "rows.jsonl") << rows_of(2) << R"({"anchor":"wa wb"})"
                                       << "\n";
  const auto report = train(o);
  ASSERT_FALSE(report.ok());
  EXPECT_NE(report.error().message.find("1 of 3 rows have no positive passage, the first at " +
                                        o.data.files[0] + ":3"),
            std::string::npos)
      << report.error().message;
}

TEST(Trainer, AMalformedRowIsNamedByFileAndLine) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  std::ofstream(folder / "rows.jsonl") << rows_of(1) << "{\"anchor\": 3, \n";
  const auto report = train(o);
  ASSERT_FALSE(report.ok());
  EXPECT_NE(report.error().message.find("rows.jsonl:2: "), std::string::npos)
      << report.error().message;
}

TEST(Trainer, AFullDiskLeavesTheCheckpointThatWasThere) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  o.output = "/dev/full/out";  // no folder can be made there
  const auto report = train(o);
  ASSERT_FALSE(report.ok());
  EXPECT_NE(report.error().message.find("/dev/full"), std::string::npos);
}

TEST(Trainer, GradientCachingGivesThePlainResult) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  o.steps = 3;
  ASSERT_TRUE(train(o).ok());
  const double plain = last_loss(o.output / "training" / "metrics.jsonl");
  o.tokens_at_once = 20;
  o.output = folder / "cached";
  ASSERT_TRUE(train(o).ok());
  EXPECT_NEAR(last_loss(o.output / "training" / "metrics.jsonl"), plain, 1e-5 * plain);
}

TEST(Trainer, TheResultLoadsAndIsWhatWasMeasured) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  o.dev = {(folder / "rows.jsonl").string()};
  o.steps = 60;
  const auto report = train(o);
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_GT(report->dev_after, report->dev_before);
  model::ModelOptions f32;
  f32.precision = nn::Precision::F32;
  const auto encoder = model::Encoder::open(o.output, f32);
  ASSERT_TRUE(encoder.ok()) << encoder.error().message;
  EXPECT_TRUE(encoder->info().normalise);
  const auto card = whole_file(o.output / "README.md");
  EXPECT_NE(card.find("| en | 16 |"), std::string::npos) << card;
  EXPECT_NE(card.find("MRR@10"), std::string::npos);
}

TEST(Trainer, FrozenLayersKeepTheirBits) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  o.engine.frozen = {true, 1};
  ASSERT_TRUE(train(o).ok());
  const auto before = ModelEngine::open(o.model, o.engine),
             after = ModelEngine::open(o.output, o.engine);
  ASSERT_TRUE(before.ok() && after.ok());
  for (const auto& p : (*before)->parameters().list) {
    const float *a = (*before)->parameters().value(p.offset),
                *b = (*after)->parameters().value(p.offset);
    EXPECT_EQ(std::equal(a, a + p.size(), b), p.depth < 2) << p.name;
  }
}

TEST(Trainer, CrossEncodersAndClassifiersLearn) {
  for (const std::size_t labels : {1U, 3U}) {
    const TemporaryFolder folder;
    auto o = options_for(folder);
    testing::write_tiny_bert(folder / "model", labels);
    std::string rows;
    for (std::size_t i = 0; i < 12; ++i)
      rows += R"({"text":")" + tiny_word(2 * i) + R"(","positive":")" + tiny_word(2 * i + 1) +
              R"(","negative":")" + tiny_word((2 * i + 5) % 25) + R"(","label":)" +
              (labels == 1 ? "1" : "\"L" + std::to_string(i % 3) + "\"") + "}\n";
    std::ofstream(folder / "rows.jsonl") << rows;
    o.objective.kind = labels == 1 ? ObjectiveKind::PairScore : ObjectiveKind::Classes;
    o.steps = 150;
    o.dropout = o.attention_dropout = 0;
    const auto report = train(o);
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_LT(report->final_loss, 0.05);
  }
}

TEST(Trainer, DistilsATeacherIntoAStudent) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  o.objective.kind = ObjectiveKind::DistilCosine;
  o.steps = 80;
  // A trained teacher; the student is the untrained model.
  auto teacher = o;
  teacher.objective.kind = ObjectiveKind::Contrastive;
  teacher.output = folder / "teacher";
  ASSERT_TRUE(train(teacher).ok());
  o.objective.teacher = folder / "teacher";
  o.dropout = o.attention_dropout = 0;
  const auto report = train(o);
  ASSERT_TRUE(report.ok()) << report.error().message;
  const auto text = whole_file(o.output / "training" / "metrics.jsonl");
  const double first = std::strtod(text.c_str() + text.find("\"loss\":") + 7, nullptr);
  EXPECT_LT(report->final_loss, 0.3 * first);
}

TEST(Trainer, AKeptStateGoesOnWithMoreStepsAsIfTheyHadBeenAskedForAtOnce) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  o.decay = Decay::Constant;
  o.warmup = 2;
  o.cooldown = 4;
  o.checkpoint_every = 3;
  o.steps = 16;
  ASSERT_TRUE(train(o).ok());
  const auto at_once = weights(o.output);
  o.output = folder / "parts";
  o.keep_state = true;
  o.steps = 10;
  const auto first = train(o);
  ASSERT_TRUE(first.ok()) << first.error().message;
  const auto part = weights(o.output);
  EXPECT_NE(part, at_once);
  o.resume = true;
  o.steps = 16;
  const auto second = train(o);
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_EQ(weights(o.output), at_once);
  // What the cooldown changed is not the state: the first part comes out again only from its start.
  o.steps = 10;
  const auto back = train(o);
  ASSERT_FALSE(back.ok());
  EXPECT_NE(back.error().message.find("more --steps are needed"), std::string::npos);
}

TEST(Trainer, ADistilledRowTeachesAllItsTranslations) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  o.objective.kind = ObjectiveKind::DistilCosine;
  o.objective.teacher = o.model;
  o.objective.teacher_prompt = "";
  o.dropout = o.attention_dropout = 0;
  o.steps = 1;
  o.data.batch_size = 2;
  // The model itself teaches: a text's own vector is met at once, that of another text is not.
  std::ofstream(o.data.files[0]) << R"({"text":"wa wb"})"
                                 << "\n"
                                 << R"({"text":"wc wd"})"
                                 << "\n";
  ASSERT_TRUE(train(o).ok());
  EXPECT_NEAR(last_loss(o.output / "training" / "metrics.jsonl"), 0, 1e-4);
  const auto loss_with = [&](const char* positives) {
    std::ofstream(o.data.files[0]) << R"({"question":"wa wb","pos":)" << positives << "}\n";
    o.data.batch_size = 1;
    EXPECT_TRUE(train(o).ok());
    return last_loss(o.output / "training" / "metrics.jsonl");
  };
  // Means of 1 - cosine over two texts and over three.
  const double c = 2 * loss_with(R"(["we"])"), d = 2 * loss_with(R"(["wf wg"])");
  EXPECT_GT(c, 0);
  EXPECT_NEAR(3 * loss_with(R"(["we","wf wg"])"), c + d, 1e-3 * (c + d));
}

TEST(Trainer, StatesAreTaughtWhereTheTeacherCutsATextTheSameWay) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  auto teacher = o;
  teacher.output = folder / "teacher";
  ASSERT_TRUE(train(teacher).ok());
  o.objective.kind = ObjectiveKind::DistilCosine;
  o.objective.teacher = folder / "teacher";
  o.objective.teacher_prompt = "";
  o.dropout = o.attention_dropout = 0;
  o.steps = 1;
  const auto loss_with = [&](double weight) {
    o.objective.state_weight = weight;
    EXPECT_TRUE(train(o).ok());
    return last_loss(o.output / "training" / "metrics.jsonl");
  };
  // The loss is linear in the weight, and longer training on states brings vectors near, too.
  const double none = loss_with(0), one = loss_with(1), two = loss_with(2);
  EXPECT_GT(one, none);
  EXPECT_NEAR(two - one, one - none, 1e-4 * one);
  const auto trained = [&](std::size_t threads) {
    o.steps = 60;
    o.engine.threads = threads;
    EXPECT_TRUE(train(o).ok());
    return weights(o.output);
  };
  const auto first = trained(1);
  EXPECT_LT(last_loss(o.output / "training" / "metrics.jsonl"), 0.5 * two);
  EXPECT_EQ(trained(3), first);
}

TEST(Trainer, MiddleLayersAndMuonWithAnyThreadsAndResumed) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  auto teacher = o;
  teacher.output = folder / "teacher";
  ASSERT_TRUE(train(teacher).ok());
  o.objective.kind = ObjectiveKind::DistilCosine;
  o.objective.teacher = folder / "teacher";
  o.objective.teacher_prompt = "";
  o.objective.state_weight = 1;
  o.objective.state_layers = {1, 2};
  o.dropout = o.attention_dropout = 0;
  o.adam.muon = 0.95;
  o.steps = 60;
  const auto trained = [&](const char* name, std::size_t threads) {
    o.output = folder / name;
    o.engine.threads = threads;
    const auto report = train(o);
    EXPECT_TRUE(report.ok()) << report.error().message;
    return weights(o.output);
  };
  const auto first = trained("one", 1);
  const auto metrics = whole_file(o.output / "training" / "metrics.jsonl");
  EXPECT_LT(last_loss(o.output / "training" / "metrics.jsonl"),
            0.5 * std::strtod(metrics.c_str() + metrics.find("\"loss\":") + 7, nullptr));
  EXPECT_EQ(trained("three", 3), first);
  // To step 20 and a cooldown that is not kept, then on from there.
  o.warmup = 0;
  o.decay = Decay::Constant;
  o.cooldown = 10;
  o.keep_state = o.resume = true;
  o.steps = 30;
  trained("parts", 2);
  o.steps = 60;
  const auto parts = trained("parts", 2);
  EXPECT_EQ(trained("whole", 2), parts);
}

TEST(Trainer, TheCardKeepsTheLanguagesTheModelStates) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  o.steps = 1;
  ASSERT_TRUE(train(o).ok());
  EXPECT_TRUE(model::read_card_languages(o.output).empty());
  // The rows are in German and English.
  std::ofstream(folder / "model" / "README.md") << "---\nlanguage: [fr, en]\n---\n";
  ASSERT_TRUE(train(o).ok());
  EXPECT_EQ(model::read_card_languages(o.output), (std::vector<std::string>{"de", "en", "fr"}));
}

TEST(Trainer, StateLayersThatAreNotThereAreNamed) {
  const TemporaryFolder folder;
  auto o = options_for(folder);
  o.objective.kind = ObjectiveKind::DistilCosine;
  o.objective.teacher = o.model;
  o.objective.state_weight = 1;
  for (const auto& [layers, wanted] : std::vector<std::pair<std::vector<std::size_t>, std::string>>{
           {{1}, "names 1 layers of the teacher, and the model has 2"},
           {{1, 3}, "--state-layers 3: the teacher has 2 layers"},
           {{0, 0}, "no layer is to be taught"}}) {
    o.objective.state_layers = layers;
    const auto report = train(o);
    ASSERT_FALSE(report.ok());
    EXPECT_NE(report.error().message.find(wanted), std::string::npos) << report.error().message;
  }
}

}  // namespace
}  // namespace crosstail::train
