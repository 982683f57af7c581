#include "cli/help.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "cli/verb.h"

namespace crosstail::cli {
namespace {

/// Where help of options begins; under their names on a narrow terminal.
constexpr std::size_t kHelpColumn = 32, kNarrowHelpColumn = 8, kNarrow = 80;
constexpr std::size_t kLeast = 50, kMost = 100;

/// Columns of a text: its code points.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; }));
}

/// A paragraph's lines as one line; lines that begin with a space stay.
std::string joined_lines(std::string_view text) {
  std::string out(text);
  for (std::size_t i = 0; i + 1 < out.size(); ++i)
    if (out[i] == '\n' && out[i + 1] != '\n' && out[i + 1] != ' ' && (i == 0 || out[i - 1] != '\n'))
      out[i] = ' ';
  return out;
}

std::string option_names(const Option& option) {
  std::string line = "  ";
  if (option.short_name != 0) line += std::string("-") + option.short_name + ", ";
  line += "--" + option.name;
  return option.value_name.empty() ? line : line + " " + option.value_name;
}

std::string option_help(const Option& option, std::size_t width) {
  const std::size_t column = width < kNarrow ? kNarrowHelpColumn : kHelpColumn;
  std::string line = option_names(option);
  if (columns_of(line) + 2 > column) {
    line += '\n';
    line.append(column, ' ');
  } else {
    line.append(column - columns_of(line), ' ');
  }
  std::string help = option.help;
  if (!option.default_text.empty()) help += " (default: " + option.default_text + ")";
  if (option.repeatable) help += " (may be given several times)";
  return line + wrapped(help, column, width) + "\n";
}

}  // namespace

std::size_t text_width() {
  const char* stated = std::getenv("COLUMNS");  // NOLINT(concurrency-mt-unsafe): before threads
  const long columns = stated == nullptr ? 0 : std::strtol(stated, nullptr, 10);
  struct winsize size {};
  if (columns <= 0 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return kMost;
  const auto found = columns > 0 ? static_cast<std::size_t>(columns) : size.ws_col;
  return found == 0 ? kMost : std::clamp(found, kLeast, kMost);
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out;
  std::size_t column = indent;
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    const std::size_t size = columns_of(word);
    if (!first && column + 1 + size > width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    const auto line_break = word.rfind('\n');
    column = line_break == std::string_view::npos ? column + size : size - line_break - 1;
    first = false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string verb_help(const VerbInfo& info, const OptionTable& options) {
  const std::size_t width = text_width();
  std::string text = "Usage: crosstail " + std::string(info.name) + " " + std::string(info.usage) +
                     "\n\n" + wrapped(joined_lines(info.description), 0, width) + "\n";
  if (const Option* positional = options.positional())
    text += "\n  " + positional->name + "  " +
            wrapped(positional->help, columns_of(positional->name) + 4, width) + "\n";
  std::string section = "\n";
  for (const auto& [title, option] : options.entries()) {
    if (title != section) text += "\n" + (title.empty() ? "Options" : title) + ":\n";
    section = title;
    text += option_help(option, width);
  }
  return text + "\nExample:\n" + std::string(info.example) + "\n";
}

}  // namespace crosstail::cli
