/// Recipes and their locks from hostile bytes: an error or a plan, and what is written reads back.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "pipeline/plan.h"
#include "pipeline/run_lock.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace crosstail::pipeline;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto recipe = parse_recipe(text, "fuzz"); recipe.ok()) {
    const auto plan = make_plan(*recipe, {}, "out");
    if (plan.ok() && plan->stages.size() != recipe->stages.size()) std::abort();
  }
  if (const auto lock = parse_run_lock(text, "fuzz"); lock.ok()) {
    const auto again = parse_run_lock(run_lock_json(*lock), "again");
    if (!again.ok() || again->stages.size() != lock->stages.size()) std::abort();
  }
  return 0;
}
