#include "cli/verbs.h"

namespace crosstail::cli {

std::vector<std::unique_ptr<Verb>> all_verbs() {
  std::vector<std::unique_ptr<Verb>> verbs;
  verbs.push_back(extract_verb());
  verbs.push_back(curate_verb());
  verbs.push_back(align_verb());
  verbs.push_back(train_verb());
  verbs.push_back(model_verb());
  verbs.push_back(encode_verb());
  verbs.push_back(score_verb());
  verbs.push_back(classify_verb());
  verbs.push_back(index_verb());
  verbs.push_back(tune_verb());
  verbs.push_back(search_verb());
  verbs.push_back(slice_verb());
  verbs.push_back(evaluate_verb());
  verbs.push_back(report_verb());
  verbs.push_back(run_verb());
  verbs.push_back(doctor_verb());
  verbs.push_back(completion_verb());
  verbs.push_back(manual_verb());
  return verbs;
}

}  // namespace crosstail::cli
