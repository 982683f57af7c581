#pragma once
/// Where an index is built and how it comes to its place: DIR.part while it is made, then DIR, in
/// one step. Private to retrieve.

#include <filesystem>
#include <string>

#include "base/result.h"
#include "index/manifest.h"

namespace crosstail::retrieve {

struct BuildOptions;

class IndexPlace {
 public:
  explicit IndexPlace(const std::filesystem::path& output);
  [[nodiscard]] const std::filesystem::path& part() const { return part_; }

  /// Fails with InvalidArgument when something that is no index stands there.
  [[nodiscard]] Status check_replaceable() const;
  /// Whether the run with this fingerprint has built everything; then it is in its place now.
  Result<bool> complete(const std::string& fingerprint) const;
  /// Makes DIR.part, empty unless `resume`.
  [[nodiscard]] Status start(bool resume) const;
  /// DIR.part becomes DIR; an index that was there is removed.
  [[nodiscard]] Status put_in_place() const;

 private:
  std::filesystem::path output_, part_, old_;
};

/// Everything that decides the bytes of a build, as text: options, model, inputs with their sizes.
Result<std::string> fingerprint_of(const BuildOptions& options, const index::Manifest& manifest);
std::string fingerprint_hash(const std::string& fingerprint);

}  // namespace crosstail::retrieve
