#include "data/faq_reader.h"

#include <simdjson.h>

#include <cstring>

namespace crosstail::data {
namespace {

using simdjson::ondemand::json_type;

Error expected(std::string_view what) {
  return {ErrorCode::Corrupt, "expected " + std::string(what)};
}

/// Where the text of a member goes, or null.
std::string* target_of(std::string_view key, FaqRow& row) {
  FaqRecord& r = row.record;
  switch (key.empty() ? '\0' : key[0]) {
    case 'a':
      if (key == "answer") return &r.answer;
      if (key == "author") return &r.author;
      if (key == "anchor") return &r.question;
      break;
    case 'd':
      if (key == "description") return &r.description;
      break;
    case 'g':
      if (key == "group") return &row.group;
      break;
    case 'i':
      if (key == "id") return &r.id;
      break;
    case 'k':
      if (key == "kind") return &r.kind;
      if (key == "keywords") return &r.keywords;
      break;
    case 'l':
      if (key == "language" || key == "lang") return &r.language;
      if (key == "license" || key == "licence") return &row.license;
      break;
    case 'o':
      if (key == "origin") return &r.origin;
      break;
    case 'p':
      if (key == "page_type") return &r.page_type;
      if (key == "page_language") return &r.page_language;
      if (key == "positive" || key == "passage") return &r.answer;
      break;
    case 'q':
      if (key == "question" || key == "query") return &r.question;
      break;
    case 's':
      if (key == "scheme_host") return &r.origin;
      break;
    case 't':
      if (key == "title") return &r.title;
      if (key == "text") return &r.question;
      break;
    case 'u':
      if (key == "url") return &r.url;
      break;
    case 'w':
      if (key == "warc_date") return &r.warc_date;
      break;
    default:
      break;
  }
  return nullptr;
}

void clear(FaqRow& row) {
  FaqRecord& r = row.record;
  for (std::string* text : {&r.id, &r.url, &r.origin, &r.language, &r.question, &r.answer, &r.title,
                            &r.description, &r.keywords, &r.author, &r.warc_date, &r.kind,
                            &r.page_type, &r.page_language, &row.license, &row.group})
    text->clear();
  r.confidence = 0;
  r.position = 0;
  r.alternates.clear();
}

Status read_alternates(simdjson::ondemand::value value, FaqRecord& record) {
  simdjson::ondemand::array list;
  if (value.get_array().get(list) != simdjson::SUCCESS) return expected("an array in 'alternates'");
  for (auto element : list) {
    simdjson::ondemand::object object;
    if (element.get_object().get(object) != simdjson::SUCCESS)
      return expected("objects in 'alternates'");
    std::string language, url;
    for (auto field : object) {
      std::string_view key, text;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) return expected("a key");
      std::string* to = key == "hreflang" ? &language : key == "url" ? &url : nullptr;
      if (to == nullptr) continue;
      // The key's text is gone once the value is read.
      if (field.value().get_string().get(text) != simdjson::SUCCESS)
        return expected("texts in 'alternates'");
      to->assign(text);
    }
    record.alternates.emplace_back(std::move(language), std::move(url));
  }
  return {};
}

Status read_text(simdjson::ondemand::value value, std::string_view key, std::string& to) {
  json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return expected("a JSON value");
  if (type == json_type::null) {
    to.clear();
    return {};
  }
  if (type == json_type::number) {
    std::string_view raw = value.raw_json_token();
    while (!raw.empty() && static_cast<unsigned char>(raw.back()) <= ' ') raw.remove_suffix(1);
    to.assign(raw);
    return {};
  }
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS)
    return expected("a string in '" + std::string(key) + "'");
  to.assign(text);
  return {};
}

}  // namespace

struct FaqParser::State {
  simdjson::ondemand::parser parser;
  std::string padded;
  std::string key;
};

FaqParser::FaqParser() : state_(std::make_unique<State>()) {}
FaqParser::~FaqParser() = default;
FaqParser::FaqParser(FaqParser&&) noexcept = default;

Status FaqParser::parse(std::string_view json, FaqRow& row) {
  clear(row);
  State& s = *state_;
  s.padded.assign(json);
  s.padded.append(simdjson::SIMDJSON_PADDING, '\0');
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (const auto error =
          s.parser.iterate(s.padded.data(), json.size(), s.padded.size()).get(document);
      error != simdjson::SUCCESS)
    return expected(std::string("a JSON object: ") + simdjson::error_message(error));
  if (document.get_object().get(object) != simdjson::SUCCESS) return expected("a JSON object");
  bool has_question = false, has_answer = false;
  for (auto field : object) {
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key); error != simdjson::SUCCESS)
      return expected(std::string("a JSON object: ") + simdjson::error_message(error));
    simdjson::ondemand::value value;
    if (std::string* to = target_of(key, row); to != nullptr) {
      has_question |= to == &row.record.question;
      has_answer |= to == &row.record.answer;
      s.key.assign(key);
      if (field.value().get(value) != simdjson::SUCCESS) return expected("a JSON value");
      CT_CHECK(read_text(value, s.key, *to));
    } else if (key == "alternates") {
      if (field.value().get(value) != simdjson::SUCCESS) return expected("a JSON value");
      CT_CHECK(read_alternates(value, row.record));
    } else if (key == "position") {
      std::uint64_t position = 0;
      if (field.value().get_uint64().get(position) == simdjson::SUCCESS)
        row.record.position = static_cast<std::uint32_t>(position);
    } else if (key == "confidence") {
      double confidence = 0;
      if (field.value().get_double().get(confidence) == simdjson::SUCCESS)
        row.record.confidence = confidence;
    }
  }
  const char* rest = nullptr;
  if (document.current_location().get(rest) == simdjson::SUCCESS)
    return expected("one JSON object a line and nothing after it");
  if (!has_question) return expected("a member 'question'");
  if (!has_answer) return expected("a member 'answer'");
  return {};
}

}  // namespace crosstail::data
