#include "markup/extract_records.h"

#include "base/json_writer.h"
#include "data/faq_record.h"
#include "data/passage_record.h"
#include "markup/iri_reference.h"
#include "markup/personal_data.h"
#include "text/utf8.h"

namespace crosstail::markup {
namespace {

void mask(std::string& text, const RecordOptions& options, Counters& counters) {
  if (!options.mask_personal) return;
  MaskCounts counts;
  mask_personal(text, counts);
  counters.add("masked.emails", counts.emails);
  counters.add("masked.phones", counts.phones);
}

/// A link of the page made like the page's own url: absolute, or a path below the INPUT.
std::string resolved(std::string_view base, std::string_view reference) {
  std::string url = resolve_iri(base, reference);
  constexpr std::string_view kUnknownBase = "document:";
  if (url.compare(0, kUnknownBase.size(), kUnknownBase) == 0) {
    url.erase(0, kUnknownBase.size());
    url.erase(0, url.find_first_not_of('/'));
  }
  return url;
}

std::string page_language(const PageBytes& page, const PageReading& reading) {
  return !reading.faq.in_language.empty() ? reading.faq.in_language
                                          : reading.metadata.language(page.content_language);
}

/// The fields that all pairs of a page share.
data::FaqRecord page_fields(const PageBytes& page, const PageReading& reading,
                            const RecordOptions& options, Counters& counters) {
  data::FaqRecord record;
  const PageMetadata& metadata = reading.metadata;
  record.url = page.url;
  record.origin = data::url_origin(page.url);
  record.title = metadata.title;
  record.description = metadata.description;
  record.keywords = metadata.keywords;
  for (std::string* text : {&record.title, &record.description, &record.keywords})
    mask(*text, options, counters);
  record.warc_date = page.date;
  record.page_language = page_language(page, reading);
  const std::string base =
      metadata.base.empty() ? std::string(page.url) : resolved(page.url, metadata.base);
  for (const auto& [language, reference] : metadata.alternates)
    record.alternates.emplace_back(language, resolved(base, reference));
  return record;
}

void add_passages(const PageBytes& page, std::string_view name_of_page, const PageReading& reading,
                  OutputLines& out) {
  data::PassageRecord record;
  record.doc = name_of_page;
  record.url = page.url;
  record.language = page_language(page, reading);
  record.title = reading.metadata.title;
  for (const Passage& passage : reading.passages) {
    record.anchor = passage.anchor;
    record.headings = passage.headings;
    record.text = passage.text;
    data::append_json_line(out.passages, record);
  }
  out.counters.add("passages.out", reading.passages.size());
}

void add_dropped_pair(const PageBytes& page, const DroppedPair& dropped,
                      const RecordOptions& options, OutputLines& out) {
  out.counters.add("pairs.dropped", name(dropped.reason), 1);
  if (!options.dropped) return;
  std::string question = dropped.pair.question, answer = dropped.pair.answer;
  Counters unused;  // what is dropped is masked too, but counted only where it is kept
  mask(question, options, unused);
  mask(answer, options, unused);
  JsonWriter json(out.dropped);
  json.begin_object();
  json.member("what", "pair").member("reason", name(dropped.reason)).member("url", page.url);
  json.member("place", "byte " + std::to_string(dropped.pair.offset))
      .member("kind", dropped.pair.kind);
  json.member("question", question).member("answer", answer);
  json.end_object();
  out.dropped += '\n';
}

}  // namespace

void add_page(const PageBytes& page, std::string_view name_of_page, const PageReading& reading,
              const RecordOptions& options, OutputLines& out) {
  const PageFaq& faq = reading.faq;
  out.counters.add("pages.in");
  out.counters.add("pairs.in", faq.pairs.size() + faq.dropped.size());
  out.counters.add("pairs.out", faq.pairs.size());
  for (const DroppedPair& dropped : faq.dropped) add_dropped_pair(page, dropped, options, out);
  if (faq.pairs.empty()) {
    const char* reason = faq.dropped.empty() ? "no-faq-markup" : "no-complete-pair";
    add_drop({.what = "page", .reason = reason, .url = page.url}, options, out);
  } else {
    out.counters.add("pages.with-pairs");
    data::FaqRecord record = page_fields(page, reading, options, out.counters);
    const data::FaqLineWriter lines(record);
    for (const FaqPair& pair : faq.pairs) {
      record.language = !pair.language.empty() ? pair.language : record.page_language;
      record.question = pair.question;
      record.answer = pair.answer;
      mask(record.question, options, out.counters);
      mask(record.answer, options, out.counters);
      record.author = options.keep_author ? pair.author : std::string();
      record.kind = pair.kind;
      record.page_type = pair.page_type;
      record.id = data::faq_id(record.question, record.answer);
      lines.append(out.pairs, record);
      out.counters.add("pairs.by-kind", pair.kind, 1);
      ++record.position;
    }
  }
  add_passages(page, name_of_page, reading, out);
}

void add_drop(const Drop& drop, const RecordOptions& options, OutputLines& out) {
  out.counters.add(std::string(drop.what) + "s.dropped", drop.reason, 1);
  if (options.dropped) append_drop(drop, out);
}

void append_drop(const Drop& drop, OutputLines& out) {
  JsonWriter json(out.dropped);
  json.begin_object();
  json.member("what", drop.what).member("reason", drop.reason).member("url", drop.url);
  json.member("place", drop.place);
  if (!drop.text.empty()) json.member("text", text::repair_utf8(drop.text));
  json.end_object();
  out.dropped += '\n';
}

}  // namespace crosstail::markup
