#include "index/bm25_builder.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "index/bm25_pairs.h"
#include "index/bm25_score.h"
#include "index/bm25_slice.h"

namespace crosstail::index {
namespace {

constexpr std::size_t kAlign = 64;

/// Token occurrences of a stretch of documents, by term: for each term of `terms` (in the file's
/// order), counts[i] document numbers, ascending, one an occurrence.
struct Run {
  std::vector<std::uint32_t> terms, counts, documents;
  MappedFile file;  ///< where the three lie when they were written out
  std::span<const std::uint32_t> term_view, count_view, document_view;
  std::size_t at = 0, document_at = 0;

  void view_memory() {
    term_view = terms;
    count_view = counts;
    document_view = documents;
  }
};

template <class T>
std::string_view bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

}  // namespace

Status check(const Bm25Parameters& parameters) {
  if (!(parameters.k1 >= 0 && parameters.k1 <= 1000))
    return Error{ErrorCode::InvalidArgument, "BM25's k1 is between 0 and 1000"};
  if (!(parameters.b >= 0 && parameters.b <= 1))
    return Error{ErrorCode::InvalidArgument, "BM25's b is between 0 and 1"};
  return {};
}

struct Bm25Builder::State {
  std::filesystem::path path;
  Bm25BuildOptions options;
  OutputFile out;
  std::vector<std::uint32_t> tokens;   ///< of the documents not yet in a run
  std::vector<std::uint32_t> lengths;  ///< of all documents
  std::size_t run_begin = 0;           ///< first document not yet in a run
  std::size_t token_limit = 0;
  std::uint64_t total_length = 0, filled = 0;
  std::uint32_t term_limit = 0;  ///< 1 + the largest term number
  std::unordered_map<std::string_view, std::uint32_t> word_numbers;
  std::deque<std::string> words;
  std::vector<Run> runs;
  Bm25Norm norm;
  std::vector<Bm25TermEntry> entries;
  std::vector<std::uint16_t> places, codes;  ///< postings of the slice that is being gathered
  std::vector<std::uint32_t> frequencies;
  std::vector<Bm25SliceEntry> slices;
  std::vector<Bm25RarePosting> rare;
  std::vector<std::uint32_t> entry_terms;  ///< term number of each entry
  std::string buffer;                      ///< postings not yet written
  std::uint64_t postings_bytes = 0, posting_count = 0;
  bool finished = false;

