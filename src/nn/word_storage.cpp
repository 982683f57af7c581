#include "nn/word_storage.h"

#include <charconv>
#include <vector>

namespace crosstail::nn {

namespace {

Error wrong(std::string what) {
  return {ErrorCode::InvalidArgument, std::move(what)};
}

/// "pq4:50000": a format, and for how many rows (0: the rest).
struct Tier {
  std::string_view format;
  std::size_t width = 0;  ///< of codes
  std::size_t rows = 0;
};

bool read_number(std::string_view text, std::size_t& number) {
  const char* end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && last == end && number > 0;
}

bool read_tier(std::string_view text, Tier& tier) {
  const std::size_t colon = text.find(':');
  tier.format = text.substr(0, colon);
  if (colon != std::string_view::npos && !read_number(text.substr(colon + 1), tier.rows))
    return false;
  if (!tier.format.starts_with("pq")) return true;
  return read_number(tier.format.substr(2), tier.width) && tier.width <= kMaxCodeWidth;
}

bool read_tiers(std::string_view text, std::vector<Tier>& tiers) {
  for (bool more = true; more;) {
    const std::size_t comma = text.find(',');
    Tier tier;
    if (tiers.size() == 3 || !read_tier(text.substr(0, comma), tier)) return false;
    tiers.push_back(tier);
    more = comma != std::string_view::npos;
    text.remove_prefix(more ? comma + 1 : text.size());
  }
  return true;
}

/// int4:N, pqA:N, pqB, of which the first two may be left out.
bool fill_product(const std::vector<Tier>& tiers, WordStorage& words) {
  words.format = TableFormat::Product;
  std::size_t at = 0;
  if (tiers[0].format == "int4") words.fine_rows = tiers[at++].rows;
  if (at + 2 == tiers.size()) {
    words.middle_width = tiers[at].width;
    words.middle_rows = tiers[at++].rows;
    if (words.middle_width == 0 || words.middle_rows == 0) return false;
  }
  if (at + 1 != tiers.size() || (at > 0 && tiers[at - 1].rows == 0)) return false;
  words.code_width = tiers[at].width;
  return words.code_width > 0 && tiers[at].rows == 0;
}

}  // namespace

Result<WordStorage> parse_word_storage(std::string_view text) {
  WordStorage words;
  for (const auto format :
       {TableFormat::F32, TableFormat::BF16, TableFormat::INT8, TableFormat::INT4})
    if (name_of(format) == text) return WordStorage(format);
  std::vector<Tier> tiers;
  if (!read_tiers(text, tiers) || !fill_product(tiers, words))
    return wrong("\"" + std::string(text) +
                 "\" is no format of word embeddings; expected f32, bf16, int8, int4, or tiers "
                 "that end in product codes, as in int4:8000,pq4:50000,pq6 (pq1 to pq16: numbers "
                 "that a byte stands for)");
  return words;
}

std::string to_text(const WordStorage& words) {
  if (words.format != TableFormat::Product) return std::string(name_of(words.format));
  std::string text;
  if (words.fine_rows > 0) text += "int4:" + std::to_string(words.fine_rows) + ",";
  if (words.middle_rows > 0)
    text +=
        "pq" + std::to_string(words.middle_width) + ":" + std::to_string(words.middle_rows) + ",";
  return text + "pq" + std::to_string(words.code_width);
}

Status check_word_storage(const WordStorage& words, std::size_t vocabulary) {
  if (words.format != TableFormat::Product) return {};
  if (words.fine_rows > vocabulary || words.middle_rows > vocabulary - words.fine_rows)
    return wrong("words in " + to_text(words) + ": there are only " + std::to_string(vocabulary));
  const auto is_width = [](std::size_t width) { return width >= 1 && width <= kMaxCodeWidth; };
  if (!is_width(words.code_width) || (words.middle_rows > 0 && !is_width(words.middle_width)))
    return wrong("words in " + to_text(words) + ": a code is for 1 to " +
                 std::to_string(kMaxCodeWidth) + " numbers");
  return {};
}

}  // namespace crosstail::nn
