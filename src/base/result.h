#pragma once
/// Errors as values. A function that can fail returns `Result<T>` (or `Status` when there is
/// nothing to return); only `cli` turns an error into text on stderr and an exit code.

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace crosstail {

enum class ErrorCode {
  InvalidArgument,  ///< the caller asked for something that makes no sense (exit code 2)
  NotFound,         ///< a file, record or name that should be there is not
  Io,               ///< the operating system refused; the message carries its words
  NoSpace,          ///< the disk (or a quota) is full; what was finished before is valid
  Corrupt,          ///< the bytes are not what the format demands
  Limit,            ///< a configured limit was hit
  Unsupported,      ///< valid, but not implemented here; the message names the field
  Interrupted,      ///< SIGINT or SIGTERM (exit code 130)
};

/// `message` names the place (file, line, offset, field), what was expected and what to do.
struct Error {
  ErrorCode code = ErrorCode::Io;
  std::string message;

  /// The same error with the place put in front: `where: message`.
  [[nodiscard]] Error at(std::string_view where) const {
    return {code, std::string(where) + ": " + message};
  }
};

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// Only when ok().
  T& operator*() & { return *std::get_if<0>(&state_); }
  const T& operator*() const& { return *std::get_if<0>(&state_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }

  /// Only when !ok().
  [[nodiscard]] const Error& error() const& { return *std::get_if<1>(&state_); }
  [[nodiscard]] Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit
  [[nodiscard]] bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const& { return *error_; }
  [[nodiscard]] Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace crosstail

#define CT_CONCAT_(a, b) a##b
#define CT_CONCAT(a, b) CT_CONCAT_(a, b)

/// `CT_CHECK(status_expression);` returns the error to the caller.
#define CT_CHECK(...)                                                                         \
  do {                                                                                        \
    if (auto ct_status = (__VA_ARGS__); !ct_status.ok()) return std::move(ct_status).error(); \
  } while (false)

/// `CT_TRY(auto file, MappedFile::open(path));` declares `file` or returns the error.
#define CT_TRY(declaration, ...) CT_TRY_(CT_CONCAT(ct_result_, __LINE__), declaration, __VA_ARGS__)
#define CT_TRY_(result, declaration, ...)             \
  auto result = (__VA_ARGS__);                        \
  if (!result.ok()) return std::move(result).error(); \
  declaration = *std::move(result)