  ~State();
  [[nodiscard]] std::filesystem::path part() const { return path.string() + ".part"; }
  [[nodiscard]] std::filesystem::path run_path(std::size_t i) const {
    return path.string() + ".run-" + std::to_string(i);
  }
  [[nodiscard]] bool before(std::uint32_t a, std::uint32_t b) const {
    return options.terms == Bm25Terms::Ids ? a < b : words[a] < words[b];
  }
  Status end_document(std::size_t length);
  Run cut_run();
  Status spill();
  Status merge();
  [[nodiscard]] std::optional<std::uint32_t> least_term() const;
  template <class Visit>
  void visit_postings(std::uint32_t term, Visit visit);
  Bm25Pairs count_pairs();
  Status encode_term(std::uint32_t term, const Bm25Pairs& pairs);
  void encode_slice(const Bm25TermEntry& entry, std::uint32_t window, const Bm25Pairs& pairs);
  Result<Bm25Section> section(std::string_view bytes);
  Status write_tables(std::span<const Bm25Pair> pairs);
};

Bm25Builder::State::~State() {
  std::error_code ignored;
  if (!finished) std::filesystem::remove(part(), ignored);
  for (std::size_t i = 0; i < runs.size(); ++i) std::filesystem::remove(run_path(i), ignored);
}

Bm25Builder::Bm25Builder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Bm25Builder::Bm25Builder(Bm25Builder&&) noexcept = default;
Bm25Builder& Bm25Builder::operator=(Bm25Builder&&) noexcept = default;
Bm25Builder::~Bm25Builder() = default;

Result<Bm25Builder> Bm25Builder::create(const std::filesystem::path& path,
                                        const Bm25BuildOptions& options) {
  CT_CHECK(check(options.parameters));
  if (options.label.size() >= sizeof(Bm25Footer::label))
    return Error{ErrorCode::InvalidArgument, "a BM25 label has at most 127 bytes"};
  auto state = std::make_unique<State>();
  state->path = path;
  state->options = options;
  // A token in the buffer is there twice while a run is sorted.
  state->token_limit = std::max(options.buffer_bytes, std::size_t{64} << 10) / 8;
  CT_TRY(state->out, OutputFile::create(state->part()));
  const Bm25Head head;
  CT_CHECK(state->out.write({reinterpret_cast<const char*>(&head), sizeof head}));
  return Bm25Builder(std::move(state));
}

std::uint64_t Bm25Builder::documents() const {
  return state_->lengths.size();
}

Status Bm25Builder::add(std::span<const std::uint32_t> ids) {
  State& s = *state_;
  for (const std::uint32_t id : ids) {
    if (id > 0x0fffffff)
      return Error{ErrorCode::InvalidArgument,
                   "token id " + std::to_string(id) + " is beyond any vocabulary"};
    s.term_limit = std::max(s.term_limit, id + 1);
  }
  s.tokens.insert(s.tokens.end(), ids.begin(), ids.end());
  return s.end_document(ids.size());
}

Status Bm25Builder::add(std::span<const std::string> words) {
  State& s = *state_;
  for (const std::string& word : words) {
    auto found = s.word_numbers.find(word);
    if (found == s.word_numbers.end()) {
      s.words.push_back(word);
      found = s.word_numbers.emplace(s.words.back(), static_cast<std::uint32_t>(s.words.size() - 1))
                  .first;
    }
    s.tokens.push_back(found->second);
  }
  s.term_limit = static_cast<std::uint32_t>(s.words.size());
  return s.end_document(words.size());
}

Status Bm25Builder::State::end_document(std::size_t length) {
  if (lengths.size() == std::numeric_limits<std::uint32_t>::max() || length > 0x7fffffff)
    return Error{ErrorCode::Limit, "a BM25 file holds fewer than 2^32 documents of 2^31 terms"};
  lengths.push_back(static_cast<std::uint32_t>(length));
  total_length += length;
  filled += length > 0 ? 1 : 0;
  return tokens.size() >= token_limit ? spill() : Status{};
}

/// Sorts the buffered tokens by term (counting sort: documents stay ascending).
Run Bm25Builder::State::cut_run() {
  Run run;
  std::vector<std::uint32_t> counts(term_limit, 0);
  for (const std::uint32_t token : tokens) ++counts[token];
  for (std::uint32_t term = 0; term < term_limit; ++term)
    if (counts[term] > 0) run.terms.push_back(term);
  if (options.terms == Bm25Terms::Words)
    std::sort(run.terms.begin(), run.terms.end(),
              [&](std::uint32_t a, std::uint32_t b) { return before(a, b); });
  run.counts.reserve(run.terms.size());
  std::uint32_t place = 0;
  for (const std::uint32_t term : run.terms) {
    run.counts.push_back(counts[term]);
    place += std::exchange(counts[term], place);
  }
  run.documents.resize(tokens.size());
  std::size_t token = 0;
  for (std::size_t d = run_begin; d < lengths.size(); ++d)
    for (std::uint32_t i = 0; i < lengths[d]; ++i)
      run.documents[counts[tokens[token++]]++] = static_cast<std::uint32_t>(d);
  run_begin = lengths.size();
  tokens.clear();
  return run;
}

Status Bm25Builder::State::spill() {
  Run run = cut_run();
  const auto file_path = run_path(runs.size());
  runs.emplace_back();
  CT_TRY(auto file, OutputFile::create(file_path));
  CT_CHECK(file.write(bytes_of(std::span<const std::uint32_t>(run.terms))));
  CT_CHECK(file.write(bytes_of(std::span<const std::uint32_t>(run.counts))));
  CT_CHECK(file.write(bytes_of(std::span<const std::uint32_t>(run.documents))));
  CT_CHECK(file.close());
  Run& stored = runs.back();
  CT_TRY(stored.file, MappedFile::open(file_path));
  const auto* numbers = reinterpret_cast<const std::uint32_t*>(stored.file.bytes().data());
  stored.term_view = {numbers, run.terms.size()};
  stored.count_view = {numbers + run.terms.size(), run.counts.size()};
  stored.document_view = {numbers + 2 * run.terms.size(), run.documents.size()};
  return {};
}

/// The least term that the runs have next.
std::optional<std::uint32_t> Bm25Builder::State::least_term() const {
  std::optional<std::uint32_t> least;
  for (const Run& run : runs)
    if (run.at < run.term_view.size() && (!least || before(run.term_view[run.at], *least)))
      least = run.term_view[run.at];
  return least;
}

/// visit(document, frequency) for each posting of `term`, the least that the runs have next.
template <class Visit>
void Bm25Builder::State::visit_postings(std::uint32_t term, Visit visit) {
  std::uint32_t document = 0, frequency = 0;
  for (Run& run : runs) {
    if (run.at == run.term_view.size() || run.term_view[run.at] != term) continue;
    const std::size_t end = run.document_at + run.count_view[run.at];
    for (std::size_t i = run.document_at; i < end; ++i) {
      if (frequency > 0 && run.document_view[i] != document) {
        visit(document, frequency);
        frequency = 0;
      }
      document = run.document_view[i];
      ++frequency;
    }
    run.document_at = end;
    ++run.at;
  }
  visit(document, frequency);
}

Bm25Pairs Bm25Builder::State::count_pairs() {
  const auto longest = std::max_element(lengths.begin(), lengths.end());
  Bm25Pairs pairs(longest == lengths.end() ? 0 : *longest);
  while (const auto term = least_term())
    visit_postings(*term, [&](std::uint32_t document, std::uint32_t frequency) {
      pairs.count(frequency, lengths[document]);
    });
  for (Run& run : runs) run.at = run.document_at = 0;
  pairs.number();
  return pairs;
}

/// Writes the gathered postings of a window.
void Bm25Builder::State::encode_slice(const Bm25TermEntry& entry, std::uint32_t window,
                                      const Bm25Pairs& pairs) {
  Bm25SliceEntry slice;
  slice.offset = static_cast<std::uint32_t>((postings_bytes + buffer.size() - entry.postings) / 4);
  slice.window = static_cast<std::uint16_t>(window);
  slice.count_less_1 = static_cast<std::uint16_t>(places.size() - 1);
  codes.clear();
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::uint32_t document = window << kBm25WindowBits | places[i];
    codes.push_back(pairs.code(frequencies[i], lengths[document]));
    slice.bound = std::max(slice.bound, norm.impact(frequencies[i], lengths[document]));
    if (codes.back() == kBm25Rare)
      rare.push_back({static_cast<std::uint32_t>(entries.size()), document, frequencies[i]});
  }
  Bm25Slice::append(places, codes, buffer);
  slices.push_back(slice);
  places.clear();
  frequencies.clear();
}

