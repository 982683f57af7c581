#include "pipeline/content_hash.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <sstream>
#include <vector>

#include "base/file.h"
#include "base/hash.h"

namespace crosstail::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHeader = "crosstail-hashes 1\n";

/// Folders of an index that searches fill when they first need them (docs/search.md).
bool is_derived(const fs::path& name) {
  return name == "bm25" || name == "rows";
}

}  // namespace

/// One line a file: hash, size, inode, change time, path (which may hold blanks, but no newline).
ContentHashes::ContentHashes(fs::path cache) : cache_(std::move(cache)) {
  const auto text = read_file(cache_);
  if (!text.ok() || text->substr(0, kHeader.size()) != kHeader) return;
  std::istringstream lines(text->substr(kHeader.size()));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    Known known;
    std::string path;
    if (!(words >> known.hash >> known.size >> known.inode >> known.changed_ns)) continue;
    words.get();
    if (std::getline(words, path) && known.hash.size() == 64) known_[path] = known;
  }
}

Result<std::string> ContentHashes::of(const fs::path& path) {
  std::error_code failure;
  const auto status = fs::status(path, failure);
  if (fs::is_directory(status)) return of_folder(path);
  if (fs::is_regular_file(status)) return of_file(path);
  return Error{ErrorCode::NotFound, path.string() + ": no such file or folder"};
}

Result<std::string> ContentHashes::of_file(const fs::path& path) {
  const std::string name = fs::absolute(path).lexically_normal().string();
  struct ::stat info {};
  if (::stat(path.c_str(), &info) != 0) return system_error(path.string(), "read", errno);
  Known now{static_cast<std::uint64_t>(info.st_size), info.st_ino,
            std::int64_t{info.st_ctim.tv_sec} * 1'000'000'000 + info.st_ctim.tv_nsec, "", true};
  if (const auto at = known_.find(name); at != known_.end() && at->second.size == now.size &&
                                         at->second.inode == now.inode &&
                                         at->second.changed_ns == now.changed_ns) {
    at->second.used = true;
    return at->second.hash;
  }
  CT_TRY(const auto file, MappedFile::open(path));
  file.advise_sequential();
  now.hash = sha256_hex(file.text());
  known_[name] = now;
  return now.hash;
}

Result<std::string> ContentHashes::of_folder(const fs::path& path) {
  std::vector<fs::path> files;
  std::error_code failure;
  const bool is_index = fs::exists(path / "manifest.json", failure);
  for (fs::recursive_directory_iterator at(path, failure), end; !failure && at != end;
       at.increment(failure)) {
    std::error_code gone;
    if (is_index && at.depth() == 0 && is_derived(at->path().filename())) {
      at.disable_recursion_pending();
      continue;
    }
    if (at->is_regular_file(gone)) files.push_back(at->path());
  }
  if (failure) return system_error(path.string(), "list", failure.value());
  std::vector<std::pair<std::string, fs::path>> sorted;
  sorted.reserve(files.size());
  for (auto& file : files) sorted.emplace_back(file.lexically_relative(path).string(), file);
  std::sort(sorted.begin(), sorted.end());
  std::string list;
  for (const auto& [relative, file] : sorted) {
    CT_TRY(const auto hash, of_file(file));
    list += relative;
    list += '\0';
    list += hash + '\n';
  }
  return sha256_hex(list);
}

Status ContentHashes::save() const {
  std::string text(kHeader);
  for (const auto& [path, known] : known_)
    if (known.used && path.find('\n') == std::string::npos)
      text += known.hash + ' ' + std::to_string(known.size) + ' ' + std::to_string(known.inode) +
              ' ' + std::to_string(known.changed_ns) + ' ' + path + '\n';
  return write_file_atomic(cache_, text);
}

}  // namespace crosstail::pipeline
