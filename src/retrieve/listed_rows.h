#pragma once
/// The rows of several files, one file after the other. Private to retrieve.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "data/rows.h"

namespace crosstail::retrieve {

/// Not thread-safe.
class ListedRows {
 public:
  explicit ListedRows(std::vector<std::string> files) : files_(std::move(files)) {}

  /// False at the end. The row is valid until the next call. Corrupt names the place.
  Result<bool> next(data::Row& row) {
    while (true) {
      if (!rows_) {
        if (next_file_ == files_.size()) return false;
        CT_TRY(auto rows, data::RowReader::open(files_[next_file_++]));
        rows_.emplace(std::move(rows));
      }
      CT_TRY(const bool more, rows_->next(row));
      if (!more) {
        rows_.reset();
        continue;
      }
      place_ = rows_->name() + ":" + std::to_string(row.line);
      if (row.problem.empty()) return true;
      return Error{ErrorCode::Corrupt, place_ + ": " + std::string(row.problem)};
    }
  }
  /// FILE:LINE of the last row.
  [[nodiscard]] const std::string& place() const { return place_; }

 private:
  std::vector<std::string> files_;
  std::size_t next_file_ = 0;
  std::optional<data::RowReader> rows_;
  std::string place_;
};

}  // namespace crosstail::retrieve
