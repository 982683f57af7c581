#include "retrieve/build_journal.h"

#include <charconv>
#include <cstring>

#include "base/file.h"
#include "base/hash.h"
#include "index/field_codec.h"

namespace crosstail::retrieve {
namespace {

constexpr std::string_view kMagic{"CTBUILD1"};

}  // namespace

Status write_journal(const std::filesystem::path& path, const BuildJournal& journal) {
  std::string body = index::join_fields<4>(
      {journal.fingerprint, std::to_string(journal.passages), journal.counters, journal.writer});
  const std::uint64_t sum = xxh3(body);
  std::string bytes(kMagic);
  bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  bytes += body;
  return write_file_atomic(path, bytes);
}

Result<std::optional<BuildJournal>> read_journal(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::optional<BuildJournal>();
  CT_TRY(const std::string bytes, read_file(path));
  const Error damaged{ErrorCode::Corrupt,
                      path.string() +
                          ": byte 0: the journal is damaged; start again without "
                          "--resume"};
  std::uint64_t sum = 0;
  if (bytes.size() < 16 || std::string_view(bytes).substr(0, 8) != kMagic) return damaged;
  std::memcpy(&sum, bytes.data() + 8, sizeof sum);
  const std::string_view body = std::string_view(bytes).substr(16);
  if (xxh3(body) != sum) return damaged;
  const auto fields = index::split_fields<4>(body);
  if (!fields) return damaged;
  BuildJournal journal;
  journal.fingerprint = (*fields)[0];
  const std::string_view number = (*fields)[1];
  const auto [end, failure] =
      std::from_chars(number.data(), number.data() + number.size(), journal.passages);
  if (failure != std::errc() || end != number.data() + number.size()) return damaged;
  journal.counters = (*fields)[2];
  journal.writer = (*fields)[3];
  return std::optional(std::move(journal));
}

}  // namespace crosstail::retrieve
