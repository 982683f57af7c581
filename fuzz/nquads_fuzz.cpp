/// Any bytes as N-Quads: no crash, every line counted once, valid UTF-8 out.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/stream.h"
#include "markup/nquads.h"
#include "text/utf8.h"

namespace {

using namespace crosstail;

void require(bool fact) {
  if (!fact) std::abort();
}

class Visitor : public markup::NQuadsVisitor {
 public:
  void page(const markup::NQuadsPage& page, const markup::Graph& graph) override {
    ++pages;
    quads += graph.properties.size();
    require(text::is_valid_utf8(page.url));
    for (const auto& property : graph.properties) {
      if (property.value.kind == markup::GraphValue::Kind::Literal)
        require(text::is_valid_utf8(property.value.text));
      else
        require(property.value.node < graph.nodes.size());
    }
  }
  void bad_line(std::uint64_t, std::string_view) override { ++bad; }
  std::uint64_t pages = 0, quads = 0, bad = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  markup::NQuadsLimits limits;
  limits.max_page_bytes = 4096;
  limits.max_page_quads = 20;
  auto chunker = markup::NQuadsChunker::open(memory_source(bytes), limits);
  require(chunker.ok());
  Visitor visitor;
  markup::NQuadsCounts c;
  for (;;) {
    auto chunk = chunker->next();
    require(chunk.ok());
    if (!*chunk) break;
    (*chunk)->read(visitor);
    c += (*chunk)->counts();
  }
  require(c.lines == c.kept + c.irrelevant + c.blank + c.bad + c.over_limit);
  require(c.pages == visitor.pages && c.bad == visitor.bad && c.bytes == size);
  const auto ends = static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
  require(c.lines == ends + (bytes.empty() || bytes.back() == '\n' ? 0 : 1));
  return 0;
}
