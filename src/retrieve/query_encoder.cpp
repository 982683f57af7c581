#include "retrieve/query_encoder.h"

#include <cmath>
#include <string_view>

#include "data/npy.h"
#include "model/locate.h"

namespace crosstail::retrieve {

Result<QueryEncoder> QueryEncoder::open(const std::filesystem::path& model,
                                        const index::ModelRecord& record,
                                        const QueryEncoderOptions& options) {
  CT_TRY(const auto found, model::locate_model(model));
  CT_TRY(auto encoder, model::Encoder::open(found, options.model));
  const auto& info = encoder.info();
  if (info.dim != record.dimension)
    return Error{ErrorCode::InvalidArgument,
                 model.string() + ": makes vectors of " + std::to_string(info.dim) +
                     " dimensions, the index has " + std::to_string(record.dimension) + " (of " +
                     record.name + ")"};
  if (record.identity != "precomputed" && info.identity != record.identity)
    return Error{ErrorCode::InvalidArgument,
                 model.string() + ": is not the model of the index: identity " + info.identity +
                     ", the index was built with " + record.name + ", identity " + record.identity};
  QueryEncoder made(std::move(encoder));
  // A directory without prompts has none to put before.
  if (!made.encoder_.info().prompts.empty()) {
    CT_TRY(made.request_.prompt_text, made.encoder_.prompt(options.prompt));
  }
  made.request_.max_length =
      options.max_length != 0 ? options.max_length : record.question_max_length;
  return made;
}

Result<std::vector<float>> QueryEncoder::encode(std::span<const data::Query> queries) const {
  std::vector<std::string_view> texts;
  for (const auto& query : queries) texts.push_back(query.text);
  std::vector<float> out(queries.size() * encoder_.dim());
  CT_TRY([[maybe_unused]] const auto stats, encoder_.encode(texts, request_, out.data()));
  return out;
}

Result<std::vector<float>> read_query_vectors(const std::filesystem::path& path,
                                              std::size_t queries, std::size_t dim) {
  CT_TRY(const auto array, data::NpyArray::open(path));
  if (array.rows() != queries || array.columns() != dim)
    return Error{ErrorCode::InvalidArgument,
                 path.string() + ": has " + std::to_string(array.rows()) + " × " +
                     std::to_string(array.columns()) + " numbers, expected a row for each of " +
                     std::to_string(queries) + " queries and " + std::to_string(dim) +
                     " columns as in the index"};
  auto out = array.to_floats();
  for (std::size_t i = 0; i < out.size(); ++i)
    if (!std::isfinite(out[i]))
      return Error{ErrorCode::Corrupt, path.string() + ": row " + std::to_string(i / dim) +
                                           " holds a number that is not finite"};
  return out;
}

}  // namespace crosstail::retrieve
