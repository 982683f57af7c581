#pragma once
/// Record after record out of an ArchiveInput, over damage and records of any size.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "markup/warc_chunks.h"
#include "markup/warc_input.h"
#include "markup/warc_record.h"

namespace crosstail::markup {

/// Can stop anywhere for want of input and go on when there is more. Not thread-safe.
class RecordReader {
 public:
  enum class Event : std::uint8_t {
    Record,    ///< head() and block() are valid until the next call
    TooLarge,  ///< head() is; the block is passed over
    Damage,    ///< see damage()
    Starved,   ///< feed() more
    Ended,
  };

  /// `format`: what to look for where no record is.
  RecordReader(std::unique_ptr<ArchiveInput> input, ArchiveFormat format,
               std::size_t max_record_bytes);

  void feed(std::string_view raw, std::uint64_t offset, bool last) {
    input_->feed(raw, offset, last);
  }
  Event next();

  [[nodiscard]] const RecordHead& head() const { return head_; }
  [[nodiscard]] std::string_view block() const { return block_; }
  [[nodiscard]] std::uint64_t offset() const {
    return offset_;
  }  ///< where the record can be entered
  [[nodiscard]] const ArchiveDamage& damage() const { return damage_; }
  [[nodiscard]] std::uint64_t decoded() const { return input_->decoded(); }

  /// The next byte to be fed begins a record, or will be taken for one if it can be: whoever starts
  /// reading there finds the same.
  [[nodiscard]] bool between_records() const;
  /// Call when Starved, before the bytes that were fed go away.
  void suspend();

 private:
  enum class State : std::uint8_t { Between, Record, Length, Skip, Resync };
  using Fill = ArchiveInput::Fill;

  std::optional<Event> between();
  std::optional<Event> record();
  std::optional<Event> check_end();
  std::optional<Event> find_length();
  Event start_skip();
  std::optional<Event> skip();
  std::optional<Event> resync();
  Event deliver(std::size_t block_end, std::size_t next);
  Event report(std::uint64_t offset, std::string message, State next);
  /// After fill() said that nothing more comes: passes the input's damage, or tells of a record
  /// that is cut off.
  Event hard_end(Fill fill);
  /// Nothing if there is more.
  std::optional<Event> want_more();

  std::unique_ptr<ArchiveInput> input_;
  std::size_t max_record_bytes_;
  ArchiveFormat format_;
  State state_ = State::Between;
  RecordHead head_;
  std::string_view block_;
  std::size_t pending_ = 0;  ///< bytes of the record last delivered, to be consumed
  std::uint64_t offset_ = 0, skip_left_ = 0;
  bool holds_archive_ = false;
  ArchiveDamage damage_;
};

}  // namespace crosstail::markup
