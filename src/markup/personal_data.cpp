#include "markup/personal_data.h"

#include <optional>
#include <string_view>
#include <vector>

namespace crosstail::markup {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_word(char c) {
  return is_digit(c) || is_letter(c) || static_cast<unsigned char>(c) >= 0x80;
}

bool is_local(char c) {
  return is_word(c) || std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
}

struct Span {
  std::size_t begin, end;
};

/// The address around the '@' at `at`, not reaching before `from`.
std::optional<Span> address_around(std::string_view text, std::size_t at, std::size_t from) {
  std::size_t begin = at;
  while (begin > from && at - begin < 64 && is_local(text[begin - 1])) --begin;
  while (begin < at && !is_word(text[begin])) ++begin;
  std::size_t end = at + 1, last_dot = 0;
  while (end < text.size() && end - at < 255 &&
         (is_word(text[end]) || text[end] == '-' || text[end] == '.')) {
    if (text[end] == '.') last_dot = end;
    ++end;
  }
  while (end > at + 1 && (text[end - 1] == '.' || text[end - 1] == '-')) --end;
  if (last_dot >= end) {
    last_dot = 0;
    for (std::size_t i = at + 1; i < end; ++i)
      if (text[i] == '.') last_dot = i;
  }
  const bool has_top_level =
      last_dot > at + 1 && end - last_dot > 2 && !is_digit(text[last_dot + 1]);
  if (begin == at || !has_top_level) return std::nullopt;
  return Span{begin, end};
}

/// A run of digits and separators that starts at `begin`, as groups of digits.
struct NumberRun {
  std::size_t end = 0;
  std::size_t digits = 0;
  std::vector<std::size_t> groups;
  bool only_one_separator = true;  ///< "1.2.3.4" or "2024-01-31": the same sign throughout
  char separator = 0;
};

NumberRun read_number(std::string_view text, std::size_t begin) {
  NumberRun run;
  std::size_t i = begin, group = 0;
  auto close_group = [&] {
    if (group > 0) run.groups.push_back(group);
    group = 0;
  };
  while (i < text.size()) {
    const char c = text[i];
    if (is_digit(c)) {
      ++group;
      ++run.digits;
      run.end = ++i;
      continue;
    }
    const bool parenthesis = c == '(' || c == ')' || (c == '+' && i == begin);
    const bool separator = c == ' ' || c == '-' || c == '.' || c == '/';
    if (!parenthesis && !separator) break;
    close_group();
    if (separator) {
      if (run.separator != 0 && run.separator != c) run.only_one_separator = false;
      run.separator = c;
    }
    std::size_t next = i + 1;
    // "(0) 30", "-(": at most two signs between groups.
    if (next < text.size() && (text[next] == ' ' || text[next] == '(' || text[next] == ')')) ++next;
    if (next >= text.size() || !(is_digit(text[next]) || text[next] == '(')) break;
    i = c == '(' || c == ')' || separator || c == '+' ? i + 1 : next;
  }
  close_group();
  return run;
}

bool looks_like_phone(std::string_view text, std::size_t begin, const NumberRun& run) {
  if (run.digits < 7 || run.digits > 15) return false;
  const char first = text[begin];
  const bool international = first == '+' || text.substr(begin, 2) == "00";
  if (international) return true;
  const auto& groups = run.groups;
  const bool american = groups.size() == 3 && groups[0] == 3 && groups[1] == 3 && groups[2] == 4;
  const bool american_with_one =
      groups.size() == 4 && groups[0] == 1 && groups[1] == 3 && groups[2] == 3 && groups[3] == 4;
  if (american || american_with_one) return true;
  const bool trunk = first == '0' || (first == '(' && text.substr(begin, 2) == "(0");
  // "01.02.2024" and "01/02/2024" are dates: groups of two, two and four digits with one sign.
  const bool date =
      groups.size() == 3 && run.only_one_separator && groups[0] <= 2 && groups[1] <= 2;
  if (trunk) return run.digits >= 9 && groups.size() >= 2 && !date && groups[0] >= 2;
  return first == '(' && groups.size() >= 2 && run.digits >= 9;
}

std::optional<Span> phone_at(std::string_view text, std::size_t begin) {
  const char c = text[begin];
  if (!(is_digit(c) || c == '+' || c == '(')) return std::nullopt;
  if (begin > 0) {
    const char before = text[begin - 1];
    if (is_word(before) || before == '.' || before == ',' || before == '/' || before == '=' ||
        before == '#' || before == '-' || before == '_' || before == '$')
      return std::nullopt;
  }
  const NumberRun run = read_number(text, begin);
  if (run.end == 0 || !looks_like_phone(text, begin, run)) return std::nullopt;
  if (run.end < text.size() && (is_word(text[run.end]) || text[run.end] == '%'))
    return std::nullopt;
  return Span{begin, run.end};
}

}  // namespace

void mask_personal(std::string& text, MaskCounts& counts) {
  std::string masked;
  std::size_t done = 0;
  auto replace = [&](const Span& span, std::string_view by) {
    masked.append(text, done, span.begin - done);
    masked += by;
    done = span.end;
  };
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '@') {
      if (const auto span = address_around(text, i, done)) {
        replace(*span, "[email]");
        ++counts.emails;
        i = done;
        continue;
      }
    } else if (is_digit(text[i]) || text[i] == '+' || text[i] == '(') {
      if (const auto span = phone_at(text, i)) {
        replace(*span, "[phone]");
        ++counts.phones;
        i = done;
        continue;
      }
      // The rest of this number cannot start another one.
      while (i + 1 < text.size() && is_digit(text[i]) && is_digit(text[i + 1])) ++i;
    }
    ++i;
  }
  if (done == 0) return;
  masked.append(text, done, text.size() - done);
  text = std::move(masked);
}

}  // namespace crosstail::markup
