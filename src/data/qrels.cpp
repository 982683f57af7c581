#include "data/qrels.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

namespace crosstail::data {
namespace {

namespace dom = simdjson::dom;

std::optional<std::int32_t> parse_relevance(std::string_view text) {
  std::int32_t value = 0;
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::size_t split_tabs(std::string_view line, std::string_view* fields, std::size_t capacity) {
  std::size_t count = 0;
  while (true) {
    const auto tab = line.find('\t');
    if (count < capacity) fields[count] = line.substr(0, tab);
    ++count;
    if (tab == std::string_view::npos) return count;
    line.remove_prefix(tab + 1);
  }
}

}  // namespace

class QrelsReader {
 public:
  QrelsReader(std::string name, Duplicates duplicates)
      : name_(std::move(name)), policy_(duplicates) {}

  Result<Qrels> read(WholeText text) {
    const auto all = text.text();
    const auto first = all.find_first_not_of(" \t\r\n\v\f");
    if (first == std::string_view::npos) return empty();
    if (all[first] == '{') {
      CT_CHECK(parse_json(all));
      text = WholeText::from(std::move(bytes_));
    } else {
      CT_CHECK(parse_lines(all));
    }
    if (rows_.empty()) return empty();
    return build(std::move(text));
  }

 private:
  struct Row {
    TextSpan query, doc;
    std::int32_t relevance;
    std::uint32_t ordinal;  ///< of the query
  };

  [[nodiscard]] Error empty() const {
    return {ErrorCode::InvalidArgument,
            name_ +
                ": no judgments: expected `qid 0 docid relevance` (TREC), a tab-separated "
                "`query-id corpus-id score` (BEIR) or JSON {\"qid\": {\"docid\": relevance}}"};
  }

  [[nodiscard]] Error bad_line(std::uint64_t number, const std::string& what) const {
    return {ErrorCode::Corrupt, name_ + ":" + std::to_string(number) + ": " + what};
  }

  Status parse_lines(std::string_view text) {
    std::uint64_t number = 0;
    std::optional<bool> beir;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      auto line = text.substr(at, end - at);
      at = end + 1;
      ++number;
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty() || line.front() == '#') continue;
      std::string_view field[4];
      if (!beir) {
        beir = split_tabs(line, field, 4) == 3;
        if (*beir && !parse_relevance(field[2])) continue;  // BEIR's header
      }
      CT_CHECK(*beir ? parse_beir(text, line, number) : parse_trec(text, line, number));
    }
    return {};
  }

  Status parse_trec(std::string_view text, std::string_view line, std::uint64_t number) {
    std::string_view field[4];
    const std::size_t count = split_blanks(line, field, 4);
    if (count == 0) return {};
    if (count != 4)
      return bad_line(number, "expected 4 fields `qid 0 docid relevance`, found " +
                                  std::to_string(count) + ": " + quoted_excerpt(line));
    return add(text, field[0], field[2], field[3], number);
  }

  Status parse_beir(std::string_view text, std::string_view line, std::uint64_t number) {
    std::string_view field[3];
    const std::size_t count = split_tabs(line, field, 3);
    if (count != 3)
      return bad_line(number, "expected 3 tab-separated fields `query-id corpus-id score`, found " +
                                  std::to_string(count) + ": " + quoted_excerpt(line));
    if (field[0].empty() || field[1].empty())
      return bad_line(number, "an identifier is empty: " + quoted_excerpt(line));
    return add(text, field[0], field[1], field[2], number);
  }

  Status add(std::string_view text, std::string_view query, std::string_view doc,
             std::string_view relevance, std::uint64_t number) {
    if (query.size() > kMaxSpanLength || doc.size() > kMaxSpanLength)
      return bad_line(number, "an identifier is longer than 65535 bytes");
    const auto value = parse_relevance(relevance);
    if (!value)
      return bad_line(number,
                      "expected a whole number as relevance, found " + quoted_excerpt(relevance));
    const auto span = [&](std::string_view f) {
      return TextSpan{static_cast<std::uint64_t>(f.data() - text.data()) & 0xffffffffffff,
                      f.size() & kMaxSpanLength};
    };
    rows_.push_back({span(query), span(doc), *value, 0});
    return {};
  }

