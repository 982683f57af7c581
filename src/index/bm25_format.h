#pragma once
/// The bytes of a BM25 file (docs/formats/bm25.md): postings, then tables, then a footer that says
/// where they lie. Little-endian, sections aligned to 64 bytes.

#include <array>
#include <cstdint>
#include <type_traits>

namespace crosstail::index {

inline constexpr std::array<char, 8> kBm25Magic = {'C', 'T', '-', 'B', 'M', '2', '5', '\n'};
inline constexpr std::uint32_t kBm25Version = 1;

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
  std::uint64_t first_block = 0;  ///< in the blocks section
  std::uint32_t frequency = 0;    ///< documents that hold it, at least 1
  std::uint32_t id = 0;           ///< 0 for words
};

/// 128 postings (the last block of a term: what is left): packed gaps of the documents, then packed
/// frequencies less one.
struct Bm25BlockEntry {
  std::uint32_t last = 0;    ///< the last document in it
  std::uint32_t offset = 0;  ///< from the term's postings, in units of 16 bytes
  float bound = 0;           ///< the largest impact in it, under the file's k1 and b
  std::uint8_t document_bits = 0, frequency_bits = 0;
  std::uint16_t reserved = 0;
};

enum Bm25SectionName : std::size_t {
  kPostings,
  kBlocks,
  kTermEntries,
  kLengths,      ///< u32 a document: its number of terms
  kWordOffsets,  ///< u64, terms + 1; words only
  kWordBytes,
  kBm25Sections,
};

/// The last 352 bytes of the file.
struct Bm25Footer {
  std::array<char, 8> magic = kBm25Magic;
  std::uint32_t version = kBm25Version;
  Bm25Terms terms = Bm25Terms::Ids;
  std::uint64_t documents = 0;         ///< rows, empty ones included
  std::uint64_t documents_filled = 0;  ///< rows with at least one term
  std::uint64_t total_length = 0;
  std::uint64_t term_count = 0, block_count = 0, posting_count = 0;
  float k1 = 0, b = 0;
  std::array<Bm25Section, kBm25Sections> sections{};
  std::array<char, 128> label{};  ///< what was indexed, in the caller's words, zero-padded
  std::uint64_t checksum = 0;     ///< XXH3 of the footer before this field
};

static_assert(sizeof(Bm25TermEntry) == 24 && sizeof(Bm25BlockEntry) == 16);
static_assert(sizeof(Bm25Footer) == 352 && std::is_trivially_copyable_v<Bm25Footer>);

}  // namespace crosstail::index
