#include "markup/warc_record.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace crosstail::markup {

namespace {

constexpr std::size_t kMaxArcLine = 16384;
constexpr std::array<std::string_view, static_cast<std::size_t>(RecordType::Count_)> kTypeNames = {
    "warcinfo", "response",   "resource",     "request", "metadata",
    "revisit",  "conversion", "continuation", "other"};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  return text.size() == lower_case.size() &&
         std::equal(text.begin(), text.end(), lower_case.begin(),
                    [](char a, char b) { return lower(a) == b; });
}

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

RecordType type_of(std::string_view text) {
  for (std::size_t i = 0; i < kTypeNames.size(); ++i)
    if (equals_ignoring_case(text, kTypeNames[i])) return static_cast<RecordType>(i);
  return RecordType::Other;
}

void set_field(RecordHead& head, std::string_view field, std::string_view value) {
  if (equals_ignoring_case(field, "warc-type")) {
    head.type = type_of(value);
  } else if (equals_ignoring_case(field, "warc-target-uri")) {
    if (value.size() > 1 && value.front() == '<' && value.back() == '>')
      value = value.substr(1, value.size() - 2);
    head.target_uri = value;
  } else if (equals_ignoring_case(field, "warc-date")) {
    head.date = value;
  } else if (equals_ignoring_case(field, "content-type")) {
    head.content_type = value;
  } else if (equals_ignoring_case(field, "content-length")) {
    head.content_length = number(value);
  } else if (equals_ignoring_case(field, "warc-identified-payload-type")) {
    head.identified_type = value;
  }
}

/// "WARC/1.0" and the like: length of the line with its end, 0 if it is none, npos if it is cut
/// off.
std::size_t version_line(std::string_view bytes) {
  constexpr std::string_view kMagic = "WARC/";
  const std::size_t known = std::min(bytes.size(), kMagic.size());
  if (bytes.substr(0, known) != kMagic.substr(0, known)) return 0;
  std::size_t at = known;
  while (at < bytes.size() && at < 16 && (is_digit(bytes[at]) || bytes[at] == '.')) ++at;
  const bool has_version = at > kMagic.size();
  while (at < bytes.size() && at < 20 && (bytes[at] == ' ' || bytes[at] == '\r')) ++at;
  if (at == bytes.size()) return std::string_view::npos;
  return has_version && bytes[at] == '\n' ? at + 1 : 0;
}

/// A head that was cut off, with the head of another record behind it.
bool ends_in_version(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  constexpr std::string_view kVersion = "WARC/1.0";
  if (line.size() < kVersion.size()) return false;
  line = line.substr(line.size() - kVersion.size());
  return line.starts_with("WARC/") && is_digit(line[5]) && line[6] == '.' && is_digit(line[7]);
}

HeadOutcome read_warc_head(std::string_view bytes, RecordHead& head) {
  head = {};
  std::size_t at = version_line(bytes);
  if (at == 0) return HeadOutcome::NotAHead;
  if (at == std::string_view::npos) return HeadOutcome::Incomplete;
  const std::string_view all = bytes.substr(0, kMaxHeadBytes);
  while (true) {
    std::size_t end = all.find('\n', at);
    // A line that starts with white space continues the one before.
    while (end != std::string_view::npos && end + 1 < all.size() && end > at + 1 &&
           (all[end + 1] == ' ' || all[end + 1] == '\t'))
      end = all.find('\n', end + 1);
    if (end == std::string_view::npos)
      return bytes.size() < kMaxHeadBytes ? HeadOutcome::Incomplete : HeadOutcome::NotAHead;
    const std::string_view line = all.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line == "\r") break;
    if (ends_in_version(line)) return HeadOutcome::NotAHead;
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos)
      set_field(head, trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  head.size = at;
  return HeadOutcome::Complete;
}

bool is_address(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return is_digit(c) || c == '.' || c == ':' || c == '-' || (lower(c) >= 'a' && lower(c) <= 'f');
  });
}

bool is_arc_date(std::string_view word) {
  return word.size() >= 8 && word.size() <= 17 && std::all_of(word.begin(), word.end(), is_digit);
}

/// URL IP-address Archive-date Content-type [result checksum location offset filename] length.
/// The URL may hold spaces, so the address and date are what the line is recognised by.
bool read_arc_line(std::string_view line, RecordHead& head) {
  const std::size_t scheme = line.substr(0, 32).find(':');
  if (scheme == std::string_view::npos || scheme == 0 || !is_letter(line[0])) return false;
  const std::size_t last = line.rfind(' ');
  if (last == std::string_view::npos) return false;
  const auto length = number(line.substr(last + 1));
  if (!length) return false;
  for (std::size_t url_end = line.find(' '); url_end < last;
       url_end = line.find(' ', url_end + 1)) {
    const std::size_t address_end = line.find(' ', url_end + 1);
    if (address_end >= last) return false;
    const std::size_t date_end = line.find(' ', address_end + 1);
    if (date_end > last) return false;
    const auto date = line.substr(address_end + 1, date_end - address_end - 1);
    if (!is_arc_date(date) || !is_address(line.substr(url_end + 1, address_end - url_end - 1)))
      continue;
    head.target_uri = line.substr(0, url_end);
    head.date = date;
    if (date_end < last) {
      std::string_view type = line.substr(date_end + 1, last - date_end - 1);
      head.content_type = type.substr(0, type.find(' '));
    }
    head.content_length = length;
    return true;
  }
  return false;
}

