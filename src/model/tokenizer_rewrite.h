#pragma once
/// The tokenizer and configuration files of a model directory after some of its pieces or layers
/// have gone: everything that names an id, a number of pieces or a number of layers.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crosstail::model {

/// Old ids to new ones. Kept ids stay in order.
class IdMap {
 public:
  static constexpr std::uint32_t kGone = 0xFFFFFFFFu;
  /// `kept`: ascending old ids, all under `old_size`.
  IdMap(std::span<const std::uint32_t> kept, std::size_t old_size);
  [[nodiscard]] std::uint32_t operator()(std::uint64_t old) const {
    return old < to_new_.size() ? to_new_[old] : kGone;
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::vector<std::uint32_t> to_new_;
  std::size_t size_;
};

/// Each takes the bytes of a file and gives those of the new one; fails with Corrupt (field) or
/// Unsupported. A tokenizer.json of a Unigram or WordPiece model.
Result<std::string> rewrite_tokenizer_json(std::string_view json, const IdMap& ids);
/// vocab.txt: a piece a line, its number is its id.
std::string rewrite_vocab_txt(std::string_view text, const IdMap& ids);
/// tokenizer_config.json: `added_tokens_decoder`; the class that reads XLM-R's `.model` file
/// becomes the one that reads tokenizer.json.
Result<std::string> rewrite_tokenizer_config(std::string_view json, const IdMap& ids);
/// added_tokens.json: piece to id.
Result<std::string> rewrite_added_tokens(std::string_view json, const IdMap& ids);
/// config.json: `vocab_size`, every `…_token_id`, the number of layers (0: as it is), and weights
/// in f32. `ids` may be null.
Result<std::string> rewrite_config(std::string_view json, const IdMap* ids, std::size_t layers);

}  // namespace crosstail::model
