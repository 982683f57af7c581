#include "train/gradient_cache.h"

#include <cmath>

namespace crosstail::train {

void TokenTexts::add(std::span<const std::uint32_t> text_ids,
                     std::span<const std::uint8_t> text_types) {
  for (const auto id : text_ids) ids.push_back(static_cast<std::int32_t>(id));
  types.insert(types.end(), text_types.begin(), text_types.end());
  offsets.push_back(static_cast<std::int32_t>(ids.size()));
}

TokenTexts TokenTexts::slice(std::size_t begin, std::size_t end) const {
  TokenTexts out;
  const auto from = offsets[begin], to = offsets[end];
  out.ids.assign(ids.begin() + from, ids.begin() + to);
  if (!types.empty()) out.types.assign(types.begin() + from, types.begin() + to);
  for (std::size_t i = begin + 1; i <= end; ++i) out.offsets.push_back(offsets[i] - from);
  return out;
}

std::vector<std::size_t> cut_pieces(const TokenTexts& texts, std::size_t tokens_at_once) {
  std::vector<std::size_t> ends;
  std::size_t begin = 0;
  for (std::size_t i = 1; i <= texts.size(); ++i) {
    const auto tokens = static_cast<std::size_t>(texts.offsets[i] - texts.offsets[begin]);
    if (tokens > tokens_at_once && i - 1 > begin) {
      ends.push_back(i - 1);
      begin = i - 1;
    }
  }
  if (texts.size() > 0) ends.push_back(texts.size());
  return ends;
}

Result<double> run_batch(Engine& engine, const TokenTexts& texts, const nn::DropoutKey& dropout,
                         std::size_t tokens_at_once, const OutputLoss& loss) {
  const std::size_t width = engine.outputs_per_text();
  const auto ends = cut_pieces(texts, tokens_at_once);
  const bool whole = ends.size() == 1;
  std::vector<float> outputs;
  std::size_t begin = 0;
  for (const auto end : ends) {
    CT_TRY(const auto piece, engine.outputs(whole ? texts : texts.slice(begin, end), begin, dropout,
                                            whole ? Keep::Yes : Keep::No));
    outputs.insert(outputs.end(), piece.begin(), piece.end());
    begin = end;
  }
  std::vector<float> d_outputs(outputs.size());
  const double value = loss(outputs, d_outputs);
  if (!std::isfinite(value)) return value;
  begin = 0;
  for (const auto end : ends) {
    if (!whole) {
      CT_TRY(const auto again, engine.outputs(texts.slice(begin, end), begin, dropout, Keep::Yes));
    }
    engine.gradients(std::span(d_outputs).subspan(begin * width, (end - begin) * width));
    begin = end;
  }
  return value;
}

}  // namespace crosstail::train
