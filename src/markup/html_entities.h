#pragma once
/// Named character references (§13.5): the table and the longest match in it.

#include <cstddef>
#include <string_view>

namespace crosstail::markup {

/// Every name with its characters, as html_entities_table.cpp describes it.
extern const std::string_view kEntityPool;
inline constexpr std::size_t kEntityCount = 2231;

struct EntityMatch {
  std::size_t length = 0;  ///< bytes of the name taken, with the ';' if it has one; 0: no match
  std::string_view characters;  ///< UTF-8, static
};

/// The longest name at the start of `text`, which stands behind the '&'. Thread-safe.
EntityMatch match_entity(std::string_view text);

}  // namespace crosstail::markup
