#pragma once
/// The head of one archive record: WARC 1.0 and 1.1 (ISO 28500), and ARC version 1 and 2 (Internet
/// Archive, 1996). Nothing is copied: all views point into the bytes given.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace crosstail::markup {

enum class RecordType : std::uint8_t {
  Warcinfo,  ///< also ARC's filedesc
  Response,  ///< also every other record of an ARC
  Resource,
  Request,
  Metadata,
  Revisit,
  Conversion,
  Continuation,
  Other,
  Count_
};
std::string_view name(RecordType type);  ///< as in WARC-Type; "other"

enum class ArchiveFormat : std::uint8_t { Warc, Arc };

struct RecordHead {
  ArchiveFormat format = ArchiveFormat::Warc;
  RecordType type = RecordType::Other;
  std::string_view target_uri;  ///< without the < > that some writers put around it
  std::string_view date;        ///< as stated: ISO 8601 in WARC, 14 digits in ARC
  std::string_view content_type;
  std::string_view identified_type;             ///< WARC-Identified-Payload-Type
  std::optional<std::uint64_t> content_length;  ///< nothing if it is missing or no number
  std::size_t size = 0;                         ///< of the head, its empty line included
};

enum class HeadOutcome : std::uint8_t { Complete, Incomplete, NotAHead };

/// Reads the head at the start of `bytes`. Line ends may be CRLF or LF, lines may be folded.
/// Incomplete means that more bytes may make it a head; heads over kMaxHeadBytes are none.
inline constexpr std::size_t kMaxHeadBytes = std::size_t{64} << 10;
HeadOutcome read_record_head(std::string_view bytes, RecordHead& head);

/// True if a record starts here, as far as its first line and the beginning of the second show;
/// also true for what is cut off before that is certain, if `cut_off`.
bool starts_record(std::string_view bytes, bool cut_off = false);

/// Position of the first record of `format` in `bytes` after `from` (exclusive), or npos. It starts
/// behind a line end or, where a record before it was cut off, anywhere.
std::size_t find_record_start(std::string_view bytes, std::size_t from, ArchiveFormat format);

/// The last one before the end whose first lines are whole, or npos.
std::size_t find_last_record_start(std::string_view bytes, ArchiveFormat format);

/// How many bytes at the end of a stretch without a record start can belong to one that is cut off.
std::size_t undecided_tail(std::string_view bytes, ArchiveFormat format);

/// "20140216050221" as "2014-02-16T05:02:21Z"; anything else as it is. `buffer` holds the result.
std::string_view iso_date(std::string_view date, std::array<char, 20>& buffer);

}  // namespace crosstail::markup
