#include "cli/asking.h"

#include <filesystem>

#include "base/file.h"
#include "eval/leakage.h"
#include "index/centroids.h"

namespace crosstail::cli {
namespace {

constexpr const char* kTunedCentroids = "tuned-centroids.bin";

/// Of the texts of a question file, encoded as queries are.
Result<index::Centroids> centroids_of_questions(const std::string& file,
                                                const retrieve::QueryEncoder& encoder) {
  CT_TRY(const auto questions, eval::read_attached(file));
  const std::size_t dim = encoder.encoder().dim();
  index::Centroids centroids(dim);
  constexpr std::size_t kAtOnce = 4096;
  for (std::size_t begin = 0; begin < questions.size(); begin += kAtOnce) {
    const std::size_t end = std::min(questions.size(), begin + kAtOnce);
    std::vector<data::Query> texts(end - begin);
    for (std::size_t i = begin; i < end; ++i) texts[i - begin].text = questions[i].text;
    CT_TRY(const auto vectors, encoder.encode(texts));
    for (std::size_t i = begin; i < end; ++i)
      CT_CHECK(centroids.add(questions[i].language, vectors.data() + (i - begin) * dim, 1));
  }
  return centroids;
}

}  // namespace

void declare_asking(OptionTable& options, AskingOptions& o) {
  options.section("Queries' vectors")
      .text(o.model, "model", "PATH", "the model that encodes queries; default: the index's")
      .choice(o.precision, "precision", {"auto", "f32", "bf16", "int8"}, "of the model")
      .text(o.query_prompt, "query-prompt", "NAME", "prompt of the model directory for queries")
      .count(o.query_max_length, "question-max-length", "TOKENS",
             "queries are cut here; 0: as the index cut its questions")
      .text(o.query_vectors, "query-vectors", "FILE.npy",
            "vectors made elsewhere: a row a query, in file order")
      .text(o.centroid_from, "centroid-from", "PATH",
            "centroids of an index directory, or of the questions of a file")
      .count(o.threads, "threads", "N", "threads; 0: all processors");
}

Result<const retrieve::QueryEncoder*> Asking::encoder() {
  if (encoder_) return &*encoder_;
  const auto& record = session_.index().manifest().model;
  const std::string path = options_.model.empty() ? record.name : options_.model;
  if (options_.model.empty() && (record.identity == "precomputed" || path.empty()))
    return Error{
        ErrorCode::InvalidArgument,
        session_.index().path().string() +
            ": was built from vectors made elsewhere; give --query-vectors, or the --model "
            "that made them"};
  retrieve::QueryEncoderOptions options;
  options.prompt = options_.query_prompt;
  options.max_length = options_.query_max_length;
  options.model.threads = options_.threads;
  if (options_.precision == "f32") options.model.precision = nn::Precision::F32;
  if (options_.precision == "bf16") options.model.precision = nn::Precision::BF16;
  if (options_.precision == "int8") options.model.precision = nn::Precision::INT8;
  CT_TRY(auto opened, retrieve::QueryEncoder::open(path, record, options));
  encoder_ = std::move(opened);
  return &*encoder_;
}

Status Asking::give_tokenizer() {
  CT_TRY(const auto* made, encoder());
  session_.use_tokenizer(made->encoder().tokenizer(), made->encoder().info().identity);
  return {};
}

Status Asking::keep_tuned_centroids() const {
  const auto path = session_.index().path() / kTunedCentroids;
  if (session_.centroids() != nullptr)
    return write_file_atomic(path, session_.centroids()->to_bytes());
  std::error_code failure;
  std::filesystem::remove(path, failure);
  return failure ? Status(system_error(path.string(), "remove", failure.value())) : Status{};
}

Status Asking::use_centroids(bool tuned) {
  if (options_.centroid_from.empty()) {
    const auto path = session_.index().path() / kTunedCentroids;
    std::error_code ignored;
    if (!tuned || !std::filesystem::exists(path, ignored)) return {};
    CT_TRY(const auto bytes, read_file(path));
    auto centroids = index::Centroids::from_bytes(bytes);
    if (!centroids.ok()) return std::move(centroids).error().at(path.string());
    if (centroids->dim() != session_.index().dim())
      return Error{ErrorCode::Corrupt, path.string() + ": is of another index; tune again"};
    session_.use_centroids(std::move(*centroids));
    return {};
  }
  if (std::filesystem::is_directory(options_.centroid_from)) {
    CT_TRY(const auto other, index::IndexReader::open(options_.centroid_from));
    if (other->dim() != session_.index().dim())
      return Error{ErrorCode::InvalidArgument,
                   options_.centroid_from + ": has " + std::to_string(other->dim()) +
                       " dimensions, the index " + std::to_string(session_.index().dim())};
    session_.use_centroids(other->centroids());
    return {};
  }
  CT_TRY(const auto* made, encoder());
  CT_TRY(auto centroids, centroids_of_questions(options_.centroid_from, *made));
  session_.use_centroids(std::move(centroids));
  return {};
}

Result<std::vector<float>> Asking::vectors(std::size_t begin, std::span<const data::Query> queries,
                                           std::size_t all) {
  const std::size_t dim = session_.index().dim();
  if (options_.query_vectors.empty()) {
    CT_TRY(const auto* made, encoder());
    return made->encode(queries);
  }
  if (!file_vectors_) {
    CT_TRY(auto read, retrieve::read_query_vectors(options_.query_vectors, all, dim));
    file_vectors_ = std::move(read);
  }
  const auto at = file_vectors_->begin() + static_cast<std::ptrdiff_t>(begin * dim);
  return std::vector<float>(at, at + static_cast<std::ptrdiff_t>(queries.size() * dim));
}

std::string Asking::model_name() const {
  return session_.index().manifest().model.name;
}
std::string Asking::model_identity() const {
  return session_.index().manifest().model.identity;
}

}  // namespace crosstail::cli
