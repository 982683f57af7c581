#pragma once
/// An HTTP/1 response (RFC 9112) as archives store it: its head, and its body with transfer and
/// content codings undone. Lenient, as browsers are: archives often keep the header of a coding
/// that the crawler has already undone.

#include <cstddef>
#include <memory>
#include <string_view>

namespace crosstail::markup {

struct HttpHead {
  int status = 0;
  std::string_view content_type, content_encoding, transfer_encoding, content_language;
  std::size_t size = 0;  ///< the empty line included; everything if there is none
};

/// False if the bytes do not start with "HTTP/".
bool read_http_head(std::string_view message, HttpHead& head);

/// True if `list` (a header's value) names `token`, any case.
bool lists_token(std::string_view list, std::string_view token);

/// Undoes codings. Keeps its buffers; not thread-safe.
class BodyDecoder {
 public:
  enum class Outcome {
    Whole,
    Truncated,  ///< ends too early or is damaged; what came before is in the body
    Damaged,    ///< nothing can be read
    TooLarge,
  };

  explicit BodyDecoder(std::size_t max_bytes);
  ~BodyDecoder();
  BodyDecoder(BodyDecoder&&) noexcept;
  BodyDecoder& operator=(BodyDecoder&&) noexcept;

  /// Takes off chunks, then the content codings (gzip, deflate, br, zstd; the last one first, at
  /// most four). A coding that the body plainly does not have is passed over. `body` then points
  /// into the message or into this object, until the next call.
  Outcome decode(const HttpHead& head, std::string_view& body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace crosstail::markup
