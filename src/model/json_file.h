#pragma once
/// A JSON configuration file with errors that name file and field.

#include <simdjson.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/tokenizer_json_field.h"

namespace crosstail::model {

/// Parsed JSON and the name it came under. Not copyable; fields borrow from it.
class JsonFile {
 public:
  /// A file of at most 16 MiB. Fails with NotFound, Limit or Corrupt.
  static Result<JsonFile> read(const std::filesystem::path& path);
  /// The same for a file that may be missing: an empty object then.
  static Result<JsonFile> read_if_there(const std::filesystem::path& path);
  static Result<JsonFile> parse(std::string_view text, std::string name);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] text::JsonField top() const { return {root_, ""}; }

  /// Members of the top object; null and missing are the same. Errors carry the file's name.
  [[nodiscard]] Result<text::JsonField> member(std::string_view key) const;
  [[nodiscard]] Result<std::string> text_at(std::string_view key, std::string_view missing) const;
  [[nodiscard]] Result<bool> boolean_at(std::string_view key, bool missing) const;
  [[nodiscard]] Result<std::uint32_t> number_at(std::string_view key, std::uint32_t missing) const;
  /// A number that must be there and not be 0.
  [[nodiscard]] Result<std::uint32_t> size_at(std::string_view key) const;
  [[nodiscard]] Result<double> real_at(std::string_view key, double missing) const;

  /// "NAME: FIELD = VALUE is not supported; WHY".
  [[nodiscard]] Error unsupported(std::string_view key, std::string_view value,
                                  std::string_view why) const;
  /// The field's value as JSON, for messages; "missing" if it is.
  [[nodiscard]] std::string shown(std::string_view key) const;

 private:
  template <class T>
  Result<T> named(Result<T> result) const {
    if (!result.ok()) return result.error().at(name_);
    return result;
  }
  std::unique_ptr<simdjson::dom::parser> parser_ = std::make_unique<simdjson::dom::parser>();
  simdjson::dom::element root_;
  std::string name_;
};

}  // namespace crosstail::model
