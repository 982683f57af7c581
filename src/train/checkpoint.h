#pragma once
/// A run's state on disk, so that a killed and resumed run ends with the weights of one that was
/// not (docs/formats/checkpoint.md). Written beside and renamed: there is always a whole one.

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "train/model_engine.h"

namespace crosstail::train {

struct Progression {
  std::uint64_t step = 0;           ///< optimiser steps done
  std::uint64_t batches = 0;        ///< taken from the stream
  std::uint64_t metrics_bytes = 0;  ///< length of the metrics file at that moment
  double best_dev = 0;              ///< of the best evaluation; meaningless if best_step says so
  std::uint64_t best_step = 0;
  bool has_best = false;
  std::uint64_t evaluations_without_gain = 0;
};

/// `fingerprint`: what must be equal for a resume to make sense. Fails with Io or NoSpace; then the
/// file that was there before still is.
Status write_checkpoint(const std::filesystem::path& path, const std::string& fingerprint,
                        const Progression& progression, ModelEngine& engine);

/// Fails with NotFound, Corrupt (not a checkpoint, truncated, checksum), or InvalidArgument:
/// another fingerprint (the message names the lines that differ) or another model's sizes.
Result<Progression> read_checkpoint(const std::filesystem::path& path,
                                    const std::string& fingerprint, ModelEngine& engine);

/// Lines of two fingerprints that differ, as "learning-rate: 1e-05, was 2e-05".
std::string differing_lines(const std::string& now, const std::string& then);

}  // namespace crosstail::train
