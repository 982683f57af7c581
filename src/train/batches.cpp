#include "train/batches.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/interrupt.h"
#include "nn/dropout.h"

namespace crosstail::train {
namespace {

std::size_t bytes_of(const data::TrainingExample& e) {
  std::size_t bytes = sizeof e + e.question.size() + e.group.size();
  for (const auto* list : {&e.positives, &e.negatives})
    for (const auto& p : *list) bytes += sizeof p + p.text.size() + p.id.size();
  return bytes;
}

double best_positive_score(const data::TrainingExample& e) {
  double best = data::kNoScore;
  for (const auto& p : e.positives)
    if (std::isnan(best) || p.score > best) best = p.score;
  return best;
}

}  // namespace

std::size_t filter_negatives(const NegativeFilter& filter, data::TrainingExample& example) {
  auto& negatives = example.negatives;
  const std::size_t before = negatives.size();
  const double positive = best_positive_score(example);
  std::erase_if(negatives, [&](const auto& n) {
    const bool own = std::any_of(example.positives.begin(), example.positives.end(),
                                 [&](const auto& p) { return p.text == n.text; });
    if (own || std::isnan(n.score)) return own;
    if (filter.max_score && n.score > *filter.max_score) return true;
    if (std::isnan(positive)) return false;
    if (filter.use_margin && n.score > positive - filter.margin) return true;
    return filter.ratio > 0 && n.score > filter.ratio * positive;
  });
  if (filter.top_k > 0 && negatives.size() > filter.top_k) {
    std::stable_sort(negatives.begin(), negatives.end(),
                     [](const auto& a, const auto& b) { return a.score > b.score; });
    negatives.resize(filter.top_k);
  }
  return before - negatives.size();
}

std::vector<std::uint64_t> conflict_keys(const data::TrainingExample& example) {
  std::vector<std::uint64_t> keys = {xxh3(example.question, 1)};
  if (!example.group.empty()) keys.push_back(xxh3(example.group, 2));
  for (const auto& p : example.positives) keys.push_back(xxh3(p.text, 1));
  return keys;
}

double DataSummary::copies(const std::string& language, double temperature) const {
  if (temperature == 1) return 1;
  double weights = 0;
  for (const auto& [name, count] : languages)
    weights += std::pow(static_cast<double>(count), 1 / temperature);
  const auto found = languages.find(language);
  const double count = found == languages.end() ? 0 : static_cast<double>(found->second);
  if (count == 0) return 0;
  return static_cast<double>(used) * std::pow(count, 1 / temperature) / weights / count;
}

double DataSummary::epoch_rows(double temperature) const {
  double met = 0;
  for (const auto& [name, count] : languages)
    met += static_cast<double>(count) * copies(name, temperature);
  return met;
}

Result<DataSummary> survey(const BatchOptions& options) {
  DataSummary summary;
  std::string first_without;
  for (const auto& file : options.files) {
    CT_TRY(auto reader, data::TrainingReader::open(file, {}, options.corpus.get()));
    data::TrainingExample example;
    while (true) {
      if (interrupt_requested()) return Error{ErrorCode::Interrupted, "interrupted"};
      CT_TRY(const bool more, reader.next(example));
      if (!more) break;
      ++summary.rows;
      if (!example.split.empty() && example.split != options.split) {
        ++summary.other_split;
        continue;
      }
      if (options.needs_positives && example.positives.empty()) {
        if (summary.without_positives++ == 0)
          first_without = file + ":" + std::to_string(example.line);
        continue;
      }
      summary.dropped_negatives += filter_negatives(options.negatives, example);
      summary.negatives += example.negatives.size();
      ++summary.used;
      ++summary.languages[example.language];
    }
  }
  if (summary.without_positives > 0)
    return Error{ErrorCode::InvalidArgument,
                 std::to_string(summary.without_positives) + " of " + std::to_string(summary.rows) +
                     " rows have no positive passage, the first at " + first_without +
                     ": give each row one (positive, pos, positive_passages, answer), or take "
                     "these rows out"};
  if (summary.used == 0)
    return Error{ErrorCode::InvalidArgument, "no row to train on: " + std::to_string(summary.rows) +
                                                 " rows read, " +
                                                 std::to_string(summary.other_split) +
                                                 " of another split than " + options.split};
  return summary;
}

std::uint64_t BatchStream::random(std::uint64_t below) {
  return nn::mix(nn::mix(options_.seed, epoch_), draws_++) % below;
}

void BatchStream::put(Row row) {
  waiting_bytes_ += row.bytes;
  ++waiting_rows_;
  waiting_[options_.homogeneous ? row.example.language : std::string()].push_back(std::move(row));
}

/// Reads one row and puts as many copies of it as the temperature gives its language: the whole
/// part of the expectation, and one more by chance.
Result<bool> BatchStream::read_row() {
  while (true) {
    if (!reader_) {
      if (file_ == options_.files.size()) return false;
      CT_TRY(reader_, data::TrainingReader::open(options_.files[file_], {}, options_.corpus.get()));
    }
    Row row;
    CT_TRY(const bool more, reader_->next(row.example));
    if (!more) {
      reader_.reset();
      ++file_;
      continue;
    }
    auto& e = row.example;
    if (!e.split.empty() && e.split != options_.split) continue;
    row.number = row_number_++;
    filter_negatives(options_.negatives, e);
    row.bytes = bytes_of(e);
    const double copies = summary_.copies(e.language, options_.temperature);
    const auto whole = static_cast<std::uint64_t>(copies);
    const double chance =
        static_cast<double>(nn::mix(nn::mix(options_.seed ^ 0xC0, epoch_), row.number) >> 11) *
        0x1p-53;
    const std::uint64_t times = whole + (chance < copies - static_cast<double>(whole) ? 1 : 0);
    for (std::uint64_t i = 0; i < times; ++i) {
      Row copy = row;
      copy.number = nn::mix(row.number, i);
      put(std::move(copy));
    }
    return true;
  }
}

Status BatchStream::fill() {
  while (!epoch_read_ && waiting_rows_ < options_.buffer_rows &&
         waiting_bytes_ < options_.buffer_bytes) {
    CT_TRY(const bool more, read_row());
    epoch_read_ = !more;
  }
  return {};
}

/// In proportion to the rows that wait, among the languages that can fill a batch if there are any.
std::vector<BatchStream::Row>* BatchStream::choose_language() {
  std::uint64_t full = 0, any = 0;
  for (const auto& [name, rows] : waiting_) {
    any += rows.size();
    if (rows.size() >= options_.batch_size) full += rows.size();
  }
  std::uint64_t at = random(full > 0 ? full : any);
  for (auto& [name, rows] : waiting_) {
    if (full > 0 && rows.size() < options_.batch_size) continue;
    if (at < rows.size()) return &rows;
    at -= rows.size();
  }
  return nullptr;
}

BatchStream::Row BatchStream::take(std::vector<Row>& rows) {
  std::swap(rows[random(rows.size())], rows.back());
  Row row = std::move(rows.back());
  rows.pop_back();
  --waiting_rows_;
  waiting_bytes_ -= row.bytes;
  return row;
}

/// One positive, and at most so many negatives, drawn by the row's number in the epoch.
data::TrainingExample BatchStream::drawn(Row row) const {
  auto e = std::move(row.example);
  std::uint64_t state = nn::mix(nn::mix(options_.seed ^ 0xD1, epoch_), row.number);
  const auto next = [&state](std::size_t below) { return (state = nn::mix(state, 1)) % below; };
  if (e.positives.size() > 1 && !options_.all_positives) {
    std::swap(e.positives[0], e.positives[next(e.positives.size())]);
    e.positives.resize(1);
  }
  const std::size_t count = std::min(options_.negatives.count, e.negatives.size());
  for (std::size_t i = 0; i < count; ++i)
    std::swap(e.negatives[i], e.negatives[i + next(e.negatives.size() - i)]);
  e.negatives.resize(count);
  return e;
}

Result<std::vector<data::TrainingExample>> BatchStream::next() {
  if (!started_ || (epoch_read_ && waiting_rows_ == 0)) {
    if (started_) ++epoch_;
    started_ = true;
    epoch_read_ = false;
    file_ = 0;
    row_number_ = draws_ = 0;
    reader_.reset();
  }
  CT_CHECK(fill());
  auto* rows = waiting_rows_ == 0 ? nullptr : choose_language();
  if (rows == nullptr)
    return Error{ErrorCode::InvalidArgument,
                 "the training files hold no rows any more: they changed during the run"};
  std::vector<data::TrainingExample> batch;
  std::vector<Row> aside;
  std::unordered_set<std::uint64_t> taken;
  while (batch.size() < options_.batch_size && !rows->empty()) {
    Row row = take(*rows);
    const auto keys = conflict_keys(row.example);
    if (std::any_of(keys.begin(), keys.end(), [&](auto k) { return taken.contains(k); })) {
      aside.push_back(std::move(row));
      continue;
    }
    taken.insert(keys.begin(), keys.end());
    batch.push_back(drawn(std::move(row)));
  }
  for (auto& row : aside) put(std::move(row));
  return batch;
}

}  // namespace crosstail::train
