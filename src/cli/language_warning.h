#pragma once
/// A word of warning where a model is asked for what it was not made for.

#include <span>
#include <string>
#include <string_view>

namespace crosstail::cli {

/// Warns once of the tags in `asked` whose language is none of `supported` (model/model_card.h),
/// by name. `of_what`: "queries". Nothing where the model does not state its languages.
void warn_of_unsupported(std::span<const std::string> supported, std::span<const std::string> asked,
                         std::string_view of_what);

}  // namespace crosstail::cli
