#include "base/hash.h"

#include <openssl/evp.h>
#include <xxhash.h>

namespace crosstail {
namespace {

/// OpenSSL looks an algorithm up by name and allocates a context for every one-shot digest, which
/// costs half as much as the MD5 of a pair itself; each thread keeps its own instead.
class Digest {
 public:
  explicit Digest(const char* name)
      : kind_(EVP_MD_fetch(nullptr, name, nullptr)), context_(EVP_MD_CTX_new()) {}
  ~Digest() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(kind_);
  }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  unsigned operator()(std::string_view bytes, unsigned char* digest) {
    unsigned length = 0;
    EVP_DigestInit_ex2(context_, kind_, nullptr);
    EVP_DigestUpdate(context_, bytes.data(), bytes.size());
    EVP_DigestFinal_ex(context_, digest, &length);
    return length;
  }

 private:
  EVP_MD* kind_;
  EVP_MD_CTX* context_;
};

std::string digest_hex(Digest& kind, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  const unsigned length = kind(bytes, digest.data());
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(std::size_t{length} * 2);
  for (unsigned i = 0; i < length; ++i) {
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

}  // namespace

std::uint64_t xxh3(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::string sha256_hex(std::string_view bytes) {
  thread_local Digest sha256("SHA256");
  return digest_hex(sha256, bytes);
}

std::string md5_hex(std::string_view bytes) {
  thread_local Digest md5("MD5");
  return digest_hex(md5, bytes);
}

}  // namespace crosstail
