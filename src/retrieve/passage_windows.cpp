#include "retrieve/passage_windows.h"

#include <algorithm>

namespace crosstail::retrieve {

std::vector<TextWindow> windows_of(const text::Tokenizer& tokenizer, std::string_view text,
                                   std::uint64_t window, std::uint64_t stride,
                                   text::TokenizerScratch& scratch) {
  const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(text.size(), UINT32_MAX));
  text::EncodeOptions options;
  options.add_special = false;
  options.offsets = true;
  text::Encoding encoding;
  tokenizer.encode(text, options, scratch, encoding);
  const std::uint64_t tokens = encoding.offsets.size();
  std::vector<TextWindow> windows;
  for (std::uint64_t at = 0; at == 0 || at < tokens; at += stride) {
    const std::uint64_t last = std::min(at + window, tokens);
    // Offsets are of the repaired text: never beyond what is there.
    const std::uint32_t begin = at == 0 ? 0 : std::min(encoding.offsets[at].begin, size);
    const std::uint32_t end =
        last == tokens ? size : std::min(encoding.offsets[last - 1].end, size);
    windows.push_back({begin, std::max(begin, end)});
    if (last == tokens) break;
  }
  return windows;
}

}  // namespace crosstail::retrieve
