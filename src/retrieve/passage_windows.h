#pragma once
/// Cuts a text into windows of so many tokens, each `stride` tokens after the one before.

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace crosstail::retrieve {

struct TextWindow {
  std::uint32_t begin = 0, end = 0;  ///< bytes
};

/// At least one window; the last one ends with the text. `scratch` is the caller's.
std::vector<TextWindow> windows_of(const text::Tokenizer& tokenizer, std::string_view text,
                                   std::uint64_t window, std::uint64_t stride,
                                   text::TokenizerScratch& scratch);

}  // namespace crosstail::retrieve
