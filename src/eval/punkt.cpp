#include "eval/punkt.h"

#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "base/file.h"
#include "text/utf8.h"

namespace crosstail::eval {
namespace {

constexpr CodePointView kClosers = U"\"')]}\u2018\u2019\u201c\u201d\u00ab\u00bb";
constexpr CodePointView kNonWord = U")\";}]*:@'({[?!\u2018\u2019\u201c\u201d\u00ab\u00bb";
constexpr CodePointView kNoWordStart = U"(\"`{[:;&#*@)}]-,";
constexpr CodePointView kSentenceEnds = U".?!";
constexpr CodePointView kPunctuation = U";:,.!?";

/// Orthographic contexts, as in the parameter file.
enum Context : int {
  kMiddleUpper = 1 << 2,
  kUpper = 1 << 1 | 1 << 2 | 1 << 3,
  kBeginLower = 1 << 4,
  kLower = 1 << 4 | 1 << 5 | 1 << 6,
};

bool in(CodePointView set, char32_t c) {
  return set.find(c) != CodePointView::npos;
}

bool is_ascii_space(char32_t c) {
  return c == U' ' || (c >= U'\t' && c <= U'\r');
}

/// Python's lower() of a token, as UTF-8.
std::string lower(CodePointView text) {
  std::string out;
  const bool ascii = std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x80; });
  if (ascii) {
    for (const char32_t c : text) out += static_cast<char>(c >= U'A' && c <= U'Z' ? c + 32 : c);
    return out;
  }
  auto wide = icu::UnicodeString::fromUTF8(to_utf8(text));
  wide.toLower(icu::Locale::getRoot()).toUTF8String(out);
  return out;
}

/// How long "--…", "..…" or ". . ." is at `at`; 0 if there is none.
std::size_t multi_char_length(CodePointView text, std::size_t at) {
  const char32_t first = text[at];
  if (first != U'-' && first != U'.') return 0;
  std::size_t run = at;
  while (run < text.size() && text[run] == first) ++run;
  if (run - at >= 2) return run - at;
  if (first == U'-') return 0;
  // (?:\.\s){2,}\. — as many ". " as there are, then a period.
  std::size_t pairs = 0;
  std::size_t end = at;
  while (end + 1 < text.size() && text[end] == U'.' && is_regex_space(text[end + 1])) {
    end += 2;
    ++pairs;
  }
  while (pairs >= 2) {
    if (end < text.size() && text[end] == U'.') return end + 1 - at;
    end -= 2;
    --pairs;
  }
  return 0;
}

bool word_ends_at(CodePointView text, std::size_t at) {
  const auto plain_end = [&](std::size_t i) {
    return i >= text.size() || is_regex_space(text[i]) || in(kNonWord, text[i]) ||
           multi_char_length(text, i) != 0;
  };
  return plain_end(at) || (text[at] == U',' && plain_end(at + 1));
}

/// ^-?[.,]?\d[\d,.-]*\.?$
bool is_number(CodePointView token) {
  std::size_t at = 0;
  if (at < token.size() && token[at] == U'-') ++at;
  if (at < token.size() && (token[at] == U'.' || token[at] == U',')) ++at;
  if (at >= token.size() || !is_regex_digit(token[at])) return false;
  return std::all_of(token.begin() + static_cast<std::ptrdiff_t>(at), token.end(), [](char32_t c) {
    return is_regex_digit(c) || c == U',' || c == U'.' || c == U'-';
  });
}

/// A place where a sentence may end, with what surrounds it.
struct Candidate {
  std::size_t mark;        ///< of . ? or !
  std::size_t word_begin;  ///< of the word before it
  std::size_t after_end;   ///< of what follows and was looked at
  std::optional<std::size_t> next_word;
};

