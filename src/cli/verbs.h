#pragma once
/// The factories of all verbs, one a file NAME_verb.cpp; verbs.cpp puts them in the order of the
/// help.

#include <memory>

#include "cli/verb.h"

namespace crosstail::cli {

std::unique_ptr<Verb> extract_verb();
std::unique_ptr<Verb> curate_verb();
std::unique_ptr<Verb> align_verb();
std::unique_ptr<Verb> model_verb();
std::unique_ptr<Verb> encode_verb();
std::unique_ptr<Verb> score_verb();
std::unique_ptr<Verb> classify_verb();
std::unique_ptr<Verb> train_verb();
std::unique_ptr<Verb> evaluate_verb();
std::unique_ptr<Verb> report_verb();
std::unique_ptr<Verb> index_verb();
std::unique_ptr<Verb> search_verb();
std::unique_ptr<Verb> tune_verb();
std::unique_ptr<Verb> slice_verb();
std::unique_ptr<Verb> run_verb();
std::unique_ptr<Verb> doctor_verb();
std::unique_ptr<Verb> completion_verb();
std::unique_ptr<Verb> manual_verb();

}  // namespace crosstail::cli
