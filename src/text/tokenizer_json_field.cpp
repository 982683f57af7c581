#include "text/tokenizer_json_field.h"

namespace crosstail::text {

Error JsonField::wrong(std::string_view what) const {
  return {ErrorCode::Corrupt, path_ + ": " + std::string(what)};
}

Error JsonField::unsupported(std::string_view what) const {
  return {ErrorCode::Unsupported, path_ + ": " + std::string(what) + " is not supported"};
}

Result<JsonField> JsonField::member(std::string_view key) const {
  const std::string path = path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  simdjson::dom::object object;
  if (!get(object)) return wrong("expected an object");
  simdjson::dom::element found;
  if (object.at_key(key).get(found) != simdjson::SUCCESS) return JsonField(std::nullopt, path);
  return JsonField(found, path);
}

Result<std::vector<JsonField>> JsonField::items() const {
  simdjson::dom::array array;
  if (!get(array)) return wrong("expected an array");
  std::vector<JsonField> fields;
  for (const simdjson::dom::element item : array) {
    fields.emplace_back(item, path_ + "[" + std::to_string(fields.size()) + "]");
  }
  return fields;
}

Result<std::string> JsonField::text() const {
  std::string_view text;
  if (!get(text)) return wrong("expected a string");
  return std::string(text);
}

Result<std::uint32_t> JsonField::number() const {
  std::uint64_t number = 0;
  if (!get(number) || number >= 0xFFFFFFFFU) {
    return wrong("expected a whole number below 2^32 - 1");
  }
  return static_cast<std::uint32_t>(number);
}

Result<bool> JsonField::boolean() const {
  bool value = false;
  if (!get(value)) return wrong("expected true or false");
  return value;
}

Result<std::string> JsonField::text_at(std::string_view key) const {
  CT_TRY(const JsonField field, member(key));
  return field.text();
}

Result<std::string> JsonField::text_at(std::string_view key, std::string_view missing) const {
  CT_TRY(const JsonField field, member(key));
  if (field.is_null()) return std::string(missing);
  return field.text();
}

Result<bool> JsonField::boolean_at(std::string_view key, bool missing) const {
  CT_TRY(const JsonField field, member(key));
  if (field.is_null()) return missing;
  return field.boolean();
}

Result<std::uint32_t> JsonField::number_at(std::string_view key, std::uint32_t missing) const {
  CT_TRY(const JsonField field, member(key));
  if (field.is_null()) return missing;
  return field.number();
}

}  // namespace crosstail::text
