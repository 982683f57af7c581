#include "cli/language_warning.h"

#include "base/log.h"
#include "model/model_card.h"

namespace crosstail::cli {

void warn_of_unsupported(std::span<const std::string> supported, std::span<const std::string> asked,
                         std::string_view of_what) {
  std::string names;
  for (const auto& tag : model::unsupported_languages(supported, asked))
    names += (names.empty() ? "" : ", ") + tag;
  if (names.empty()) return;
  log(LogLevel::Warning, "unsupported-languages",
      "the model is not made for these languages of " + std::string(of_what) + ": " + names +
          " (`crosstail model info` names its own)");
}

}  // namespace crosstail::cli
