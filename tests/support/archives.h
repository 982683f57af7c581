#pragma once
/// Archives made by hand, and everything that reading one finds.

#include <string>
#include <string_view>
#include <vector>

#include "base/stream.h"
#include "markup/warc_chunks.h"

namespace crosstail::testing {

struct FoundPage {
  std::string url, date, content_type, content_language, body;
  int status = 0;
  bool truncated = false;
  std::uint64_t offset = 0;
  bool operator==(const FoundPage&) const = default;
};

struct Found {
  std::vector<FoundPage> pages;
  std::vector<markup::ArchiveDamage> damages;
  markup::ArchiveCounts counts;
  std::vector<markup::ArchivePosition> positions;  ///< after each chunk
  std::vector<std::size_t> pages_at;               ///< pages before each of these positions
  std::size_t chunks = 0, read_again = 0;
  std::string error;
  [[nodiscard]] std::vector<std::string> urls() const;
};

/// Reads from the start or from `from` on; pages of chunks that were written before are left out.
Found read_archive(std::string_view bytes, markup::ArchiveLimits limits = {},
                   markup::ArchivePosition from = {});
Found read_archive(std::unique_ptr<ByteSource> source, markup::ArchiveLimits limits = {},
                   markup::ArchivePosition from = {});

std::string http_response(std::string_view body, std::string_view extra_headers = {},
                          std::string_view content_type = "text/html; charset=utf-8");
/// `length` replaces the true Content-Length if it is not empty.
std::string warc_record(std::string_view type, std::string_view url, std::string_view block,
                        std::string_view length = {});
/// A response record with an HTML page.
std::string warc_page(std::string_view url, std::string_view body);
std::string gzip(std::string_view bytes);

}  // namespace crosstail::testing