  Status parse_json(std::string_view text) {
    dom::parser parser;
    dom::object queries;
    bytes_.push_back('\0');
    if (const auto code = parser.parse(text.data(), text.size()).get(queries))
      return bad_json(code);
    for (const auto& [id, value] : queries) {
      CT_TRY(const TextSpan query, keep(id));
      dom::object docs;
      if (const auto code = value.get(docs)) return bad_json(code);
      for (const auto& [doc_id, judged] : docs) {
        std::int64_t relevance = 0;
        CT_TRY(const TextSpan doc, keep(doc_id));
        if (const auto code = judged.get(relevance)) return bad_json(code);
        if (relevance != static_cast<std::int32_t>(relevance))
          return bad_json(simdjson::NUMBER_OUT_OF_RANGE);
        rows_.push_back({query, doc, static_cast<std::int32_t>(relevance), 0});
      }
    }
    return {};
  }

  Result<TextSpan> keep(std::string_view id) {
    if (id.size() > kMaxSpanLength)
      return Error{ErrorCode::Corrupt, name_ + ": an identifier is longer than 65535 bytes"};
    const TextSpan span{bytes_.size() & 0xffffffffffff, id.size() & kMaxSpanLength};
    bytes_.insert(bytes_.end(), id.begin(), id.end());
    return span;
  }

  [[nodiscard]] Error bad_json(simdjson::error_code code) const {
    return {ErrorCode::Corrupt, name_ +
                                    ": expected JSON {\"qid\": {\"docid\": relevance, …}, …} "
                                    "with whole numbers: " +
                                    simdjson::error_message(code)};
  }

  Result<Qrels> build(WholeText text) {
    Qrels qrels;
    qrels.text_ = std::move(text);
    const char* base = qrels.text_.text().data();
    for (Row& row : rows_) {
      const auto id = row.query.in(base);
      const auto [at, is_new] = qrels.by_id_.try_emplace(id, qrels.queries_.size());
      if (is_new) qrels.queries_.push_back({id, 0, 0});
      row.ordinal = static_cast<std::uint32_t>(at->second);
    }
    std::sort(rows_.begin(), rows_.end(), [base](const Row& a, const Row& b) {
      if (a.ordinal != b.ordinal) return a.ordinal < b.ordinal;
      const int order = a.doc.in(base).compare(b.doc.in(base));
      return order != 0 ? order < 0 : a.relevance > b.relevance;
    });
    for (const Row& row : rows_) {
      auto& query = qrels.queries_[row.ordinal];
      const auto doc = row.doc.in(base);
      if (query.count > 0 && qrels.judgments_.back().doc == doc) {
        if (policy_ == Duplicates::Error)
          return Error{ErrorCode::Corrupt,
                       name_ + ": query " + quoted_excerpt(query.id) + " judges passage " +
                           quoted_excerpt(doc) +
                           " more than once; mend the file, or ask for --duplicates best"};
        ++qrels.duplicates_;
        continue;
      }
      if (query.count++ == 0) query.first = qrels.judgments_.size();
      qrels.judgments_.push_back({doc, row.relevance});
    }
    return qrels;
  }

  std::string name_;
  Duplicates policy_;
  std::vector<Row> rows_;
  std::vector<char> bytes_;
};

std::optional<std::size_t> Qrels::find(std::string_view query) const {
  const auto found = by_id_.find(query);
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::int32_t> Qrels::relevance(std::size_t q, std::string_view doc) const {
  const auto list = judgments(q);
  const auto at = std::lower_bound(list.begin(), list.end(), doc,
                                   [](const Judgment& j, std::string_view d) { return j.doc < d; });
  if (at == list.end() || at->doc != doc) return std::nullopt;
  return at->relevance;
}

Result<Qrels> read_qrels(const std::filesystem::path& path, Duplicates duplicates) {
  CT_TRY(auto text, WholeText::open(path));
  return read_qrels_text(std::move(text), path.string(), duplicates);
}

Result<Qrels> read_qrels_text(WholeText text, const std::string& name, Duplicates duplicates) {
  return QrelsReader(name, duplicates).read(std::move(text));
}

}  // namespace crosstail::data
