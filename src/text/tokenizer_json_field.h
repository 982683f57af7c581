#pragma once
/// Access to the fields of tokenizer.json with errors that name them.

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crosstail::text {

/// A value and the path that leads to it ("normalizer.normalizers[1]"). Borrowed from the parser.
class JsonField {
 public:
  JsonField(std::optional<simdjson::dom::element> value, std::string path)
      : value_(value), path_(std::move(path)) {}

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Missing, or null.
  [[nodiscard]] bool is_null() const { return !value_ || value_->is_null(); }
  /// False if the value is missing or of another type.
  template <class T>
  [[nodiscard]] bool get(T& out) const {
    return value_ && value_->get(out) == simdjson::SUCCESS;
  }

  /// Corrupt: "PATH: WHAT".
  [[nodiscard]] Error wrong(std::string_view what) const;
  /// Unsupported: "PATH: WHAT is not supported".
  [[nodiscard]] Error unsupported(std::string_view what) const;

  /// The member `key`; null if it is missing.
  [[nodiscard]] Result<JsonField> member(std::string_view key) const;
  [[nodiscard]] Result<std::vector<JsonField>> items() const;
  [[nodiscard]] Result<std::string> text() const;
  [[nodiscard]] Result<std::uint32_t> number() const;
  [[nodiscard]] Result<bool> boolean() const;

  /// Members with a default for those missing or null.
  [[nodiscard]] Result<std::string> text_at(std::string_view key) const;
  [[nodiscard]] Result<std::string> text_at(std::string_view key, std::string_view missing) const;
  [[nodiscard]] Result<bool> boolean_at(std::string_view key, bool missing) const;
  [[nodiscard]] Result<std::uint32_t> number_at(std::string_view key, std::uint32_t missing) const;

 private:
  std::optional<simdjson::dom::element> value_;
  std::string path_;
};

}  // namespace crosstail::text