std::optional<Candidate> candidate_at(CodePointView text, std::size_t mark) {
  if (!in(kSentenceEnds, text[mark]) || mark + 1 >= text.size()) return std::nullopt;
  if (in(kNonWord, text[mark + 1])) return Candidate{mark, 0, mark + 2, std::nullopt};
  std::size_t at = mark + 1;
  while (at < text.size() && is_regex_space(text[at])) ++at;
  if (at == mark + 1 || at == text.size()) return std::nullopt;
  std::size_t end = at;
  while (end < text.size() && !is_regex_space(text[end])) ++end;
  return Candidate{mark, 0, end, at};
}

/// Candidates whose words do not overlap: of "acting!!!" only the last mark counts.
std::vector<Candidate> candidates(CodePointView text) {
  std::vector<Candidate> out;
  std::size_t previous_begin = 0, previous_end = 0;
  std::optional<Candidate> pending;
  for (std::size_t mark = 0; mark < text.size(); ++mark) {
    auto candidate = candidate_at(text, mark);
    if (!candidate) continue;
    std::size_t space = mark;
    while (space > previous_end && !is_ascii_space(text[space - 1])) --space;
    // A space right after the previous word, or none at all, means: the same word goes on.
    candidate->word_begin = space > previous_end + 1 ? space : previous_begin;
    if (pending && previous_end <= candidate->word_begin) out.push_back(*pending);
    previous_begin = candidate->word_begin;
    previous_end = mark;
    pending = candidate;
  }
  if (pending) out.push_back(*pending);
  return out;
}

/// Length of closing punctuation at the start of a sentence that belongs to the one before, with
/// the blanks behind it; 0 if there is none.
std::size_t realignment(CodePointView sentence) {
  std::size_t at = 0;
  while (at < sentence.size() && in(kClosers, sentence[at])) {
    ++at;
    std::size_t space = at;
    while (space < sentence.size() && is_regex_space(sentence[space])) ++space;
    if (space > at) return space;
    if (at == sentence.size() || sentence.substr(at).starts_with(U"--")) return at;
  }
  return 0;
}

Status read_set(const std::filesystem::path& path, std::unordered_set<std::string>& out) {
  CT_TRY(const std::string text, read_file(path, 1 << 26));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out.insert(text.substr(at, end - at));
    at = end + 1;
  }
  return {};
}

}  // namespace

bool is_python_space(char32_t c) {
  if (c < 0x80) return c == U' ' || (c >= 9 && c <= 13) || (c >= 28 && c <= 31);
  return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
         c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool is_regex_space(char32_t c) {
  return is_python_space(c) && !(c >= 28 && c <= 31);
}

bool is_re_word(char32_t c) {
  constexpr std::uint32_t kLettersAndNumbers = U_GC_L_MASK | U_GC_N_MASK;
  return c == U'_' || (U_GET_GC_MASK(static_cast<UChar32>(c)) & kLettersAndNumbers) != 0;
}

bool is_regex_word(char32_t c) {
  if (c < 0x80) return is_re_word(c);
  constexpr std::uint32_t kMore = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
  const auto code = static_cast<UChar32>(c);
  return (U_GET_GC_MASK(code) & kMore) != 0 || u_isUAlphabetic(code) != 0 || c == 0x200c ||
         c == 0x200d;
}

bool is_regex_digit(char32_t c) {
  if (c < 0x80) return c >= U'0' && c <= U'9';
  return u_charType(static_cast<UChar32>(c)) == U_DECIMAL_DIGIT_NUMBER;
}

CodePoints to_code_points(std::string_view utf8) {
  CodePoints out;
  out.reserve(utf8.size());
  for (std::size_t at = 0; at < utf8.size();) out += text::next_code_point(utf8, at);
  return out;
}

std::string to_utf8(CodePointView text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t c : text) text::append_utf8(out, c);
  return out;
}

