#include "retrieve/vector_maker.h"

#include "model/locate.h"

#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "data/npy.h"
#include "index/fusion_kernels.h"
#include "nn/precision.h"

namespace crosstail::retrieve {
namespace {

class ModelVectors final : public VectorMaker {
 public:
  ModelVectors(model::Encoder encoder, index::ModelRecord record)
      : encoder_(std::move(encoder)), record_(std::move(record)) {}
  [[nodiscard]] const index::ModelRecord& model() const override { return record_; }
  Result<model::EncodeStats> passages(std::span<const std::string_view> texts,
                                      std::span<const std::uint64_t>, float* out) const override {
    model::EncodeRequest request;
    request.prompt_text = record_.passage_prompt;
    request.max_length = record_.max_length;
    return encoder_.encode(texts, request, out);
  }
  Result<model::EncodeStats> questions(std::span<const std::string_view> texts,
                                       std::span<const std::uint64_t>, float* out) const override {
    model::EncodeRequest request;
    request.prompt_text = record_.question_prompt;
    request.max_length = record_.question_max_length;
    return encoder_.encode(texts, request, out);
  }
  [[nodiscard]] const model::Encoder* encoder() const override { return &encoder_; }

 private:
  model::Encoder encoder_;
  index::ModelRecord record_;
};

/// Asks the system to fetch what comes after byte `at`, so that reading and fusing go on at once.
void read_ahead(const data::NpyArray& array, std::size_t at) {
  constexpr std::size_t kAhead = std::size_t{32} << 20, kPage = 4096;
  const std::size_t size = array.rows() * array.columns() * size_of(array.type());
  if (at >= size) return;
  auto begin = reinterpret_cast<std::uintptr_t>(array.data() + at);
  const auto end = begin + std::min(kAhead, size - at);
  begin -= begin % kPage;
  ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_WILLNEED);
}

/// Rows `numbers` of a file.
Result<model::EncodeStats> read_rows(const data::NpyArray& array, const std::string& path,
                                     std::span<const std::uint64_t> numbers, float* out) {
  const std::size_t row_bytes = array.columns() * size_of(array.type());
  std::optional<index::VectorType> wide;
  if (array.type() == data::NpyType::F32) wide = index::VectorType::F32;
  if (array.type() == data::NpyType::U16) wide = index::VectorType::BF16;
  for (const std::uint64_t number : numbers) {
    if (number >= array.rows())
      return Error{ErrorCode::InvalidArgument, path + ": has " + std::to_string(array.rows()) +
                                                   " rows; row " + std::to_string(number) +
                                                   " is asked for: one row is needed for every " +
                                                   "record, in the order of the files"};
    if (wide)
      index::widen(array.data() + number * row_bytes, *wide, array.columns(), out);
    else
      array.read_row(number, out);
    if (index::all_below(out, array.columns(), std::numeric_limits<float>::infinity())) {
      out += array.columns();
      continue;
    }
    for (std::size_t i = 0; i < array.columns(); ++i)
      if (!std::isfinite(out[i]))
        return Error{ErrorCode::Corrupt, path + ": row " + std::to_string(number) + ", column " +
                                             std::to_string(i) + ": not a finite number"};
  }
  if (!numbers.empty()) read_ahead(array, (numbers.back() + 1) * row_bytes);
  model::EncodeStats stats;
  stats.texts = numbers.size();
  return stats;
}

/// One or both kinds of vectors out of files; what is not there is made by the model.
class FileVectors final : public VectorMaker {
 public:
  FileVectors(std::unique_ptr<VectorMaker> model, index::ModelRecord record)
      : model_(std::move(model)), record_(std::move(record)) {}
  Status open(const MakerOptions& options) {
    if (!options.passage_vectors.empty()) {
      CT_TRY(auto array, data::NpyArray::open(options.passage_vectors));
      passages_.emplace(std::move(array));
      passage_path_ = options.passage_vectors;
      record_.dimension = passages_->columns();
    }
    if (!options.question_vectors.empty()) {
      CT_TRY(auto array, data::NpyArray::open(options.question_vectors));
      questions_.emplace(std::move(array));
      question_path_ = options.question_vectors;
      if (passages_ && questions_->columns() != passages_->columns())
        return Error{ErrorCode::InvalidArgument, question_path_ + ": has " +
                                                     std::to_string(questions_->columns()) +
                                                     " columns, " + passage_path_ + " has " +
                                                     std::to_string(passages_->columns()) +
                                                     "; vectors of one encoder have one dimension"};
      record_.dimension = questions_->columns();
    }
    if (record_.dimension == 0 || record_.dimension > 65536)
      return Error{ErrorCode::InvalidArgument, passage_path_ +
                                                   ": expected 1 to 65536 columns, got " +
                                                   std::to_string(record_.dimension)};
    if (model_ && model_->model().dimension != record_.dimension)
      return Error{ErrorCode::InvalidArgument, "the .npy files have " +
                                                   std::to_string(record_.dimension) +
                                                   " columns, the model makes vectors of " +
                                                   std::to_string(model_->model().dimension)};
    return {};
  }
  [[nodiscard]] const index::ModelRecord& model() const override { return record_; }
  Result<model::EncodeStats> passages(std::span<const std::string_view> texts,
                                      std::span<const std::uint64_t> numbers,
                                      float* out) const override {
    if (!passages_) return model_->passages(texts, numbers, out);
    return read_rows(*passages_, passage_path_, numbers, out);
  }
  Result<model::EncodeStats> questions(std::span<const std::string_view> texts,
                                       std::span<const std::uint64_t> numbers,
                                       float* out) const override {
    if (!questions_) return model_->questions(texts, numbers, out);
    return read_rows(*questions_, question_path_, numbers, out);
  }
  [[nodiscard]] const model::Encoder* encoder() const override {
    return model_ ? model_->encoder() : nullptr;
  }
  [[nodiscard]] std::optional<std::uint64_t> passage_rows() const override {
    return passages_ ? std::optional<std::uint64_t>(passages_->rows()) : std::nullopt;
  }
  [[nodiscard]] std::optional<std::uint64_t> question_rows() const override {
    return questions_ ? std::optional<std::uint64_t>(questions_->rows()) : std::nullopt;
  }

