#pragma once
/// The decoded bytes of an archive, in a window that grows as far as a record needs, with the place
/// in the file where each byte comes from. One subclass a container: plain, gzip, zstd.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/gzip.h"
#include "base/zstd_frames.h"

namespace crosstail::markup {

/// Bytes of the file come in by feed(), piece after piece; decoded bytes go out by bytes() and
/// consume(). When decoding meets damage, the bytes before it can still be read; then
/// pass_damage() goes on behind it, at the next place where a record starts.
class ArchiveInput {
 public:
  enum class Fill : std::uint8_t {
    More,     ///< bytes() has grown
    Starved,  ///< feed() more
    Ended,    ///< the archive ends here
    Damaged,  ///< and stays so until pass_damage()
  };

  virtual ~ArchiveInput() = default;
  ArchiveInput(const ArchiveInput&) = delete;
  ArchiveInput& operator=(const ArchiveInput&) = delete;

  /// The next bytes of the file, which begin at `offset`; borrowed until Starved or Ended.
  void feed(std::string_view raw, std::uint64_t offset, bool last);

  [[nodiscard]] std::string_view bytes() const { return {data_ + begin_, end_ - begin_}; }
  void consume(std::size_t count);
  Fill fill();

  /// Where the unit (member, frame, or byte) starts that the first of bytes() is in.
  [[nodiscard]] std::uint64_t offset() const;
  /// bytes() end where a member or frame ends.
  [[nodiscard]] bool at_unit_end() const { return at_unit_end_; }
  /// Decoding is neither inside a member or frame nor at damage that was not passed.
  [[nodiscard]] bool between_units() const { return !in_unit() && !damaged_; }

  [[nodiscard]] std::uint64_t damage_offset() const { return damage_offset_; }
  [[nodiscard]] const std::string& damage() const { return damage_; }
  /// Drops what is left of bytes() and goes on behind the damage.
  void pass_damage();

  /// Copies what is still borrowed from the last feed(), whose bytes may then go away.
  void keep();
  /// Gives memory back that is not needed now.
  void release();
  [[nodiscard]] std::uint64_t decoded() const { return position_ + (end_ - begin_); }

 protected:
  ArchiveInput() = default;

  /// Decodes something more into the window, or says why not.
  virtual Fill decode() = 0;
  [[nodiscard]] virtual bool in_unit() const = 0;
  /// A new piece was fed.
  virtual void fed() {}
  /// Goes behind the damage.
  virtual void recover() {}

  /// Room for at least `count` more bytes behind end_.
  char* room(std::size_t count);
  [[nodiscard]] std::size_t capacity_left() const { return capacity_ - end_; }
  void append(std::size_t count) { end_ += count; }
  void borrow(std::string_view bytes);
  void start_unit(std::uint64_t offset);
  Fill damaged(std::uint64_t offset, std::string message);
  [[nodiscard]] std::uint64_t raw_position() const { return raw_end_ - raw_.size(); }

  std::string_view raw_;       ///< fed, not yet decoded
  std::uint64_t raw_end_ = 0;  ///< offset in the file of the end of raw_
  bool raw_last_ = false;
  bool at_unit_end_ = false;

 private:
  struct Unit {
    std::uint64_t position, offset;
  };
  const char* data_ = nullptr;
  std::size_t begin_ = 0, end_ = 0, capacity_ = 0;
  std::unique_ptr<char[]> own_;
  std::uint64_t position_ = 0;  ///< of begin_, in decoded bytes
  std::deque<Unit> units_;
  bool damaged_ = false;
  std::uint64_t damage_offset_ = 0;
  std::string damage_;

 protected:
  bool byte_units_ = false;  ///< every byte is a unit: plain files
};

std::unique_ptr<ArchiveInput> plain_input();
std::unique_ptr<ArchiveInput> gzip_input();
std::unique_ptr<ArchiveInput> zstd_input(std::shared_ptr<const ZstdDictionary> dictionary);

/// Whether a member (frame) that holds the beginning of a record starts at the first byte.
enum class RecordThere : std::uint8_t { Yes, No, CutOff };

/// Finds members (frames) that hold the beginning of a record.
class RecordFinder {
 public:
  virtual ~RecordFinder() = default;
  /// Position of the first that is one, or (`or_cut_off`) is cut off before that is certain; npos
  /// if there is none.
  std::size_t first(std::string_view raw, bool or_cut_off);
  /// Position of the last one after the first byte that certainly is one; npos if there is none
  /// among the last 256 places that look like it.
  std::size_t last(std::string_view raw);
  virtual RecordThere check(std::string_view raw) = 0;

 protected:
  explicit RecordFinder(std::string_view magic) : magic_(magic) {}

 private:
  std::string_view magic_;
};

std::unique_ptr<RecordFinder> gzip_record_finder();
std::unique_ptr<RecordFinder> zstd_record_finder(std::shared_ptr<const ZstdDictionary> dictionary);

}  // namespace crosstail::markup
