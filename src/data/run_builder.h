#pragma once
/// How the two run readers put a Run together. Private to data.

#include <string>
#include <string_view>
#include <vector>

#include "data/runs.h"

namespace crosstail::data {

/// Consecutive hits of one query.
struct RunGroup {
  TextSpan query;
  std::size_t first;  ///< in the segment's hits
  std::size_t count;
};

/// What one byte range of the file holds, in file order.
struct RunSegment {
  std::vector<Hit> hits;
  std::vector<RunGroup> groups;
  TextSpan tag{0, 0};
};

class RunBuilder {
 public:
  /// Joins segments (in file order) to a run. Hits are moved, not copied, except for queries whose
  /// hits lie in several places.
  static Run build(WholeText text, std::vector<RunSegment> segments);
};

/// Parsers of the two formats, for read_run_text.
Result<Run> parse_trec_run(WholeText text, const std::string& name, Pool* pool);
Result<Run> parse_json_run(const WholeText& text, const std::string& name);

}  // namespace crosstail::data
