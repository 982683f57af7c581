#pragma once
/// Messages for people or machines, on stderr only. Text: `crosstail: warning: MESSAGE`. JSON
/// (`--log-format json`): `{"time":…,"level":…,"event":…,"message":…,…fields}` a line.

#include <initializer_list>
#include <string_view>
#include <utility>

namespace crosstail {

enum class LogLevel { Debug, Info, Warning, Error };
enum class LogFormat { Text, Json };

void set_log_format(LogFormat format);
void set_log_level(LogLevel minimum);
LogFormat log_format();
LogLevel log_level();

using LogField = std::pair<std::string_view, std::string_view>;

/// Thread-safe; one call is one write. `event` is a stable kebab-case name for machines.
void log(LogLevel level, std::string_view event, std::string_view message,
         std::initializer_list<LogField> fields = {});

}  // namespace crosstail
