#include "text/tokenizer_sections.h"

#include <cstring>

#include "base/hash.h"
#include "text/tokenizer_blob.h"

namespace crosstail::text {

namespace {

struct Header {
  char magic[8];
  std::uint32_t version, sections;
  std::uint64_t size, checksum;
};
struct Entry {
  std::uint32_t kind, zero;
  std::uint64_t offset, size;
};
static_assert(sizeof(Header) == 32 && sizeof(Entry) == 24);

}  // namespace

Error corrupt_blob(std::string what) {
  return {ErrorCode::Corrupt, "tokenizer blob: " + std::move(what)};
}

std::vector<std::byte> assemble_blob(const BlobViews& sections) {
  std::size_t size = sizeof(Header) + kSections * sizeof(Entry);
  std::array<Entry, kSections> entries{};
  for (std::uint32_t kind = 0; kind < kSections; ++kind) {
    size = (size + 7) / 8 * 8;
    entries[kind] = {kind, 0, size, sections[kind].size()};
    size += sections[kind].size();
  }
  size = (size + 7) / 8 * 8;
  std::vector<std::byte> blob(size);
  for (std::uint32_t kind = 0; kind < kSections; ++kind) {
    std::memcpy(blob.data() + sizeof(Header) + kind * sizeof(Entry), &entries[kind], sizeof(Entry));
    if (!sections[kind].empty()) {
      std::memcpy(blob.data() + entries[kind].offset, sections[kind].data(), sections[kind].size());
    }
  }
  Header header{{}, kBlobVersion, kSections, size, 0};
  std::memcpy(header.magic, kBlobMagic.data(), kBlobMagic.size());
  header.checksum =
      xxh3({reinterpret_cast<const char*>(blob.data()) + sizeof(Header), size - sizeof(Header)});
  std::memcpy(blob.data(), &header, sizeof(Header));
  return blob;
}

Result<BlobViews> read_blob_sections(std::span<const std::byte> blob) {
  if (reinterpret_cast<std::uintptr_t>(blob.data()) % 8 != 0) {
    return Error{ErrorCode::InvalidArgument, "tokenizer blob: not aligned to 8 bytes"};
  }
  Header header{};
  if (blob.size() < sizeof(Header)) return corrupt_blob("shorter than its header of 32 bytes");
  std::memcpy(&header, blob.data(), sizeof(Header));
  if (std::string_view(header.magic, 8) != kBlobMagic)
    return corrupt_blob("does not start with CTTOKEN");
  if (header.version != kBlobVersion) {
    return Error{ErrorCode::Unsupported,
                 "tokenizer blob: version " + std::to_string(header.version) +
                     ", this program reads " + std::to_string(kBlobVersion) +
                     "; convert the model again"};
  }
  if (header.size != blob.size()) {
    return corrupt_blob("says it has " + std::to_string(header.size) + " bytes, there are " +
                        std::to_string(blob.size()));
  }
  const std::string_view bytes{reinterpret_cast<const char*>(blob.data()), blob.size()};
  if (xxh3(bytes.substr(sizeof(Header))) != header.checksum) {
    return corrupt_blob("checksum mismatch; the file is damaged, convert the model again");
  }
  if (header.sections > (blob.size() - sizeof(Header)) / sizeof(Entry)) {
    return corrupt_blob("more sections than fit");
  }
  BlobViews views{};
  for (std::uint32_t i = 0; i < header.sections; ++i) {
    Entry entry{};
    std::memcpy(&entry, bytes.data() + sizeof(Header) + i * sizeof(Entry), sizeof(Entry));
    if (entry.offset > bytes.size() || entry.size > bytes.size() - entry.offset ||
        entry.offset % 8 != 0 || entry.kind >= kSections) {
      return corrupt_blob("section " + std::to_string(i) + " lies outside");
    }
    views[entry.kind] = bytes.substr(entry.offset, entry.size);
  }
  return views;
}

}  // namespace crosstail::text
