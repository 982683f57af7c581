#pragma once
/// What `crosstail doctor` finds out about this machine.

#include <string>
#include <vector>

namespace crosstail::cli {

struct Finding {
  std::string section;  ///< "processor", "memory", "disk", "models", "libraries", "rates"
  std::string name, value;
  std::string advice;  ///< not empty: something is worth changing, and how
};

/// Processor, memory, disk, models and libraries; quick.
std::vector<Finding> look_around();

/// Measured rates: memory read, encoders of the shape of multilingual-e5-small in every precision,
/// exact search. Takes about `seconds`.
std::vector<Finding> self_test(double seconds);

}  // namespace crosstail::cli
