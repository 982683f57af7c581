#include <algorithm>

#include "base/json_writer.h"
#include "cli/text_run.h"
#include "cli/verbs.h"

namespace crosstail::cli {
namespace {

/// One line: the best label, and all of them if asked for.
void append_line(std::string& lines, const std::string& id, const std::vector<std::string>& labels,
                 const float* scores, bool all) {
  const auto best =
      static_cast<std::size_t>(std::max_element(scores, scores + labels.size()) - scores);
  JsonWriter json(lines);
  json.begin_object()
      .member("id", std::string_view(id))
      .member("label", std::string_view(labels[best]))
      .member("score", double{scores[best]});
  if (all) {
    json.key("scores").begin_object();
    for (std::size_t i = 0; i < labels.size(); ++i) json.member(labels[i], double{scores[i]});
    json.end_object();
  }
  json.end_object();
  lines += '\n';
}

class ClassifyVerb : public Verb {
 public:
  ClassifyVerb() {
    a_.fields = "text";
    a_.output = "-";
  }

  [[nodiscard]] VerbInfo info() const override {
    return {
        "classify", "which label a text has, with a classifier", "--model DIR INPUT [options]",
        "Labels texts with a sequence-classification model, such as WebFAQ's for topics and\n"
        "question types. Writes one JSON line a text, {\"id\":…,\"label\":…,\"score\":…}, in the\n"
        "order of the input; scores are probabilities over the labels (a sigmoid each where the\n"
        "model says multi_label_classification).",
        "  crosstail classify --model topics faq.jsonl --text-field question+answer --all -o "
        "topics.jsonl"};
  }

  void declare(OptionTable& options) override {
    a_.declare(options, "the texts; - for standard input",
               "the text of a row; title+text joins two fields");
    options.section("Labels")
        .text(a_.output, "output", "FILE", "JSON lines; .gz and .zst compress", 'o')
        .flag(all_, "all", "also every label with its score, as \"scores\"")
        .flag(raw_, "raw", "logits instead of probabilities");
  }

  Result<int> run() override {
    if (a_.model.empty() || a_.inputs.size() != 1)
      return Error{ErrorCode::InvalidArgument, "expected --model DIR and one input"};
    CT_TRY(const auto model, model::Classifier::open(a_.model, a_.model_options()));
    TextRun run(a_, {.verb = "classify",
                     .fields = 1,
                     .outputs = {a_.output},
                     .fingerprint = a_.fingerprint(model.info()) + (raw_ ? ", raw" : "") +
                                    (all_ ? ", all" : "")});
    const auto& labels = model.labels();
    std::vector<float> scores;
    std::vector<std::string_view> texts;
    CT_CHECK(run.run(
        [&](const TextBlock& block, JournaledOutputs& outputs) -> Result<model::EncodeStats> {
          texts.assign(block.text[0].begin(), block.text[0].end());
          scores.resize(block.size() * labels.size());
          CT_TRY(const auto stats, model.classify(texts, raw_, scores.data()));
          std::string lines;
          for (std::size_t i = 0; i < block.size(); ++i)
            append_line(lines, block.ids[i], labels, scores.data() + i * labels.size(), all_);
          outputs.append(0, lines);
          return stats;
        }));
    CT_CHECK(run.summarise(model.info()));
    return kDone;
  }

 private:
  TextArguments a_;
  bool all_ = false, raw_ = false;
};

}  // namespace

std::unique_ptr<Verb> classify_verb() {
  return std::make_unique<ClassifyVerb>();
}

}  // namespace crosstail::cli