/// Writes the postings of `term`, the least that the runs have next.
Status Bm25Builder::State::encode_term(std::uint32_t term, const Bm25Pairs& pairs) {
  Bm25TermEntry entry;
  entry.postings = postings_bytes + buffer.size();
  entry.first_slice = slices.size();
  if (options.terms == Bm25Terms::Ids) entry.id = term;
  std::uint32_t window = 0;
  visit_postings(term, [&](std::uint32_t document, std::uint32_t frequency) {
    if (document >> kBm25WindowBits != window && !places.empty())
      encode_slice(entry, window, pairs);
    window = document >> kBm25WindowBits;
    places.push_back(static_cast<std::uint16_t>(document % kBm25Window));
    frequencies.push_back(frequency);
    ++entry.frequency;
  });
  encode_slice(entry, window, pairs);
  posting_count += entry.frequency;
  entries.push_back(entry);
  entry_terms.push_back(term);
  if (buffer.size() < (std::size_t{1} << 20)) return {};
  CT_CHECK(out.write(buffer));
  postings_bytes += buffer.size();
  buffer.clear();
  return {};
}

Status Bm25Builder::State::merge() {
  if (runs.empty()) {
    runs.push_back(cut_run());
    runs.back().view_memory();
  } else if (!tokens.empty()) {
    CT_CHECK(spill());
  }
  const double mean =
      filled > 0 ? static_cast<double>(total_length) / static_cast<double>(filled) : 0;
  norm = Bm25Norm::make(options.parameters, mean);
  const Bm25Pairs pairs = count_pairs();
  while (const auto term = least_term()) CT_CHECK(encode_term(*term, pairs));
  CT_CHECK(out.write(buffer));
  postings_bytes += buffer.size();
  buffer.clear();
  return write_tables(pairs.pairs());
}

