#pragma once
/// How a table of word embeddings is stored: all rows alike, or the first rows, which are the most
/// frequent words of most vocabularies, finer than the others.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "nn/product_codes.h"
#include "nn/table_format.h"

namespace crosstail::nn {

struct WordStorage {
  TableFormat format = TableFormat::F32;
  /// Of Product: `fine_rows` rows as INT4, then `middle_rows` in codes of a byte for
  /// `middle_width` numbers, then the rest in codes of a byte for `code_width` numbers (1 to 16).
  std::size_t fine_rows = 0, middle_rows = 0, middle_width = 0, code_width = 0;

  constexpr WordStorage() = default;
  constexpr WordStorage(TableFormat stored) : format(stored) {}  // NOLINT: a format says it all
  bool operator==(const WordStorage&) const = default;
};

/// "f32", "bf16", "int8", "int4", or with product codes, which come last: "pq6",
/// "int4:8000,pq6", "pq4:50000,pq6", "int4:8000,pq4:50000,pq6" (a format and for how many rows;
/// pq4: a byte for four numbers). Fails with InvalidArgument.
Result<WordStorage> parse_word_storage(std::string_view text);

/// What parse_word_storage() reads.
std::string to_text(const WordStorage& words);

/// Fails with InvalidArgument where the numbers do not fit each other or `vocabulary` rows.
Status check_word_storage(const WordStorage& words, std::size_t vocabulary);

}  // namespace crosstail::nn
