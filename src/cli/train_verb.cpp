#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/log.h"
#include "base/pool.h"
#include "cli/verbs.h"
#include "model/layout.h"
#include "nn/isa.h"
#include "train/trainer.h"

namespace crosstail::cli {
namespace {

/// "8,16,32" or "8:0.5,32:1".
Result<std::vector<train::Cut>> parse_cuts(std::string_view text) {
  std::vector<train::Cut> cuts;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const std::string part(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    char* end = nullptr;
    train::Cut cut{std::strtoull(part.c_str(), &end, 10), 1};
    if (*end == ':') cut.weight = std::strtod(end + 1, &end);
    if (cut.dim == 0 || *end != '\0')
      return Error{ErrorCode::InvalidArgument,
                   "expected dimensions, each with a weight if wanted, "
                   "as 64,128:0.5,384"};
    cuts.push_back(cut);
  }
  return cuts;
}

/// "3,6,9,12".
Result<std::vector<std::size_t>> parse_layers(std::string_view text) {
  std::vector<std::size_t> layers;
  while (!text.empty()) {
    const std::string part(text.substr(0, text.find(',')));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (part.empty() || part.size() > 3 || part.find_first_not_of("0123456789") != part.npos)
      return Error{ErrorCode::InvalidArgument, "expected numbers of layers, as 3,6,9,12"};
    layers.push_back(std::stoul(part));
  }
  return layers;
}

/// A folder stands for the files of rows in it and below, in the order of their paths: what `curate
/// -o` wrote.
Result<std::vector<std::string>> with_folders_opened(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const auto& path : paths) {
    std::error_code failure;
    if (!fs::is_directory(path, failure)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    for (fs::recursive_directory_iterator at(path, failure), end; !failure && at != end;
         at.increment(failure)) {
      const std::string name = at->path().filename().string();
      if (name.find(".jsonl") != std::string::npos || name.ends_with(".csv") ||
          name.ends_with(".tsv"))
        found.push_back(at->path().string());
    }
    if (found.empty())
      return Error{ErrorCode::NotFound, path + ": no .jsonl, .csv or .tsv file is in this folder"};
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

class TrainVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "train", "how does it learn: fine-tune and distil encoders, cross-encoders, classifiers",
        "DATA… --model DIR -o DIR [options]",
        "Reads training rows (Tevatron, sentence-transformers, FlagEmbedding, n-tuples, pairs "
        "that\n"
        "curate wrote), trains the model of a Hugging Face or sentence-transformers directory, "
        "and\n"
        "writes such a directory with a model card, the metrics and the dev runs. The same seed "
        "gives\n"
        "the same weights, bit for bit, with any number of threads, killed and resumed or not.",
        "  crosstail train dataset/*.jsonl --model multilingual-e5-small -o mine --batch-size 128\n"
        "  crosstail train rows.jsonl --model mine -o better --objective margin-mse --resume"};
  }

  void declare(OptionTable& options) override {
    options.positionals(o_.data.files, "DATA",
                        "files of training rows (plain, .gz, .zst), or folders of them", 1);
    options.section("Input and output")
        .text(model_, "model", "DIR", "what is trained")
        .text(output_, "output", "DIR", "the result; put in place when complete", 'o')
        .texts(o_.corpus, "corpus", "FILE", "passages that rows name by id (docid, text)")
        .texts(o_.dev, "dev", "FILE", "rows to measure on; rows of another split are passed over")
        .count(o_.dev_rows, "dev-rows", "N",
               "measure on at most so many, languages in turn; 0: all")
        .text(o_.data.split, "split", "NAME", "train on rows of this split, or that state none")
        .flag(o_.resume, "resume", "go on from the last checkpoint, if there is one")
        .flag(o_.keep_state, "keep-state",
              "OUTPUT.training stays: with --cooldown, --resume goes on with more --steps");
    declare_objective(options);
    declare_data(options);
    declare_steps(options);
  }

  Result<int> run() override {
    CT_CHECK(finish_options());
    CT_TRY(const auto report, train::train(o_));
    std::string text =
        std::to_string(report.steps) + " steps, last loss " + number(report.final_loss);
    if (report.evaluated)
      text +=
          "; dev " + number(report.dev_before) + " before, " + number(report.dev_after) + " after";
    if (report.stopped_early) text += "; stopped early";
    log(LogLevel::Info, "summary", text + "; " + output_);
    return kDone;
  }

 private:
  static std::string number(double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.4f", value);
    return text;
  }

