#pragma once
/// Query files: one question a row, with whatever else is known of it. Read from
///   - JSON lines: `_id` (or `id`, `query_id`, `qid`), `text` (or `query`, `question`), `lang` (or
///     `language`), `group`, and any other member with a scalar value; XOR-TyDi's `answers`
///     (strings);
///   - tab-separated `id TAB text`,
/// plain, gzip or zstd; `-` is standard input.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"

namespace crosstail::data {

struct Query {
  std::string id, text;
  std::string language, group;  ///< empty where the file states none
  std::vector<std::string> answers;
  /// Other scalar members, in file order, as text ("true", "12").
  std::vector<std::pair<std::string, std::string>> fields;

  /// Any member by its name in the file, `lang` and `language` being one; empty if it has none.
  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const;
};

/// Thread-safe once read; in file order.
class Queries {
 public:
  [[nodiscard]] const std::vector<Query>& all() const { return rows_; }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] const Query& operator[](std::size_t i) const { return rows_[i]; }
  [[nodiscard]] std::optional<std::size_t> find(std::string_view id) const;

  /// Fails with Corrupt when the id is already there.
  Status add(Query query);

 private:
  std::vector<Query> rows_;
  std::unordered_map<std::string, std::size_t> by_id_;
};

/// Errors name file, line and what was expected: an id is needed and must be the only one of its
/// kind; text must be valid UTF-8. An empty file is an error.
Result<Queries> read_queries(const std::filesystem::path& path);

}  // namespace crosstail::data
