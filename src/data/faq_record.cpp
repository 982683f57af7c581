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

void append_json_line(std::string& out, const FaqRecord& record) {
  JsonWriter json(out);
  json.begin_object();
  json.member("id", record.id).member("url", record.url).member("origin", record.origin);
  json.member("language", record.language).member("confidence", record.confidence);
  json.member("question", record.question).member("answer", record.answer);
  json.member("title", record.title).member("description", record.description);
  json.member("keywords", record.keywords).member("author", record.author);
  json.member("warc_date", record.warc_date).member("kind", record.kind);
  json.member("page_type", record.page_type).member("position", record.position);
  json.member("page_language", record.page_language);
  json.key("alternates").begin_array();
  for (const auto& [language, url] : record.alternates) {
    json.begin_object().member("hreflang", language).member("url", url).end_object();
  }
  json.end_array().end_object();
  out += '\n';
}

}  // namespace crosstail::data
