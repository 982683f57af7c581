#include "markup/warc_input.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "markup/warc_record.h"

namespace crosstail::markup {

namespace {

constexpr std::size_t kSmallestWindow = std::size_t{512} << 10;
constexpr std::size_t kPiece = std::size_t{256} << 10;
constexpr std::size_t kMaxWhole = std::size_t{8} << 20;
/// Bytes that may be decoded in vain before looking for the next record starts behind them instead
/// of inside them; grows with what was decoded well. Keeps hostile files linear.
constexpr std::uint64_t kEffort = std::uint64_t{64} << 20, kEffortPerByte = 4;

}  // namespace

void ArchiveInput::feed(std::string_view raw, std::uint64_t offset, bool last) {
  raw_ = raw;
  raw_end_ = offset + raw.size();
  raw_last_ = last;
  fed();
}

void ArchiveInput::consume(std::size_t count) {
  begin_ += count;
  position_ += count;
  while (units_.size() > 1 && units_[1].position <= position_) units_.pop_front();
}

ArchiveInput::Fill ArchiveInput::fill() {
  return damaged_ ? Fill::Damaged : decode();
}

std::uint64_t ArchiveInput::offset() const {
  if (units_.empty()) return raw_position();
  const Unit& unit = units_.front();
  return byte_units_ ? unit.offset + (position_ - unit.position) : unit.offset;
}

void ArchiveInput::pass_damage() {
  consume(end_ - begin_);
  damaged_ = false;
  recover();
}

ArchiveInput::Fill ArchiveInput::damaged(std::uint64_t offset, std::string message) {
  damaged_ = true;
  damage_offset_ = offset;
  damage_ = std::move(message);
  return Fill::Damaged;
}

void ArchiveInput::start_unit(std::uint64_t offset) {
  const std::uint64_t position = position_ + (end_ - begin_);
  if (!units_.empty() && units_.back().position == position) units_.pop_back();
  units_.push_back({position, offset});
  if (begin_ == end_ && units_.size() > 1) units_.pop_front();
}

char* ArchiveInput::room(std::size_t count) {
  const std::size_t live = end_ - begin_;
  const bool borrowed = data_ != own_.get();
  const bool fits = own_ && live + count <= capacity_;
  if (!borrowed && own_ && capacity_ - end_ >= count) return own_.get() + end_;
  if (fits && (borrowed || live == 0 || begin_ >= live)) {
    if (live > 0) std::memmove(own_.get(), data_ + begin_, live);
  } else {
    const std::size_t wanted = std::max({kSmallestWindow, 2 * capacity_, live + count});
    auto grown = std::make_unique_for_overwrite<char[]>(wanted);
    if (live > 0) std::memcpy(grown.get(), data_ + begin_, live);
    own_ = std::move(grown);
    capacity_ = wanted;
  }
  data_ = own_.get();
  begin_ = 0;
  end_ = live;
  return own_.get() + end_;
}

void ArchiveInput::borrow(std::string_view bytes) {
  data_ = bytes.data();
  begin_ = 0;
  end_ = bytes.size();
}

void ArchiveInput::keep() {
  if (data_ != own_.get()) {
    if (begin_ == end_) {
      data_ = own_.get();
      begin_ = end_ = 0;
    } else {
      room(1);
    }
  }
}

void ArchiveInput::release() {
  keep();
  if (begin_ != end_) return;
  own_.reset();
  data_ = nullptr;
  begin_ = end_ = capacity_ = 0;
}

namespace {

class PlainInput : public ArchiveInput {
 public:
  PlainInput() { byte_units_ = true; }

 protected:
  Fill decode() override {
    if (raw_.empty()) return raw_last_ ? Fill::Ended : Fill::Starved;
    if (bytes().empty()) {
      start_unit(raw_position());
      borrow(raw_);
    } else {
      std::memcpy(room(raw_.size()), raw_.data(), raw_.size());
      append(raw_.size());
    }
    raw_ = {};
    at_unit_end_ = raw_last_;
    return Fill::More;
  }
  [[nodiscard]] bool in_unit() const override { return false; }
};

/// What gzip members and zstd frames have in common: finding the next one after damage.
class UnitInput : public ArchiveInput {
 protected:
  explicit UnitInput(std::unique_ptr<RecordFinder> finder) : finder_(std::move(finder)) {}

  [[nodiscard]] bool in_unit() const override { return in_unit_ || !held_.empty(); }

  void fed() override {
    if (!held_.empty()) {
      held_.append(raw_);
      joined_ = std::move(held_);
      held_.clear();
      raw_ = joined_;
    }
    piece_ = raw_;
    unit_ = piece_;
  }

  void begin_unit() {
    unit_ = raw_;
    unit_offset_ = raw_position();
    start_unit(unit_offset_);
    in_unit_ = true;
    at_unit_end_ = false;
  }

  void end_unit() {
    in_unit_ = false;
    at_unit_end_ = true;
    effort_ += kEffortPerByte * (unit_.size() - raw_.size());
  }

  Fill broken(std::string message) {
    in_unit_ = false;
    return damaged(unit_offset_, std::move(message));
  }

