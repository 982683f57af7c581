#include "text/normalizer_text.h"

#include <algorithm>

#include "text/utf8.h"

namespace crosstail::text {

template <bool Track>
void Rewriter<Track>::replace(std::string_view old_part, std::string_view replacement) {
  if constexpr (!Track) {
    fresh_.text.append(replacement);
  } else {
    const auto old_count = static_cast<int>(count_code_points(old_part));
    const auto new_count = static_cast<int>(count_code_points(replacement));
    int index = 0;
    for (const char* p = replacement.data(); p < replacement.data() + replacement.size();) {
      changes_.push_back({unicode::decode(p), index++ >= old_count ? 1 : 0});
    }
    // With more characters than before, the last ones count as put in.
    if (new_count < old_count) swallow(old_count - new_count);
  }
}

template <bool Track>
void Rewriter<Track>::finish(std::size_t removed) {
  if constexpr (Track) apply_changes(old_, changes_, removed, fresh_);
}

template class Rewriter<true>;
template class Rewriter<false>;

void apply_changes(const AlignedText& old, std::span<const unicode::Change> changes,
                   std::size_t removed, AlignedText& fresh) {
  const char* const begin = old.text.data();
  const char* const end = begin + old.text.size();
  const char* consumed = begin;
  const auto skip = [&](std::size_t n) {
    for (; n > 0 && consumed < end; --n) consumed += unicode::sequence_size(*consumed);
  };
  skip(removed);
  for (const auto& [c, change] : changes) {
    const auto at = static_cast<std::size_t>(consumed - begin);
    TokenOffset stands_for{};
    if (change > 0) {
      if (at >= 1) stands_for = old.align[at - 1];
    } else {
      if (at < old.align.size()) stands_for = old.align[at];
      skip(1 + static_cast<std::size_t>(-change));
    }
    unicode::append(fresh.text, c);
    fresh.align.resize(fresh.text.size(), stands_for);
  }
}

void replace_ranges(AlignedText& text, AlignedText& spare,
                    std::span<const std::pair<std::size_t, std::size_t>> matches,
                    std::string_view content, bool track) {
  if (matches.empty()) return;
  spare.text.clear();
  spare.align.clear();
  std::size_t copied = 0;
  const auto copy_to = [&](std::size_t end) {
    spare.text.append(text.text, copied, end - copied);
    if (track) {
      spare.align.insert(spare.align.end(),
                         text.align.begin() + static_cast<std::ptrdiff_t>(copied),
                         text.align.begin() + static_cast<std::ptrdiff_t>(end));
    }
  };
  for (const auto& [begin, end] : matches) {
    copy_to(begin);
    spare.text.append(content);
    if (track) spare.align.resize(spare.text.size(), text.align[end - 1]);
    copied = end;
  }
  copy_to(text.text.size());
  std::swap(text, spare);
}

void prepend(AlignedText& text, std::string_view prefix, bool track) {
  if (text.text.empty()) return;
  text.text.insert(0, prefix);
  if (track) text.align.insert(text.align.begin(), prefix.size(), text.align.front());
}

}  // namespace crosstail::text
