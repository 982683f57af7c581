#pragma once
/// Checksums and identities: XXH3 for our own files, SHA-256 for model identities, MD5 because
/// WebFAQ's record ids are MD5 (papers.md §2); never for security.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace crosstail {

std::uint64_t xxh3(std::string_view bytes, std::uint64_t seed = 0);
std::string sha256_hex(std::string_view bytes);  ///< 64 lower-case hex digits
std::string md5_hex(std::string_view bytes);     ///< 32 lower-case hex digits

}  // namespace crosstail
