#include "base/json_writer.h"
#include "cli/text_run.h"
#include "cli/verbs.h"

namespace crosstail::cli {
namespace {

class ScoreVerb : public Verb {
 public:
  ScoreVerb() {
    a_.fields = "query,text";
    a_.output = "-";
  }

  [[nodiscard]] VerbInfo info() const override {
    return {"score", "how well pairs fit, with a cross-encoder", "--model DIR PAIRS [options]",
            "Scores pairs of texts with a sequence-classification model of one label, such as\n"
            "bge-reranker-v2-m3. Reads JSON lines, CSV, TSV, or plain text with a tab between the\n"
            "two; writes one JSON line a pair, {\"id\":…,\"score\":…}, in the order of the input.",
            "  crosstail score --model bge-reranker-v2-m3 pairs.jsonl --text-field query,text -o "
            "scores.jsonl"};
  }

  void declare(OptionTable& options) override {
    a_.declare(options, "the pairs; - for standard input",
               "the two texts of a row; title+text joins two fields");
    options.section("Scores")
        .text(a_.output, "output", "FILE", "JSON lines; .gz and .zst compress", 'o')
        .flag(raw_, "raw", "logits instead of what the model makes of them");
  }

  Result<int> run() override {
    if (a_.model.empty() || a_.inputs.size() != 1)
      return Error{ErrorCode::InvalidArgument, "expected --model DIR and one input"};
    CT_TRY(const auto model, model::CrossEncoder::open(a_.model, a_.model_options()));
    TextRun run(a_, {.verb = "score",
                     .fields = 2,
                     .outputs = {a_.output},
                     .fingerprint = a_.fingerprint(model.info()) + (raw_ ? ", raw" : "")});
    std::vector<float> scores;
    CT_CHECK(run.run(
        [&](const TextBlock& block, JournaledOutputs& outputs) -> Result<model::EncodeStats> {
          std::vector<model::TextPair> pairs(block.size());
          for (std::size_t i = 0; i < block.size(); ++i)
            pairs[i] = {block.text[0][i], block.text[1][i]};
          scores.resize(block.size());
          CT_TRY(const auto stats, model.score(pairs, raw_, scores.data()));
          std::string lines;
          for (std::size_t i = 0; i < block.size(); ++i) {
            JsonWriter json(lines);
            json.begin_object()
                .member("id", std::string_view(block.ids[i]))
                .member("score", double{scores[i]})
                .end_object();
            lines += '\n';
          }
          outputs.append(0, lines);
          return stats;
        }));
    CT_CHECK(run.summarise(model.info()));
    return kDone;
  }

 private:
  TextArguments a_;
  bool raw_ = false;
};

}  // namespace

std::unique_ptr<Verb> score_verb() {
  return std::make_unique<ScoreVerb>();
}

}  // namespace crosstail::cli
