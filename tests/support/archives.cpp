#include "support/archives.h"

#include <utility>

namespace crosstail::testing {

namespace {

class Collector : public markup::ArchiveVisitor {
 public:
  void page(const markup::ArchivePage& page) override {
    pages.push_back({std::string(page.url), std::string(page.date), std::string(page.content_type),
                     std::string(page.content_language), std::string(page.body), page.status,
                     page.truncated, page.offset});
  }
  void damage(const markup::ArchiveDamage& damage) override { damages.push_back(damage); }

  std::vector<FoundPage> pages;
  std::vector<markup::ArchiveDamage> damages;
};

}  // namespace

std::vector<std::string> Found::urls() const {
  std::vector<std::string> urls;
  for (const auto& page : pages) urls.push_back(page.url);
  return urls;
}

Found read_archive(std::unique_ptr<ByteSource> source, markup::ArchiveLimits limits,
                   markup::ArchivePosition from) {
  Found found;
  auto chunker = markup::ArchiveChunker::open(std::move(source), limits, from);
  if (!chunker.ok()) {
    found.error = chunker.error().message;
    return found;
  }
  markup::ArchiveJoin join(from);
  for (;;) {
    auto chunk = chunker->next();
    if (!chunk.ok()) {
      found.error = chunk.error().message;
      return found;
    }
    if (!*chunk) return found;
    Collector collector;
    (*chunk)->read(collector);
    if (!join.follows(**chunk)) {
      collector = {};
      join.read(**chunk, collector);
      ++found.read_again;
    }
    join.leave(**chunk);
    ++found.chunks;
    if (!(*chunk)->written()) {
      found.counts += (*chunk)->counts();
      for (auto& page : collector.pages) found.pages.push_back(std::move(page));
      for (auto& damage : collector.damages) found.damages.push_back(std::move(damage));
    }
    found.positions.push_back(join.position());
    found.pages_at.push_back(found.pages.size());
  }
}

Found read_archive(std::string_view bytes, markup::ArchiveLimits limits,
                   markup::ArchivePosition from) {
  return read_archive(memory_source(bytes), limits, from);
}

std::string http_response(std::string_view body, std::string_view extra_headers,
                          std::string_view content_type) {
  std::string message = "HTTP/1.1 200 OK\r\n";
  if (!content_type.empty()) message.append("Content-Type: ").append(content_type).append("\r\n");
  return message.append(extra_headers).append("\r\n").append(body);
}

std::string warc_record(std::string_view type, std::string_view url, std::string_view block,
                        std::string_view length) {
  std::string record = "WARC/1.0\r\nWARC-Type: ";
  record.append(type).append("\r\n");
  if (!url.empty()) record.append("WARC-Target-URI: ").append(url).append("\r\n");
  record.append("WARC-Date: 2024-05-06T07:08:09Z\r\nContent-Type: application/http\r\n");
  record.append("Content-Length: ");
  record.append(length.empty() ? std::to_string(block.size()) : std::string(length));
  return record.append("\r\n\r\n").append(block).append("\r\n\r\n");
}

std::string warc_page(std::string_view url, std::string_view body) {
  return warc_record("response", url, http_response(body));
}

std::string gzip(std::string_view bytes) {
  return compress_frame(bytes, Compression::Gzip);
}

}  // namespace crosstail::testing
