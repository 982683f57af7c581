// The decoders of the Encoding standard, §9 to §14, over whole pages in memory.
#include "markup/encoding.h"
#include "markup/encoding_tables.h"
#include "text/utf8.h"

namespace crosstail::markup {
namespace {

/// The bytes, the place in them, and the text so far: what every decoder works on.
class Decoding {
 public:
  Decoding(std::string_view bytes, std::string& out) : bytes_(bytes), out_(out) {}

  [[nodiscard]] bool at_end() const { return position_ >= bytes_.size(); }
  [[nodiscard]] unsigned peek() const { return static_cast<unsigned char>(bytes_[position_]); }
  unsigned take() { return static_cast<unsigned char>(bytes_[position_++]); }
  /// Gives back the last `count` bytes, to be read again.
  void put_back(std::size_t count) { position_ -= count; }

  void emit(char32_t code_point) { text::append_utf8(out_, code_point); }
  void error() {
    emit(0xFFFD);
    ++errors_;
  }
  /// Emits the value of a character that ended with `last`, or an error; an ASCII byte that does
  /// not belong to any character is read again.
  void emit_or_error(char32_t value, unsigned last) {
    if (value != 0) {
      emit(value);
      return;
    }
    error();
    if (last < 0x80) put_back(1);
  }
  /// Copies the ASCII bytes that follow.
  void ascii() {
    const std::size_t length = ascii_prefix(bytes_.substr(position_));
    out_.append(bytes_, position_, length);
    position_ += length;
  }
  [[nodiscard]] std::uint64_t errors() const { return errors_; }

