/// Any bytes as an archive: no crash, counts that add up, valid URLs, and the same pages when the
/// archive comes byte by byte or is entered again.

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/stream.h"
#include "markup/warc_chunks.h"
#include "text/utf8.h"

namespace {

using namespace crosstail;

void require(bool fact) {
  if (!fact) std::abort();
}

class Visitor : public markup::ArchiveVisitor {
 public:
  void page(const markup::ArchivePage& page) override {
    ++pages;
    bytes += page.body.size();
    require(text::is_valid_utf8(page.url));
  }
  void damage(const markup::ArchiveDamage& damage) override {
    ++damages;
    require(!damage.message.empty());
  }
  std::uint64_t pages = 0, bytes = 0, damages = 0;
};

/// At most `step` bytes at a time.
class Slow : public ByteSource {
 public:
  Slow(std::string_view bytes, std::size_t step) : rest_(bytes), step_(step) {}
  Result<std::size_t> read(char* buffer, std::size_t capacity) override {
    const std::size_t n = rest_.copy(buffer, std::min(capacity, step_));
    rest_.remove_prefix(n);
    return n;
  }

 private:
  std::string_view rest_;
  std::size_t step_;
};

void read_all(std::unique_ptr<ByteSource> source, Visitor& visitor) {
  markup::ArchiveLimits limits;
  limits.max_record_bytes = 1 << 16;
  limits.max_body_bytes = 1 << 16;
  auto chunker = markup::ArchiveChunker::open(std::move(source), limits);
  if (!chunker.ok()) return;
  markup::ArchiveJoin join;
  for (;;) {
    auto chunk = chunker->next();
    require(chunk.ok());
    if (!*chunk) return;
    (*chunk)->read(visitor);
    require(join.follows(**chunk));  // one chunk only
    join.leave(**chunk);
    const auto& c = (*chunk)->counts();
    require(c.records == c.pages + c.not_html + c.no_payload + c.record_too_large +
                             c.body_too_large + c.body_damaged);
    require(c.pages == visitor.pages && c.damages == visitor.damages);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Visitor fast, slow;
  read_all(memory_source(bytes), fast);
  read_all(std::make_unique<Slow>(bytes, 7), slow);
  require(fast.pages == slow.pages && fast.bytes == slow.bytes && fast.damages == slow.damages);
  return 0;
}
