#pragma once
/// The fixed-size records of an index (docs/formats/index.md), as they lie in its files, and the
/// keys by which groups, sites and texts are compared: 64-bit hashes, 0 meaning "none given".

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "index/block_file.h"

namespace crosstail::index {

/// Where an attached question comes from (design.md §3).
enum class QuestionSource : std::uint8_t { Annotated, Aligned, Generated, Log };
inline constexpr std::size_t kSources = 4;
std::string_view name_of(QuestionSource source);
/// "annotated", "aligned", "generated", "log"; empty for anything else.
std::optional<QuestionSource> parse_source(std::string_view name);

/// Which vectors of questions an index keeps: decides what can be chosen without encoding again.
enum class KeepParts : std::uint8_t { None, Total, Language, Question };
std::string_view name_of(KeepParts keep);
std::optional<KeepParts> parse_keep_parts(std::string_view name);

/// Groups are compared byte for byte, sites without case, texts in their normal form
/// (text/normal_form.h). Empty text gives 0; everything else never does.
std::uint64_t group_key(std::string_view group);
std::uint64_t site_key(std::string_view site);
std::uint64_t text_key(std::string_view text);

/// A number that is in no language table: "no language".
inline constexpr std::uint16_t kNoLanguage = 0xffff;

/// One passage: what has an id, a text, and questions attached to it. It has one row (vector), or
/// one for each window of its text.
struct PassageRecord {
  std::uint64_t id_low, id_high;    ///< xxh3 of the id with seeds 0 and 1
  std::uint64_t content;            ///< xxh3 of what is encoded and stored of the passage
  std::uint64_t questions_content;  ///< xxh3 over its questions
  std::uint64_t doc, site, group;   ///< keys; doc: of the page it is part of, else of its id
  std::uint64_t first_question;     ///< in questions.rec
  std::uint64_t first_part;         ///< in parts.rec
  std::uint64_t first_row;
  std::uint32_t questions, parts, rows;
  std::uint16_t language;  ///< in the segment's table of tags
  std::uint16_t zero;
};
static_assert(sizeof(PassageRecord) == 96);

/// One attached question, in the order in which its passage's questions came.
struct QuestionRecord {
  std::uint64_t text, group, site;  ///< keys
  std::uint32_t passage;            ///< in its segment
  float confidence;                 ///< 1 where none is given
  std::uint16_t language;           ///< in the segment's table of tags
  QuestionSource source;
  std::uint8_t zero;
  std::uint32_t reserved;
};
static_assert(sizeof(QuestionRecord) == 40);

/// Sum and number of questions of one passage, source and (parts by language) language.
struct PartRecord {
  std::uint32_t passage, count;
  std::uint16_t language;  ///< kNoLanguage: of all languages
  QuestionSource source;
  std::uint8_t zero;
};
static_assert(sizeof(PartRecord) == 12);

/// One row of a passage with windows: the bytes of its text that were encoded.
struct WindowRecord {
  std::uint32_t passage, begin, end;
};
static_assert(sizeof(WindowRecord) == 12);

/// Entry of an inverted list, sorted by key, then passage.
struct ListEntry {
  std::uint64_t key;
  std::uint64_t passage;
  auto operator<=>(const ListEntry&) const =
      default;  // NOLINT(modernize-use-nullptr): clang-tidy 14
};
static_assert(sizeof(ListEntry) == 16);

}  // namespace crosstail::index
