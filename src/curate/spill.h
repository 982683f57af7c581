#pragma once
/// What `curate` keeps on disk between its passes, so that memory does not grow with the pairs: the
/// pairs themselves, in input order, and their keys, in 64 parts by hash. Plain files in a folder
/// that the caller removes; not a format for others.

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/stream.h"
#include "curate/evaluate.h"
#include "curate/splits.h"

namespace crosstail::curate {

/// A pair that passed the filters. Written as it is, followed by its segments.
struct SpilledPair {
  std::array<std::uint32_t, 4> segments{};
  std::uint64_t line = 0;
  std::uint32_t file = 0, site = 0, node = 0, language = 0, license = 0;
  std::uint32_t question_length = 0, answer_length = 0;
  std::uint32_t type = 0;
};

/// Pairs in input order.
class PairSpill {
 public:
  static Result<PairSpill> create(const std::filesystem::path& path);
  Status add(const SpilledPair& pair, std::string_view segments);
  /// Ends writing and starts reading from the beginning.
  Status rewind();
  /// False at the end. `segments` is valid until the next call.
  Result<bool> next(SpilledPair& pair, std::string_view& segments);

 private:
  /// Makes `bytes` bytes available at `at_`, if the file has them.
  Status fill(std::size_t bytes);
  std::filesystem::path path_;
  OutputFile out_;
  std::string pending_;
  std::unique_ptr<ByteSource> in_;
  std::string buffer_;
  std::size_t at_ = 0;
};

struct SpilledKey {
  PairKey key;
  std::uint64_t pair = 0;  ///< number of the pair, from 0
  std::uint32_t site = 0, node = 0;
};

/// What became of a pair in the search for duplicates.
enum class Repeat : std::uint8_t { No, SameSite, OtherSite };

/// The keys of all pairs; finds those that occurred before.
class KeySpill {
 public:
  static Result<KeySpill> create(const std::filesystem::path& folder);
  Status add(const SpilledKey& key);
  /// One entry a pair. Of equal pairs the first in input order is no repeat. Links their nodes in
  /// `components`, if given. Memory: the distinct keys of one of the 64 parts.
  Result<std::vector<Repeat>> find_repeats(std::uint64_t pairs, Components* components);

 private:
  static constexpr std::size_t kParts = 64;
  std::filesystem::path folder_;
  std::array<OutputFile, kParts> parts_;
  std::array<std::string, kParts> pending_;
};

}  // namespace crosstail::curate
