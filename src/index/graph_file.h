#pragma once
/// The bytes of an approximate index's file (docs/formats/graph.md).

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "index/approximate_index.h"

namespace crosstail::index {

inline constexpr std::size_t kMostCurvePoints = 16;

struct GraphHeader {
  std::array<char, 8> magic{};
  std::uint32_t version = 0, degree = 0;
  std::uint64_t rows = 0, codes_identity = 0, seed = 0;
  std::uint64_t points = 0;
  std::uint64_t order_offset = 0, place_offset = 0, lists_offset = 0, payload = 0;
  std::array<EffortPoint, kMostCurvePoints> curve{};
  std::uint64_t checksum = 0;  ///< XXH3 of the bytes before it
};
static_assert(sizeof(GraphHeader) == 280);

/// What a header with these counts must say, curve, seed and identity left as in `from`.
GraphHeader completed(GraphHeader from);

/// Reads and checks the header and the size of `file`.
Result<GraphHeader> read_graph_header(std::span<const std::byte> file, const std::string& name);

/// The levels in a file with this header; they lie in `file`.
LevelsView levels_of(const GraphHeader& header, std::span<const std::byte> file);

/// Writes a builder's finished graph.
Status write_graph(const std::filesystem::path& path, const GraphHeader& header,
                   const GraphBuilder& graph);

}  // namespace crosstail::index
