#include "retrieve/kept_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "base/file.h"
#include "base/hash.h"
#include "base/interrupt.h"

namespace crosstail::retrieve {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMaking = "making";

bool make_writable(const fs::path& folder) {
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  return ::access(folder.c_str(), W_OK | X_OK) == 0;
}

/// Others must not have put files into it: ours, and written by nobody else.
bool is_private(const fs::path& folder) {
  struct stat about {};
  return ::lstat(folder.c_str(), &about) == 0 && S_ISDIR(about.st_mode) &&
         about.st_uid == ::geteuid() && (about.st_mode & 022) == 0;
}

Error cannot_be_made(const fs::path& folder, int failure) {
  auto error = system_error(folder.string(), "keep files", failure);
  error.message += "; make the index's folder or the temporary one (TMPDIR) writable";
  return error;
}

}  // namespace

Making::Making(Making&& other) noexcept
    : folder_(std::move(other.folder_)), lock_(std::exchange(other.lock_, -1)) {}

Making& Making::operator=(Making&& other) noexcept {
  std::swap(folder_, other.folder_);
  std::swap(lock_, other.lock_);
  return *this;
}

Making::~Making() {
  if (lock_ < 0) return;
  std::error_code ignored;
  fs::remove_all(folder_ / kMaking, ignored);
  ::close(lock_);
}

fs::path Making::part(const std::string& name) const {
  return folder_ / kMaking / name;
}

Status Making::keep(const std::string& name) const {
  return commit_rename(part(name), folder_ / name);
}

KeptFiles::KeptFiles(const fs::path& index, const std::string& folder, std::string contents)
    : beside_(index / folder),
      own_(fs::temp_directory_path() / ("crosstail-" + std::to_string(::geteuid())) / folder),
      contents_(std::move(contents)) {
  contents_.resize(std::min<std::size_t>(contents_.size(), 16));
}

std::string KeptFiles::name(const std::string& label, const std::string& extension) const {
  return contents_ + "-" + sha256_hex(label).substr(0, 32) + extension;
}

std::optional<fs::path> KeptFiles::find(const std::string& name) const {
  std::error_code ignored;
  if (fs::exists(beside_ / name, ignored)) return beside_ / name;
  if (is_private(own_.parent_path()) && fs::exists(own_ / name, ignored)) return own_ / name;
  return std::nullopt;
}

Result<Making> KeptFiles::make() const {
  Making making;
  making.folder_ = beside_;
  const bool beside = make_writable(beside_);
  if (!beside) {
    making.folder_ = own_;
    ::mkdir(own_.parent_path().c_str(), 0700);
    if (!is_private(own_.parent_path()) || !make_writable(own_))
      return cannot_be_made(beside_, EACCES);
  }
  making.lock_ = ::open((making.folder_ / "lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  if (making.lock_ < 0) return cannot_be_made(making.folder_, errno);
  while (::flock(making.lock_, LOCK_EX | LOCK_NB) != 0) {
    const int failure = errno;
    if (failure == EWOULDBLOCK && !interrupt_requested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      continue;
    }
    ::close(std::exchange(making.lock_, -1));
    if (failure == EWOULDBLOCK) return Error{ErrorCode::Interrupted, "interrupted"};
    return cannot_be_made(making.folder_, failure);
  }
  std::error_code failure;
  fs::remove_all(making.folder_ / kMaking, failure);
  if (beside)
    for (const auto& entry : fs::directory_iterator(making.folder_, failure)) {
      const std::string name = entry.path().filename().string();
      if (name != "lock" && !name.starts_with(contents_)) fs::remove(entry.path(), failure);
    }
  fs::create_directory(making.folder_ / kMaking, failure);
  if (failure) return cannot_be_made(making.folder_, failure.value());
  return making;
}

}  // namespace crosstail::retrieve
