#pragma once
/// What each step of making a model smaller costs: size, speed, and how far its vectors are from
/// the source's, per language.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "base/result.h"
#include "model/compare.h"

namespace crosstail::cli {

struct CompressStep {
  std::string name;         ///< "source", "vocabulary", "layers", "weights"
  std::string precision;    ///< that it was run with
  std::uint64_t bytes = 0;  ///< of its files
  double texts_per_second = 0;
  model::Comparison lost;  ///< against the source; of the source itself empty
};

/// Encodes the same texts with one model after another; the first is the source.
class CompressReport {
 public:
  /// `languages` is empty or has one a text.
  CompressReport(std::vector<std::string> texts, std::vector<std::string> languages,
                 std::string prompt, std::uint64_t threads)
      : texts_(std::move(texts)),
        languages_(std::move(languages)),
        prompt_(std::move(prompt)),
        threads_(threads) {}

  /// Directories in f32, converted models as they are. Fails as opening and encoding do.
  Status add(const std::string& name, const std::filesystem::path& model);

  [[nodiscard]] const std::vector<CompressStep>& steps() const { return steps_; }
  /// A table of steps, and one of languages for each step after the source.
  [[nodiscard]] std::string text() const;
  /// "steps": […]
  void write(JsonWriter& json) const;

 private:
  std::vector<std::string> texts_, languages_;
  std::string prompt_;
  std::uint64_t threads_;
  std::vector<float> source_;
  std::vector<CompressStep> steps_;
};

}  // namespace crosstail::cli
