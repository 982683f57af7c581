#include "base/progress.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <string_view>

#include "base/log.h"

namespace crosstail {
namespace {

std::string duration(double seconds) {
  const auto whole = static_cast<long>(seconds);
  std::array<char, 48> text{};
  const int length = whole >= 3600 ? std::snprintf(text.data(), text.size(), "%ld h %02ld min",
                                                   whole / 3600, whole / 60 % 60)
                     : whole >= 60 ? std::snprintf(text.data(), text.size(), "%ld min %02ld s",
                                                   whole / 60, whole % 60)
                                   : std::snprintf(text.data(), text.size(), "%ld s", whole);
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

Progress::Progress(std::string label, std::string unit, std::uint64_t total)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      enabled_(::isatty(STDERR_FILENO) != 0 && log_format() == LogFormat::Text),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {}

Progress::~Progress() {
  finish();
}

void Progress::update(std::uint64_t done, std::string_view detail) {
  if (!enabled_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  drawn_ = true;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double rate = elapsed > 0 ? static_cast<double>(done) / elapsed : 0;
  std::array<char, 64> number{};
  std::snprintf(number.data(), number.size(), " (%.*f/s)", rate < 10 ? 1 : 0, rate);
  std::string line = "\r\x1b[K" + label_ + ": " + std::to_string(done);
  if (total_ > 0) line += " of " + std::to_string(total_);
  line += " " + unit_ + number.data();
  if (total_ > done && rate > 0)
    line += ", " + duration(static_cast<double>(total_ - done) / rate) + " left";
  if (!detail.empty()) line += ", " + std::string(detail);
  [[maybe_unused]] const auto put = ::write(STDERR_FILENO, line.data(), line.size());
}

void Progress::finish() {
  if (!drawn_) return;
  drawn_ = false;
  static constexpr std::string_view kClear = "\r\x1b[K";
  [[maybe_unused]] const auto put = ::write(STDERR_FILENO, kClear.data(), kClear.size());
}

}  // namespace crosstail
