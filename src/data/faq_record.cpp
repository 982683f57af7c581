#include "data/faq_record.h"

#include "base/hash.h"
#include "base/json_writer.h"

namespace crosstail::data {

std::string faq_id(std::string_view question, std::string_view answer) {
  std::string text;
  text.reserve(question.size() + 1 + answer.size());
  text += question;
  text += ' ';
  text += answer;
  for (char& c : text)
    if (c == '\n') c = ' ';
  return md5_hex(text);
}

std::string url_origin(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) {
    const auto slash = url.find('/');
    return std::string(slash == std::string_view::npos ? std::string_view() : url.substr(0, slash));
  }
  const auto end = url.find_first_of("/?#", scheme + 3);
  return std::string(url.substr(0, end));
}

namespace {

/// `,"name":"value"`
void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, value);
}

}  // namespace

FaqLineWriter::FaqLineWriter(const FaqRecord& page) {
  append_member(address_, "url", page.url);
  append_member(address_, "origin", page.origin);
  append_member(about_, "title", page.title);
  append_member(about_, "description", page.description);
  append_member(about_, "keywords", page.keywords);
  append_member(date_, "warc_date", page.warc_date);
  append_member(end_, "page_language", page.page_language);
  end_ += ",\"alternates\":";
  JsonWriter json(end_);
  json.begin_array();
  for (const auto& [language, url] : page.alternates)
    json.begin_object().member("hreflang", language).member("url", url).end_object();
  json.end_array();
  end_ += "}\n";
}

void FaqLineWriter::append(std::string& out, const FaqRecord& pair) const {
  out += "{\"id\":";
  append_json_string(out, pair.id);
  out += address_;
  append_member(out, "language", pair.language);
  out += ",\"confidence\":";
  JsonWriter(out).value(pair.confidence);
  append_member(out, "question", pair.question);
  append_member(out, "answer", pair.answer);
  out += about_;
  append_member(out, "author", pair.author);
  out += date_;
  append_member(out, "kind", pair.kind);
  append_member(out, "page_type", pair.page_type);
  out += ",\"position\":" + std::to_string(pair.position);
  out += end_;
}

void append_json_line(std::string& out, const FaqRecord& record) {
  FaqLineWriter(record).append(out, record);
}

}  // namespace crosstail::data
