/// Any bytes as a page in an unknown encoding: what comes out is valid UTF-8, bounded, and the same
/// whether it was copied or not. The first byte chooses a Content-Type.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "markup/charset.h"
#include "text/utf8.h"

using namespace crosstail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string content_type;
  if (!bytes.empty()) {
    const auto choice = static_cast<unsigned char>(bytes.front());
    if (choice < static_cast<unsigned char>(markup::Encoding::Count_)) {
      content_type = "text/html; charset=";
      content_type += markup::name(static_cast<markup::Encoding>(choice));
      bytes.remove_prefix(1);
    }
  }
  const markup::CharsetDecision decision = markup::decide_charset(bytes, content_type);
  std::string storage;
  std::uint64_t replaced = 0;
  const std::string_view text = markup::decode_to_utf8(bytes, decision, storage, &replaced);
  if (!text::is_valid_utf8(text)) std::abort();
  if (text.size() > 4 * bytes.size() + 4 || replaced > bytes.size() + 1) std::abort();
  std::string again;
  if (markup::decode(bytes.substr(decision.mark_bytes), decision.encoding, again) != replaced ||
      again != text) {
    std::abort();
  }
  return 0;
}
