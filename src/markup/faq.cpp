#include "markup/faq.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "base/hash.h"
#include "markup/faq_links.h"
#include "markup/text_rendering.h"

namespace crosstail::markup {

namespace {

constexpr int kDeepestText = 3;           // a text inside a node inside a node
constexpr std::ptrdiff_t kCompared = 64;  // texts, names and languages that are held side by side

/// A text as stated and the tag it carries.
struct Stated {
  std::string text;
  std::string_view language;
};

/// One accepted answer.
struct Answer {
  std::vector<Stated> texts;
  std::string_view language;  ///< inLanguage of its node
  std::string author;
};

bool is_blank(std::string_view s) {
  return std::all_of(s.begin(), s.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

std::string render(const GraphValue& value) {
  return value.is_text ? std::string(value.text) : literal_to_text(value.text);
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && static_cast<unsigned char>(s.front()) <= ' ') s.remove_prefix(1);
  while (!s.empty() && static_cast<unsigned char>(s.back()) <= ' ') s.remove_suffix(1);
  return s;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool same_tag(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view primary(std::string_view tag) {
  return tag.substr(0, tag.find_first_of("-_"));
}

/// `{{ faq.question }}` and nothing else.
bool is_placeholder(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kMarks = {
      {{"{{", "}}"}, {"{%", "%}"}, {"${", "}"}}};
  for (const auto& [begin, end] : kMarks) {
    if (text.size() < begin.size() + end.size() || text.substr(0, begin.size()) != begin) continue;
    if (text.find(end, begin.size()) == text.size() - end.size()) return true;
  }
  return false;
}

/// Reads one graph into pairs.
class Reading {
 public:
  Reading(const Graph& graph, std::string_view kind, PageFaq& page)
      : graph_(graph), links_(graph), kind_(kind), page_(page) {}

  void run() {
    for (const GraphId question : links_.questions()) read(question);
  }

 private:
  // Texts.

  /// The texts of one property of a node; of nodes that are values, their own texts.
  void texts(GraphId node, SchemaTerm term, std::vector<Stated>& out, int depth = 0) const {
    links_.each(node, [&](const GraphProperty& p) {
      if (p.term != term || p.reverse) return;
      if (p.value.kind == GraphValue::Kind::Node) {
        if (depth < kDeepestText) node_text(p.value.node, out, depth + 1);
        return;
      }
      Stated stated{render(p.value), p.value.language};
      // (Only the last few are compared: a node may state thousands.)
      const auto last = out.end() - std::min<std::ptrdiff_t>(std::ssize(out), kCompared);
      const bool known = std::any_of(last, out.end(), [&](const Stated& s) {
        return s.text == stated.text && s.language == stated.language;
      });
      if (!is_blank(stated.text) && !known) out.push_back(std::move(stated));
    });
  }

  void node_text(GraphId node, std::vector<Stated>& out, int depth) const {
    first_of({SchemaTerm::Text, SchemaTerm::ArticleBody, SchemaTerm::Description, SchemaTerm::Name},
             node, out, depth);
  }

  /// The texts of the first of `terms` that has any.
  void first_of(std::initializer_list<SchemaTerm> terms, GraphId node, std::vector<Stated>& out,
                int depth) const {
    const std::size_t before = out.size();
    for (const SchemaTerm term : terms) {
      texts(node, term, out, depth);
      if (out.size() != before) return;
    }
  }

  void question_text(GraphId node, std::vector<Stated>& out) const {
    first_of({SchemaTerm::Name, SchemaTerm::Text, SchemaTerm::Headline}, node, out, 0);
  }

  [[nodiscard]] std::string_view language_of(GraphId node) const {
    std::string_view language;
    links_.each(node, [&](const GraphProperty& p) {
      if (p.term == SchemaTerm::InLanguage && p.value.kind == GraphValue::Kind::Literal &&
          language.empty())
        language = trim(p.value.text);
    });
    return language;
  }

  [[nodiscard]] std::string author_of(GraphId node) const {
    std::string author;
    links_.each(node, [&](const GraphProperty& p) {
      if (p.term != SchemaTerm::Author || p.reverse || !author.empty()) return;
      if (p.value.kind == GraphValue::Kind::Literal) {
        author = render(p.value);
        return;
      }
      for (const GraphId person : links_.same(p.value.node)) {
        std::vector<Stated> names;
        texts(person, SchemaTerm::Name, names);
        if (author.empty() && !names.empty()) author = std::move(names.front().text);
      }
    });
    return author;
  }

  // Questions.

  /// A question as one or several statements of it make it.
  struct Question {
    GraphId node = kNoGraphId;
    std::vector<Stated> names;
    std::vector<Answer> answers;
    std::string_view language;
    std::string author;
  };

  void add_statement(GraphId node, Question& question) const {
    question_text(node, question.names);
    for (const GraphValue& value : links_.accepted(node)) question.answers.push_back(answer(value));
    if (question.language.empty()) question.language = language_of(node);
    if (question.author.empty()) question.author = author_of(node);
  }

  [[nodiscard]] Answer answer(const GraphValue& value) const {
    Answer made;
    const GraphId target = links_.target(value);
    if (target == kNoGraphId) {
      made.texts.push_back({render(value), value.language});
      if (is_blank(made.texts.back().text)) made.texts.clear();
      return made;
    }
    node_text(target, made.texts, 0);
    made.language = language_of(target);
    made.author = author_of(target);
    if (!made.texts.empty() || graph_.nodes[target].id.empty()) return made;
    for (const GraphId node : links_.same(target)) {
      if (made.texts.empty()) node_text(node, made.texts, 0);
      if (made.language.empty()) made.language = language_of(node);
      if (made.author.empty()) made.author = author_of(node);
    }
    return made;
  }

  /// A statement with name and answer stands for itself, whatever else has its identifier. Others
  /// are put together, once; next to a whole one they say nothing new.
  void read(GraphId node) {
    Question question;
    question.node = node;
    add_statement(node, question);
    const std::string_view id = graph_.nodes[node].id;
    if ((!question.names.empty() && !question.answers.empty()) || id.empty()) return emit(question);
    if (!merged_.insert(graph_.find(id)).second) return;
    for (const GraphId other : links_.same(node)) {
      if (other == node) continue;
      Question part;
      add_statement(other, part);
      const bool whole = !part.names.empty() && !part.answers.empty();
      if (whole && is_question(other)) return;
      if (question.names.empty()) question.names = std::move(part.names);
      if (question.answers.empty()) question.answers = std::move(part.answers);
      if (question.language.empty()) question.language = part.language;
      if (question.author.empty()) question.author = std::move(part.author);
    }
    emit(question);
  }

  [[nodiscard]] bool is_question(GraphId node) const {
    return graph_.nodes[node].types.has(SchemaTerm::Question) ||
           links_.states(node, SchemaTerm::AcceptedAnswer);
  }

  // Pairs.

  [[nodiscard]] FaqPair pair_of(const Question& question) {
    const FaqLinks::Place& place = links_.place(question.node);
    if (place.page != faq_page_) {
      faq_page_ = place.page;
      page_language_ = faq_page_ == kNoGraphId ? std::string_view{} : language_of(faq_page_);
      if (page_.in_language.empty()) page_.in_language = page_language_;
    }
    FaqPair pair;
    pair.kind = kind_;
    pair.page_type = place.page_type;
    pair.offset = place.offset;
    return pair;
  }

  void drop(PairDrop reason, const Question& question, FaqPair pair) {
    if (pair.question.empty() && !question.names.empty())
      pair.question = question.names.front().text;
    page_.dropped.push_back({reason, std::move(pair)});
  }

  void emit(Question& question) {
    FaqPair pair = pair_of(question);
    if (question.answers.empty()) return drop(PairDrop::NoAnswer, question, std::move(pair));
    if (question.names.empty()) {
      const auto& texts = question.answers.front().texts;
      if (!texts.empty()) pair.answer = texts.front().text;
      return drop(PairDrop::EmptyQuestion, question, std::move(pair));
    }
    if (question.answers.size() > 1 && has_rival_names(question))
      return drop(PairDrop::Ambiguous, question, std::move(pair));
    for (Answer& answer : question.answers) emit_answer(question, answer, pair);
  }

  /// Two names in one language.
  static bool has_rival_names(const Question& question) {
    for (std::size_t i = 1; i < question.names.size(); ++i)
      for (std::size_t j = 0; j < std::min<std::size_t>(i, kCompared); ++j)
        if (same_tag(question.names[i].language, question.names[j].language)) return true;
    return false;
  }

  void emit_answer(Question& question, Answer& answer, const FaqPair& base) {
    if (answer.texts.empty()) return drop(PairDrop::EmptyAnswer, question, base);
    if (answer.texts.size() == 1) {
      FaqPair pair = base;
      pair.answer = std::move(answer.texts.front().text);
      return emit_pair(question, answer, answer.texts.front().language, std::move(pair));
    }
    std::vector<std::string_view> done;
    for (const Stated& first : answer.texts) {
      const auto same = [&](std::string_view tag) { return same_tag(tag, first.language); };
      if (std::any_of(done.begin(), done.end(), same) || std::ssize(done) >= kCompared) continue;
      done.push_back(first.language);
      FaqPair pair = base;
      for (const Stated& text : answer.texts) {
        if (!same(text.language)) continue;
        if (!pair.answer.empty()) pair.answer += '\n';
        pair.answer += text.text;
      }
      emit_pair(question, answer, first.language, std::move(pair));
    }
  }

  void emit_pair(Question& question, const Answer& answer, std::string_view language,
                 FaqPair pair) {
    const Stated* name = name_in(question, language);
    if (name != nullptr &&
        (question.names.size() > 1 || question.answers.size() > 1 || answer.texts.size() > 1))
      pair.question = name->text;
    else if (name != nullptr)  // its only use
      pair.question = std::move(question.names.front().text);
    if (language.empty() && name != nullptr) language = name->language;
    for (const std::string_view other : {answer.language, question.language, page_language_})
      if (language.empty()) language = other;
    pair.language = language;
    pair.author = answer.author.empty() ? question.author : answer.author;
    if (name == nullptr) return drop(PairDrop::EmptyQuestion, question, std::move(pair));
    if (is_placeholder(pair.question) || is_placeholder(pair.answer))
      return drop(PairDrop::Template, question, std::move(pair));
    page_.pairs.push_back(std::move(pair));
  }

  /// The question's name for an answer in this language: in the same, else without a tag, else the
  /// only one.
  static const Stated* name_in(const Question& question, std::string_view language) {
    const auto& names = question.names;
    const auto find = [&](const auto& fits) -> const Stated* {
      const auto found = std::find_if(names.begin(), names.end(), fits);
      return found == names.end() ? nullptr : &*found;
    };
    if (const Stated* s = find([&](const Stated& n) { return same_tag(n.language, language); }))
      return s;
    if (language.empty()) return &names.front();
    if (const Stated* s =
            find([&](const Stated& n) { return same_tag(primary(n.language), primary(language)); }))
      return s;
    if (const Stated* s = find([](const Stated& n) { return n.language.empty(); })) return s;
    return names.size() == 1 ? &names.front() : nullptr;
  }

  const Graph& graph_;
  FaqLinks links_;
  std::string_view kind_;
  PageFaq& page_;
  GraphId faq_page_ = kNoGraphId;  ///< of the question that is read
  std::string_view page_language_;
  std::unordered_set<GraphId> merged_;  ///< first nodes of identifiers that were put together
};

/// Appends `text` without white space, which differs between syntaxes.
void append_without_space(std::string& key, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == 0xc2 && i + 1 < text.size() && text[i + 1] == '\xa0') {
      ++i;  // no-break space
    } else if (c > ' ') {
      key += text[i];
    }
  }
  key += '\n';
}

/// Pairs with their texts' hashes: of the questions first, of the answers where those are the same.
struct Keyed {
  std::uint64_t question = 0, answer = 0;
  std::size_t index = 0;
};

/// Marks the pairs whose texts an earlier pair has.
std::vector<bool> find_repetitions(const std::vector<FaqPair>& pairs) {
  std::vector<bool> repeated(pairs.size());
  std::vector<Keyed> keys(pairs.size());
  std::string buffer;
  const auto hash = [&](std::string_view text) {
    buffer.clear();
    append_without_space(buffer, text);
    return xxh3(buffer);
  };
  for (std::size_t i = 0; i < pairs.size(); ++i) keys[i] = {hash(pairs[i].question), 0, i};
  const auto by_question = [](const Keyed& a, const Keyed& b) { return a.question < b.question; };
  std::sort(keys.begin(), keys.end(), by_question);
  for (auto begin = keys.begin(); begin != keys.end();) {
    const auto end = std::upper_bound(begin, keys.end(), *begin, by_question);
    if (end - begin > 1) {
      for (auto key = begin; key != end; ++key) key->answer = hash(pairs[key->index].answer);
      std::sort(begin, end, [](const Keyed& a, const Keyed& b) {
        return std::tie(a.answer, a.index) < std::tie(b.answer, b.index);
      });
      for (auto key = begin + 1; key != end; ++key)
        repeated[key->index] = key->answer == std::prev(key)->answer;
    }
    begin = end;
  }
  return repeated;
}

}  // namespace

std::string_view name(PairDrop reason) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(PairDrop::Count_)> kNames =
      {"empty-question", "empty-answer", "no-answer", "ambiguous", "template", "duplicate-on-page"};
  return kNames[static_cast<std::size_t>(reason)];
}

void PageFaq::clear() {
  pairs.clear();
  dropped.clear();
  in_language.clear();
}

void read_faq(const Graph& graph, std::string_view kind, PageFaq& page) {
  Reading(graph, kind, page).run();
}

void drop_duplicates(PageFaq& page) {
  const auto by_offset = [](const FaqPair& a, const FaqPair& b) { return a.offset < b.offset; };
  if (!std::is_sorted(page.pairs.begin(), page.pairs.end(), by_offset))
    std::stable_sort(page.pairs.begin(), page.pairs.end(), by_offset);
  if (page.pairs.size() < 2) return;
  const std::vector<bool> repeated = find_repetitions(page.pairs);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < page.pairs.size(); ++i) {
    if (repeated[i]) {
      page.dropped.push_back({PairDrop::DuplicateOnPage, std::move(page.pairs[i])});
    } else if (kept++ != i) {
      page.pairs[kept - 1] = std::move(page.pairs[i]);
    }
  }
  page.pairs.resize(kept);
}

}  // namespace crosstail::markup
