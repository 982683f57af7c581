#include "text/language_tag.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace crosstail::text {
namespace {

struct CodeRow {
  std::string_view two, three, bibliographic, name;
};
struct NameRow {
  std::string_view code, name;
};
struct Fold {
  std::string_view from, to;
};

#include "text/language_table.inc"

/// Codes with another spelling: withdrawn ones, and the members of macro-languages that the header
/// names. Sources: IANA language subtag registry (Deprecated, Preferred-Value), ISO 639-3
/// macro-language mappings, CLDR's language aliases.
constexpr Fold kFolds[] = {
    {"als", "sqi"}, {"arb", "ara"}, {"azj", "aze"}, {"bih", "bho"}, {"cmn", "zho"}, {"ekk", "est"},
    {"eml", "egl"}, {"fil", "tgl"}, {"gaz", "orm"}, {"gug", "grn"}, {"khk", "mon"}, {"kmr", "kur"},
    {"lvs", "lav"}, {"mol", "ron"}, {"nob", "nor"}, {"npi", "nep"}, {"ory", "ori"}, {"pbu", "pus"},
    {"pes", "fas"}, {"plt", "mlg"}, {"scc", "srp"}, {"scr", "hrv"}, {"swh", "swa"}, {"uzn", "uzb"},
    {"ydd", "yid"}, {"zsm", "msa"},
};
constexpr Fold kTwoLetterFolds[] = {
    {"bh", "bho"}, {"in", "ind"}, {"iw", "heb"}, {"ji", "yid"},
    {"jw", "jav"}, {"mo", "ron"}, {"nb", "nor"}, {"no", "nor"},
};
/// Grandfathered tags of RFC 5646 whose parts would be misread.
constexpr Fold kGrandfathered[] = {
    {"art-lojban", "jbo"}, {"i-hak", "hak"},      {"i-klingon", "tlh"}, {"i-lux", "ltz"},
    {"i-navajo", "nav"},   {"no-bok", "nor"},     {"no-nyn", "nno"},    {"zh-guoyu", "zho"},
    {"zh-hakka", "hak"},   {"zh-min-nan", "nan"}, {"zh-xiang", "hsn"},
};

bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}
bool all_letters(std::string_view s) {
  return std::all_of(s.begin(), s.end(), is_letter);
}
bool all_digits(std::string_view s) {
  return std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

template <std::size_t N>
std::string_view folded(const Fold (&table)[N], std::string_view from) {
  for (const Fold& row : table)
    if (row.from == from) return row.to;
  return {};
}

bool is_assigned(std::string_view three) {
  const auto index = [&](std::size_t i) { return static_cast<std::size_t>(three[i] - 'a'); };
  return ((kAssigned[index(0) * 26 + index(1)] >> index(2)) & 1U) != 0;
}

/// ISO 639-3 code of a lower-case two- or three-letter code, or empty.
std::string_view canonical(std::string_view code) {
  if (code.size() == 2) {
    if (const auto to = folded(kTwoLetterFolds, code); !to.empty()) return to;
    for (const CodeRow& row : kCodeRows)
      if (row.two == code) return row.three;
    return {};
  }
  if (code == "und" || code == "mul" || code == "zxx" || code == "mis") return {};
  if (const auto to = folded(kFolds, code); !to.empty()) return to;
  for (const CodeRow& row : kCodeRows)
    if (row.three == code || row.bibliographic == code) return row.three;
  if (is_assigned(code) || code == "nah") return code;  // nah: Nahuatl, a collection of ISO 639-2
  return {};
}

std::string_view code_of_name(std::string_view lower_name) {
  const auto equal = [&](std::string_view name) {
    return std::equal(name.begin(), name.end(), lower_name.begin(), lower_name.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
  };
  for (const CodeRow& row : kCodeRows)
    if (equal(row.name)) return canonical(row.three);
  for (const NameRow& row : kExtraNames)
    if (equal(row.name)) return canonical(row.code);
  return {};
}

/// Lower case, `_` as `-`, surrounding spaces and a POSIX encoding removed.
std::string normalised(std::string_view tag) {
  while (!tag.empty() && (tag.front() == ' ' || tag.front() == '\t' || tag.front() == '\n'))
    tag.remove_prefix(1);
  while (!tag.empty() && (tag.back() == ' ' || tag.back() == '\t' || tag.back() == '\n'))
    tag.remove_suffix(1);
  std::string out;
  if (tag.size() > 64) return out;
  const std::size_t dot = tag.find('.');
  const std::size_t at = tag.find('@');
  out.assign(tag.substr(0, std::min(dot, at)));
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (c == '_') c = '-';
  }
  if (at != std::string_view::npos) {
    const std::string_view modifier = tag.substr(at + 1);
    if (modifier == "latin" || modifier == "latn") out += "-latn";
    if (modifier == "cyrillic" || modifier == "cyrl") out += "-cyrl";
  }
  return out;
}

std::vector<std::string_view> subtags(std::string_view tag) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  while (begin <= tag.size()) {
    const std::size_t end = std::min(tag.find('-', begin), tag.size());
    parts.push_back(tag.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string upper(std::string_view s, std::size_t count) {
  std::string out(s);
  for (std::size_t i = 0; i < std::min(count, out.size()); ++i)
    if (is_letter(out[i])) out[i] = static_cast<char>(out[i] - 32);
  return out;
}

void infer_chinese_script(LanguageTag& tag) {
  if (tag.language != "zho" || !tag.script.empty()) return;
  if (tag.region == "CN" || tag.region == "SG" || tag.region == "MY") tag.script = "Hans";
  if (tag.region == "TW" || tag.region == "HK" || tag.region == "MO") tag.script = "Hant";
}

}  // namespace

std::optional<LanguageTag> parse_language_tag(std::string_view text) {
  const std::string tag = normalised(text);
  LanguageTag result;
  if (const auto to = folded(kGrandfathered, tag); !to.empty()) {
    result.language = to;
    return result;
  }
  const auto parts = subtags(tag);
  const std::string_view first = parts.front();
  if (!all_letters(first) || first.size() < 2 || first.size() > 3) {
    const auto code = code_of_name(tag);
    if (code.empty()) return std::nullopt;
    result.language = code;
    return result;
  }
  result.language = canonical(first);
  if (result.language.empty()) return std::nullopt;
  std::size_t next = 1;
  // An extended language subtag replaces its prefix: zh-yue is yue, ar-arz is arz.
  if (next < parts.size() && parts[next].size() == 3 && all_letters(parts[next])) {
    if (const auto extended = canonical(parts[next]); !extended.empty()) result.language = extended;
    ++next;
  }
  for (; next < parts.size(); ++next) {
    const std::string_view part = parts[next];
    if (part.size() == 1) break;  // extensions and private use
    if (part.size() == 4 && all_letters(part) && result.script.empty() && result.region.empty())
      result.script = upper(part, 1);
    else if (result.region.empty() &&
             ((part.size() == 2 && all_letters(part)) || (part.size() == 3 && all_digits(part))))
      result.region = upper(part, 3);
  }
  infer_chinese_script(result);
  return result;
}

std::string language_code(std::string_view tag) {
  auto parsed = parse_language_tag(tag);
  return parsed ? std::move(parsed->language) : std::string();
}

std::string short_language_code(std::string_view tag) {
  std::string code = language_code(tag);
  for (const CodeRow& row : kCodeRows)
    if (row.three == code) return std::string(row.two);
  return code;
}

std::string language_name(std::string_view tag) {
  const std::string code = language_code(tag);
  for (const CodeRow& row : kCodeRows)
    if (row.three == code) return std::string(row.name);
  for (const NameRow& row : kExtraNames)
    if (row.code == code) return std::string(row.name);
  return code.empty() ? std::string(tag) : code;
}

bool same_language(std::string_view a, std::string_view b, TagDetail detail) {
  const auto x = parse_language_tag(a);
  const auto y = parse_language_tag(b);
  if (!x || !y) return !x && !y && a == b;
  const auto agree = [](const std::string& p, const std::string& q) {
    return p.empty() || q.empty() || p == q;
  };
  if (x->language != y->language) return false;
  if (detail == TagDetail::Language) return true;
  if (!agree(x->script, y->script)) return false;
  return detail == TagDetail::Script || agree(x->region, y->region);
}

std::string language_of_fasttext_label(std::string_view label) {
  constexpr std::string_view prefix = "__label__";
  if (label.substr(0, prefix.size()) == prefix) label.remove_prefix(prefix.size());
  if (label == "als") return "gsw";
  return language_code(label);
}

std::string language_of_cld2_code(std::string_view code) {
  if (code == "un" || code.substr(0, 2) == "xx" || code.substr(0, 2) == "zz") return {};
  return language_code(code);
}

}  // namespace crosstail::text
