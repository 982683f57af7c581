#pragma once
/// The bytes of a BM25 file (docs/formats/bm25.md): postings, then tables, then a footer that says
/// where they lie. Little-endian, sections aligned to 64 bytes.

#include <array>
#include <cstdint>
#include <type_traits>

namespace crosstail::index {

inline constexpr std::array<char, 8> kBm25Magic = {'C', 'T', '-', 'B', 'M', '2', '5', '\n'};
inline constexpr std::uint32_t kBm25Version = 2;

/// The first 64 bytes, so that a file of another version can say so.
struct Bm25Head {
  std::array<char, 8> magic = kBm25Magic;
  std::uint32_t version = kBm25Version;  ///< version 1 had 0 here
  std::array<char, 52> reserved{};
};

enum class Bm25Terms : std::uint32_t {
  Ids = 0,    ///< token ids of a model's tokenizer
  Words = 1,  ///< words, as UTF-8
};

struct Bm25Section {
  std::uint64_t offset = 0, bytes = 0, checksum = 0;  ///< XXH3 of its bytes
};

/// One term, in ascending order of ids, or of the bytes of the words.
struct Bm25TermEntry {
  std::uint64_t postings = 0;     ///< byte offset in the postings section
  std::uint64_t first_slice = 0;  ///< in the slices section; the next entry's is the end
  std::uint32_t frequency = 0;    ///< documents that hold it, at least 1
  std::uint32_t id = 0;           ///< 0 for words
};

/// A term's postings among 65,536 documents, one window; bm25_slice.h has their layout.
struct Bm25SliceEntry {
  std::uint32_t offset = 0;        ///< from the term's postings, in units of 4 bytes
  float bound = 0;                 ///< the largest impact in it, under the file's k1 and b
  std::uint16_t window = 0;        ///< documents window · 65,536 and on; ascending
  std::uint16_t count_less_1 = 0;  ///< postings less one
};

/// What a posting's code stands for. The commonest pairs have the smallest codes.
struct Bm25Pair {
  std::uint32_t frequency = 0;  ///< of the term in the document
  std::uint32_t length = 0;     ///< of the document
};

/// The code of postings whose pair is none of the 65,535 commonest; they are listed.
inline constexpr std::uint16_t kBm25Rare = 0xffff;

/// A posting with the code kBm25Rare; ascending by entry and document.
struct Bm25RarePosting {
  std::uint32_t entry = 0, document = 0, frequency = 0;
};

enum Bm25SectionName : std::size_t {
  kPostings,
  kSlices,
  kTermEntries,
  kLengths,  ///< u32 a document: its number of terms
  kPairs,
  kRarePostings,
  kWordOffsets,  ///< u64, terms + 1; words only
  kWordBytes,
  kBm25Sections,
};

/// The last 400 bytes of the file.
struct Bm25Footer {
  std::array<char, 8> magic = kBm25Magic;
  std::uint32_t version = kBm25Version;
  Bm25Terms terms = Bm25Terms::Ids;
  std::uint64_t documents = 0;         ///< rows, empty ones included
  std::uint64_t documents_filled = 0;  ///< rows with at least one term
  std::uint64_t total_length = 0;
  std::uint64_t term_count = 0, slice_count = 0, posting_count = 0;
  float k1 = 0, b = 0;
  std::array<Bm25Section, kBm25Sections> sections{};
  std::array<char, 128> label{};  ///< what was indexed, in the caller's words, zero-padded
  std::uint64_t checksum = 0;     ///< XXH3 of the footer before this field
};

static_assert(sizeof(Bm25Head) == 64 && sizeof(Bm25TermEntry) == 24);
static_assert(sizeof(Bm25SliceEntry) == 12 && sizeof(Bm25RarePosting) == 12);
static_assert(sizeof(Bm25Footer) == 400 && std::is_trivially_copyable_v<Bm25Footer>);

}  // namespace crosstail::index
