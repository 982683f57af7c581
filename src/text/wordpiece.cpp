#include "text/wordpiece.h"

#include "text/utf8.h"

namespace crosstail::text {

WordPieceModel::WordPieceModel(const Data& data) : data_(data) {
  if (data_.trie.empty()) return;
  if (!data_.continuation.empty()) {
    continuation_node_ = data_.trie.walk(data_.continuation);
    continues_ = continuation_node_ != SubwordTrie::kNone;
  }
}

void WordPieceModel::segment(std::string_view word, std::vector<SubwordToken>& out) const {
  const std::size_t first_out = out.size();
  const auto unknown = [&] {
    out.resize(first_out);
    out.push_back({data_.unknown_id, 0, static_cast<std::uint32_t>(word.size())});
  };
  if (word.empty()) return;
  if (data_.trie.empty() || count_code_points(word) > data_.max_word_chars) return unknown();
  for (std::size_t start = 0; start < word.size();) {
    if (start > 0 && !continues_) return unknown();
    std::uint32_t node = start == 0 ? 0 : continuation_node_;
    std::uint32_t best = 0;
    std::size_t best_end = start;
    for (std::size_t at = start; at < word.size();) {
      node = data_.trie.step(node, static_cast<unsigned char>(word[at++]));
      if (node == SubwordTrie::kNone) break;
      if (const std::uint32_t value = data_.trie.value_plus_one(node);
          value != 0 && value <= data_.size) {
        best = value;
        best_end = at;
      }
    }
    if (best == 0) return unknown();
    out.push_back(
        {best - 1, static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(best_end)});
    start = best_end;
  }
}

}  // namespace crosstail::text
