#include <algorithm>

#include "base/log.h"
#include "cli/text_run.h"
#include "cli/verbs.h"
#include "data/npy.h"
#include "model/locate.h"

namespace crosstail::cli {
namespace {

/// How vectors are stored, by the name that --output-type takes.
data::NpyType stored_type(const std::string& name) {
  if (name == "f16") return data::NpyType::F16;
  if (name == "bf16") return data::NpyType::U16;
  return data::NpyType::F32;
}

void append_numbers(std::string& out, const std::vector<float>& numbers, data::NpyType type) {
  if (type == data::NpyType::F32) {
    out.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
    return;
  }
  for (const float number : numbers) {
    const std::uint16_t bits =
        type == data::NpyType::F16 ? data::float_to_half(number) : data::float_to_bfloat16(number);
    out.append(reinterpret_cast<const char*>(&bits), sizeof bits);
  }
}

class EncodeVerb : public Verb {
 public:
  EncodeVerb() { a_.fields = "text"; }

  [[nodiscard]] VerbInfo info() const override {
    return {
        "encode", "texts to vectors, with the encoder of a model directory",
        "INPUT -o vectors.npy [--model M] [options]",
        "Encodes JSON lines, CSV, TSV or plain text (a text a line) with a sentence encoder in "
        "the\n"
        "directory format of Hugging Face or sentence-transformers. Writes the vectors as .npy in\n"
        "the order of the input, and their ids beside them, a line each (vectors.ids.txt). A text\n"
        "has the same vector whatever it is batched with. docs/encode.md says what is done with\n"
        "empty, overlong and damaged texts.",
        "  crosstail encode --model multilingual-e5-small passages.jsonl --prompt passage -o "
        "passages.npy\n"
        "  crosstail encode questions.txt --prompt query -o questions.npy"};
  }

  void declare(OptionTable& options) override {
    a_.declare(options, "the texts; - for standard input",
               "the text of a row; title+text joins two fields");
    options.section("Vectors")
        .text(a_.output, "output", "FILE", "the vectors; ids go to FILE without .npy + .ids.txt",
              'o')
        .choice(output_type_, "output-type", {"f32", "f16", "bf16"},
                "numbers of the file; NumPy sees bf16 as uint16")
        .negative_flag(normalise_, "normalise", "leave out the model's normalisation to length 1")
        .text(prompt_, "prompt", "NAME", "the model's prompt: query, passage, or any it has")
        .text(prompt_text_, "prompt-text", "STRING", "put this before each text instead");
  }

  Result<int> run() override {
    CT_CHECK(check());
    if (a_.model.empty()) {
      CT_TRY(a_.model, model::default_model());
    }
    CT_TRY(const auto encoder, model::Encoder::open(a_.model, a_.model_options()));
    if (!encoder.info().pooling_stated)
      log(LogLevel::Warning, "pooling-assumed",
          a_.model + " has no modules.json: its vectors are the mean of the tokens' states");
    model::EncodeRequest request;
    request.prompt_text = prompt_text_;
    if (prompt_text_.empty()) {
      CT_TRY(request.prompt_text, encoder.prompt(prompt_));
    }
    if (!normalise_) request.normalise = false;
    const auto type = stored_type(output_type_);
    const std::size_t dim = encoder.dim();
    TextRun run(
        a_, {.verb = "encode",
             .fields = 1,
             .outputs = {a_.output, ids_path()},
             .fingerprint = a_.fingerprint(encoder.info()) + ", prompt \"" + request.prompt_text +
                            "\", type " + output_type_ + (normalise_ ? "" : ", not normalised"),
             .head = data::npy_header(type, 0, dim)});
    std::vector<float> vectors;
    std::vector<std::string_view> texts;
    std::string bytes;
    const auto work = [&](const TextBlock& block,
                          JournaledOutputs& outputs) -> Result<model::EncodeStats> {
      texts.assign(block.text[0].begin(), block.text[0].end());
      vectors.resize(block.size() * dim);
      CT_TRY(const auto stats, encoder.encode(texts, request, vectors.data()));
      bytes.clear();
      append_numbers(bytes, vectors, type);
      outputs.append(0, bytes);
      CT_CHECK(append_ids(block, outputs));
      return stats;
    };
    CT_CHECK(run.run(work, [&](std::uint64_t rows, JournaledOutputs& outputs) {
      outputs.set_head(0, data::npy_header(type, rows, dim));
    }));
    CT_CHECK(run.summarise(encoder.info()));
    return kDone;
  }

 private:
  [[nodiscard]] Status check() const {
    const auto wrong = [](std::string what) {
      return Error{ErrorCode::InvalidArgument, std::move(what)};
    };
    if (a_.inputs.size() != 1) return wrong("INPUT: expected one file");
    if (!a_.output.ends_with(".npy"))
      return wrong(
          "--output: expected a file that ends in .npy (its first bytes are written last, "
          "so it cannot be standard output or compressed)");
    if (!prompt_.empty() && !prompt_text_.empty())
      return wrong("--prompt and --prompt-text exclude each other");
    return {};
  }

  [[nodiscard]] std::string ids_path() const {
    return a_.output.substr(0, a_.output.size() - 4) + ".ids.txt";
  }

  static Status append_ids(const TextBlock& block, JournaledOutputs& outputs) {
    std::string lines;
    for (const auto& id : block.ids) {
      if (id.find_first_of("\r\n") != std::string::npos)
        return Error{ErrorCode::Corrupt,
                     "the id \"" + id + "\" has a line break; ids are written a line each"};
      lines += id + "\n";
    }
    outputs.append(1, lines);
    return {};
  }

  TextArguments a_;
  std::string output_type_ = "f32", prompt_, prompt_text_;
  bool normalise_ = true;
};

}  // namespace

std::unique_ptr<Verb> encode_verb() {
  return std::make_unique<EncodeVerb>();
}

}  // namespace crosstail::cli