HeadOutcome read_arc_head(std::string_view bytes, RecordHead& head) {
  head = {};
  head.format = ArchiveFormat::Arc;
  const std::size_t end = bytes.substr(0, kMaxArcLine).find('\n');
  if (end == std::string_view::npos)
    return bytes.size() < kMaxArcLine ? HeadOutcome::Incomplete : HeadOutcome::NotAHead;
  std::string_view line = bytes.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!read_arc_line(line, head)) return HeadOutcome::NotAHead;
  head.type =
      head.target_uri.starts_with("filedesc:") ? RecordType::Warcinfo : RecordType::Response;
  head.size = end + 1;
  return HeadOutcome::Complete;
}

/// Cheap: an ARC line starts with the scheme of its URL.
bool could_be_arc(std::string_view bytes) {
  const std::string_view first = bytes.substr(0, 16);
  std::size_t i = 0;
  while (i < first.size() &&
         (is_letter(first[i]) ||
          (i > 0 && (is_digit(first[i]) || first[i] == '+' || first[i] == '.' || first[i] == '-'))))
    ++i;
  return i > 0 && (i == first.size() ? bytes.size() < 16 : first[i] == ':');
}

bool starts_warc(std::string_view bytes, bool cut_off) {
  const std::size_t line = version_line(bytes);
  if (line == std::string_view::npos) return cut_off;
  if (line == 0) return false;
  return line < bytes.size() ? is_letter(bytes[line]) : cut_off;
}

/// Behind a line end; or in the middle of a line that was cut off, if the next line leaves no
/// doubt.
bool starts_warc_amid(std::string_view bytes, std::size_t at) {
  const std::string_view rest = bytes.substr(at);
  if (!starts_warc(rest, false)) return false;
  if (bytes[at - 1] == '\n') return true;
  const std::string_view next = rest.substr(version_line(rest));
  return next.starts_with("WARC-") || next.starts_with("Content-");
}

bool starts_arc(std::string_view bytes, bool cut_off) {
  if (!could_be_arc(bytes)) return false;
  RecordHead head;
  const auto outcome = read_arc_head(bytes, head);
  return outcome == HeadOutcome::Complete || (outcome == HeadOutcome::Incomplete && cut_off);
}

bool starts(std::string_view bytes, ArchiveFormat format) {
  return format == ArchiveFormat::Warc ? starts_warc(bytes, false) : starts_arc(bytes, false);
}

}  // namespace

std::string_view name(RecordType type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

HeadOutcome read_record_head(std::string_view bytes, RecordHead& head) {
  if (starts_warc(bytes, true)) return read_warc_head(bytes, head);
  if (could_be_arc(bytes)) return read_arc_head(bytes, head);
  return HeadOutcome::NotAHead;
}

bool starts_record(std::string_view bytes, bool cut_off) {
  return starts_warc(bytes, cut_off) || starts_arc(bytes, cut_off);
}

std::size_t find_record_start(std::string_view bytes, std::size_t from, ArchiveFormat format) {
  if (format == ArchiveFormat::Warc) {
    for (std::size_t at = bytes.find("WARC/", from + 1); at != std::string_view::npos;
         at = bytes.find("WARC/", at + 1))
      if (starts_warc_amid(bytes, at)) return at;
    return std::string_view::npos;
  }
  for (std::size_t at = bytes.find('\n', from); at != std::string_view::npos;
       at = bytes.find('\n', at + 1))
    if (starts_arc(bytes.substr(at + 1), false)) return at + 1;
  return std::string_view::npos;
}

std::size_t find_last_record_start(std::string_view bytes, ArchiveFormat format) {
  const std::string_view mark = format == ArchiveFormat::Warc ? "\nWARC/" : "\n";
  for (std::size_t at = bytes.rfind(mark); at != std::string_view::npos && at > 0;
       at = bytes.rfind(mark, at - 1))
    if (starts(bytes.substr(at + 1), format)) return at + 1;
  return std::string_view::npos;
}

std::size_t undecided_tail(std::string_view bytes, ArchiveFormat format) {
  if (format == ArchiveFormat::Warc) return std::min<std::size_t>(bytes.size(), 32);
  const std::size_t most = std::min(bytes.size(), kMaxArcLine);
  const std::size_t line = bytes.substr(bytes.size() - most).find('\n');
  return line == std::string_view::npos ? 0 : most - line;
}

std::string_view iso_date(std::string_view date, std::array<char, 20>& buffer) {
  if (date.size() != 14 || !is_arc_date(date)) return date;
  constexpr std::string_view kPattern = "dddd-dd-ddTdd:dd:ddZ";
  std::size_t digit = 0;
  for (std::size_t i = 0; i < kPattern.size(); ++i)
    buffer[i] = kPattern[i] == 'd' ? date[digit++] : kPattern[i];
  return {buffer.data(), buffer.size()};
}

}  // namespace crosstail::markup