 private:
  std::string_view bytes_;
  std::string& out_;
  std::size_t position_ = 0;
  std::uint64_t errors_ = 0;
};

bool within(unsigned byte, unsigned low, unsigned high) {
  return byte >= low && byte <= high;
}

/// Index jis0208 by its pointer, which Shift_JIS codes count in rows of 188.
char32_t jis0208(unsigned pointer) {
  const unsigned row = pointer / 188;
  const unsigned cell = pointer % 188;
  return shift_jis_table().at(row + (row < 0x1F ? 0x81 : 0xC1), cell + (cell < 0x3F ? 0x40 : 0x41));
}

void decode_single_byte(Decoding& in, Encoding encoding) {
  const SingleByteTable& table = single_byte_table(encoding);
  for (in.ascii(); !in.at_end(); in.ascii()) {
    const char16_t value = table[in.take() - 0x80];
    if (value == 0xFFFD) {
      in.error();
    } else {
      in.emit(value);
    }
  }
}

void decode_shift_jis(Decoding& in) {
  for (in.ascii(); !in.at_end(); in.ascii()) {
    const unsigned lead = in.take();
    if (lead == 0x80) {
      in.emit(lead);
    } else if (within(lead, 0xA1, 0xDF)) {
      in.emit(0xFF61 - 0xA1 + lead);
    } else if (lead == 0xA0 || lead > 0xFC || in.at_end()) {
      in.error();
    } else {
      const unsigned trail = in.take();
      const bool fits = within(trail, 0x40, 0x7E) || within(trail, 0x80, 0xFC);
      in.emit_or_error(fits ? shift_jis_table().at(lead, trail) : 0, trail);
    }
  }
}

void decode_euc_jp(Decoding& in) {
  for (in.ascii(); !in.at_end(); in.ascii()) {
    const unsigned lead = in.take();
    const bool is_lead = lead == 0x8E || lead == 0x8F || within(lead, 0xA1, 0xFE);
    if (!is_lead || in.at_end()) {
      in.error();
      continue;
    }
    unsigned trail = in.take();
    if (lead == 0x8E) {
      in.emit_or_error(within(trail, 0xA1, 0xDF) ? 0xFF61 - 0xA1 + trail : 0, trail);
      continue;
    }
    if (lead != 0x8F) {
      const bool fits = within(trail, 0xA1, 0xFE);
      in.emit_or_error(fits ? jis0208((lead - 0xA1) * 94 + trail - 0xA1) : 0, trail);
      continue;
    }
    if (!within(trail, 0xA1, 0xFE)) {
      in.emit_or_error(0, trail);
    } else if (in.at_end()) {
      in.error();
    } else {
      const unsigned row = trail;
      trail = in.take();
      in.emit_or_error(within(trail, 0xA1, 0xFE) ? jis0212_table().at(row, trail) : 0, trail);
    }
  }
}

void decode_euc_kr(Decoding& in) {
  for (in.ascii(); !in.at_end(); in.ascii()) {
    const unsigned lead = in.take();
    if (!within(lead, 0x81, 0xFE) || in.at_end()) {
      in.error();
      continue;
    }
    const unsigned trail = in.take();
    in.emit_or_error(within(trail, 0x41, 0xFE) ? euc_kr_table().at(lead, trail) : 0, trail);
  }
}

void decode_big5(Decoding& in) {
  for (in.ascii(); !in.at_end(); in.ascii()) {
    const unsigned lead = in.take();
    if (!within(lead, 0x81, 0xFE) || in.at_end()) {
      in.error();
      continue;
    }
    const unsigned trail = in.take();
    if (lead == 0x88 && (trail == 0x62 || trail == 0x64 || trail == 0xA3 || trail == 0xA5)) {
      in.emit(trail < 0x80 ? 0xCA : 0xEA);
      in.emit(trail == 0x62 || trail == 0xA3 ? 0x304 : 0x30C);
      continue;
    }
    const bool fits = within(trail, 0x40, 0x7E) || within(trail, 0xA1, 0xFE);
    in.emit_or_error(fits ? big5_table().at(lead, trail) : 0, trail);
  }
}

char32_t gb18030_four(unsigned first, unsigned second, unsigned third, unsigned fourth) {
  const std::size_t pointer =
      ((std::size_t{first - 0x81} * 10 + second - 0x30) * 126 + third - 0x81) * 10 + fourth - 0x30;
  if (pointer == 7457) return 0xE7C7;
  if (pointer < kGb18030Pointers) return gb18030_ranges()[pointer];
  if (pointer < 189000 || pointer > 1237575) return 0;
  return static_cast<char32_t>(0x10000 + pointer - 189000);
}

/// Behind a lead byte and a digit: two more bytes, or the digit is read again.
void decode_gb18030_four(Decoding& in, unsigned first, unsigned second) {
  if (in.at_end()) {
    in.error();
    return;
  }
  const unsigned third = in.take();
  if (!within(third, 0x81, 0xFE)) {
    in.error();
    in.put_back(2);
    return;
  }
  if (in.at_end()) {
    in.error();
    return;
  }
  const unsigned fourth = in.take();
  if (!within(fourth, 0x30, 0x39)) {
    in.error();
    in.put_back(3);
    return;
  }
  const char32_t value = gb18030_four(first, second, third, fourth);
  if (value == 0) {
    in.error();
  } else {
    in.emit(value);
  }
}

void decode_gb18030(Decoding& in) {
  for (in.ascii(); !in.at_end(); in.ascii()) {
    const unsigned lead = in.take();
    if (lead == 0x80) {
      in.emit(0x20AC);
    } else if (lead == 0xFF || in.at_end()) {
      in.error();
    } else {
      const unsigned trail = in.take();
      if (within(trail, 0x30, 0x39)) {
        decode_gb18030_four(in, lead, trail);
        continue;
      }
      const bool fits = within(trail, 0x40, 0x7E) || within(trail, 0x80, 0xFE);
      in.emit_or_error(fits ? gbk_table().at(lead, trail) : 0, trail);
    }
  }
}

/// ISO-2022-JP: escape sequences switch what bytes mean (§12.2.1).
class Iso2022JpDecoder {
 public:
  explicit Iso2022JpDecoder(Decoding& in) : in_(in) {}

  void run() {
    while (!in_.at_end()) {
      const unsigned byte = in_.take();
      if (byte == 0x1B) {
        escape();
      } else if (set_ == Set::Jis0208) {
        double_byte(byte);
      } else {
        single_byte(byte);
      }
    }
  }

 private:
  enum class Set { Ascii, Roman, Katakana, Jis0208 };

