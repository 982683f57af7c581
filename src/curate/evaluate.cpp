#include "curate/evaluate.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "curate/cleaning.h"
#include "curate/outputs.h"
#include "curate/page_url.h"
#include "text/language_tag.h"
#include "text/normal_form.h"
#include "text/utf8.h"

namespace crosstail::curate {
namespace {

/// Thresholds of the language's confidence: papers.md §2 for the presets; ours is where short
/// texts of the wrong language begin to outnumber right ones (docs/curate.md).
constexpr double kConfidenceV1 = 0.63, kConfidenceV2 = 0.25, kConfidenceV2Hinted = 0.12;
constexpr double kConfidenceDefault = 0.5;
/// Weights of hints, in log-odds: the literal's own tag, the page's address, what the page states.
constexpr float kStatedWeight = 1.5F, kUrlWeight = 1.5F, kPageWeight = 1.0F;

double threshold_of(const CurateOptions& options) {
  if (options.min_confidence >= 0) return options.min_confidence;
  switch (options.preset) {
    case Preset::WebFaqV1:
      return kConfidenceV1;
    case Preset::WebFaqV2:
      return kConfidenceV2;
    case Preset::Default:
      break;
  }
  return kConfidenceDefault;
}

/// What WebFAQ gives to its language identifier; newlines as spaces.
std::string webfaq_text(const data::FaqRecord& record, Preset preset) {
  std::string text = record.question + " " + record.answer;
  if (preset == Preset::WebFaqV2)
    for (const auto* more : {&record.title, &record.description})
      if (!more->empty()) text += " " + *more;
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

Evaluator::Evaluator(const CurateOptions& options, const text::LanguageIdentifier* identifier)
    : options_(options), identifier_(identifier), min_confidence_(threshold_of(options)) {
  for (const auto& language : options.languages) wanted_.push_back(text::language_code(language));
}

std::uint32_t Evaluator::name(std::string_view text, std::uint32_t& last, Evaluated& out) {
  // Rows of one site and language follow each other. A name may be in the list twice.
  if (last >= out.names.size() || out.names[last] != text) {
    last = static_cast<std::uint32_t>(out.names.size());
    out.names.emplace_back(text);
  }
  return last;
}

void Evaluator::malformed(std::string_view problem, std::uint64_t line, Evaluated& out) {
  Verdict verdict;
  verdict.line = line;
  verdict.problem = static_cast<std::uint32_t>(out.names.size());
  out.names.emplace_back(problem);
  out.verdicts.push_back(verdict);
}

void Evaluator::evaluate(std::string_view json, std::uint64_t line, Evaluated& out) {
  if (const auto parsed = parser_.parse(json, row_); !parsed.ok())
    return malformed(parsed.error().message, line, out);
  Verdict verdict;
  verdict.line = line;
  verdict.reason = judge(verdict);
  verdict.begin = out.bytes.size();
  if (verdict.reason == Reason::Kept) {
    make_key(verdict);
    make_links(verdict, out);
    verdict.type = question_type(row_.record.question, language_);
    verdict.language = name(language_, last_language_, out);
    verdict.license = name(row_.license, last_license_, out);
    verdict.site = name(page_site_, last_site_, out);
    verdict.question_length =
        static_cast<std::uint32_t>(text::count_code_points(row_.record.question));
    verdict.answer_length = static_cast<std::uint32_t>(text::count_code_points(row_.record.answer));
    append_segments(row_, verdict.type, options_.format, out.bytes, verdict.segments);
  }
  if (verdict.reason != Reason::Kept || !options_.dropped.empty()) {
    const std::size_t before = out.bytes.size();
    if (!options_.dropped.empty()) append_dropped_fields(row_, out.bytes);
    verdict.segments[3] = static_cast<std::uint32_t>(out.bytes.size() - before);
  }
  out.verdicts.push_back(verdict);
}

Reason Evaluator::judge(Verdict&) {
  auto& record = row_.record;
  bool changed = false;
  if (options_.clean) {
    if (options_.preset == Preset::Default) {
      changed = clean(record.question, Part::Question);
      changed = clean(record.answer, Part::Answer) || changed;
    } else {
      changed = clean_webfaq(record.question);
      changed = clean_webfaq(record.answer) || changed;
    }
  }
  if (const Reason reason = filter(record.question, record.answer, options_.preset, forms_);
      reason != Reason::Kept)
    return reason;
  read_page();
  if (const Reason reason = identify(); reason != Reason::Kept) return reason;
  if (!wanted_.empty() && std::find(wanted_.begin(), wanted_.end(), language_) == wanted_.end())
    return Reason::OtherLanguage;
  if (record.id.empty() || changed || options_.preset != Preset::Default)
    record.id = data::faq_id(record.question, record.answer);
  record.language = language_;
  record.confidence = std::round(static_cast<double>(confidence_) * 1e4) / 1e4;
  return Reason::Kept;
}

void Evaluator::read_page() {
  auto& record = row_.record;
  if (record.url.empty() && !record.origin.empty()) record.url = record.origin;
  if (record.url == page_url_ && !page_key_.empty()) {
    if (record.origin.empty()) record.origin = data::url_origin(record.url);
    return;
  }
  page_url_ = record.url;
  page_site_ = site_of(record.url);
  page_key_ = url_without_language(record.url);
  // A relative address says nothing of the site; its folders do, as far as they go.
  if (page_key_.empty()) page_key_ = "/";
  page_language_ = language_of_url(record.url);
  if (record.origin.empty()) record.origin = data::url_origin(record.url);
}

std::vector<text::LanguageHint> Evaluator::hints() const {
  std::vector<text::LanguageHint> out;
  if (!options_.language_hints) return out;
  const auto add = [&](std::string code, float weight) {
    if (!code.empty()) out.push_back({std::move(code), weight});
  };
  const auto& record = row_.record;
  if (!record.language.empty()) add(text::language_code(record.language), kStatedWeight);
  add(page_language_, kUrlWeight);
  if (!record.page_language.empty()) add(text::language_code(record.page_language), kPageWeight);
  for (const auto& [language, url] : record.alternates)
    if (url == record.url) add(text::language_code(language), kPageWeight);
  return out;
}

Reason Evaluator::identify() {
  const auto& record = row_.record;
  if (identifier_ == nullptr) {
    const std::string& tag = record.language.empty() ? record.page_language : record.language;
    if (tag != stated_tag_ || stated_code_.empty()) {
      stated_tag_ = tag;
      stated_code_ = text::language_code(tag);
      if (stated_code_.empty()) stated_code_ = page_language_.empty() ? "und" : page_language_;
    }
    language_ = tag.empty() && !page_language_.empty() ? page_language_ : stated_code_;
    confidence_ = static_cast<float>(record.confidence);
    return Reason::Kept;
  }
  text::LanguageGuess guess;
  double threshold = min_confidence_;
  if (options_.preset != Preset::Default) {
    const std::string text = webfaq_text(record, options_.preset);
    guess = identifier_->has_model() ? identifier_->model_alone(text) : identifier_->identify(text);
    if (options_.preset == Preset::WebFaqV2 && options_.min_confidence < 0 &&
        !guess.language.empty() && guess.language == page_language_)
      threshold = kConfidenceV2Hinted;
  } else {
    scratch_.assign(record.question);
    scratch_ += ' ';
    scratch_.append(record.answer, 0, 512);
    while (
        !scratch_.empty() && scratch_.size() < record.question.size() + 1 + record.answer.size() &&
        (static_cast<unsigned char>(record.answer[scratch_.size() - record.question.size() - 1]) &
         0xC0U) == 0x80U)
      scratch_.pop_back();
    guess = identifier_->identify(scratch_, hints());
  }
  if (guess.language.empty()) return Reason::UnknownLanguage;
  if (static_cast<double>(guess.confidence) < threshold) return Reason::UncertainLanguage;
  language_ = std::move(guess.language);
  confidence_ = guess.confidence;
  return Reason::Kept;
}

void Evaluator::make_key(Verdict& verdict) {
  const auto& record = row_.record;
  scratch_.assign(record.question);
  scratch_ += ' ';
  scratch_ += record.answer;
  for (char& c : scratch_)
    if (c == '\n') c = ' ';
  verdict.key.identity = xxh3(scratch_);
  const bool has_form = !forms_.question.empty() || !forms_.answer.empty();
  if (options_.preset == Preset::Default && has_form) {
    scratch_.assign(forms_.question);
    scratch_ += '\x1f';
    scratch_ += forms_.answer;
  }
  verdict.key.high = xxh3(scratch_, 1);
  verdict.key.low = xxh3(scratch_, 2);
}

void Evaluator::make_links(Verdict& verdict, Evaluated& out) {
  const auto& record = row_.record;
  verdict.first_link = static_cast<std::uint32_t>(out.links.size());
  const auto node_of = [&](const std::string& site, const std::string& page) {
    return options_.split_by == SplitBy::Site ? xxh3(site, 3) : xxh3(page, 4);
  };
  if (options_.split_by == SplitBy::None) return;
  if (options_.split_by == SplitBy::Group && !row_.group.empty()) {
    verdict.node = xxh3(row_.group, 5);
    return;
  }
  verdict.node = node_of(page_site_, page_key_);
  for (const auto& [language, url] : record.alternates) {
    const std::uint64_t node = options_.split_by == SplitBy::Site
                                   ? xxh3(site_of(url), 3)
                                   : xxh3(url_without_language(url), 4);
    if (node != verdict.node) out.links.push_back(node);
  }
  verdict.links = static_cast<std::uint32_t>(out.links.size()) - verdict.first_link;
}

}  // namespace crosstail::curate
