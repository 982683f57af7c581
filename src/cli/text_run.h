#pragma once
/// What encode, score and classify share: texts of a file, block by block, through a model, with
/// progress, resume and shards.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/counters.h"
#include "base/journaled_output.h"
#include "cli/options.h"
#include "data/rows.h"
#include "model/encoder.h"

namespace crosstail::cli {

/// The options of all three verbs.
struct TextArguments {
  std::string model, output, precision = "auto", format = "auto", fields, report;
  std::vector<std::string> inputs;
  data::ColumnMap columns;
  std::string columns_text;
  Shard shard;
  std::uint64_t threads = 0, max_length = 0;
  bool resume = false;

  /// `fields` must hold its default.
  void declare(OptionTable& options, std::string input_help, std::string fields_help);
  [[nodiscard]] model::ModelOptions model_options() const;
  /// What must be equal for a resume, but for the verb's own options.
  [[nodiscard]] std::string fingerprint(const model::ModelInfo& info) const;
};

/// Rows of the input that are worked on together. text[f] is field f of each row; for encode and
/// classify one field, for score two.
struct TextBlock {
  std::vector<std::string> ids;
  std::vector<std::string> text[2];
  [[nodiscard]] std::size_t size() const { return ids.size(); }
};

/// One run: opens the outputs, feeds blocks to `work`, which appends to them, and puts them in
/// place at the end.
class TextRun {
 public:
  struct Plan {
    std::string verb;                  ///< for messages
    std::size_t fields = 1;            ///< texts a row
    std::vector<std::string> outputs;  ///< paths
    std::string fingerprint;
    std::string head;  ///< first bytes of output 0, before any row
  };
  using Work = std::function<Result<model::EncodeStats>(const TextBlock&, JournaledOutputs&)>;

  TextRun(const TextArguments& arguments, Plan plan)
      : arguments_(arguments), plan_(std::move(plan)) {}

  /// `finish` is called once, with the number of rows of this shard, before the outputs are put in
  /// place. Fails with Interrupted (resumable) and whatever reading, computing and writing may.
  Status run(const Work& work,
             const std::function<void(std::uint64_t, JournaledOutputs&)>& finish = {});
  /// Logs what was done; writes --report.
  Status summarise(const model::ModelInfo& info) const;
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  Status blocks(const Work& work, JournaledOutputs& outputs);

  const TextArguments& arguments_;
  Plan plan_;
  Counters counters_;
  double seconds_ = 0;
  std::uint64_t resumed_texts_ = 0;
};

}  // namespace crosstail::cli