Result<PunktParameters> PunktParameters::read(const std::filesystem::path& folder) {
  PunktParameters out;
  CT_CHECK(read_set(folder / "abbrev_types.txt", out.abbreviations));
  CT_CHECK(read_set(folder / "sent_starters.txt", out.sentence_starters));
  CT_CHECK(read_set(folder / "collocations.tab", out.collocations));
  std::unordered_set<std::string> lines;
  CT_CHECK(read_set(folder / "ortho_context.tab", lines));
  for (const std::string& line : lines) {
    const auto tab = line.find('\t');
    int flags = 0;
    const char* end = line.data() + line.size();
    if (tab == std::string::npos || std::from_chars(line.data() + tab + 1, end, flags).ptr != end)
      return Error{ErrorCode::Corrupt, (folder / "ortho_context.tab").string() +
                                           ": expected `word TAB number`, found \"" + line + "\""};
    out.orthography.emplace(line.substr(0, tab), flags);
  }
  return out;
}

Result<std::filesystem::path> PunktParameters::find_folder() {
  std::vector<std::filesystem::path> roots;
  if (const char* data = std::getenv("NLTK_DATA")) {
    std::string_view rest = data;
    while (!rest.empty()) {
      const auto colon = std::min(rest.find(':'), rest.size());
      roots.emplace_back(rest.substr(0, colon));
      rest.remove_prefix(std::min(colon + 1, rest.size()));
    }
  }
  if (const char* home = std::getenv("HOME"))
    roots.push_back(std::filesystem::path(home) / "nltk_data");
  for (const char* place : {"/usr/share/nltk_data", "/usr/local/share/nltk_data",
                            "/usr/lib/nltk_data", "/usr/local/lib/nltk_data"})
    roots.emplace_back(place);
  for (const auto& root : roots) {
    const auto folder = root / "tokenizers" / "punkt_tab" / "english";
    if (std::filesystem::exists(folder / "ortho_context.tab")) return folder;
  }
  return Error{ErrorCode::NotFound,
               "R@kt needs NLTK's English sentence parameters (punkt_tab), which may not be passed "
               "on with Crosstail: give their folder with --punkt DIR or NLTK_DATA "
               "(`python3 -m nltk.downloader punkt_tab` fetches them, and PyPI's llama-index-core "
               "holds them in _static/nltk_cache)"};
}

struct Punkt::Token {
  explicit Token(CodePointView t) : text(t), type(is_number(t) ? "##number##" : lower(t)) {}
  [[nodiscard]] bool period_final() const { return text.back() == U'.'; }
  [[nodiscard]] bool is_initial() const {
    return text.size() == 2 && text[1] == U'.' && is_regex_word(text[0]) &&
           !is_regex_digit(text[0]);
  }
  [[nodiscard]] bool first_upper() const {
    return u_isUUppercase(static_cast<UChar32>(text[0])) != 0;
  }
  [[nodiscard]] bool first_lower() const {
    return u_isULowercase(static_cast<UChar32>(text[0])) != 0;
  }
  [[nodiscard]] std::string type_without_period() const {
    return type.size() > 1 && type.back() == '.' ? type.substr(0, type.size() - 1) : type;
  }
  [[nodiscard]] std::string type_without_sentence_period() const {
    return sentence_break ? type_without_period() : type;
  }
  CodePointView text;
  std::string type;
  bool sentence_break = false, abbreviation = false, ellipsis = false;
};

void Punkt::first_pass(Token& token) const {
  const auto text = token.text;
  if (text.size() == 1 && in(kSentenceEnds, text[0])) {
    token.sentence_break = true;
  } else if (text.size() > 1 && text.find_first_not_of(U'.') == CodePointView::npos) {
    token.ellipsis = true;
  } else if (token.period_final() && !text.ends_with(U"..")) {
    const std::string word = lower(text.substr(0, text.size() - 1));
    const auto dash = word.rfind('-');
    const bool known =
        parameters_.abbreviations.contains(word) ||
        (dash != std::string::npos && parameters_.abbreviations.contains(word.substr(dash + 1)));
    (known ? token.abbreviation : token.sentence_break) = true;
  }
}

