#include "cli/search_options.h"

#include <algorithm>
#include <charconv>

#include "index/records.h"

namespace crosstail::cli {
namespace {

Error wrong(const std::string& option, const std::string& what) {
  return {ErrorCode::InvalidArgument, option + ": " + what};
}

Status read_number(std::string_view text, double& into) {
  const auto* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, into);
  if (failure == std::errc() && stop == end) return {};
  return Error{ErrorCode::InvalidArgument, "expected a number"};
}

Status read_fusion(const FusionOptions& o, const retrieve::QuerySession& session,
                   index::FusionSetting& fusion) {
  fusion = session.index().manifest().fusion;
  if (o.fusion == "auto") {
    CT_TRY(fusion, session.tuned());
  } else if (!o.fusion.empty()) {
    const auto mode = index::parse_fusion_mode(o.fusion);
    if (!mode) return wrong("--fusion " + o.fusion, "unknown mode");
    if (*mode != fusion.mode) {
      fusion = {};
      fusion.mode = *mode;
      // Of a mean; the published 0.01 is for each question of a sum.
      if (*mode == index::FusionMode::Mean || *mode == index::FusionMode::LanguageMean)
        fusion.alpha = 0.5;
    }
  }
  if (!o.alpha.empty()) {
    auto parsed = index::parse_alpha(o.alpha, fusion);
    if (!parsed.ok()) return std::move(parsed).error().at("--alpha");
  }
  if (o.beta_given) fusion.beta = o.beta;
  if (!(fusion.beta >= 0)) return wrong("--beta", "expected a number of at least 0");
  if (o.shrink_given) fusion.shrink = o.shrink;
  if (!(fusion.shrink >= 0)) return wrong("--centroid-shrink", "expected a number of at least 0");
  if (o.strength_given) fusion.strength = o.strength;
  if (!(fusion.strength >= 0)) return wrong("--center-strength", "expected a number of at least 0");
  if (!o.center.empty()) fusion.center = index::parse_centering(o.center).value_or(fusion.center);
  if (!o.renormalise) fusion.renormalise = false;
  return {};
}

/// "rrf", or the weight of the dense side.
Status read_hybrid(const SearchOptions& o, retrieve::SearchSetting& setting) {
  if (o.hybrid.empty()) {
    if (o.bm25) setting.system = retrieve::System::Bm25;
    return {};
  }
  if (o.bm25) return wrong("--hybrid", "--bm25 alone and --hybrid exclude each other");
  setting.system = retrieve::System::Hybrid;
  setting.hybrid_depth = o.hybrid_depth;
  setting.reciprocal_rank = o.hybrid == "rrf";
  if (setting.reciprocal_rank) return {};
  const char* end = o.hybrid.data() + o.hybrid.size();
  const auto [stop, failure] = std::from_chars(o.hybrid.data(), end, setting.dense_weight);
  if (failure != std::errc() || stop != end || !(setting.dense_weight >= 0) ||
      setting.dense_weight > 1)
    return wrong("--hybrid " + o.hybrid, "expected rrf, or the weight of vectors from 0 to 1");
  return {};
}

Status read_words(const SearchOptions& o, retrieve::SearchSetting& setting) {
  CT_CHECK(read_hybrid(o, setting));
  if (!o.fields.empty() && setting.system == retrieve::System::Dense)
    return wrong("--fields", "belongs to --bm25 or --hybrid");
  if (!o.fields.empty())
    setting.fields = retrieve::parse_bm25_fields(o.fields).value_or(setting.fields);
  setting.words = o.bm25_terms == "words";
  setting.bm25 = {static_cast<float>(o.k1), static_cast<float>(o.b)};
  return index::check(setting.bm25);
}

}  // namespace

