#include "cli/verb.h"

namespace crosstail::cli {

std::vector<std::unique_ptr<Verb>> all_verbs() {
  std::vector<std::unique_ptr<Verb>> verbs;
  return verbs;
}

}  // namespace crosstail::cli
