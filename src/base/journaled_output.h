#pragma once
/// Output files that survive a kill. Each output is a sequence of independent frames (plain bytes,
/// gzip members or zstd frames) that end where the *data* says so, at item boundaries at which some
/// output holds `frame_bytes`; never at a time or a thread. After frames are on disk, a journal
/// beside the first output records their lengths and the caller's state (input position, counters).
/// Resume cuts every output back to the journal and hands the state back, so a run that was killed
/// and resumed ends with the same bytes as one that was not. (design.md §5.)

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/stream.h"

namespace crosstail {

struct JournaledOptions {
  /// What must be equal for a resume to make sense: options and inputs, as text. A journal with
  /// another fingerprint is an InvalidArgument error that shows both.
  std::string fingerprint;
  bool resume = false;
  std::size_t frame_bytes = std::size_t{1} << 20;
  /// At most one fsync and journal in this time (does not influence the outputs' bytes).
  std::chrono::milliseconds sync_every{1000};
};

/// Not thread-safe. While running, files are NAME.part and FIRST_NAME.journal; commit() puts all in
/// place. "-" (standard output) and devices are framed, but neither journaled nor renamed.
class JournaledOutputs {
 public:
  /// Without a journal, `resume` starts from the beginning. When all outputs are already in place
  /// and no journal is left, nothing says that they are of this run: they are made again.
  static Result<JournaledOutputs> open(const std::vector<std::string>& paths,
                                       JournaledOptions options);

  /// The state of the last journal, when this is a resumed run.
  [[nodiscard]] const std::optional<std::string>& resumed_state() const { return state_; }

  /// The run to resume had written everything and was killed while its files were put in place;
  /// that is done now and nothing is left to do.
  [[nodiscard]] bool already_complete() const { return complete_; }

  /// Adds bytes (whole records) to output `index`.
  void append(std::size_t index, std::string_view bytes);

  /// The first bytes of output `index`, known only at the end (a header with a count): commit()
  /// puts them over as many that were appended first. Not for compressed outputs, nor direct ones.
  void set_head(std::size_t index, std::string bytes);

  /// Called between items. Ends frames when it is time; `state` is asked for only then.
  Status boundary(const std::function<std::string()>& state);

  /// Journals the frames that are complete: what an interrupted run calls. Bytes after the last
  /// whole frame are given up, because their frame's end is not known yet.
  Status suspend();

  /// Ends the last frames, syncs, renames, removes the journal. A kill in between is found by the
  /// next open() with `resume`, which then hands out `final_state`.
  Status commit(const std::string& final_state);

  /// Takes away .part files and journal: what a run calls that has nothing worth keeping.
  void discard();

  /// Whether a killed or interrupted run can be resumed (some output is a file of its own).
  [[nodiscard]] bool resumable() const { return !journal_path_.empty(); }

 private:
  struct Output {
    std::string path;
    bool direct = false;  ///< standard output or a device: no .part, no rename
    Compression compression = Compression::None;
    OutputFile file;
    std::string pending;
    std::string head;
  };
  Status flush_frames();
  Status write_heads();
  Status write_journal(const std::string& state, bool complete);
  Status put_in_place();

  JournaledOptions options_;
  std::vector<Output> outputs_;
  std::optional<std::string> state_;       ///< of the journal that is resumed
  std::optional<std::string> last_state_;  ///< at the end of the last frame
  bool complete_ = false;
  std::filesystem::path journal_path_;
  std::chrono::steady_clock::time_point last_sync_{};
};

}  // namespace crosstail
