#pragma once
/// Texts to vectors, pairs to scores, texts to labels: whole models behind three small classes.
///
/// `path` is a Hugging Face or sentence-transformers directory, or a converted model
/// (docs/formats/model.md); model/locate.h finds it by name. All three are thread-safe once opened
/// and cheap to move. A text's numbers have the same bits alone, in any batch, in any order and
/// with any number of threads, on one processor class and precision (design.md §6).
///
/// Any bytes are a text: ill-formed UTF-8 is read as U+FFFD and counted; an empty text is the
/// model's frame of special tokens alone (static embeddings: the zero vector); what is beyond the
/// maximum length is cut off and counted.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "nn/precision.h"
#include "text/tokenizer.h"

namespace crosstail::model {

struct ModelOptions {
  std::optional<nn::Precision> precision;  ///< nothing: bf16 where it is fast, else f32
  std::size_t threads = 0;                 ///< 0: all processors
  std::size_t max_length = 0;              ///< tokens with specials; 0: the model's
};

/// What a person or a manifest wants to know of a model.
struct ModelInfo {
  std::string name;      ///< the last part of the path
  std::string path;      ///< as opened
  std::string identity;  ///< SHA-256 of source weights, tokenizer and configuration, in hex
  bool converted = false;
  std::string task;          ///< "encoder", "cross-encoder", "classifier"
  std::string architecture;  ///< "xlm-roberta", "bert", "distilbert", "static"
  std::size_t dim = 0;       ///< numbers in a vector; labels of a classifier
  std::size_t layers = 0, hidden = 0, heads = 0, vocabulary = 0, parameters = 0;
  std::size_t max_length = 0;  ///< 0: no limit (static embeddings)
  std::string pooling;         ///< "mean", "cls", "mean+max"
  bool pooling_stated = true;  ///< false: the directory says nothing, and mean is assumed
  bool normalise = false;      ///< vectors come out with length 1
  std::map<std::string, std::string> prompts;
  std::string default_prompt;               ///< its name; empty if there is none
  std::string precision;                    ///< "f32", "bf16", "int8"; "int8, words int4"
  std::string processor;                    ///< the processor class: "avx512-bf16"
  std::string tokenizer, tokenizer_source;  ///< "unigram"; which file was followed
  std::vector<std::string> languages;  ///< tags of those it was made for; empty: it does not say
  std::vector<std::string> labels;
  std::string label_activation;  ///< "identity", "sigmoid", "softmax"
};

/// What went into one call.
struct EncodeStats {
  std::uint64_t texts = 0, empty = 0;
  std::uint64_t tokens = 0;     ///< computed, specials included
  std::uint64_t truncated = 0;  ///< texts that were cut
  /// Tokens that were cut off. Of texts over 1 MiB estimated from their first MiB.
  std::uint64_t cut_tokens = 0;
  std::uint64_t invalid_utf8 = 0;  ///< ill-formed sequences

  void add(const EncodeStats& other);
  /// Of all tokens, those cut off: 0 to 1.
  [[nodiscard]] double cut_share() const;
};

struct EncodeRequest {
  std::string prompt_text;        ///< put before each text; see Encoder::prompt
  std::size_t max_length = 0;     ///< 0: as opened
  std::optional<bool> normalise;  ///< nothing: as the model directory says
  /// Besides, each layer's states of each text (layers from 1; tokens × ModelInfo::hidden, specials
  /// included, rows `stride` numbers apart): called on any thread, once a text and layer. Static
  /// models have none.
  std::function<void(std::size_t text, std::size_t layer, const float* states, std::size_t stride,
                     std::size_t tokens)>
      states;
};

struct LoadedModel;
class Engine;

class Encoder {
 public:
  /// Fails with NotFound, Corrupt, Unsupported (messages name file and field or tensor) or
  /// InvalidArgument (not an encoder; a maximum length beyond the model's positions).
  static Result<Encoder> open(const std::filesystem::path& path, const ModelOptions& options = {});

  [[nodiscard]] const ModelInfo& info() const;
  [[nodiscard]] std::size_t dim() const { return info().dim; }
  [[nodiscard]] const text::Tokenizer& tokenizer() const;

  /// The text of a prompt of the directory. `passage` and `document` stand for each other where
  /// only one is there; an empty name is the directory's default prompt, or none. Fails with
  /// InvalidArgument, listing those there are.
  [[nodiscard]] Result<std::string> prompt(std::string_view name) const;

  /// out: texts × dim() f32, row-major, in the order of the texts. Texts are sorted by length and
  /// batched inside; extra memory is bounded, however many there are. A single short text is split
  /// over the threads. Fails with InvalidArgument (maximum length) or Interrupted.
  Result<EncodeStats> encode(std::span<const std::string_view> texts, const EncodeRequest& request,
                             float* out) const;

 private:
  explicit Encoder(std::shared_ptr<const Engine> engine) : engine_(std::move(engine)) {}
  std::shared_ptr<const Engine> engine_;
};

struct TextPair {
  std::string_view first, second;  ///< as question and passage
};

/// A sequence-classification model with one label: a score a pair.
class CrossEncoder {
 public:
  static Result<CrossEncoder> open(const std::filesystem::path& path,
                                   const ModelOptions& options = {});
  [[nodiscard]] const ModelInfo& info() const;

  /// out: one number a pair: the logit if `raw`, else what the directory makes of it (mostly a
  /// sigmoid; the order is the same). Where a pair is too long its longer text is cut.
  Result<EncodeStats> score(std::span<const TextPair> pairs, bool raw, float* out) const;

 private:
  explicit CrossEncoder(std::shared_ptr<const Engine> engine) : engine_(std::move(engine)) {}
  std::shared_ptr<const Engine> engine_;
};

/// A sequence-classification model with any number of labels, for single texts.
class Classifier {
 public:
  static Result<Classifier> open(const std::filesystem::path& path,
                                 const ModelOptions& options = {});
  [[nodiscard]] const ModelInfo& info() const;
  [[nodiscard]] const std::vector<std::string>& labels() const { return info().labels; }

  /// out: texts × labels: logits if `raw`, else probabilities (softmax over the labels, or a
  /// sigmoid each where the directory says multi_label_classification).
  Result<EncodeStats> classify(std::span<const std::string_view> texts, bool raw, float* out) const;

 private:
  explicit Classifier(std::shared_ptr<const Engine> engine) : engine_(std::move(engine)) {}
  std::shared_ptr<const Engine> engine_;
};

}  // namespace crosstail::model
