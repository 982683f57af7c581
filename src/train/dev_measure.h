#pragma once
/// How well the model retrieves at the moment: the dev rows' questions against all of their
/// passages.

#include <string>
#include <vector>

#include "data/training_examples.h"
#include "train/objective.h"

namespace crosstail::train {

struct DevScore {
  double measure = 0;  ///< MRR@10, macro over languages; for models with labels: less the mean loss
  std::vector<std::pair<std::string, double>> languages;  ///< MRR@10 of each
};

/// Questions, their passages (each distinct text once) and who answers whom. For models with labels
/// the rows themselves.
class DevSet {
 public:
  /// Rows that state another split than `split` are passed over. At most `limit` rows (0: all), the
  /// first ones of each language in turn as the files have them. Fails as TrainingReader does.
  static Result<DevSet> read(const std::vector<std::string>& files, const std::string& split,
                             std::size_t limit, bool vectors,
                             const data::TrainingCorpus* corpus = nullptr);

  /// Runs without dropout and keeps nothing for gradients.
  Result<DevScore> measure(Engine& engine, Objective& objective, bool normalise);

  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  /// Of the last measure(): a TREC run of the ten best passages of each question.
  [[nodiscard]] std::string run(std::string_view tag) const;
  /// For `crosstail evaluate`: judgments and questions with language and group.
  [[nodiscard]] std::string qrels() const;
  [[nodiscard]] std::string queries() const;

 private:
  struct Hit {
    std::uint32_t passage;
    float score;
  };
  Result<std::vector<float>> encode(Engine& engine, Objective& objective, bool questions,
                                    bool normalise);
  Result<DevScore> mean_loss(Engine& engine, Objective& objective);
  bool vectors_ = true;
  std::vector<data::TrainingExample> rows_;
  std::vector<std::string> passages_;
  std::vector<std::vector<std::uint32_t>> relevant_;  ///< of each row
  std::vector<std::vector<Hit>> hits_;
};

}  // namespace crosstail::train
