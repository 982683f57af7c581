#pragma once
/// `crosstail evaluate`: runs against judgments, with intervals, tests and slices.

#include <memory>

#include "cli/verb.h"

namespace crosstail::cli {

std::unique_ptr<Verb> make_evaluate_verb();

}  // namespace crosstail::cli
