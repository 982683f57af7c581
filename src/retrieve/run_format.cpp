#include "retrieve/run_format.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/json_writer.h"
#include "retrieve/bm25_store.h"

namespace crosstail::retrieve {
namespace {

/// About `bytes` of a text, cut between characters.
std::string beginning(const std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  std::size_t end = bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

bool has_blank(std::string_view id) {
  return id.empty() || id.find_first_of(" \t\r\n\v\f") != std::string_view::npos;
}

}  // namespace

std::optional<RunFormat> parse_run_format(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames{"text", "json", "trec", "xor"};
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<RunFormat>(found - kNames.begin());
}

std::string score_text(float score) {
  std::array<char, 32> buffer{};
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), score).ptr};
}

Status RunFormatter::append(const data::Query& query, const Ranking& ranking,
                            const std::vector<Explanation>& explanations, std::string& out) {
  switch (format_) {
    case RunFormat::Text:
      return append_text(query, ranking, explanations, out);
    case RunFormat::Json:
      return append_json(query, ranking, explanations, out);
    case RunFormat::Trec:
      return append_trec(query, ranking, out);
    case RunFormat::Xor:
      return append_xor(query, ranking, out);
  }
  return {};
}

void RunFormatter::finish(std::string& out) {
  if (format_ == RunFormat::Xor) out += begun_ ? "\n]\n" : "[]\n";
}

Status RunFormatter::append_text(const data::Query& query, const Ranking& ranking,
                                 const std::vector<Explanation>& explanations,
                                 std::string& out) const {
  out += query.text + "\n";
  if (ranking.empty()) out += "   nothing found\n";
  for (std::size_t i = 0; i < ranking.size(); ++i) {
    CT_TRY(const auto fields, index_.fields(ranking[i].passage));
    out +=
        std::to_string(i + 1) + ". " + score_text(ranking[i].score) + "  " + std::string(fields.id);
    if (!fields.language.empty()) out += " [" + std::string(fields.language) + "]";
    if (!fields.url.empty()) out += " " + std::string(fields.url);
    out += "\n";
    if (index_.manifest().texts) {
      CT_TRY(const auto text, index_.text(ranking[i].passage));
      out += "   " + (text.title.empty() ? std::string() : text.title + " — ") +
             beginning(text.text, 200) + "\n";
    }
    if (i >= explanations.size()) continue;
    const Explanation& why = explanations[i];
    out += "   passage alone " + score_text(why.passage_score);
    out += why.has_question ? "; nearest question " + score_text(why.question_score) + " [" +
                                  why.language + "] " + beginning(why.question, 200) + "\n"
                            : "; no attached question counts\n";
  }
  return {};
}

Status RunFormatter::append_json(const data::Query& query, const Ranking& ranking,
                                 const std::vector<Explanation>& explanations,
                                 std::string& out) const {
  JsonWriter json(out);
  json.begin_object().member("id", query.id).member("text", query.text);
  json.key("hits").begin_array();
  for (std::size_t i = 0; i < ranking.size(); ++i) {
    CT_TRY(const auto fields, index_.fields(ranking[i].passage));
    json.begin_object().member("rank", static_cast<std::uint64_t>(i + 1)).member("id", fields.id);
    json.key("score").value(static_cast<double>(ranking[i].score));
    if (fields.doc != fields.id) json.member("doc", fields.doc);
    if (!fields.language.empty()) json.member("lang", fields.language);
    if (!fields.group.empty()) json.member("group", fields.group);
    if (!fields.site.empty()) json.member("site", fields.site);
    if (!fields.url.empty()) json.member("url", fields.url);
    if (index_.manifest().texts) {
      CT_TRY(const auto text, index_.text(ranking[i].passage));
      if (!text.title.empty()) json.member("title", text.title);
      json.member("text", text.text);
    }
    if (i < explanations.size()) {
      const Explanation& why = explanations[i];
      json.key("passage_score").value(static_cast<double>(why.passage_score));
      if (why.has_question) {
        json.key("question").begin_object().member("lang", why.language);
        json.member("text", why.question);
        json.key("score").value(static_cast<double>(why.question_score)).end_object();
      }
    }
    json.end_object();
  }
  json.end_array().end_object();
  out += "\n";
  return {};
}

Status RunFormatter::append_trec(const data::Query& query, const Ranking& ranking,
                                 std::string& out) const {
  const auto blank = [](const std::string& what, std::string_view id) {
    return Error{
        ErrorCode::InvalidArgument,
        what + " id `" + std::string(id) +
            "` is empty or holds a blank, which a TREC run cannot write; take --format json"};
  };
  if (has_blank(query.id)) return blank("query", query.id);
  for (std::size_t i = 0; i < ranking.size(); ++i) {
    CT_TRY(const auto fields, index_.fields(ranking[i].passage));
    if (has_blank(fields.id)) return blank("passage", fields.id);
    out.append(query.id).append(" Q0 ").append(fields.id).append(" ");
    out += std::to_string(i + 1) + " " + score_text(ranking[i].score) + " " + tag_ + "\n";
  }
  return {};
}

Status RunFormatter::append_xor(const data::Query& query, const Ranking& ranking,
                                std::string& out) {
  out += begun_ ? ",\n" : "[\n";
  begun_ = true;
  JsonWriter json(out);
  json.begin_object().member("id", query.id).member("lang", query.language);
  json.key("ctxs").begin_array();
  for (const RankedPassage& hit : ranking) {
    CT_TRY(const auto text, index_.text(hit.passage));
    json.value(text.text);
  }
  json.end_array().end_object();
  return {};
}

}  // namespace crosstail::retrieve
