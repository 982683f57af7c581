#pragma once
/// Files that are made from an index when first needed and kept beside it (codes, graphs, BM25), in
/// a folder of the index or, where that cannot be written, in a folder of the user's own under the
/// temporary one.
///
/// One process makes at a time; others wait for it and then find what it made. What is being made
/// lies in a folder `making`, which goes when the making ends, is interrupted or fails; what a
/// killed process left in it is taken away by the next that makes something. So are files made from
/// other contents of the index.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace crosstail::retrieve {

/// The right to make files of one folder. Movable.
class Making {
 public:
  Making() = default;
  Making(Making&& other) noexcept;
  Making& operator=(Making&& other) noexcept;
  ~Making();

  /// Where to write the file that is to be called `name`.
  [[nodiscard]] std::filesystem::path part(const std::string& name) const;
  /// Puts it in place, durably.
  Status keep(const std::string& name) const;

 private:
  friend class KeptFiles;
  std::filesystem::path folder_;
  int lock_ = -1;
};

/// Thread-safe.
class KeptFiles {
 public:
  /// `contents` names what files are made from, and begins their names.
  KeptFiles(const std::filesystem::path& index, const std::string& folder, std::string contents);

  /// A file's name: of the contents and of `label`, which says all else it depends on.
  [[nodiscard]] std::string name(const std::string& label, const std::string& extension) const;
  /// Where the file lies, if it was made.
  [[nodiscard]] std::optional<std::filesystem::path> find(const std::string& name) const;
  /// Waits for its turn; look with find() again before making anything. Fails with Interrupted
  /// after Ctrl-C, with Io where neither folder can be written.
  [[nodiscard]] Result<Making> make() const;

 private:
  std::filesystem::path beside_, own_;
  std::string contents_;
};

}  // namespace crosstail::retrieve