  void declare_objective(OptionTable& options) {
    auto& j = o_.objective;
    options.section("What is learnt")
        .choice(objective_, "objective",
                {"contrastive", "margin-mse", "listwise-kl", "in-batch-kl", "distil-mse",
                 "distil-cosine", "pair-score", "classes"},
                "the loss (docs/train.md)")
        .real(j.temperature, "temperature", "T", "scores are divided by it before softmax")
        .real(j.teacher_temperature, "teacher-temperature", "T", "the teacher's scores too")
        .flag(j.symmetric, "symmetric", "contrastive: passages find their questions as well")
        .custom("matryoshka", "DIM[:W],…", "also learn with vectors cut to these lengths", "",
                [this](std::string_view value) -> Status {
                  CT_TRY(o_.objective.cuts, parse_cuts(value));
                  return {};
                })
        .choice(normalise_, "normalise", {"model", "yes", "no"},
                "vectors to length 1: as the model directory says, or not")
        .text(teacher_, "teacher", "DIR", "encoder that in-batch-kl and distil-* learn from")
        .count(question_length_, "question-length", "N", "tokens of a question; 0: the model's")
        .count(passage_length_, "passage-length", "N",
               "tokens of a passage or pair; 0: the model's")
        .text(query_prompt_, "query-prompt", "TEXT",
              "before questions (\"model\": the model's own)")
        .text(passage_prompt_, "passage-prompt", "TEXT", "before passages (\"model\": its own)")
        .text(teacher_prompt_, "teacher-prompt", "TEXT",
              "before all texts of the teacher (\"model\": its own, of questions or passages)");
  }

  void declare_data(OptionTable& options) {
    auto& d = o_.data;
    options.section("Distillation")
        .real(o_.objective.state_weight, "state-weight", "W",
              "distil-*: the states of all tokens meet the teacher's too, this much")
        .custom("state-layers", "T1,T2,…",
                "the teacher's layer that each of the model's meets; 0: none", "its last",
                [this](std::string_view value) -> Status {
                  CT_TRY(o_.objective.state_layers, parse_layers(value));
                  return {};
                });
    options.section("Batches")
        .count(batch_, "batch-size", "N", "rows a batch")
        .count(o_.accumulate, "accumulate", "N", "batches a step")
        .count(o_.tokens_at_once, "tokens-at-once", "N",
               "batches of more tokens go through by gradient caching")
        .flag(d.homogeneous, "one-language", "all rows of a batch in one language")
        .real(d.temperature, "language-temperature", "T",
              "a language of n rows is met in proportion to n^(1/T)")
        .count(d.seed, "seed", "N", "of order, draws and dropout")
        .count(buffer_, "shuffle-rows", "N", "rows in memory to draw from");
    options.section("Negatives")
        .count(negatives_, "negatives", "N", "hard negatives of a row, drawn anew each epoch")
        .count(top_k_, "negative-top-k", "K", "only the K best-scored; 0: all")
        .custom("negative-margin", "M", "drop those that score over the positive less M", "",
                [this](std::string_view value) -> Status {
                  o_.data.negatives.use_margin = true;
                  return real(value, o_.data.negatives.margin);
                })
        .real(d.negatives.ratio, "negative-ratio", "R",
              "drop those that score over R times the positive; 0: none")
        .custom("negative-max-score", "S", "drop those that score over S", "",
                [this](std::string_view value) -> Status {
                  double score = 0;
                  CT_CHECK(real(value, score));
                  o_.data.negatives.max_score = score;
                  return {};
                });
  }

