#pragma once
/// `--sweep alpha=0:0.2:0.01,max-per-language=1..5,languages-attached=de|de+fr`: many settings from
/// one, every combination of the values given.
///
///   alpha, beta, k1, b        numbers: FROM:TO:STEP, or A|B|C
///   max-per-language          whole numbers: FROM..TO, or A|B|C
///   fusion, center            names: A|B|C
///   languages-attached        sets: de|de+fr|de+fr+ru; `all` is no choice

#include <string_view>
#include <vector>

#include "base/result.h"
#include "retrieve/search_setting.h"

namespace crosstail::retrieve {

/// At most 10,000 settings. Fails with InvalidArgument, naming the part.
Result<std::vector<SearchSetting>> parse_sweep(std::string_view text, const SearchSetting& base);

}  // namespace crosstail::retrieve
