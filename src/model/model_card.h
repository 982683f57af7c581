#pragma once
/// The languages that a model says it was made for: the `language:` list of its card (README.md of
/// a Hugging Face directory).

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crosstail::model {

/// The `language:` of a card's front matter (between two lines of `---`): one tag, a list in
/// brackets, or a line each with a dash. Nothing where there is none, or where the list says
/// "multilingual". What is no language tag is passed over; at most 1,000 are read.
std::vector<std::string> card_languages(std::string_view readme);

/// The same of a directory; nothing without a README.md (or with one over 1 MiB).
std::vector<std::string> read_card_languages(const std::filesystem::path& folder);

/// What a model says it was made for, without loading it: a path or name as `--model` takes it.
/// Nothing where it does not say, or cannot be read.
std::vector<std::string> stated_languages(const std::filesystem::path& model);

/// The `license:` of the card of a directory; empty without one.
std::string read_card_license(const std::filesystem::path& folder);

/// "library_name: …\nlicense: mit\nlanguage:\n- ar\n…" between lines of `---`: the start of a card
/// of ours. `license` may be empty.
std::string card_head(std::span<const std::string> languages, std::string_view license = {});

/// "ar,de,zh-CN": tags of languages, sorted, each once. InvalidArgument names what is none.
Result<std::vector<std::string>> parse_languages(std::string_view list);

/// Those of `asked` that are none of `supported` (text::same_language), sorted, each once. Nothing
/// where the model does not say what it supports, or a tag names no language.
std::vector<std::string> unsupported_languages(std::span<const std::string> supported,
                                               std::span<const std::string> asked);

}  // namespace crosstail::model
