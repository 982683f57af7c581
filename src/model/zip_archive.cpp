#include "model/zip_archive.h"

#include <cstring>

namespace crosstail::model {
namespace {

constexpr std::uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr std::size_t kEndSize = 22, kLocatorSize = 20, kEnd64Size = 56, kCentralSize = 46,
                      kLocalSize = 30;

Error corrupt(const std::string& what) {
  return {ErrorCode::Corrupt, "is a damaged zip archive: " + what + "; fetch the file again"};
}

template <class T>
T load(std::span<const std::byte> bytes, std::uint64_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

struct Directory {
  std::uint64_t offset = 0, size = 0, entries = 0;
};

/// The end record lies in the last 64 KiB, before a comment.
Result<Directory> find_directory(std::span<const std::byte> file) {
  if (file.size() < kEndSize) return corrupt("it ends before its directory");
  std::uint64_t at = file.size() - kEndSize;
  const std::uint64_t lowest = at > 0xFFFF ? at - 0xFFFF : 0;
  while (load<std::uint32_t>(file, at) != kEnd) {
    if (at == lowest) return corrupt("its directory is missing, it is truncated");
    --at;
  }
  Directory d{load<std::uint32_t>(file, at + 16), load<std::uint32_t>(file, at + 12),
              load<std::uint16_t>(file, at + 10)};
  if (at >= kLocatorSize && load<std::uint32_t>(file, at - kLocatorSize) == kLocator64) {
    const auto end64 = load<std::uint64_t>(file, at - kLocatorSize + 8);
    if (end64 > file.size() || file.size() - end64 < kEnd64Size ||
        load<std::uint32_t>(file, end64) != kEnd64)
      return corrupt("its zip64 directory is not where it says");
    d = {load<std::uint64_t>(file, end64 + 48), load<std::uint64_t>(file, end64 + 40),
         load<std::uint64_t>(file, end64 + 32)};
  }
  if (d.offset > file.size() || d.size > file.size() - d.offset)
    return corrupt("its directory lies outside the file");
  return d;
}

struct Member {
  std::string name;
  std::uint64_t size = 0, stored = 0, header = 0;
  std::uint16_t flags = 0, method = 0;
};

/// Fields that do not fit into 32 bits stand in the extra field 1, in this order.
void read_zip64(std::span<const std::byte> extra, Member& m) {
  for (std::uint64_t at = 0; extra.size() - at >= 4;) {
    const auto id = load<std::uint16_t>(extra, at), size = load<std::uint16_t>(extra, at + 2);
    at += 4;
    if (size > extra.size() - at) return;
    if (id == 1) {
      std::uint64_t field = at;
      for (std::uint64_t* value : {&m.size, &m.stored, &m.header}) {
        if (*value != 0xFFFFFFFF || field + 8 > at + size) continue;
        *value = load<std::uint64_t>(extra, field);
        field += 8;
      }
    }
    at += size;
  }
}

/// Reads the directory entry at `at` and moves past it.
Result<Member> read_member(std::span<const std::byte> file, std::uint64_t& at, std::uint64_t end) {
  if (end - at < kCentralSize || load<std::uint32_t>(file, at) != kCentral)
    return corrupt("its directory has no entry at byte " + std::to_string(at));
  const std::uint64_t name = load<std::uint16_t>(file, at + 28);
  const std::uint64_t extra = load<std::uint16_t>(file, at + 30);
  const std::uint64_t comment = load<std::uint16_t>(file, at + 32);
  if (end - at < kCentralSize + name + extra + comment)
    return corrupt("its directory ends inside an entry");
  Member m;
  m.flags = load<std::uint16_t>(file, at + 8);
  m.method = load<std::uint16_t>(file, at + 10);
  m.stored = load<std::uint32_t>(file, at + 20);
  m.size = load<std::uint32_t>(file, at + 24);
  m.header = load<std::uint32_t>(file, at + 42);
  m.name.assign(reinterpret_cast<const char*>(file.data()) + at + kCentralSize, name);
  read_zip64(file.subspan(at + kCentralSize + name, extra), m);
  at += kCentralSize + name + extra + comment;
  return m;
}

Result<std::span<const std::byte>> member_bytes(std::span<const std::byte> file, const Member& m) {
  if ((m.flags & 1U) != 0 || m.method != 0 || m.size != m.stored)
    return Error{ErrorCode::Unsupported, "zip member " + m.name +
                                             " is compressed or encrypted; PyTorch stores its "
                                             "members as they are"};
  if (m.header > file.size() || file.size() - m.header < kLocalSize ||
      load<std::uint32_t>(file, m.header) != kLocal)
    return corrupt("member " + m.name + " is not where the directory says");
  const std::uint64_t begin = m.header + kLocalSize + load<std::uint16_t>(file, m.header + 26) +
                              load<std::uint16_t>(file, m.header + 28);
  if (begin > file.size() || m.size > file.size() - begin)
    return corrupt("member " + m.name + " goes beyond the end of the file");
  return file.subspan(begin, m.size);
}

}  // namespace

bool is_zip(std::span<const std::byte> file) {
  return file.size() >= 4 && load<std::uint32_t>(file, 0) == kLocal;
}

Result<ZipMembers> read_zip(std::span<const std::byte> file) {
  CT_TRY(const Directory directory, find_directory(file));
  ZipMembers members;
  std::uint64_t at = directory.offset;
  const std::uint64_t end = directory.offset + directory.size;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    CT_TRY(const Member member, read_member(file, at, end));
    CT_TRY(const auto bytes, member_bytes(file, member));
    members.emplace(member.name, bytes);
  }
  return members;
}

}  // namespace crosstail::model
