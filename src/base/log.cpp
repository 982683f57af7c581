#include "base/log.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>

#include "base/json_writer.h"

namespace crosstail {
namespace {

std::atomic<LogFormat> format{LogFormat::Text};
std::atomic<LogLevel> minimum_level{LogLevel::Info};

std::string_view level_name(LogLevel level) {
  static constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warning", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), length};
}

std::string json_line(LogLevel level, std::string_view event, std::string_view message,
                      std::initializer_list<LogField> fields) {
  std::string line;
  JsonWriter json(line);
  json.begin_object();
  json.member("time", utc_now()).member("level", level_name(level));
  json.member("event", event).member("message", message);
  for (const auto& [name, value] : fields) json.member(name, value);
  json.end_object();
  return line + '\n';
}

std::string text_line(LogLevel level, std::string_view message) {
  std::string line = "crosstail: ";
  if (level != LogLevel::Info) line += std::string(level_name(level)) + ": ";
  return line + std::string(message) + '\n';
}

}  // namespace

void set_log_format(LogFormat value) {
  format = value;
}
void set_log_level(LogLevel minimum) {
  minimum_level = minimum;
}
LogFormat log_format() {
  return format;
}
LogLevel log_level() {
  return minimum_level;
}

void log(LogLevel level, std::string_view event, std::string_view message,
         std::initializer_list<LogField> fields) {
  if (level < minimum_level.load()) return;
  const std::string line = format.load() == LogFormat::Json
                               ? json_line(level, event, message, fields)
                               : text_line(level, message);
  // One write, so that lines of several threads do not mix. There is nowhere to report a failure
  // to.
  [[maybe_unused]] const auto put = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace crosstail
