#include "model/file_template.h"

#include <algorithm>

#include "base/json_writer.h"

namespace crosstail::model {
namespace {

constexpr std::string_view kNumber = "-+.eE0123456789";
constexpr std::size_t kMaxFile = std::size_t{1} << 30;

std::string base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k)
      three = three << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k <= bytes.size() ? kDigits[three >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

/// "piece"`between`number.
void append_entry(std::string& out, const FilePart& part, std::uint32_t id,
                  const text::Tokenizer& tokenizer) {
  append_json_string(out, tokenizer.piece(id));
  out += part.text;
  JsonWriter json(out);
  if (part.kind == FilePart::Kind::Ids)
    json.value(std::uint64_t{id});
  else
    json.value(tokenizer.score(id).value_or(0));
}

/// Looks for the entries of a vocabulary in a file, one id after another.
class Matcher {
 public:
  Matcher(std::string_view text, const text::Tokenizer& tokenizer)
      : text_(text), tokenizer_(tokenizer) {}

  std::vector<FilePart> parts() {
    if (!find_map() || !find_vocabulary()) return std::move(parts_);
    FilePart range = style_;
    for (std::uint32_t id = 0; id < tokenizer_.size(); ++id) {
      std::string entry;
      append_entry(entry, style_, id, tokenizer_);
      const std::string_view rest = text_.substr(at_);
      // "0" begins "0.0" too.
      const bool same = rest.starts_with(entry) && rest.size() > entry.size() &&
                        kNumber.find(rest[entry.size()]) == std::string_view::npos;
      const std::size_t end = same ? at_ + entry.size() : text_.find(style_.separator, at_);
      if (end == std::string_view::npos) break;
      if (same && range.count++ == 0) range.first = id;
      if (!same) end_range(range);
      if (same && range.count == 1) literal(at_);
      at_ = end;
      if (same) done_ = at_;
      if (!text_.substr(at_).starts_with(style_.separator)) break;
      at_ += style_.separator.size();
    }
    end_range(range);
    literal(text_.size());
    return std::move(parts_);
  }

 private:
  /// What was not matched before `end`.
  void literal(std::size_t end) {
    if (end > done_) parts_.push_back({.text = std::string(text_.substr(done_, end - done_))});
    done_ = std::max(done_, end);
  }
  void end_range(FilePart& range) {
    if (range.count > 0) parts_.push_back(range);
    range = style_;
  }
  /// The character map stands before the vocabulary. Always goes on.
  bool find_map() {
    const std::string map = base64(tokenizer_.character_map());
    const std::size_t at = map.empty() ? std::string_view::npos : text_.find(map);
    if (at == std::string_view::npos) return true;
    literal(at);
    parts_.push_back({.kind = FilePart::Kind::Map});
    done_ = at_ = at + map.size();
    return true;
  }
  /// Its first entry, and how entries are written; the rest of the file is one part without.
  bool find_vocabulary() {
    constexpr std::string_view kKey = "\"vocab\"";
    const std::size_t key = text_.find(kKey, at_);
    const std::size_t open =
        key == std::string_view::npos ? key : text_.find_first_of("[{", key + kKey.size());
    std::string first;
    append_json_string(first, tokenizer_.piece(0));
    at_ = open == std::string_view::npos ? open : text_.find('"', open);
    const bool there = at_ != std::string_view::npos && text_.substr(at_).starts_with(first);
    if (!there) return nothing();
    const std::size_t after = at_ + first.size();
    const std::size_t number = text_.find_first_of("-0123456789", after);
    const std::size_t end = std::min(text_.find_first_not_of(kNumber, number), text_.size());
    const std::size_t next = text_.find('"', end);
    if (number == std::string_view::npos || next == std::string_view::npos) return nothing();
    style_.kind = text_[open] == '[' ? FilePart::Kind::Scores : FilePart::Kind::Ids;
    style_.text = text_.substr(after, number - after);
    style_.separator = text_.substr(end, next - end);
    return !style_.separator.empty() || nothing();
  }
  bool nothing() {
    literal(text_.size());
    return false;
  }

  std::string_view text_;
  const text::Tokenizer& tokenizer_;
  std::vector<FilePart> parts_;
  FilePart style_;
  std::size_t at_ = 0, done_ = 0;
};

}  // namespace

std::vector<FilePart> file_parts(std::string_view json, const text::Tokenizer& tokenizer) {
  auto parts = Matcher(json, tokenizer).parts();
  const auto again = filled(parts, tokenizer);
  if (again.ok() && *again == json) return parts;
  return {{.text = std::string(json)}};
}

Result<std::string> filled(const std::vector<FilePart>& parts, const text::Tokenizer& tokenizer) {
  std::string out;
  for (const FilePart& part : parts) {
    const bool entries = part.kind == FilePart::Kind::Scores || part.kind == FilePart::Kind::Ids;
    if (part.kind == FilePart::Kind::Bytes) out += part.text;
    if (part.kind == FilePart::Kind::Map) out += base64(tokenizer.character_map());
    const std::uint32_t count = entries ? part.count : 0;
    if (part.first > tokenizer.size() || count > tokenizer.size() - part.first)
      return Error{ErrorCode::Corrupt, "names pieces that the tokenizer does not have"};
    for (std::uint32_t i = 0; i < count && out.size() <= kMaxFile; ++i) {
      if (i > 0) out += part.separator;
      append_entry(out, part, part.first + i, tokenizer);
    }
    if (out.size() > kMaxFile) return Error{ErrorCode::Limit, "would be larger than 1 GiB"};
  }
  return out;
}

}  // namespace crosstail::model
