#pragma once
/// Model directories fetched from a hub (huggingface.co, or a mirror) into the cache.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace crosstail::model {

/// A file of a repository as the hub's API lists it.
struct HubFile {
  std::string name;
  std::uint64_t size = 0;
  std::string sha256;  ///< of a file in large-file storage; else empty
  std::string blob;    ///< git's SHA-1 of "blob SIZE\0" and the bytes
};

struct PullOptions {
  std::string name;               ///< "intfloat/multilingual-e5-small"
  std::string revision = "main";  ///< branch, tag or commit
  std::string hub;                ///< "https://huggingface.co"; empty: CROSSTAIL_HUB, else this
  std::filesystem::path folder;   ///< empty: the cache's folder for the name
  /// Called now and then with the file, bytes so far and its size.
  std::function<void(const std::string&, std::uint64_t, std::uint64_t)> progress;
};

/// What loading needs of all files: configurations, tokenizer, one form of the weights
/// (safetensors, else pytorch_model.bin), folders of modules.
std::vector<HubFile> needed_files(const std::vector<HubFile>& all);

/// The API's answer. Fails with Corrupt.
Result<std::vector<HubFile>> read_listing(std::string_view json, std::string& commit);

struct PullResult {
  std::filesystem::path folder;
  std::size_t files = 0, fetched = 0;
  std::uint64_t bytes = 0;  ///< fetched now
};

/// Fetches what is missing: files that are there whole are kept, one that was cut off is continued.
/// Every file is checked against the hub's checksum; the folder appears under its name only when
/// all are there. Fails with NotFound, Io (network), Corrupt (checksum), Interrupted; run it again
/// to go on.
Result<PullResult> pull_model(const PullOptions& options);

}  // namespace crosstail::model
