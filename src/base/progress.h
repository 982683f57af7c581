#pragma once
/// A line on a terminal with what is done, the rate and the time left; nothing anywhere else.

#include <chrono>
#include <cstdint>
#include <string>

namespace crosstail {

/// Not thread-safe: update from the thread that writes. Redraws at most ten times a second.
class Progress {
 public:
  /// `unit`: "pages", "texts"; `total` 0 = unknown. `enabled` defaults to "stderr is a terminal and
  /// logging is text".
  Progress(std::string label, std::string unit, std::uint64_t total = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(std::uint64_t done, std::string_view detail = {});
  void finish();  ///< clears the line

 private:
  std::string label_, unit_;
  std::uint64_t total_;
  bool enabled_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_, last_;
};

}  // namespace crosstail
