#pragma once
/// Where an index is built and how it comes to its place: DIR.part while it is made, then DIR, in
/// one step. One process at a time, from take() to the object's end. Private to retrieve.

#include <filesystem>
#include <string>

#include "base/result.h"
#include "index/manifest.h"
#include "retrieve/index_lock.h"

namespace crosstail::retrieve {

struct BuildOptions;

class IndexPlace {
 public:
  explicit IndexPlace(const std::filesystem::path& output);
  IndexPlace(const IndexPlace&) = delete;
  IndexPlace& operator=(const IndexPlace&) = delete;
  ~IndexPlace();
  [[nodiscard]] const std::filesystem::path& part() const { return part_; }

  /// Fails with InvalidArgument when something that is no index stands there.
  [[nodiscard]] Status check_replaceable() const;
  /// Keeps other processes from building or changing DIR; fails where one does. Makes DIR.part.
  [[nodiscard]] Status take();
  /// Whether the run with this fingerprint has built everything; then it is in its place now.
  Result<bool> complete(const std::string& fingerprint);
  /// Empties DIR.part unless `resume`.
  [[nodiscard]] Status start(bool resume) const;
  /// DIR.part becomes DIR; an index that was there is removed.
  [[nodiscard]] Status put_in_place();

 private:
  std::filesystem::path output_, part_, old_;
  IndexLock output_lock_, part_lock_;
};

/// Everything that decides the bytes of a build, as text: options, model, inputs with their sizes.
Result<std::string> fingerprint_of(const BuildOptions& options, const index::Manifest& manifest);
std::string fingerprint_hash(const std::string& fingerprint);

}  // namespace crosstail::retrieve
