/// The index of a help from hostile bytes: an error with a line, or entries of valid text on one
/// line, no longer than what they were read from.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "markup/help_index.h"
#include "text/utf8.h"

using namespace crosstail;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto entries = markup::parse_help_index(bytes, "fuzz", {1 << 16, 100});
  if (!entries.ok()) {
    require(entries.error().message.starts_with("fuzz:"));
    return 0;
  }
  require(entries->size() <= 100);
  std::size_t length = 0;
  for (const auto& entry : *entries) {
    require(text::is_valid_utf8(entry.text) && text::is_valid_utf8(entry.page));
    require(entry.text.find_first_of("\r\n\t") == std::string::npos);
    length += entry.text.size() + entry.page.size();
  }
  // A byte that is no UTF-8 becomes three, a character reference up to four times as long.
  require(length <= 12 * size + 400);
  return 0;
}
