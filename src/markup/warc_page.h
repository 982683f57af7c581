#pragma once
/// One page of an archive: the HTTP message in a response record taken apart and decoded, or a
/// resource record as it is.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "markup/warc_record.h"

namespace crosstail::markup {

/// Views are valid during the visit only.
struct ArchivePage {
  std::string_view url;               ///< valid UTF-8
  std::string_view date;              ///< ISO 8601
  std::string_view content_type;      ///< HTTP's (with its charset), or the record's
  std::string_view content_language;  ///< HTTP's
  std::string_view body;              ///< after de-chunking and Content-Encoding
  int status = 0;                     ///< HTTP's; 0 for a resource
  bool truncated = false;             ///< the body's coding ends too early or is damaged there
  std::uint64_t offset = 0;           ///< of the record's gzip member, zstd frame or first byte
};

/// What a record is good for.
enum class RecordUse : std::uint8_t {
  Page,          ///< HTML by its Content-Type or, where there is none, by its first bytes
  NotHtml,       ///< a response or resource of another type
  NoPayload,     ///< request, metadata, revisit …: counted by type only
  BodyTooLarge,  ///< decodes to more than the limit
  BodyDamaged,   ///< its coding cannot be undone at all
};

/// Content-Type says HTML or XHTML.
bool is_html_type(std::string_view content_type);
/// Bytes that a browser takes for HTML when nothing says what they are (WHATWG MIME Sniffing,
/// §7.1).
bool sniffs_as_html(std::string_view bytes);

/// Takes records apart. Keeps its buffers from page to page; not thread-safe.
class PageDecoder {
 public:
  explicit PageDecoder(std::size_t max_body_bytes);
  ~PageDecoder();
  PageDecoder(PageDecoder&&) noexcept;
  PageDecoder& operator=(PageDecoder&&) noexcept;

  /// `page` is filled for Page; its views point into `head`, `block` and this object, until the
  /// next call.
  RecordUse decode(const RecordHead& head, std::string_view block, ArchivePage& page);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace crosstail::markup