  Fill input_ended(std::string_view unit_name) {
    if (!raw_last_) return Fill::Starved;
    if (in_unit_) return broken(std::string(unit_name) + " is cut off by the end of the file");
    return Fill::Ended;
  }

  void recover() override {
    lost_ = true;
    const std::uint64_t cost = unit_.size() - raw_.size();
    if (cost > effort_) return;
    effort_ -= cost;
    if (unit_.empty()) return;
    raw_ = unit_.data() == piece_.data() && unit_offset_ != raw_end_ - piece_.size()
               ? piece_  // the unit started in an earlier piece
               : unit_.substr(1);
  }

  /// False if the next record is not in this piece.
  bool found_again() {
    if (!lost_) return true;
    const std::size_t at = finder_->first(raw_, !raw_last_);
    raw_.remove_prefix(std::min(at, raw_.size()));
    if (raw_.empty()) return false;
    if (finder_->check(raw_) == RecordThere::CutOff) {
      held_ = raw_;
      raw_ = {};
      return false;
    }
    lost_ = false;
    return true;
  }

 private:
  std::unique_ptr<RecordFinder> finder_;
  std::string_view piece_, unit_;  ///< all that was fed; from the unit's start on (or its rest)
  std::string held_, joined_;
  std::uint64_t unit_offset_ = 0, effort_ = kEffort;
  bool in_unit_ = false, lost_ = false;

 protected:
  bool output_full_ = false;  ///< the unit has more to give without more input
};

class GzipInput : public UnitInput {
 public:
  GzipInput() : UnitInput(gzip_record_finder()) {}

 protected:
  Fill decode() override {
    using Outcome = PieceInflater::Outcome;
    for (;;) {
      if (!found_again() || (raw_.empty() && !output_full_)) return input_ended("gzip member");
      if (!in_unit()) {
        raw_.remove_prefix(std::min(raw_.find_first_not_of('\0'), raw_.size()));
        if (raw_.empty()) continue;
        begin_unit();
        if (raw_.front() != '\x1f') return broken("no gzip member starts here");
        const std::size_t before = bytes().size();
        if (inflate_whole()) {
          if (bytes().size() == before) continue;
          return Fill::More;
        }
        if (!inflater_) inflater_ = std::make_unique<PieceInflater>();
        inflater_->reset(DeflateFormat::Gzip);
      }
      const auto step = inflater_->inflate(raw_, room(kPiece), kPiece);
      raw_.remove_prefix(step.consumed);
      append(step.produced);
      output_full_ = step.outcome == Outcome::OutputFull;
      if (step.outcome == Outcome::Damaged)
        return broken("gzip member: " + std::string(inflater_->problem()));
      if (step.outcome == Outcome::Done) end_unit();
      if (step.produced > 0) return Fill::More;
    }
  }

 private:
  /// The usual way: the member lies in raw_ and is no larger than a record may be.
  bool inflate_whole() {
    using Outcome = WholeInflater::Outcome;
    for (std::size_t wanted = kPiece; wanted <= kMaxWhole; wanted *= 4) {
      char* out = room(wanted);
      const auto whole = whole_.inflate(DeflateFormat::Gzip, raw_, out, capacity_left());
      if (whole.outcome == Outcome::Done) {
        raw_.remove_prefix(whole.consumed);
        append(whole.produced);
        end_unit();
        return true;
      }
      if (whole.outcome == Outcome::Damaged) return false;
      wanted = std::max(wanted, capacity_left());
    }
    return false;
  }

  WholeInflater whole_;
  std::unique_ptr<PieceInflater> inflater_;
};

class ZstdInput : public UnitInput {
 public:
  explicit ZstdInput(std::shared_ptr<const ZstdDictionary> dictionary)
      : UnitInput(zstd_record_finder(dictionary)), inflater_(std::move(dictionary)) {}

 protected:
  Fill decode() override {
    using Outcome = ZstdInflater::Outcome;
    for (;;) {
      if (!found_again() || (raw_.empty() && !output_full_)) return input_ended("zstd frame");
      if (!in_unit()) {
        begin_unit();
        inflater_.reset();
      }
      char* out = room(kPiece);
      const auto step = inflater_.inflate(raw_, out, capacity_left());
      raw_.remove_prefix(step.consumed);
      append(step.produced);
      output_full_ = step.outcome == Outcome::OutputFull;
      if (step.outcome == Outcome::Damaged)
        return broken("zstd frame: " + std::string(inflater_.problem()));
      if (step.outcome == Outcome::FrameDone) end_unit();
      if (step.produced > 0) return Fill::More;
    }
  }

 private:
  ZstdInflater inflater_;
};

}  // namespace

std::unique_ptr<ArchiveInput> plain_input() {
  return std::make_unique<PlainInput>();
}
std::unique_ptr<ArchiveInput> gzip_input() {
  return std::make_unique<GzipInput>();
}
std::unique_ptr<ArchiveInput> zstd_input(std::shared_ptr<const ZstdDictionary> dictionary) {
  return std::make_unique<ZstdInput>(std::move(dictionary));
}

}  // namespace crosstail::markup
