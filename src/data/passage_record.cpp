#include "data/passage_record.h"

#include "base/json_writer.h"

namespace crosstail::data {

std::string passage_id(std::string_view doc, std::string_view anchor) {
  std::string id;
  id.reserve(doc.size() + 1 + anchor.size());
  id += doc;
  id += '#';
  id += anchor;
  return id;
}

void append_json_line(std::string& out, const PassageRecord& record) {
  JsonWriter json(out);
  json.begin_object();
  json.member("_id", passage_id(record.doc, record.anchor)).member("doc", record.doc);
  json.member("url", record.url).member("language", record.language);
  json.member("title", record.title);
  json.key("headings").begin_array();
  for (const std::string& heading : record.headings) json.value(heading);
  json.end_array();
  json.member("text", record.text).end_object();
  out += '\n';
}

}  // namespace crosstail::data