  void escape() {
    unsigned bytes[2] = {0, 0};
    std::size_t count = 0;
    while (count < 2 && !in_.at_end()) bytes[count++] = in_.take();
    Set next = Set::Ascii;
    bool known = count == 2;
    if (bytes[0] == '(' && bytes[1] == 'B') {
      next = Set::Ascii;
    } else if (bytes[0] == '(' && bytes[1] == 'J') {
      next = Set::Roman;
    } else if (bytes[0] == '(' && bytes[1] == 'I') {
      next = Set::Katakana;
    } else if (bytes[0] == '$' && (bytes[1] == '@' || bytes[1] == 'B')) {
      next = Set::Jis0208;
    } else {
      known = false;
    }
    if (!known) {
      in_.put_back(count);
      in_.error();
      output_ = true;
      return;
    }
    // Two escapes with nothing between them are an error too: a way to hide characters.
    if (!output_) in_.error();
    output_ = false;
    set_ = next;
  }

  void single_byte(unsigned byte) {
    output_ = true;
    if (set_ == Set::Katakana) {
      if (within(byte, 0x21, 0x5F)) {
        in_.emit(0xFF61 - 0x21 + byte);
      } else {
        in_.error();
      }
      return;
    }
    if (byte >= 0x80 || byte == 0x0E || byte == 0x0F) {
      in_.error();
    } else if (set_ == Set::Roman && byte == 0x5C) {
      in_.emit(0xA5);
    } else if (set_ == Set::Roman && byte == 0x7E) {
      in_.emit(0x203E);
    } else {
      in_.emit(byte);
    }
  }

  void double_byte(unsigned lead) {
    output_ = true;
    if (!within(lead, 0x21, 0x7E) || in_.at_end()) {
      in_.error();
      return;
    }
    const unsigned trail = in_.take();
    if (trail == 0x1B) {
      in_.error();
      escape();
      return;
    }
    const bool fits = within(trail, 0x21, 0x7E);
    const char32_t value = fits ? jis0208((lead - 0x21) * 94 + trail - 0x21) : 0;
    if (value == 0) {
      in_.error();
    } else {
      in_.emit(value);
    }
  }

  Decoding& in_;
  Set set_ = Set::Ascii;
  bool output_ = true;
};

void decode_utf16(Decoding& in, bool big_endian) {
  char32_t lead = 0;
  while (!in.at_end()) {
    const unsigned first = in.take();
    if (in.at_end()) {
      in.error();
      return;
    }
    const unsigned second = in.take();
    const char32_t unit = big_endian ? first << 8 | second : second << 8 | first;
    const bool is_trail = unit >= 0xDC00 && unit <= 0xDFFF;
    if (lead != 0) {
      if (is_trail) {
        in.emit(0x10000 + ((lead - 0xD800) << 10) + (unit - 0xDC00));
        lead = 0;
        continue;
      }
      in.error();
      lead = 0;
    }
    if (unit >= 0xD800 && unit <= 0xDBFF) {
      lead = unit;
    } else if (is_trail) {
      in.error();
    } else {
      in.emit(unit);
    }
  }
  if (lead != 0) in.error();
}

}  // namespace

std::uint64_t decode(std::string_view bytes, Encoding encoding, std::string& out) {
  out.reserve(out.size() + bytes.size() + bytes.size() / 2);
  Decoding in(bytes, out);
  switch (encoding) {
    case Encoding::Utf8: {
      std::uint64_t replaced = 0;
      out += text::repair_utf8(bytes, &replaced);
      return replaced;
    }
    case Encoding::Gbk:
    case Encoding::Gb18030:
      decode_gb18030(in);
      break;
    case Encoding::Big5:
      decode_big5(in);
      break;
    case Encoding::EucJp:
      decode_euc_jp(in);
      break;
    case Encoding::Iso2022Jp:
      Iso2022JpDecoder(in).run();
      break;
    case Encoding::ShiftJis:
      decode_shift_jis(in);
      break;
    case Encoding::EucKr:
      decode_euc_kr(in);
      break;
    case Encoding::Replacement:
      if (!bytes.empty()) in.error();
      break;
    case Encoding::Utf16Be:
      decode_utf16(in, true);
      break;
    case Encoding::Utf16Le:
      decode_utf16(in, false);
      break;
    default:
      decode_single_byte(in, encoding);
      break;
  }
  return in.errors();
}

}  // namespace crosstail::markup
