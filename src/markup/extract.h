#pragma once
/// The stage `crosstail extract`: inputs of any known kind in, FAQ records (and passages) out.
///
/// Streaming: memory is bounded by the largest page allowed, whatever the archive. Output is in
/// input order and byte-identical for any number of threads. A killed run goes on with `resume` and
/// ends with the same bytes.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/counters.h"
#include "base/result.h"
#include "markup/extract_records.h"
#include "markup/page.h"

namespace crosstail::markup {

struct ExtractOptions {
  std::vector<std::string> inputs;  ///< files, folders, "-"
  std::string output = "-";         ///< FAQ records; .gz and .zst compress
  std::string passages;             ///< file for passages, or empty
  std::string dropped;              ///< file for what was dropped, or empty
  std::string base_url;             ///< put before the names of files
  RecordOptions records;
  PageLimits limits;
  std::uint64_t max_record_bytes = std::uint64_t{64} << 20;  ///< of an archive's record
  std::size_t threads = 1;
  std::uint64_t shard_index = 0, shard_count = 1;  ///< this run's part of the inputs
  bool resume = false;
};

/// Told now and then, from one thread: what was done so far.
using ExtractProgress = std::function<void(const Counters&)>;

/// What came of it. `damaged` places make `--strict` fail; they were reported when they were met.
struct ExtractSummary {
  Counters counters;
  double seconds = 0;
  [[nodiscard]] bool damaged() const { return counters.sum("damage") > 0; }
};

/// Fails with InvalidArgument (no inputs, a resume of another run), NotFound, Io, NoSpace, or
/// Interrupted: then what was finished can be resumed. Damaged input is counted ("damage.…"), never
/// an error.
Result<ExtractSummary> extract(const ExtractOptions& options, const ExtractProgress& progress);

/// The report: all counts nested by name. The same for every number of threads and every resume.
std::string report_json(const ExtractSummary& summary);

}  // namespace crosstail::markup
