/// Any bytes as a page: passages, metadata and the text of its literal are valid UTF-8, bounded and
/// without the tags that were taken for mark-up.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_set>

#include "markup/page_metadata.h"
#include "markup/passages.h"
#include "markup/text_rendering.h"
#include "text/utf8.h"

using namespace crosstail;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_passages(const std::string& page) {
  const markup::PagePassages found =
      markup::find_passages(markup::HtmlTree::parse(page), {20, 120});
  std::unordered_set<std::string> anchors;
  std::size_t bytes = 0;
  for (const markup::Passage& passage : found.passages) {
    require(anchors.insert(passage.anchor).second);
    require(!passage.text.empty() && text::is_valid_utf8(passage.text));
    bytes += passage.text.size();
  }
  // Formatting that the standard opens again in each block repeats elements, never text.
  require(bytes <= 4 * page.size() + 4);
}

void check_metadata(const std::string& page) {
  markup::PageMetadata metadata;
  markup::PageMetadataReader reader(metadata);
  markup::HtmlTokenizer tokenizer(page);
  markup::HtmlToken token;
  while (tokenizer.next(token)) reader.on_token(token, tokenizer.template_depth());
  reader.finish();
  require(text::is_valid_utf8(metadata.title) && text::is_valid_utf8(metadata.description));
  require(metadata.title.find('\n') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string page = text::repair_utf8({reinterpret_cast<const char*>(data), size});
  check_passages(page);
  check_metadata(page);
  const std::string text = markup::literal_to_text(page);
  require(text::is_valid_utf8(text) && text.size() <= 4 * page.size() + 4);
  return 0;
}