std::vector<std::string> comma_separated(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

void declare_fusion(OptionTable& options, FusionOptions& o) {
  options.section("Which questions count")
      .text(o.leave_out, "leave-out", "LIST",
            "of language, group, site, text: questions that share it with the query do not count")
      .text(o.languages_attached, "languages-attached", "LIST", "only questions in these languages")
      .count(o.max_per_language, "max-per-language", "N",
             "the first N questions of a passage, source and language; 0: all")
      .text(o.sources, "source", "LIST", "only of annotated, aligned, generated, log")
      .real(o.min_confidence, "min-confidence", "C", "only questions with at least this");
}

void declare_search(OptionTable& options, SearchOptions& o) {
  options
      .positionals(o.arguments, "DIR [QUERY…]",
                   "an index; then queries (without any: --queries, or a prompt)", 1)
      .text(o.queries, "queries", "FILE", "query file (_id, text, lang, group, site)")
      .text(o.query_language, "query-language", "TAG", "language of queries typed here")
      .choice(o.format, "format", {"text", "json", "trec", "xor"}, "of what comes out")
      .text(o.k, "hits", "N", "hits a query", 'k')
      .text(o.output, "output", "FILE", "where hits go; - is standard output", 'o')
      .text(o.tag, "tag", "NAME", "tag of a TREC run; default: the setting")
      .flag(o.explain, "explain", "names the attached question that is nearest, and its language");
  options.section("Fusion")
      .choice(o.fusion.fusion, "fusion",
              {"none", "sum", "mean", "language-mean", "questions-only", "max", "auto"},
              "how questions enter (docs/search.md); auto: what `tune` chose; default: the index's")
      .text(o.fusion.alpha, "alpha", "A", "weight of questions, or SOURCE=A,… for each source")
      .custom("beta", "B", "weight of questions in max", "1",
              [&o](std::string_view text) {
                o.fusion.beta_given = true;
                return read_number(text, o.fusion.beta);
              })
      .choice(o.fusion.center, "center", {"none", "global", "language"},
              "takes centroids from questions and queries")
      .custom("centroid-shrink", "S", "pulls centroids of small languages to the global one", "100",
              [&o](std::string_view text) {
                o.fusion.shrink_given = true;
                return read_number(text, o.fusion.shrink);
              })
      .custom("center-strength", "G", "the share of the centroids that --center takes out", "1",
              [&o](std::string_view text) {
                o.fusion.strength_given = true;
                return read_number(text, o.fusion.strength);
              })
      .negative_flag(o.fusion.renormalise, "renormalise",
                     "means keep the length they come out with");
  declare_fusion(options, o.fusion);
  options.section("Fast search")
      .choice(o.codes, "codes", {"auto", "always", "never"},
              "exact search of a few queries by int8 codes, made once and kept in DIR/rows; auto: "
              "where it pays")
      .real(o.recall, "recall", "R",
            "find this share of the best hits, by a graph that is built on first use; 0: all, "
            "exactly");
  options.section("Which passages")
      .text(o.languages, "language", "LIST", "only passages in these languages")
      .text(o.sites, "site", "LIST", "only passages of these sites")
      .choice(o.group_by, "group-by", {"doc"}, "one hit a document")
      .choice(o.collapse, "collapse", {"group"}, "one hit a group of passages …")
      .text(o.prefer_language, "prefer-language", "TAG", "… in this language where there is one");
  options.section("Words")
      .flag(o.bm25, "bm25", "BM25 in place of vectors")
      .text(o.hybrid, "hybrid", "HOW",
            "vectors and BM25: rrf (reciprocal ranks), or the weight of vectors in a sum")
      .choice(o.fields, "fields", {"passages", "questions", "both"},
              "what BM25 looks at; leave-out holds there too; default: passages")
      .choice(o.bm25_terms, "bm25-terms", {"subwords", "words"},
              "the model's subwords, or words by ICU")
      .real(o.k1, "k1", "K1", "of BM25")
      .real(o.b, "b", "B", "of BM25")
      .count(o.hybrid_depth, "hybrid-depth", "N", "hits of each that --hybrid joins")
      .text(o.rerank, "rerank", "MODEL", "a cross-encoder puts the best hits in a new order")
      .count(o.rerank_depth, "rerank-depth", "N", "hits that --rerank looks at");
  declare_asking(options, o.asking);
  options.section("Experiments")
      .text(o.sweep, "sweep", "LIST",
            "alpha=0:0.2:0.01,max-per-language=1..5,…: a run a setting in the folder -o")
      .text(o.qrels, "qrels", "FILE", "judgments: the table of --sweep gets MRR@10")
      .count(o.batch, "batch", "N", "queries held in memory at once");
}

Status read_question_filter(const FusionOptions& o, retrieve::SearchSetting& setting) {
  auto left_out = retrieve::parse_leave_out(o.leave_out);
  if (!left_out.ok()) return std::move(left_out).error().at("--leave-out");
  setting.leave_out = *left_out;
  auto& filter = setting.questions;
  filter.languages = comma_separated(o.languages_attached);
  filter.min_confidence = o.min_confidence;
  filter.max_per_language =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(o.max_per_language, 0xffffffffU));
  if (o.sources.empty()) return {};
  filter.sources = 0;
  for (const auto& name : comma_separated(o.sources)) {
    const auto source = index::parse_source(name);
    if (!source) return wrong("--source " + name, "expected annotated, aligned, generated or log");
    filter.sources =
        static_cast<std::uint8_t>(filter.sources | 1U << static_cast<unsigned>(*source));
  }
  return {};
}

Result<retrieve::SearchSetting> read_setting(const SearchOptions& o,
                                             const retrieve::QuerySession& session) {
  retrieve::SearchSetting setting;
  CT_CHECK(read_fusion(o.fusion, session, setting.fusion));
  CT_CHECK(read_question_filter(o.fusion, setting));
  CT_CHECK(read_words(o, setting));
  setting.languages = comma_separated(o.languages);
  setting.sites = comma_separated(o.sites);
  setting.group_by_doc = !o.group_by.empty();
  setting.collapse_group = !o.collapse.empty();
  setting.prefer_language = o.prefer_language;
  auto k = parse_count(o.k);
  if (!k.ok()) return std::move(k).error().at("-k");
  if (*k == 0) return wrong("-k", "expected at least 1");
  setting.k = *k;
  if (!(o.recall >= 0 && o.recall < 1)) return wrong("--recall", "expected at least 0 and below 1");
  setting.recall = o.recall;
  setting.codes = retrieve::parse_code_use(o.codes).value_or(setting.codes);
  return setting;
}

}  // namespace crosstail::cli
