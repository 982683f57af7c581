#include "text/normalizer_unicode.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace crosstail::text::unicode {

namespace {

#include "text/normalizer_table.inc"

/// True for characters that Unicode 9 had: the others neither decompose nor compose.
bool known_to_unicode_9(char32_t c) {
  UVersionInfo age;
  u_charAge(static_cast<UChar32>(c), age);
  return age[0] != 0 && age[0] <= 9;
}

const icu::Normalizer2* data_of(Form form) {
  UErrorCode status = U_ZERO_ERROR;
  return form == Form::Nfc || form == Form::Nfd ? icu::Normalizer2::getNFCInstance(status)
                                                : icu::Normalizer2::getNFKCInstance(status);
}

struct Decomposed {
  char32_t c;
  int change;
  std::uint8_t combining_class;
};

/// Collects a decomposition, puts marks into canonical order, and composes if asked.
class FormWriter {
 public:
  FormWriter(Form form, std::vector<Change>& out)
      : data_(data_of(form)), composes_(form == Form::Nfc || form == Form::Nfkc), out_(out) {}

  void add(char32_t c) {
    if (c >= 0x80 && known_to_unicode_9(c) && data_ != nullptr) {
      decomposed_.remove();
      if (data_->getDecomposition(static_cast<UChar32>(c), decomposed_)) {
        for (int32_t i = 0; i < decomposed_.length();) {
          const UChar32 part = decomposed_.char32At(i);
          push(static_cast<char32_t>(part), i == 0 ? 0 : 1);
          i += U16_LENGTH(part);
        }
        return;
      }
    }
    push(c, 0);
  }

  void flush() {
    sort_pending();
    for (const Decomposed& d : pending_) emit(d);
    pending_.clear();
    if (starter_) out_.push_back(*std::exchange(starter_, nullptr));
    for (const Change& mark : marks_) out_.push_back(mark);
    marks_.clear();
  }

 private:
  void push(char32_t c, int change) {
    const auto combining_class = c < 0x300 || !known_to_unicode_9(c) || data_ == nullptr
                                     ? std::uint8_t{0}
                                     : data_->getCombiningClass(static_cast<UChar32>(c));
    if (combining_class == 0) {
      sort_pending();
      for (const Decomposed& d : pending_) emit(d);
      pending_.clear();
    }
    pending_.push_back({c, change, combining_class});
  }

  // Insertion would be quadratic on a text of marks only; std::stable_sort is not.
  void sort_pending() {
    std::stable_sort(pending_.begin(), pending_.end(),
                     [](const Decomposed& a, const Decomposed& b) {
                       return a.combining_class < b.combining_class;
                     });
  }

  // The canonical composition algorithm (Unicode Standard §3.11, D117), one decomposed character
  // at a time: `starter_` waits for marks that compose with it, `marks_` are those that did not.
  void emit(const Decomposed& d) {
    if (!composes_) {
      out_.push_back({d.c, d.change});
      return;
    }
    if (!starter_) {
      if (d.combining_class != 0) {
        out_.push_back({d.c, d.change});
      } else {
        hold(d);
      }
      return;
    }
    const bool blocked = !marks_.empty() && last_class_ >= d.combining_class;
    if (!blocked && compose(d)) return;
    if (d.combining_class == 0) {
      out_.push_back(*starter_);
      for (const Change& mark : marks_) out_.push_back(mark);
      marks_.clear();
      hold(d);
      return;
    }
    marks_.push_back({d.c, d.change});
    last_class_ = d.combining_class;
  }

  void hold(const Decomposed& d) {
    held_ = {d.c, d.change};
    starter_ = &held_;
  }

  bool compose(const Decomposed& d) {
    if (data_ == nullptr) return false;
    const UChar32 composed =
        data_->composePair(static_cast<UChar32>(starter_->c), static_cast<UChar32>(d.c));
    if (composed < 0 || !known_to_unicode_9(static_cast<char32_t>(composed))) return false;
    held_ = {static_cast<char32_t>(composed), held_.change + d.change - 1};
    return true;
  }

  const icu::Normalizer2* data_;
  bool composes_;
  std::vector<Change>& out_;
  icu::UnicodeString decomposed_;
  std::vector<Decomposed> pending_;
  Change held_{};
  Change* starter_ = nullptr;
  std::vector<Change> marks_;
  std::uint8_t last_class_ = 0;
};

}  // namespace

const FlagTable& FlagTable::get() {
  static const FlagTable table;
  return table;
}

FlagTable::FlagTable() {
  std::size_t run = 0;
  Block block{};
  for (std::uint32_t c = 0; c < 0x110000; ++c) {
    if (run + 1 < std::size(kRuns) && c >= kRuns[run + 1] >> 6) ++run;
    block.flags[c & 127] = kFlagSets[kRuns[run] & 63];
    if ((c & 127) != 127) continue;
    // Equal neighbours (ideographs, private use) share a block; that is most of the saving.
    if (blocks_.empty() || !(blocks_.back() == block)) blocks_.push_back(block);
    index_[c >> 7] = static_cast<std::uint16_t>(blocks_.size() - 1);
  }
}

int lower(char32_t c, char32_t out[2]) {
  out[1] = 0;
  if (c < 0x80) {
    out[0] = c >= 'A' && c <= 'Z' ? c + 32 : c;
    return 1;
  }
  if (c == 0x130) {
    out[0] = 'i';
    out[1] = 0x307;
    return 2;
  }
  // Cased letters of Unicode 16 and 17, which ICU 72 does not know.
  switch (c) {
    case 0xA7CB:
      out[0] = 0x264;
      return 1;
    case 0xA7DC:
      out[0] = 0x19B;
      return 1;
    case 0x1C89:
    case 0xA7CC:
    case 0xA7CE:
    case 0xA7D2:
    case 0xA7D4:
    case 0xA7DA:
      out[0] = c + 1;
      return 1;
    default:
      break;
  }
  if (c >= 0x10D50 && c <= 0x10D65) {
    out[0] = c + 0x20;
  } else if (c >= 0x16EA0 && c <= 0x16EB8) {
    out[0] = c + 0x1B;
  } else {
    out[0] = static_cast<char32_t>(u_tolower(static_cast<UChar32>(c)));
  }
  return 1;
}

void normalize(std::string_view text, Form form, std::vector<Change>& out) {
  FormWriter writer(form, out);
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) writer.add(decode(p));
  writer.flush();
}

}  // namespace crosstail::text::unicode
