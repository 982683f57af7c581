#pragma once
/// Reads a fastText classification model (.bin or quantised .ftz, file version 12) and gives the
/// probability of each label: what lid.176 needs. Same numbers as fastText's own predict, without
/// its dictionary and allocation costs. No code of fastText is used; the format is fixed by its
/// releases 0.2 to 0.9.
///
/// Supported: hierarchical softmax and softmax losses, word n-grams of length 1, dense or quantised
/// input. Immutable and thread-safe once opened; a dense input matrix stays memory-mapped.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace crosstail::text {

class FastTextModel {
 public:
  /// Fails with Corrupt (names the offset and what was expected there), Unsupported or Io.
  static Result<FastTextModel> open(const std::filesystem::path& path);

  FastTextModel(FastTextModel&&) noexcept;
  FastTextModel& operator=(FastTextModel&&) noexcept;
  ~FastTextModel();

  /// In the order of the file, without "__label__".
  [[nodiscard]] const std::vector<std::string>& labels() const;

  /// Probability of each label for one line of text (line ends count as spaces). `probabilities`
  /// has one entry per label. Labels under `floor` may be reported as 0. A text without any known
  /// feature gives zeros.
  void predict(std::string_view text, std::span<float> probabilities, float floor = 1e-5F) const;

 private:
  struct State;
  explicit FastTextModel(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace crosstail::text
