#pragma once
/// The members of a zip archive that are stored without compression, as PyTorch writes them
/// (APPNOTE.TXT 6.3.10, zip64 included). Nothing else of zip is read.

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "base/result.h"

namespace crosstail::model {

using ZipMembers = std::map<std::string, std::span<const std::byte>, std::less<>>;

/// True if the bytes start as a zip archive does.
bool is_zip(std::span<const std::byte> file);

/// Views into `file`. Fails with Corrupt (truncated, member outside the file) or Unsupported
/// (compressed or encrypted member: named).
Result<ZipMembers> read_zip(std::span<const std::byte> file);

}  // namespace crosstail::model
