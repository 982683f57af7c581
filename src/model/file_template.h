#pragma once
/// A tokenizer.json as what a tokenizer cannot say of it, and places where it says the rest.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/tokenizer.h"

namespace crosstail::model {

struct FilePart {
  enum class Kind : std::uint32_t {
    Bytes,   ///< `text` as it is
    Scores,  ///< "piece"`between`score, `separator`, …
    Ids,     ///< "piece"`between`id, `separator`, …
    Map,     ///< the character map in base64
  };
  Kind kind = Kind::Bytes;
  std::uint32_t first = 0, count = 0;  ///< ids of Scores and Ids
  std::string text;                    ///< Scores, Ids: between
  std::string separator;
};

/// The parts of a tokenizer.json; one of Bytes where filled() would not give it back.
std::vector<FilePart> file_parts(std::string_view json, const text::Tokenizer& tokenizer);

/// The file again. Fails with Corrupt if a part names ids that there are not, with Limit beyond
/// 1 GiB.
Result<std::string> filled(const std::vector<FilePart>& parts, const text::Tokenizer& tokenizer);

}  // namespace crosstail::model
