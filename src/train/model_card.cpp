#include <algorithm>
#include <cstdio>

#include "base/file.h"
#include "base/hash.h"
#include "model/identity.h"
#include "model/model_card.h"
#include "text/language_tag.h"
#include "train/trainer.h"

namespace crosstail::train {
namespace {

std::string shown(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string line(const std::string& name, const std::string& value) {
  return name + ": " + value + "\n";
}

std::string line(const std::string& name, std::uint64_t value) {
  return line(name, std::to_string(value));
}

/// XXH3 of a file's bytes, in pieces of 64 MiB.
Result<std::string> file_hash(const std::string& path) {
  CT_TRY(const auto file, MappedFile::open(path));
  std::uint64_t hash = 0;
  const auto text = file.text();
  for (std::size_t at = 0; at < text.size(); at += std::size_t{64} << 20)
    hash = xxh3(text.substr(at, std::size_t{64} << 20), hash);
  char hex[17];
  std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(hash));
  return std::string(hex);
}

std::string_view name_of(Decay decay) {
  return decay == Decay::Linear ? "linear" : decay == Decay::Cosine ? "cosine" : "constant";
}

std::string negatives_text(const NegativeFilter& n) {
  std::string out = std::to_string(n.count) + " a row";
  if (n.top_k > 0) out += ", of the top " + std::to_string(n.top_k);
  if (n.use_margin) out += ", margin " + shown(n.margin);
  if (n.ratio > 0) out += ", ratio " + shown(n.ratio);
  if (n.max_score) out += ", at most " + shown(*n.max_score);
  return out;
}

/// What the model states that it was made for, and what it was now trained on. Where it states
/// nothing, the rows' languages alone would say too little: it knows more than these.
std::vector<std::string> languages_of(const TrainOptions& options, const DataSummary& data) {
  auto languages = model::stated_languages(options.model);
  if (languages.empty()) return languages;
  for (const auto& trained : data.languages) {
    const auto is_it = [&](const std::string& known) {
      return text::same_language(known, trained.first);
    };
    if (text::parse_language_tag(trained.first) && std::ranges::none_of(languages, is_it))
      languages.push_back(trained.first);
  }
  std::ranges::sort(languages);
  return languages;
}

}  // namespace

Result<std::string> fingerprint_of(const TrainOptions& o) {
  CT_TRY(const auto identity, model::model_identity(o.model));
  std::string out = line("model", identity);
  for (const auto& file : o.data.files) {
    CT_TRY(const auto hash, file_hash(file));
    out += line("data " + std::filesystem::path(file).filename().string(), "xxh3 " + hash);
  }
  for (const auto& file : o.corpus) {
    CT_TRY(const auto hash, file_hash(file));
    out += line("corpus " + std::filesystem::path(file).filename().string(), "xxh3 " + hash);
  }
  for (const auto& file : o.dev) {
    CT_TRY(const auto hash, file_hash(file));
    out += line("dev " + std::filesystem::path(file).filename().string(), "xxh3 " + hash);
  }
  const auto& j = o.objective;
  out += line("objective", std::string(train::name_of(j.kind)));
  out += line("temperature", shown(j.temperature)) +
         line("teacher temperature", shown(j.teacher_temperature)) +
         line("symmetric", j.symmetric ? 1 : 0) + line("normalise", j.normalise ? 1 : 0);
  if (!j.teacher.empty()) {
    CT_TRY(const auto teacher, model::model_identity(j.teacher));
    out += line("teacher", teacher);
    if (j.state_weight > 0) out += line("state weight", shown(j.state_weight));
    std::string layers;
    for (const auto layer : j.state_layers)
      layers += (layers.empty() ? "" : ",") + std::to_string(layer);
    if (!layers.empty()) out += line("state layers", layers);
    if (j.teacher_prompt) out += line("teacher prompt", *j.teacher_prompt);
  }
  std::string cuts;
  for (const auto& cut : j.cuts)
    cuts += (cuts.empty() ? "" : ",") + std::to_string(cut.dim) + "x" + shown(cut.weight);
  if (!cuts.empty()) out += line("matryoshka", cuts);
  out +=
      line("lengths", std::to_string(j.question_length) + " " + std::to_string(j.passage_length));
  out += line("query prompt", j.query_prompt) + line("passage prompt", j.passage_prompt);
  out += line("batch", o.data.batch_size) + line("accumulate", o.accumulate);
  out += line("batches", o.data.homogeneous ? "one language each" : "mixed") +
         line("language temperature", shown(o.data.temperature)) + line("seed", o.data.seed);
  out += line("shuffled at once", o.data.buffer_rows) + line("split", o.data.split);
  out += line("negatives", negatives_text(o.data.negatives));
  out += line("learning rate", shown(o.learning_rate)) + line("warm-up", shown(o.warmup)) +
         line("decay", std::string(name_of(o.decay)));
  // With a cooldown the steps before it do not depend on how many there are.
  out += o.cooldown > 0 ? line("cooldown", 1)
                        : line("epochs", shown(o.epochs)) + line("steps", o.steps);
  out +=
      (o.adam.muon > 0 ? line("muon", shown(o.adam.muon)) : "") +
      line("adam", shown(o.adam.beta1) + " " + shown(o.adam.beta2) + " " + shown(o.adam.epsilon)) +
      line("weight decay", shown(o.adam.weight_decay)) + line("clip", shown(o.adam.clip_norm));
  out += line("dropout", shown(o.dropout) + " " + shown(o.attention_dropout));
  out += line("frozen", std::to_string(o.engine.frozen.layers) +
                            (o.engine.frozen.embeddings ? " layers and embeddings" : " layers")) +
         line("layer decay", shown(o.engine.layer_decay));
  out += line("precision", std::string(nn::name_of(o.engine.mode)));
  out += line("tokens at once", o.tokens_at_once);
  out += line("evaluate every", o.evaluate_every) + line("patience", o.patience) +
         line("dev rows", o.dev_rows);
  return out;
}

std::string model_card(const TrainOptions& options, const DataSummary& data,
                       const TrainReport& report, const std::string& fingerprint) {
  const bool vectors = is_for_vectors(options.objective.kind);
  std::string out = "---\nlibrary_name: sentence-transformers\n";
  out += vectors ? "pipeline_tag: sentence-similarity\n" : "pipeline_tag: text-classification\n";
  const auto languages = languages_of(options, data);
  if (!languages.empty()) out += "language:\n";
  for (const auto& tag : languages) out += "- \"" + tag + "\"\n";
  out += "tags: [crosstail, " + std::string(vectors ? "sentence-transformers" : "cross-encoder") +
         "]\n---\n";
  out += "# " + options.output.filename().string() + "\n\nTrained by `crosstail train` from `" +
         options.model.filename().string() + "` with " + std::to_string(data.used) + " rows in " +
         std::to_string(report.steps) + " steps";
  if (report.stopped_early) out += " (stopped early)";
  out += ".\n\n";
  if (report.evaluated) {
    const std::string what = vectors ? "MRR@10 (macro over languages) on the dev rows"
                                     : "mean loss on the dev rows, negated";
    out += "## Measured\n| " + what + " | |\n|---|---|\n| before | " + shown(report.dev_before) +
           " |\n| after | " + shown(report.dev_after) + " |\n";
    if (options.evaluate_every > 0)
      out += "\nThe weights are those of step " + std::to_string(report.best_step) + ".\n";
    if (vectors)
      out +=
          "\nIntervals: `crosstail evaluate --qrels training/dev.qrels --queries "
          "training/dev-queries.jsonl --run before=training/before.run --run "
          "after=training/after.run`\n";
    out += "\n";
  }
  out += "## Training rows per language\n| language | rows |\n|---|---|\n";
  for (const auto& [language, count] : data.languages)
    out += "| " + (language.empty() ? "(not stated)" : language) + " | " + std::to_string(count) +
           " |\n";
  out += "\nHard negatives: " + std::to_string(data.negatives) + " (" +
         std::to_string(data.dropped_negatives) + " dropped by filters).\n\n";
  out += "## Recipe and hashes\n```\n" + fingerprint + "```\n";
  return out;
}

}  // namespace crosstail::train
