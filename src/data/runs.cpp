#include "data/runs.h"

#include <charconv>
#include <cmath>

#include "data/run_builder.h"

namespace crosstail::data {

std::optional<std::size_t> Run::find(std::string_view query) const {
  const auto found = by_id_.find(query);
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

std::size_t Run::total_hits() const {
  std::size_t total = 0;
  for (const auto& query : queries_) total += query.hits.size();
  return total;
}

Run RunBuilder::build(WholeText text, std::vector<RunSegment> segments) {
  struct Place {
    std::size_t segment;
    RunGroup group;
    std::size_t query;
  };
  Run run;
  run.text_ = std::move(text);
  const char* base = run.base();
  std::vector<Place> places;
  std::vector<std::size_t> totals, pieces;
  for (std::size_t s = 0; s < segments.size(); ++s) {
    for (const RunGroup& group : segments[s].groups) {
      const auto id = group.query.in(base);
      const auto [at, is_new] = run.by_id_.try_emplace(id, run.queries_.size());
      if (is_new) {
        run.queries_.push_back({id, {}});
        totals.push_back(0);
        pieces.push_back(0);
      }
      totals[at->second] += group.count;
      ++pieces[at->second];
      places.push_back({s, group, at->second});
    }
    if (segments[s].tag.length != 0) run.tag_ = segments[s].tag.in(base);
  }
  std::size_t scattered = 0;
  std::vector<std::size_t> next(run.queries_.size(), 0);
  for (std::size_t q = 0; q < run.queries_.size(); ++q) {
    if (pieces[q] < 2) continue;
    next[q] = scattered;
    scattered += totals[q];
  }
  std::vector<Hit> gathered(scattered);
  for (std::size_t q = 0; q < run.queries_.size(); ++q)
    if (pieces[q] > 1) run.queries_[q].hits = {gathered.data() + next[q], totals[q]};
  for (const Place& place : places) {
    const Hit* hits = segments[place.segment].hits.data() + place.group.first;
    if (pieces[place.query] == 1) {
      run.queries_[place.query].hits = {hits, place.group.count};
    } else {
      std::copy_n(hits, place.group.count, gathered.data() + next[place.query]);
      next[place.query] += place.group.count;
    }
  }
  for (auto& segment : segments) run.storage_.push_back(std::move(segment.hits));
  run.storage_.push_back(std::move(gathered));
  return run;
}

std::optional<double> parse_score(std::string_view text) {
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const char* at = text.data();
  const char* end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (at != end && (*at == '-' || *at == '+')) ++at;
  const char* digits_begin = at;
  std::uint64_t mantissa = 0;
  while (at != end && static_cast<unsigned char>(*at - '0') < 10)
    mantissa = mantissa * 10 + static_cast<unsigned char>(*at++ - '0');
  std::size_t digits = static_cast<std::size_t>(at - digits_begin);
  std::size_t decimals = 0;
  if (at != end && *at == '.') {
    const char* fraction = ++at;
    while (at != end && static_cast<unsigned char>(*at - '0') < 10)
      mantissa = mantissa * 10 + static_cast<unsigned char>(*at++ - '0');
    decimals = static_cast<std::size_t>(at - fraction);
    digits += decimals;
  }
  // Below 2^53 both the mantissa and the power of ten are exact, so one division rounds rightly.
  if (at == end && digits > 0 && digits <= 19 && mantissa < (std::uint64_t{1} << 53)) {
    const double value = static_cast<double>(mantissa) / kPowers[decimals];
    return negative ? -value : value;
  }
  const char* first = text.data();
  if (first != end && *first == '+') {
    ++first;
    if (first != end && *first == '-') return std::nullopt;
  }
  double value = 0;
  const auto [stop, code] = std::from_chars(first, end, value);
  if (stop != end || code == std::errc::invalid_argument || std::isnan(value)) return std::nullopt;
  if (code == std::errc::result_out_of_range) {
    // from_chars leaves the value alone; the sign and size of the exponent say what was meant.
    const auto exponent = text.find_first_of("eE");
    const bool tiny = exponent != std::string_view::npos && exponent + 1 < text.size() &&
                      text[exponent + 1] == '-';
    value = tiny ? 0.0 : HUGE_VAL;
    return negative ? -value : value;
  }
  return value;
}

Result<Run> read_run(const std::filesystem::path& path, Pool* pool) {
  CT_TRY(auto text, WholeText::open(path));
  return read_run_text(std::move(text), path.string(), pool);
}

Result<Run> read_run_text(WholeText text, const std::string& name, Pool* pool) {
  const auto all = text.text();
  const auto first = all.find_first_not_of(" \t\r\n\v\f");
  if (first == std::string_view::npos)
    return Error{ErrorCode::InvalidArgument,
                 name +
                     ": the run is empty: expected lines of `qid Q0 docid rank score tag`, or "
                     "JSON {\"qid\": {\"docid\": score}}"};
  if (all[first] == '{') return parse_json_run(text, name);
  return parse_trec_run(std::move(text), name, pool);
}

}  // namespace crosstail::data
