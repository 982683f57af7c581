#pragma once
/// Sorting more than fits in memory: records are collected, sorted and written as runs when memory
/// is full, then merged while they are read. Runs are plain files in a folder of the caller's,
/// removed with the sorter; not a format for others.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/stream.h"

namespace crosstail {

/// A record: sorted by `key`, then `next`, then as added (stable).
struct SortRecord {
  std::uint64_t key = 0, next = 0;
  std::string_view payload;  ///< when read: valid until the next call
};

/// Not thread-safe. Memory: `memory_bytes`, and 256 KiB a run while merging.
class ExternalSorter {
 public:
  /// `name`: of the runs, unique in `folder` (which must exist).
  ExternalSorter(std::filesystem::path folder, std::string name,
                 std::size_t memory_bytes = std::size_t{256} << 20);
  ~ExternalSorter();
  ExternalSorter(ExternalSorter&&) noexcept;
  ExternalSorter(const ExternalSorter&) = delete;
  ExternalSorter& operator=(const ExternalSorter&) = delete;

  Status add(std::uint64_t key, std::uint64_t next, std::string_view payload = {});
  /// Ends adding and goes to the first record; also goes back there.
  Status sort();
  /// False at the end.
  Result<bool> next(SortRecord& record);
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  struct Entry {
    std::uint64_t key, next, offset;
    std::uint32_t length, order;
  };
  class Run;
  void sort_entries();
  Status write_run();

  std::filesystem::path folder_;
  std::string name_;
  std::size_t memory_bytes_;
  std::vector<Entry> entries_;
  std::string payloads_;
  std::uint64_t size_ = 0, at_ = 0;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<std::size_t> heap_;   ///< runs by their current records
  std::size_t current_ = SIZE_MAX;  ///< run whose record was handed out last
};

}  // namespace crosstail
