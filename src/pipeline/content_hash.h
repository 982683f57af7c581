#pragma once
/// What files and folders hold, as one SHA-256 each, so that a stage runs again when its inputs say
/// something else and not when they were merely touched.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"

namespace crosstail::pipeline {

/// Remembers hashes by path, size, change time and inode, in a file of the results' folder. Not
/// thread-safe.
class ContentHashes {
 public:
  /// `cache`: the file; unreadable or damaged, it starts empty.
  explicit ContentHashes(std::filesystem::path cache);

  /// Of a file: of its bytes. Of a folder: of the sorted list of relative paths and hashes of all
  /// regular files in it; of an index (a folder with a manifest.json) without what searches derive
  /// and keep in it. Links to files are followed, links to folders are not. Fails with
  /// NotFound or Io.
  Result<std::string> of(const std::filesystem::path& path);

  /// Writes the cache file; hashes not asked for since it was read are forgotten.
  Status save() const;

 private:
  struct Known {
    std::uint64_t size = 0, inode = 0;
    std::int64_t changed_ns = 0;
    std::string hash;
    bool used = false;
  };
  Result<std::string> of_file(const std::filesystem::path& path);
  Result<std::string> of_folder(const std::filesystem::path& path);

  std::filesystem::path cache_;
  std::map<std::string, Known> known_;
};

}  // namespace crosstail::pipeline