int Punkt::context_of(const std::string& type) const {
  const auto found = parameters_.orthography.find(type);
  return found == parameters_.orthography.end() ? 0 : found->second;
}

Punkt::Starter Punkt::orthographic(const Token& token) const {
  if (token.text.size() == 1 && in(kPunctuation, token.text[0])) return Starter::No;
  const int context = context_of(token.type_without_sentence_period());
  if (token.first_upper() && (context & kLower) != 0 && (context & kMiddleUpper) == 0)
    return Starter::Yes;
  if (token.first_lower() && ((context & kUpper) != 0 || (context & kBeginLower) == 0))
    return Starter::No;
  return Starter::Unknown;
}

void Punkt::second_pass(Token& token, const Token& next) const {
  if (!token.period_final()) return;
  const std::string type = token.type_without_period();
  const std::string next_type = next.type_without_sentence_period();
  const bool initial = token.is_initial();
  if (parameters_.collocations.contains(type + "\t" + next_type)) {
    token.sentence_break = false;
    token.abbreviation = true;
    return;
  }
  if ((token.abbreviation || token.ellipsis) && !initial) {
    if (orthographic(next) == Starter::Yes ||
        (next.first_upper() && parameters_.sentence_starters.contains(next_type))) {
      token.sentence_break = true;
      return;
    }
  }
  if (!initial && type != "##number##") return;
  const Starter starter = orthographic(next);
  if (starter == Starter::No || (starter == Starter::Unknown && initial && next.first_upper() &&
                                 (context_of(next_type) & kLower) == 0)) {
    token.sentence_break = false;
    token.abbreviation = true;
  }
}

bool Punkt::contains_break(CodePointView context) const {
  std::optional<Token> before;
  std::size_t line_end = 0;
  for (std::size_t at = 0; at < context.size();) {
    if (is_regex_space(context[at])) {
      ++at;
      continue;
    }
    if (at >= line_end) line_end = std::min(context.find(U'\n', at), context.size());
    const auto line = context.substr(0, line_end);
    std::size_t length = multi_char_length(line, at);
    if (length == 0) {
      length = 1;
      if (!in(kNoWordStart, line[at]))
        while (!word_ends_at(line, at + length)) ++length;
    }
    Token token(context.substr(at, length));
    first_pass(token);
    if (before) {
      second_pass(*before, token);
      if (before->sentence_break) return true;
    }
    before = std::move(token);
    at += length;
  }
  return false;
}

std::vector<Sentence> Punkt::sentences(CodePointView text) const {
  std::vector<Sentence> slices;
  std::size_t last = 0;
  CodePoints context;
  for (const Candidate& c : candidates(text)) {
    // What NLTK looks at: the word, its mark, and what follows.
    context.assign(text.substr(c.word_begin, c.after_end - c.word_begin));
    if (!contains_break(context)) continue;
    slices.push_back({last, c.mark + 1});
    last = c.next_word.value_or(c.mark + 1);
  }
  std::size_t end = text.size();
  while (end > 0 && is_python_space(text[end - 1])) --end;
  slices.push_back({last, std::max(last, end)});

  std::vector<Sentence> out;
  std::size_t realigned = 0;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    const Sentence sentence{slices[i].begin + realigned, slices[i].end};
    realigned = 0;
    if (i + 1 < slices.size()) {
      const Sentence& next = slices[i + 1];
      const auto next_text = text.substr(next.begin, next.end - next.begin);
      realigned = realignment(next_text);
      if (realigned != 0) {
        std::size_t closers = realigned;
        while (closers > 0 && is_python_space(next_text[closers - 1])) --closers;
        out.push_back({sentence.begin, next.begin + closers});
        continue;
      }
    }
    if (sentence.begin < sentence.end) out.push_back(sentence);
  }
  return out;
}

}  // namespace crosstail::eval