 private:
  std::unique_ptr<VectorMaker> model_;
  index::ModelRecord record_;
  std::optional<data::NpyArray> passages_, questions_;
  std::string passage_path_, question_path_;
};

Result<std::unique_ptr<VectorMaker>> open_model(const MakerOptions& options) {
  model::ModelOptions opening;
  opening.threads = options.threads;
  if (options.precision == "f32") opening.precision = nn::Precision::F32;
  if (options.precision == "bf16") opening.precision = nn::Precision::BF16;
  if (options.precision == "int8") opening.precision = nn::Precision::INT8;
  CT_TRY(const auto found, model::locate_model(options.model));
  CT_TRY(auto encoder, model::Encoder::open(found, opening));
  const model::ModelInfo& info = encoder.info();
  index::ModelRecord record;
  record.name = options.model;
  record.identity = info.identity;
  record.dimension = info.dim;
  record.pooling = info.pooling;
  record.normalised = info.normalise;
  record.precision = info.precision;
  record.processor = info.processor;
  // A directory without prompts has none to put before.
  if (!info.prompts.empty()) {
    CT_TRY(record.passage_prompt, encoder.prompt(options.passage_prompt));
    CT_TRY(record.question_prompt, encoder.prompt(options.question_prompt));
  }
  for (const std::uint64_t length : {options.max_length, options.question_max_length})
    if (info.max_length != 0 && length > info.max_length)
      return Error{ErrorCode::InvalidArgument, "--max-length " + std::to_string(length) +
                                                   ": the model takes at most " +
                                                   std::to_string(info.max_length) + " tokens"};
  record.max_length = options.max_length == 0 ? info.max_length : options.max_length;
  record.question_max_length =
      options.question_max_length == 0 ? info.max_length : options.question_max_length;
  return std::unique_ptr<VectorMaker>(
      std::make_unique<ModelVectors>(std::move(encoder), std::move(record)));
}

}  // namespace

Result<std::unique_ptr<VectorMaker>> make_vectors(const MakerOptions& options) {
  const bool files = !options.passage_vectors.empty() || !options.question_vectors.empty();
  const bool all_from_files = !options.passage_vectors.empty() &&
                              (!options.has_questions || !options.question_vectors.empty());
  std::unique_ptr<VectorMaker> model;
  if (!options.model.empty()) {
    CT_TRY(model, open_model(options));
  } else if (!all_from_files) {
    return Error{ErrorCode::InvalidArgument,
                 options.passage_vectors.empty()
                     ? "a model is needed to encode the passages: --model M (or --passage-vectors "
                       "FILE.npy)"
                     : "a model is needed to encode the questions: --model M (or "
                       "--question-vectors FILE.npy)"};
  }
  if (!files) return model;
  index::ModelRecord record;
  if (model) {
    record = model->model();
  } else {
    record.name = record.identity = "precomputed";
  }
  auto out = std::make_unique<FileVectors>(std::move(model), std::move(record));
  CT_CHECK(out->open(options));
  return std::unique_ptr<VectorMaker>(std::move(out));
}

}  // namespace crosstail::retrieve
