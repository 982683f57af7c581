#include "model/json_file.h"

#include "base/file.h"

namespace crosstail::model {
namespace {

constexpr std::uint64_t kMaxConfig = std::uint64_t{16} << 20;
constexpr std::size_t kMaxShown = 80;

}  // namespace

Result<JsonFile> JsonFile::read(const std::filesystem::path& path) {
  CT_TRY(const std::string text, read_file(path, kMaxConfig));
  return parse(text, path.string());
}

Result<JsonFile> JsonFile::read_if_there(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return parse("{}", path.string());
  return read(path);
}

Result<JsonFile> JsonFile::parse(std::string_view text, std::string name) {
  JsonFile file;
  file.name_ = std::move(name);
  const simdjson::padded_string padded(text);
  if (const auto error = file.parser_->parse(padded).get(file.root_))
    return Error{ErrorCode::Corrupt, file.name_ + ": is not valid JSON: " +
                                         std::string(simdjson::error_message(error))};
  return file;
}

Result<text::JsonField> JsonFile::member(std::string_view key) const {
  return named(top().member(key));
}

Result<std::string> JsonFile::text_at(std::string_view key, std::string_view missing) const {
  return named(top().text_at(key, missing));
}

Result<bool> JsonFile::boolean_at(std::string_view key, bool missing) const {
  return named(top().boolean_at(key, missing));
}

Result<std::uint32_t> JsonFile::number_at(std::string_view key, std::uint32_t missing) const {
  return named(top().number_at(key, missing));
}

Result<std::uint32_t> JsonFile::size_at(std::string_view key) const {
  CT_TRY(const std::uint32_t number, number_at(key, 0));
  if (number == 0)
    return Error{ErrorCode::Corrupt, name_ + ": " + std::string(key) + " is " + shown(key) +
                                         "; expected a number from 1"};
  return number;
}

Result<double> JsonFile::real_at(std::string_view key, double missing) const {
  CT_TRY(const text::JsonField field, member(key));
  if (field.is_null()) return missing;
  double value = 0;
  if (!field.get(value)) return field.wrong("expected a number").at(name_);
  return value;
}

Error JsonFile::unsupported(std::string_view key, std::string_view value,
                            std::string_view why) const {
  return {ErrorCode::Unsupported, name_ + ": " + std::string(key) + " = " + std::string(value) +
                                      " is not supported; " + std::string(why)};
}

std::string JsonFile::shown(std::string_view key) const {
  simdjson::dom::element value;
  if (root_[key].get(value) != simdjson::SUCCESS) return "missing";
  std::string text = simdjson::minify(value);
  if (text.size() > kMaxShown) text = text.substr(0, kMaxShown) + "…";
  return text;
}

}  // namespace crosstail::model
