/// The TREC run format, fast: byte ranges in parallel, a line's field borders from one bit mask.

#include <algorithm>
#include <bit>
#include <cstring>

#include "data/run_builder.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace crosstail::data {
namespace {

constexpr std::size_t kFields = 6;
constexpr std::size_t kWindow = 64;
constexpr std::size_t kMinRange = std::size_t{1} << 20;

struct LineError {
  std::size_t offset = 0;
  std::string what;
};

class RangeParser {
 public:
  RangeParser(std::string_view text, std::size_t begin, std::size_t end)
      : text_(text), at_(begin), end_(end) {}

  /// Empty when all lines of the range were good.
  std::optional<LineError> parse(RunSegment& out) {
    reserve(out);
    while (at_ < end_) {
      if (!fast_line(out) && !slow_line(out)) return error_;
    }
    out.tag = tag_;
    return std::nullopt;
  }

 private:
  void reserve(RunSegment& out) const {
    const auto sample = text_.substr(at_, std::min<std::size_t>(end_ - at_, 1 << 14));
    const auto lines = 1 + static_cast<std::size_t>(std::count(sample.begin(), sample.end(), '\n'));
    out.hits.reserve(static_cast<std::size_t>(static_cast<double>(end_ - at_) * 1.06 *
                                              static_cast<double>(lines) /
                                              static_cast<double>(sample.size())) +
                     16);
  }

  TextSpan span(std::size_t begin, std::size_t length) const {
    return {begin & 0xffffffffffff, length & kMaxSpanLength};
  }

  void add(RunSegment& out, std::size_t query, std::size_t query_length, TextSpan doc,
           double score) {
    if (out.groups.empty() || query_length != query_.size() ||
        std::memcmp(text_.data() + query, query_.data(), query_length) != 0) {
      query_ = text_.substr(query, query_length);
      out.groups.push_back({span(query, query_length), out.hits.size(), 0});
    }
    ++out.groups.back().count;
    out.hits.push_back({doc, score});
  }

#if defined(__SSE2__)
  /// A line within 64 bytes that starts with its query id and has all fields. False (nothing done)
  /// for every other line: slow_line knows them all.
  bool fast_line(RunSegment& out) {
    if (text_.size() - at_ < kWindow) return false;
    const char* p = text_.data() + at_;
    std::uint64_t blank = 0, newline = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
      const __m128i low = _mm_sub_epi8(bytes, _mm_set1_epi8(9));
      const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(low, _mm_set1_epi8(4)), low);
      const __m128i space = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' '));
      const __m128i line = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'));
      blank |= static_cast<std::uint64_t>(
                   static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, space))))
               << (16 * i);
      newline |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(line)))
                 << (16 * i);
    }
    if (newline == 0 || (blank & 1) != 0 || *p == '#') return false;
    const std::uint64_t inside = (newline & (0 - newline)) - 1;
    std::uint64_t starts = ~blank & ((blank << 1) | 1) & inside;
    std::size_t field[kFields];
    for (std::size_t& begin : field) {
      if (starts == 0) return false;
      begin = static_cast<std::size_t>(std::countr_zero(starts));
      starts &= starts - 1;
    }
    const auto length = [&](std::size_t f) {
      return static_cast<std::size_t>(std::countr_zero(blank >> field[f]));
    };
    const auto score = parse_score({p + field[4], length(4)});
    if (!score) return false;
    tag_ = span(at_ + field[5], length(5));
    add(out, at_, length(0), span(at_ + field[2], length(2)), *score);
    at_ += static_cast<std::size_t>(std::countr_zero(newline)) + 1;
    return true;
  }
#else
  bool fast_line(RunSegment&) {
    return false;
  }
#endif

  bool fail(std::string what) {
    error_ = {at_, std::move(what)};
    return false;
  }

  bool slow_line(RunSegment& out) {
    const auto newline = text_.find('\n', at_);
    const std::size_t next = newline == std::string_view::npos ? text_.size() : newline + 1;
    const auto line = text_.substr(at_, std::min(newline, text_.size()) - at_);
    std::string_view field[kFields];
    const std::size_t count = split_blanks(line, field, kFields);
    if (count != 0 && field[0].front() != '#') {
      if (count < kFields)
        return fail("expected 6 fields `qid Q0 docid rank score tag`, found " +
                    std::to_string(count) + ": " + quoted_excerpt(line));
      if (field[0].size() > kMaxSpanLength || field[2].size() > kMaxSpanLength ||
          field[5].size() > kMaxSpanLength)
        return fail("an identifier is longer than 65535 bytes");
      const auto score = parse_score(field[4]);
      if (!score)
        return fail("expected a number as score (field 5), found " + quoted_excerpt(field[4]));
      const auto offset = [&](std::string_view f) {
        return static_cast<std::size_t>(f.data() - text_.data());
      };
      tag_ = span(offset(field[5]), field[5].size());
      add(out, offset(field[0]), field[0].size(), span(offset(field[2]), field[2].size()), *score);
    }
    at_ = next;
    return true;
  }

  std::string_view text_, query_;
  std::size_t at_, end_;
  TextSpan tag_{0, 0};
  LineError error_;
};

/// Borders of byte ranges, each at the start of a line.
std::vector<std::size_t> range_borders(std::string_view text, std::size_t threads) {
  const std::size_t wanted = threads < 2 ? 1 : 8 * threads;
  const std::size_t count = std::clamp<std::size_t>(text.size() / kMinRange, 1, wanted);
  std::vector<std::size_t> borders{0};
  for (std::size_t i = 1; i < count; ++i) {
    const auto newline = text.find('\n', std::max(borders.back(), text.size() / count * i));
    if (newline == std::string_view::npos) break;
    if (newline + 1 > borders.back()) borders.push_back(newline + 1);
  }
  if (borders.back() != text.size()) borders.push_back(text.size());
  return borders;
}

}  // namespace

Result<Run> parse_trec_run(WholeText whole, const std::string& name, Pool* pool) {
  const auto text = whole.text();
  const auto borders = range_borders(text, pool == nullptr ? 1 : pool->threads() + 1);
  std::vector<RunSegment> segments(borders.size() - 1);
  std::vector<std::optional<LineError>> errors(segments.size());
  const auto parse = [&](std::size_t i) {
    errors[i] = RangeParser(text, borders[i], borders[i + 1]).parse(segments[i]);
  };
  if (pool == nullptr) {
    for (std::size_t i = 0; i < segments.size(); ++i) parse(i);
  } else {
    pool->parallel_for(segments.size(), parse);
  }
  for (const auto& error : errors) {
    if (error)
      return Error{
          ErrorCode::Corrupt,
          name + ":" + std::to_string(line_number_at(text, error->offset)) + ": " + error->what};
  }
  Run run = RunBuilder::build(std::move(whole), std::move(segments));
  if (run.size() == 0)
    return Error{ErrorCode::InvalidArgument,
                 name + ": the run has no hits: expected lines of `qid Q0 docid rank score tag`"};
  return run;
}

}  // namespace crosstail::data
