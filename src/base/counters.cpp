#include "base/counters.h"

#include <charconv>
#include <vector>

namespace crosstail {

void Counters::add(std::string_view name, std::uint64_t count) {
  if (count == 0) return;
  const auto found = counts_.find(name);
  if (found != counts_.end()) {
    found->second += count;
  } else {
    counts_.emplace(name, count);
  }
}

void Counters::add(std::string_view group, std::string_view name, std::uint64_t count) {
  if (count != 0) add(std::string(group) + "." + std::string(name), count);
}

void Counters::merge(const Counters& other) {
  for (const auto& [name, count] : other.counts_) add(name, count);
}

std::uint64_t Counters::operator[](std::string_view name) const {
  const auto found = counts_.find(name);
  return found == counts_.end() ? 0 : found->second;
}

std::uint64_t Counters::sum(std::string_view group) const {
  const std::string prefix = std::string(group) + ".";
  std::uint64_t total = 0;
  for (auto at = counts_.lower_bound(prefix); at != counts_.end(); ++at) {
    if (at->first.compare(0, prefix.size(), prefix) != 0) break;
    total += at->second;
  }
  return total;
}

void Counters::write(JsonWriter& json) const {
  std::vector<std::string> open;
  json.begin_object();
  for (auto at = counts_.begin(); at != counts_.end(); ++at) {
    std::string_view name = at->first;
    // A name that is a group too stands inside that group.
    const auto next = std::next(at);
    const bool is_group = next != counts_.end() && next->first.size() > name.size() &&
                          next->first.compare(0, name.size(), name) == 0 &&
                          next->first[name.size()] == '.';
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= name.size();) {
      const auto dot = std::min(name.find('.', begin), name.size());
      parts.emplace_back(name.substr(begin, dot - begin));
      begin = dot + 1;
    }
    if (is_group) parts.emplace_back("total");
    std::size_t common = 0;
    while (common < open.size() && common + 1 < parts.size() && open[common] == parts[common])
      ++common;
    for (; open.size() > common; open.pop_back()) json.end_object();
    for (; open.size() + 1 < parts.size(); open.push_back(parts[open.size()]))
      json.key(parts[open.size()]).begin_object();
    json.member(parts.back(), at->second);
  }
  for (; !open.empty(); open.pop_back()) json.end_object();
  json.end_object();
}

std::string Counters::to_lines() const {
  std::string lines;
  for (const auto& [name, count] : counts_) lines += name + " " + std::to_string(count) + "\n";
  return lines;
}

Result<Counters> Counters::from_lines(std::string_view lines) {
  Counters counters;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    const auto space = line.rfind(' ');
    std::uint64_t count = 0;
    if (space == std::string_view::npos ||
        std::from_chars(line.data() + space + 1, line.data() + line.size(), count).ec !=
            std::errc())
      return Error{ErrorCode::Corrupt,
                   "counters: expected 'name count', found '" + std::string(line) + "'"};
    counters.add(line.substr(0, space), count);
  }
  return counters;
}

}  // namespace crosstail
