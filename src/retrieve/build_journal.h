#pragma once
/// The journal of a build: a file that says how far it is, replaced atomically. Private to
/// retrieve.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace crosstail::retrieve {

struct BuildJournal {
  std::string fingerprint;     ///< options and inputs, as text; must be equal to go on
  std::uint64_t passages = 0;  ///< of the corpus: how many were decided on
  std::string counters;        ///< Counters::to_lines
  std::string writer;          ///< SegmentWriter::checkpoint
};

Status write_journal(const std::filesystem::path& path, const BuildJournal& journal);
/// Nothing where there is no journal. Fails with Corrupt.
Result<std::optional<BuildJournal>> read_journal(const std::filesystem::path& path);

}  // namespace crosstail::retrieve
