#include "retrieve/index_place.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.h"
#include "base/hash.h"
#include "retrieve/build_index.h"

namespace crosstail::retrieve {
namespace {

Error failed(const std::filesystem::path& path, std::string_view what,
             const std::error_code& error) {
  return system_error(path.string(), what, error.value());
}

bool is_index(const std::filesystem::path& dir) {
  std::error_code ignored;
  return std::filesystem::exists(dir / "manifest.json", ignored);
}

}  // namespace

IndexPlace::IndexPlace(const std::filesystem::path& output) {
  // "idx/" and "idx" are the same place.
  output_ = output.has_filename() ? output : output.parent_path();
  part_ = output_.string() + ".part";
  old_ = output_.string() + ".old";
}

IndexPlace::~IndexPlace() {
  part_lock_ = {};
  std::error_code ignored;
  std::filesystem::remove(part_, ignored);  // where nothing was put into it
}

Status IndexPlace::take() {
  if (is_index(output_)) {
    CT_TRY(output_lock_, IndexLock::take(output_));
  }
  for (int round = 0;; ++round) {
    std::error_code error;
    std::filesystem::create_directories(part_, error);
    if (error) return failed(part_, "create", error);
    auto lock = IndexLock::take(part_);
    if (lock.ok()) {
      part_lock_ = *std::move(lock);
      return {};
    }
    // Another build may just have renamed it.
    if (lock.error().code != ErrorCode::NotFound || round == 3) return std::move(lock).error();
  }
}

Status IndexPlace::check_replaceable() const {
  std::error_code ignored;
  if (!std::filesystem::exists(output_, ignored) || is_index(output_)) return {};
  if (std::filesystem::is_directory(output_, ignored) &&
      std::filesystem::is_empty(output_, ignored))
    return {};
  return Error{ErrorCode::InvalidArgument,
               output_.string() + ": is there and is no index; choose another -o, or remove it"};
}

Result<bool> IndexPlace::complete(const std::string& fingerprint) {
  for (const auto* dir : {&part_, &output_}) {
    if (!is_index(*dir)) continue;
    CT_TRY(const auto manifest, index::read_manifest(*dir));
    const auto found = manifest.options.find("fingerprint");
    if (found == manifest.options.end() || found->second != fingerprint) continue;
    if (dir == &part_) {
      for (const auto& segment : manifest.segments)
        CT_CHECK(SegmentBuild::clean(part_ / segment.folder));
      CT_CHECK(put_in_place());
    }
    return true;
  }
  return false;
}

Status IndexPlace::start(bool resume) const {
  if (resume) return {};
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(part_, error)) {
    if (entry.path().filename() == kLockFile) continue;
    std::filesystem::remove_all(entry.path(), error);
    if (error) return failed(entry.path(), "remove what an earlier run left", error);
  }
  if (error) return failed(part_, "read the folder", error);
  return {};
}

Status IndexPlace::put_in_place() {
  std::error_code error;
  if (!std::filesystem::exists(output_, error)) return commit_rename(part_, output_);
  if (!is_index(output_)) {
    std::filesystem::remove(output_, error);  // an empty folder
    if (error) return failed(output_, "replace", error);
    return commit_rename(part_, output_);
  }
  if (!output_lock_.held()) {  // it was not there when this began
    CT_TRY(output_lock_, IndexLock::take(output_));
  }
  std::filesystem::remove_all(old_, error);
  // Both change places at once, so that there is an index at every moment. What was replaced is
  // removed under a name that no other build locks.
  if (::renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, output_.c_str(), RENAME_EXCHANGE) == 0) {
    std::filesystem::rename(part_, old_, error);
    if (error) return failed(part_, "rename", error);
  } else {  // A file system that cannot: for a moment there is none.
    std::filesystem::rename(output_, old_, error);
    if (error) return failed(output_, "rename", error);
    CT_CHECK(commit_rename(part_, output_));
  }
  std::filesystem::remove_all(old_, error);
  if (error) return failed(old_, "remove the index that was replaced", error);
  return {};
}

Result<std::string> fingerprint_of(const BuildOptions& options, const index::Manifest& manifest) {
  std::string text = index::to_json(manifest);
  const auto add = [&](std::string_view what, const std::string& path) -> Status {
    if (path.empty()) return {};
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error) return failed(path, "open for reading", error);
    text += std::string(what) + " " + std::filesystem::path(path).filename().string() + " " +
            std::to_string(size) + " bytes\n";
    return {};
  };
  for (const auto& file : options.corpus) CT_CHECK(add("corpus", file));
  for (const auto& file : options.questions.files) CT_CHECK(add("questions", file));
  CT_CHECK(add("passage vectors", options.vectors.passage_vectors));
  CT_CHECK(add("question vectors", options.vectors.question_vectors));
  CT_CHECK(add("centroids", options.centroid_from));
  return text;
}

std::string fingerprint_hash(const std::string& fingerprint) {
  return sha256_hex(fingerprint).substr(0, 32);
}

}  // namespace crosstail::retrieve
