#pragma once
/// Named counts that add up: per item while it is worked on, then merged in input order. Names are
/// dotted paths ("pairs.dropped.empty-answer") and nest in reports.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "base/result.h"

namespace crosstail {

/// Not thread-safe; each item has its own.
class Counters {
 public:
  void add(std::string_view name, std::uint64_t count = 1);
  void add(std::string_view group, std::string_view name, std::uint64_t count);
  void merge(const Counters& other);
  [[nodiscard]] std::uint64_t operator[](std::string_view name) const;
  /// The sum over all names below `group` ("pairs.dropped").
  [[nodiscard]] std::uint64_t sum(std::string_view group) const;
  [[nodiscard]] const std::map<std::string, std::uint64_t, std::less<>>& all() const {
    return counts_;
  }

  /// Nested objects by dots; a name that is also a group appears as "total" in it.
  void write(JsonWriter& json) const;
  /// One "name count" a line; reads back with from_lines().
  [[nodiscard]] std::string to_lines() const;
  static Result<Counters> from_lines(std::string_view lines);

 private:
  std::map<std::string, std::uint64_t, std::less<>> counts_;
};

}  // namespace crosstail
