#include "retrieve/index_identity.h"

#include <array>
#include <cstdio>

#include "base/hash.h"

namespace crosstail::retrieve {
namespace {

std::string hex(std::uint64_t number) {
  std::array<char, 17> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%016llx", static_cast<unsigned long long>(number));
  return buffer.data();
}

std::string identity(const index::Manifest& manifest, bool deletions) {
  std::string all = manifest.passage_from;
  for (const auto& segment : manifest.segments) {
    all += "|" + segment.folder;
    if (deletions) all += "|" + segment.deleted + "|" + std::to_string(segment.deleted_passages);
    for (const auto& file : segment.files)
      all += "|" + file.name + ":" + std::to_string(file.bytes) + ":" + hex(file.checksum);
  }
  return hex(xxh3(all)) + hex(xxh3(all, 1));
}

}  // namespace

std::string contents_identity(const index::Manifest& manifest) {
  return identity(manifest, true);
}

std::string rows_identity(const index::Manifest& manifest) {
  return identity(manifest, false);
}

}  // namespace crosstail::retrieve
