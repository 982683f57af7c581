#include "retrieve/grid_state.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/hash.h"

namespace crosstail::retrieve {
namespace {

constexpr std::string_view kMagic{"CTTUNE1\n", 8};
/// Magic, identity, batches, passages, numbers of `better`.
constexpr std::size_t kHeader = 40;

template <class T>
void append(std::string& out, const T* data, std::size_t count) {
  out.append(reinterpret_cast<const char*>(data), count * sizeof(T));
}

/// Of what the questions that count for a query depend on.
std::string text_of(const index::QuestionFilter& filter) {
  std::string text = filter.without_language;
  for (const std::uint64_t key :
       {filter.without_group, filter.without_site, filter.without_text,
        std::uint64_t{filter.sources}, std::uint64_t{filter.max_per_language}})
    text += " " + std::to_string(key);
  text += " " + std::to_string(filter.min_confidence);
  for (const auto& language : filter.languages) text += " " + language;
  return text;
}

}  // namespace

std::uint64_t grid_identity(const QuerySession& session, const GridQueries& asked,
                            const SearchSetting& base,
                            std::span<const index::FusionSetting> settings) {
  index::Manifest manifest = session.index().manifest();
  manifest.tuned.reset();
  std::string text = index::to_json(manifest);
  if (session.centroids() != nullptr) text += session.centroids()->to_bytes();
  for (const auto& setting : settings) text += index::to_text(setting) + "\n";
  append(text, asked.vectors.data(), asked.vectors.size());
  for (std::size_t q = 0; q < asked.queries.size(); ++q) {
    const auto filter = filter_for(asked.queries[q], base);
    text += asked.queries[q].id + "\t" + asked.queries[q].language + "\t" +
            (filter.ok() ? text_of(*filter) : "") + "\n";
    append(text, asked.relevant[q].data(), asked.relevant[q].size());
  }
  return xxh3(text);
}

std::optional<GridState> read_grid_state(const std::filesystem::path& path, std::uint64_t identity,
                                         std::size_t settings, std::size_t queries) {
  std::error_code missing;
  if (!std::filesystem::exists(path, missing)) return std::nullopt;
  const auto file = read_file(path);
  if (!file.ok() || file->size() < kHeader + 8 || !file->starts_with(kMagic)) return std::nullopt;
  std::uint64_t checksum = 0;
  std::memcpy(&checksum, file->data() + file->size() - 8, 8);
  if (xxh3(std::string_view(*file).substr(0, file->size() - 8)) != checksum) return std::nullopt;
  std::array<std::uint64_t, 4> numbers{};
  std::memcpy(numbers.data(), file->data() + kMagic.size(), sizeof numbers);
  const std::size_t better = numbers[3];
  if (numbers[0] != identity || better > file->size() / 4 ||
      file->size() != kHeader + 4 * better + 4 * settings * queries + 8)
    return std::nullopt;
  GridState state{numbers[1], numbers[2], std::vector<std::uint32_t>(better),
                  std::vector<std::vector<float>>(settings, std::vector<float>(queries))};
  const char* at = file->data() + kHeader;
  if (better > 0) std::memcpy(state.better.data(), at, 4 * better);
  at += 4 * better;
  for (auto& row : state.reciprocal) {
    if (queries > 0) std::memcpy(row.data(), at, 4 * queries);
    at += 4 * queries;
  }
  return state;
}

Status write_grid_state(const std::filesystem::path& path, std::uint64_t identity,
                        const GridState& state) {
  std::string bytes(kMagic);
  const std::array<std::uint64_t, 4> numbers{identity, state.batches, state.passages,
                                             state.better.size()};
  append(bytes, numbers.data(), numbers.size());
  append(bytes, state.better.data(), state.better.size());
  for (const auto& row : state.reciprocal) append(bytes, row.data(), row.size());
  const std::uint64_t checksum = xxh3(bytes);
  append(bytes, &checksum, 1);
  return write_file_atomic(path, bytes);
}

}  // namespace crosstail::retrieve