/// Appends a section at the next multiple of 64.
Result<Bm25Section> Bm25Builder::State::section(std::string_view bytes) {
  CT_CHECK(out.write(std::string((kAlign - out.size() % kAlign) % kAlign, '\0')));
  const Bm25Section made{out.size(), bytes.size(), xxh3(bytes)};
  CT_CHECK(out.write(bytes));
  return made;
}

Status Bm25Builder::State::write_tables(std::span<const Bm25Pair> pairs) {
  Bm25Footer footer;
  footer.terms = options.terms;
  footer.documents = lengths.size();
  footer.documents_filled = filled;
  footer.total_length = total_length;
  footer.term_count = entries.size();
  footer.slice_count = slices.size();
  footer.posting_count = posting_count;
  footer.k1 = options.parameters.k1;
  footer.b = options.parameters.b;
  std::copy(options.label.begin(), options.label.end(), footer.label.begin());
  {
    CT_TRY(const auto written, MappedFile::open(part()));
    footer.sections[kPostings] = {kAlign, postings_bytes,
                                  xxh3(written.text().substr(kAlign, postings_bytes))};
  }
  CT_TRY(footer.sections[kSlices], section(bytes_of(std::span<const Bm25SliceEntry>(slices))));
  CT_TRY(footer.sections[kTermEntries], section(bytes_of(std::span<const Bm25TermEntry>(entries))));
  CT_TRY(footer.sections[kLengths], section(bytes_of(std::span<const std::uint32_t>(lengths))));
  CT_TRY(footer.sections[kPairs], section(bytes_of(pairs)));
  CT_TRY(footer.sections[kRarePostings], section(bytes_of(std::span<const Bm25RarePosting>(rare))));
  if (options.terms == Bm25Terms::Words) {
    std::vector<std::uint64_t> offsets{0};
    std::string bytes;
    for (const std::uint32_t term : entry_terms) {
      bytes += words[term];
      offsets.push_back(bytes.size());
    }
    CT_TRY(footer.sections[kWordOffsets],
           section(bytes_of(std::span<const std::uint64_t>(offsets))));
    CT_TRY(footer.sections[kWordBytes], section(bytes));
  }
  CT_CHECK(out.write(std::string((kAlign - out.size() % kAlign) % kAlign, '\0')));
  const std::string_view raw(reinterpret_cast<const char*>(&footer), sizeof footer);
  footer.checksum = xxh3(raw.substr(0, offsetof(Bm25Footer, checksum)));
  return out.write({reinterpret_cast<const char*>(&footer), sizeof footer});
}

Status Bm25Builder::finish() {
  State& s = *state_;
  CT_CHECK(s.merge());
  CT_CHECK(s.out.close());
  CT_CHECK(commit_rename(s.part(), s.path));
  s.finished = true;
  return {};
}

}  // namespace crosstail::index
