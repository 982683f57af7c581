#pragma once
/// Question vectors of a .npy file in the order of passages, where the file has another order: one
/// sequential pass over the file deals them out to buckets on disk, each of which fits in memory
/// when its turn comes. Written once and read once, so about three times the reading of the file.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/npy.h"
#include "retrieve/question_groups.h"

namespace crosstail::retrieve {

/// Not thread-safe.
class MovedVectors {
 public:
  /// `groups` is read through and rewound.
  static Result<MovedVectors> make(const std::string& npy, QuestionGroups& groups,
                                   const std::filesystem::path& folder,
                                   std::size_t memory_bytes = std::size_t{256} << 20);
  /// Vector of the question at `position`; ascending.
  Status read(std::uint64_t position, float* out);

 private:
  MovedVectors() = default;
  [[nodiscard]] std::filesystem::path bucket(std::uint64_t number) const;
  std::filesystem::path folder_;
  data::NpyArray array_;
  std::uint64_t bucket_rows_ = 1, loaded_ = UINT64_MAX;
  std::string rows_;  ///< of the bucket that is loaded, in order
};

}  // namespace crosstail::retrieve
