#pragma once
/// Shell completion and the manual page, from the declarations that the help comes from.

#include <memory>
#include <string>
#include <vector>

#include "cli/verb.h"

namespace crosstail::cli {

/// A verb with its declared options, as help, completion and manual need it.
struct DescribedVerb {
  std::unique_ptr<Verb> verb;
  OptionTable options;  ///< its own and those that every verb has
};

/// Every verb, declared.
std::vector<DescribedVerb> described_verbs();

std::string bash_completion(const std::vector<DescribedVerb>& verbs);
std::string zsh_completion(const std::vector<DescribedVerb>& verbs);
std::string fish_completion(const std::vector<DescribedVerb>& verbs);
/// crosstail(1) in troff's man macros.
std::string manual_page(const std::vector<DescribedVerb>& verbs);

}  // namespace crosstail::cli
