#include "index/graph_file.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/hash.h"
#include "index/checked_file.h"

namespace crosstail::index {

namespace {

constexpr std::string_view kMagic{"CTGRAPH\n", 8};
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kMostDegree = 1024;
constexpr std::uint64_t kHeaderBytes = 320;

std::uint64_t rounded(std::uint64_t bytes) {
  return (bytes + 63) / 64 * 64;
}

Error corrupt(const std::string& name, const std::string& what) {
  return {ErrorCode::Corrupt,
          name + ": " + what + ": not a graph file of ours, or damaged; build it again"};
}

}  // namespace

GraphHeader completed(GraphHeader from) {
  std::copy(kMagic.begin(), kMagic.end(), from.magic.begin());
  from.version = kVersion;
  from.entries_offset = kHeaderBytes;
  from.lists_offset = from.entries_offset + rounded(from.entries * sizeof(std::uint32_t));
  from.payload = from.lists_offset + from.rows * from.degree * sizeof(std::uint32_t);
  from.checksum = xxh3({reinterpret_cast<const char*>(&from), offsetof(GraphHeader, checksum)});
  return from;
}

Result<GraphHeader> read_graph_header(std::span<const std::byte> file, const std::string& name) {
  GraphHeader header;
  if (file.size() < sizeof header)
    return corrupt(name, "only " + std::to_string(file.size()) + " bytes, a header has " +
                             std::to_string(sizeof header));
  std::memcpy(&header, file.data(), sizeof header);
  if (std::string_view(header.magic.data(), header.magic.size()) != kMagic)
    return corrupt(name, "bytes 0..8 are not \"CTGRAPH\\n\"");
  if (header.version != kVersion)
    return Error{ErrorCode::Unsupported, name + ": bytes 8..12: version " +
                                             std::to_string(header.version) +
                                             " of the graph's format; this program reads 1"};
  if (header.degree == 0 || header.degree > kMostDegree || header.rows > 0xffffffffU ||
      header.entries > header.rows || header.points > kMostCurvePoints)
    return corrupt(name, "bytes 12..56: impossible counts");
  const GraphHeader expected = completed(header);
  if (std::memcmp(&header, &expected, sizeof header) != 0)
    return corrupt(name, "checksum mismatch in bytes 0.." + std::to_string(sizeof header));
  const auto identity = checked_identity(file, header.payload, name);
  if (!identity.ok()) return identity.error();
  return header;
}

Status write_graph(const std::filesystem::path& path, const GraphHeader& header,
                   std::span<const std::uint32_t> entries, const NeighbourView& graph) {
  CT_TRY(CheckedWriter writer, CheckedWriter::create(path));
  CT_CHECK(writer.write({reinterpret_cast<const char*>(&header), sizeof header}));
  CT_CHECK(writer.write(std::string(header.entries_offset - sizeof header, '\0')));
  CT_CHECK(writer.write(
      {reinterpret_cast<const char*>(entries.data()), entries.size() * sizeof(std::uint32_t)}));
  CT_CHECK(writer.align());
  for (std::size_t row = 0; row < graph.rows; ++row)
    CT_CHECK(writer.write({reinterpret_cast<const char*>(graph.of(static_cast<std::uint32_t>(row))),
                           header.degree * sizeof(std::uint32_t)}));
  const auto identity = writer.finish();
  if (!identity.ok()) return identity.error();
  return {};
}

}  // namespace crosstail::index
