#include "markup/warc_reader.h"

#include <algorithm>
#include <utility>

namespace crosstail::markup {

namespace {

constexpr std::size_t kHttpHead = 4096;

std::size_t count_line_ends(std::string_view bytes) {
  return std::min(bytes.find_first_not_of("\r\n"), bytes.size());
}

bool is_record_end(std::string_view line_ends) {
  return line_ends == "\r\n\r\n" || line_ends == "\n\n";
}

std::string_view without_line_ends(std::string_view block) {
  const auto last = block.find_last_not_of("\r\n");
  return block.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

}  // namespace

RecordReader::RecordReader(std::unique_ptr<ArchiveInput> input, ArchiveFormat format,
                           std::size_t max_record_bytes)
    : input_(std::move(input)), max_record_bytes_(max_record_bytes), format_(format) {}

RecordReader::Event RecordReader::next() {
  input_->consume(std::exchange(pending_, 0));
  for (;;) {
    std::optional<Event> event;
    switch (state_) {
      case State::Between:
        event = between();
        break;
      case State::Record:
        event = record();
        break;
      case State::Length:
        event = find_length();
        break;
      case State::Skip:
        event = skip();
        break;
      case State::Resync:
        event = resync();
        break;
    }
    if (event) return *event;
  }
}

bool RecordReader::between_records() const {
  return (state_ == State::Between || state_ == State::Resync) && input_->between_units() &&
         (state_ == State::Resync || input_->bytes().empty());
}

void RecordReader::suspend() {
  if (input_->bytes().empty()) {
    input_->release();
  } else {
    input_->keep();
  }
}

RecordReader::Event RecordReader::report(std::uint64_t offset, std::string message, State next) {
  damage_ = {offset, std::move(message)};
  state_ = next;
  return Event::Damage;
}

RecordReader::Event RecordReader::hard_end(Fill fill) {
  if (fill == Fill::Damaged) {
    std::string message = input_->damage();
    const std::uint64_t offset = input_->damage_offset();
    input_->pass_damage();
    return report(offset, std::move(message), State::Between);
  }
  const std::uint64_t offset = input_->offset();
  input_->consume(input_->bytes().size());
  return report(offset, "the last record is cut off by the end of the file", State::Between);
}

std::optional<RecordReader::Event> RecordReader::want_more() {
  const Fill fill = input_->fill();
  if (fill == Fill::More) return std::nullopt;
  return fill == Fill::Starved ? Event::Starved : hard_end(fill);
}

std::optional<RecordReader::Event> RecordReader::between() {
  input_->consume(count_line_ends(input_->bytes()));
  if (!input_->bytes().empty()) {
    state_ = State::Record;
    return std::nullopt;
  }
  const Fill fill = input_->fill();
  if (fill == Fill::More) return std::nullopt;
  if (fill == Fill::Ended) return Event::Ended;
  return fill == Fill::Starved ? Event::Starved : hard_end(fill);
}

std::optional<RecordReader::Event> RecordReader::record() {
  const std::string_view bytes = input_->bytes();
  offset_ = input_->offset();
  switch (read_record_head(bytes, head_)) {
    case HeadOutcome::NotAHead:
      return report(offset_, "no record starts here; looking for the next one", State::Resync);
    case HeadOutcome::Incomplete:
      return want_more();
    case HeadOutcome::Complete:
      break;
  }
  format_ = head_.format;
  if (!head_.content_length)
    return report(offset_, "a record without Content-Length", State::Length);
  const std::uint64_t length = *head_.content_length;
  if (length > max_record_bytes_) return start_skip();
  if (bytes.size() - head_.size >= length) return check_end();
  const Fill fill = input_->fill();
  if (fill == Fill::More) return std::nullopt;
  if (fill == Fill::Starved) return Event::Starved;
  // Where another record starts in what should be this one's block, the length is wrong; else the
  // record is cut off.
  if (find_record_start(bytes, head_.size - 1, format_) == std::string_view::npos)
    return hard_end(fill);
  return report(offset_, "a record with a wrong Content-Length", State::Length);
}

/// The block is there. Line ends and another record must follow, or nothing.
std::optional<RecordReader::Event> RecordReader::check_end() {
  const std::size_t end = head_.size + static_cast<std::size_t>(*head_.content_length);
  const std::string_view bytes = input_->bytes();
  const std::size_t gap = count_line_ends(bytes.substr(end));
  const std::string_view after = bytes.substr(end + gap);
  if (after.empty() ? input_->at_unit_end() : starts_record(after)) return deliver(end, end + gap);
  if (!after.empty() && !starts_record(after, true)) {
    // With the two line ends of the format behind it, the length is right and garbage follows.
    if (is_record_end(bytes.substr(end, gap))) return deliver(end, end + gap);
    return report(offset_, "a record with a wrong Content-Length", State::Length);
  }
  const Fill fill = input_->fill();
  if (fill == Fill::More) return std::nullopt;
  // Chunks of an archive end behind line ends, so nothing is the rule here; a beginning that may
  // yet become a record is worth waiting for.
  if (fill == Fill::Starved && !after.empty()) return Event::Starved;
  return deliver(end, end + gap);
}

RecordReader::Event RecordReader::deliver(std::size_t block_end, std::size_t next) {
  block_ = input_->bytes().substr(head_.size, block_end - head_.size);
  pending_ = next;
  state_ = State::Between;
  return Event::Record;
}

/// Nothing states where the record ends: it does where the next one starts, or its member ends.
std::optional<RecordReader::Event> RecordReader::find_length() {
  std::size_t searched = 0;
  for (;;) {
    const std::string_view bytes = input_->bytes();
    read_record_head(bytes, head_);
    const std::size_t next = find_record_start(bytes, std::max(searched, head_.size - 1), format_);
    if (next != std::string_view::npos)
      return deliver(
          head_.size + without_line_ends(bytes.substr(head_.size, next - head_.size)).size(), next);
    if (bytes.size() - head_.size > max_record_bytes_) {
      pending_ = bytes.size() - undecided_tail(bytes, format_);
      state_ = State::Resync;
      return Event::TooLarge;
    }
    const bool at_end = input_->at_unit_end();
    const Fill fill = at_end ? Fill::Ended : input_->fill();
    if (fill == Fill::Ended)
      return deliver(head_.size + without_line_ends(bytes.substr(head_.size)).size(), bytes.size());
    if (fill == Fill::Starved) return Event::Starved;
    if (fill == Fill::Damaged) return hard_end(fill);
    searched = bytes.size() - undecided_tail(bytes, format_);
  }
}

RecordReader::Event RecordReader::start_skip() {
  // A stored archive holds what looks like records of this one.
  const std::string_view front = input_->bytes().substr(0, head_.size + kHttpHead);
  holds_archive_ =
      front.find("warc") != std::string_view::npos || front.find("x-arc") != std::string_view::npos;
  pending_ = head_.size;
  skip_left_ = *head_.content_length;
  state_ = State::Skip;
  return Event::TooLarge;
}

std::optional<RecordReader::Event> RecordReader::skip() {
  const std::string_view bytes = input_->bytes();
  const std::string_view span =
      bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(skip_left_, bytes.size())));
  if (!holds_archive_) {
    const std::size_t next = find_record_start(span, 0, format_);
    if (next != std::string_view::npos) {
      input_->consume(next);
      return report(offset_, "a record with a wrong Content-Length", State::Between);
    }
  }
  const std::size_t kept = skip_left_ > span.size() ? undecided_tail(span, format_) : 0;
  input_->consume(span.size() - kept);
  skip_left_ -= span.size() - kept;
  if (skip_left_ > 0) return want_more();
  state_ = State::Between;
  return std::nullopt;
}

std::optional<RecordReader::Event> RecordReader::resync() {
  const std::string_view bytes = input_->bytes();
  const std::size_t next = find_record_start(bytes, 0, format_);
  if (next != std::string_view::npos) {
    input_->consume(next);
    state_ = State::Record;
    return std::nullopt;
  }
  input_->consume(bytes.size() - undecided_tail(bytes, format_));
  const Fill fill = input_->fill();
  if (fill == Fill::More) return std::nullopt;
  if (fill == Fill::Ended) return Event::Ended;
  return fill == Fill::Starved ? Event::Starved : hard_end(fill);
}

}  // namespace crosstail::markup