  void declare_steps(OptionTable& options) {
    options.section("Steps")
        .real(o_.epochs, "epochs", "E", "times the rows are met")
        .count(o_.steps, "steps", "N", "instead of epochs")
        .real(o_.learning_rate, "learning-rate", "R", "the highest")
        .real(o_.warmup, "warmup", "W", "steps of rising rate; below 1 a share of all")
        .choice(decay_, "decay", {"linear", "cosine", "constant"}, "of the rate after that")
        .real(o_.cooldown, "cooldown", "C",
              "constant: last steps over which the rate falls to 0; below 1 a share")
        .real(o_.adam.weight_decay, "weight-decay", "D", "decoupled; not of biases and LayerNorm")
        .real(o_.adam.muon, "muon", "M",
              "layers' matrices step by Muon with this momentum (0.95); 0: all by AdamW")
        .real(o_.adam.beta1, "beta1", "B", "AdamW")
        .real(o_.adam.beta2, "beta2", "B", "AdamW")
        .real(o_.adam.epsilon, "adam-epsilon", "E", "AdamW")
        .real(o_.adam.clip_norm, "clip", "N", "largest norm of all gradients; 0: no clipping")
        .real(o_.dropout, "dropout", "P", "of embeddings and sublayers")
        .real(o_.attention_dropout, "attention-dropout", "P", "of attention's weights")
        .count(freeze_, "freeze-layers", "N", "the lowest so many stay as they are")
        .flag(o_.engine.frozen.embeddings, "freeze-embeddings", "these too")
        .real(o_.engine.layer_decay, "layer-decay", "D",
              "a layer's rate: that of the next times D");
    options.section("Measuring and keeping")
        .count(o_.evaluate_every, "evaluate-every", "N",
               "steps between dev measures; the best weights are kept. 0: at the ends only")
        .count(o_.patience, "patience", "N", "stop after so many measures without gain; 0: never")
        .count(o_.checkpoint_every, "checkpoint-every", "N", "steps between checkpoints");
    options.section("Running")
        .choice(precision_, "precision", {"auto", "f32", "f32x3", "bf16"},
                "of products; weights are f32 (auto: bf16 where the processor has it)")
        .count(threads_, "threads", "N", "threads; 0 means one per processor");
  }

  static Status real(std::string_view text, double& to) {
    const std::string copy(text);
    char* end = nullptr;
    to = std::strtod(copy.c_str(), &end);
    if (copy.empty() || *end != '\0') return Error{ErrorCode::InvalidArgument, "expected a number"};
    return {};
  }

  Status finish_options() {
    for (const auto& [value, name] : {std::pair{&model_, "--model"}, {&output_, "--output"}})
      if (value->empty())
        return Error{ErrorCode::InvalidArgument, std::string(name) + " DIR is needed"};
    CT_TRY(o_.data.files, with_folders_opened(o_.data.files));
    o_.model = model_;
    o_.output = std::filesystem::path(output_).lexically_normal();
    if (o_.output.filename().empty()) o_.output = o_.output.parent_path();
    o_.objective.teacher = teacher_;
    o_.objective.kind = *train::objective_from(objective_);
    o_.decay = *train::decay_from(decay_);
    if (teacher_prompt_ != "model") o_.objective.teacher_prompt = teacher_prompt_;
    o_.objective.question_length = question_length_;
    o_.objective.passage_length = passage_length_;
    o_.data.batch_size = batch_;
    o_.data.buffer_rows = std::max<std::size_t>(buffer_, 1);
    o_.data.negatives.count = negatives_;
    o_.data.negatives.top_k = top_k_;
    o_.engine.frozen.layers = freeze_;
    o_.engine.threads = threads_ != 0 ? threads_ : available_threads();
    const bool fast = nn::best_isa() >= nn::Isa::Avx512Bf16;
    o_.engine.mode = precision_ == "bf16" || (precision_ == "auto" && fast) ? nn::ProductMode::BF16
                     : precision_ == "f32x3"                                ? nn::ProductMode::F32x3
                                                                            : nn::ProductMode::F32;
    o_.normalise_given = normalise_ != "model";
    o_.objective.normalise = normalise_ == "yes";
    CT_TRY(const auto layout, model::read_layout(o_.model));
    o_.objective.query_prompt = prompt(query_prompt_, layout, {"query"});
    o_.objective.passage_prompt = prompt(passage_prompt_, layout, {"passage", "document"});
    return {};
  }

  static std::string prompt(const std::string& given, const model::ModelDescription& layout,
                            std::initializer_list<const char*> names) {
    if (given != "model") return given;
    for (const char* name : names)
      if (const auto found = layout.prompts.find(name); found != layout.prompts.end())
        return found->second;
    return "";
  }

  train::TrainOptions o_;
  std::string model_, output_, teacher_,
      objective_ = "contrastive", decay_ = "linear", precision_ = "auto", normalise_ = "model",
      query_prompt_ = "model", passage_prompt_ = "model", teacher_prompt_ = "model";
  std::uint64_t batch_ = 64, buffer_ = 50000, negatives_ = 7, top_k_ = 0, freeze_ = 0, threads_ = 0,
                question_length_ = 64, passage_length_ = 256;
};

}  // namespace

std::unique_ptr<Verb> train_verb() {
  return std::make_unique<TrainVerb>();
}

}  // namespace crosstail::cli
