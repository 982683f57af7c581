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
  from.order_offset = kHeaderBytes;
  from.place_offset = from.order_offset + rounded(entry_count(from.rows) * sizeof(std::uint32_t));
  from.lists_offset = from.place_offset + rounded(from.rows * sizeof(std::uint32_t));
  std::uint64_t lists = from.rows;
  for (const std::size_t size : level_sizes(from.rows)) lists += size;
  from.payload = from.lists_offset + lists * from.degree * sizeof(std::uint32_t);
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
      header.points > kMostCurvePoints)
    return corrupt(name, "bytes 12..48: impossible counts");
  const GraphHeader expected = completed(header);
  // Floats compared as bytes: what is on disk is to be exactly what would be written.
  // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison)
  if (std::memcmp(&header, &expected, sizeof header) != 0)
    return corrupt(name, "checksum mismatch in bytes 0.." + std::to_string(sizeof header));
  const auto identity = checked_identity(file, header.payload, name);
  if (!identity.ok()) return identity.error();
  return header;
}

LevelsView levels_of(const GraphHeader& header, std::span<const std::byte> file) {
  const auto numbers = [&](std::uint64_t offset) {
    return reinterpret_cast<const std::uint32_t*>(file.data() + offset);
  };
  LevelsView view;
  view.entries = {numbers(header.order_offset), entry_count(header.rows)};
  const std::uint32_t* lists = numbers(header.lists_offset);
  view.levels.push_back({lists, header.rows, header.degree, nullptr});
  lists += header.rows * header.degree;
  for (const std::size_t size : level_sizes(header.rows)) {
    view.levels.insert(view.levels.begin(),
                       {lists, size, header.degree, numbers(header.place_offset)});
    lists += size * header.degree;
  }
  return view;
}

Status write_graph(const std::filesystem::path& path, const GraphHeader& header,
                   const GraphBuilder& graph) {
  CT_TRY(CheckedWriter writer, CheckedWriter::create(path));
  const auto write = [&](std::span<const std::uint32_t> numbers) {
    return writer.write({reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()});
  };
  CT_CHECK(writer.write({reinterpret_cast<const char*>(&header), sizeof header}));
  CT_CHECK(writer.write(std::string(header.order_offset - sizeof header, '\0')));
  const LevelsView view = graph.view();
  CT_CHECK(write(view.entries));
  CT_CHECK(writer.align());
  CT_CHECK(write(graph.place()));
  CT_CHECK(writer.align());
  for (std::size_t row = 0; row < header.rows; ++row)
    CT_CHECK(write({view.levels.back().of(static_cast<std::uint32_t>(row)), header.degree}));
  for (const auto& lists : graph.upper()) CT_CHECK(write(lists));
  const auto identity = writer.finish();
  if (!identity.ok()) return identity.error();
  return {};
}

}  // namespace crosstail::index
