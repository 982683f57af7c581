#pragma once
/// The normal form in which two texts are "the same": NFKC, case folded, spaces and punctuation
/// dropped (design.md §3, leave-out `text`; exact duplicates in `curate`). Letters, marks and
/// digits remain; symbols and emoji go with the punctuation.

#include <string>
#include <string_view>

namespace crosstail::text {

/// Appends the normal form of valid UTF-8 to `out`. Thread-safe.
void append_normal_form(std::string& out, std::string_view valid);

std::string normal_form(std::string_view valid);

}  // namespace crosstail::text
