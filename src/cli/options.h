#pragma once
/// Options, declared once: a verb binds the fields of its options struct to names, and the command
/// line, the environment, the help and (later) configuration files and completions come from that.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crosstail::cli {

/// One declared option or positional argument.
struct Option {
  std::string name;                  ///< "max-page-bytes"; of a positional "INPUT"
  char short_name = 0;               ///< 'o', or 0
  std::string value_name;            ///< "FILE"; empty for a flag
  std::string help;                  ///< one line, a fragment without a full stop
  std::string default_text;          ///< as shown; empty if there is none worth showing
  std::vector<std::string> choices;  ///< the allowed values, if the option is a choice
  bool repeatable = false;
  std::function<Status(std::string_view)> set;  ///< "" for a flag
};

/// The declarations of one verb. Targets are borrowed and must outlive it. Values of numbers may
/// end in k, M, G (powers of 1000) or Ki, Mi, Gi (powers of 1024).
class OptionTable {
 public:
  OptionTable& flag(bool& target, std::string name, std::string help);
  /// A flag that says `--no-NAME` and clears `target`.
  OptionTable& negative_flag(bool& target, std::string name, std::string help);
  OptionTable& text(std::string& target, std::string name, std::string value_name, std::string help,
                    char short_name = 0);
  OptionTable& texts(std::vector<std::string>& target, std::string name, std::string value_name,
                     std::string help);
  OptionTable& choice(std::string& target, std::string name, std::vector<std::string> choices,
                      std::string help);
  OptionTable& count(std::uint64_t& target, std::string name, std::string value_name,
                     std::string help);
  OptionTable& real(double& target, std::string name, std::string value_name, std::string help);
  /// Anything else: `parse` checks and stores; an error's message follows "--NAME VALUE: ".
  OptionTable& custom(std::string name, std::string value_name, std::string help,
                      std::string default_text, std::function<Status(std::string_view)> parse);
  /// At least `minimum` of them.
  OptionTable& positionals(std::vector<std::string>& target, std::string name, std::string help,
                           std::size_t minimum);
  /// The options declared from here on stand under this heading in the help.
  OptionTable& section(std::string title);

  /// Command line over environment (CROSSTAIL_MAX_PAGE_BYTES for --max-page-bytes) over defaults.
  /// Fails with InvalidArgument: unknown option (with the nearest known one), missing or bad value,
  /// missing positional.
  Status parse(const std::vector<std::string>& arguments);

  struct Entry {
    std::string section;
    Option option;
  };
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] const Option* positional() const {
    return has_positional_ ? &positional_ : nullptr;
  }

 private:
  OptionTable& add(Option option);
  const Option* find(std::string_view name) const;
  Status apply(const Option& option, std::string_view shown, std::string_view value);
  Status parse_long(const std::vector<std::string>& arguments, std::size_t& i);
  Status parse_short(const std::vector<std::string>& arguments, std::size_t& i);
  Status parse_environment();

  std::vector<Entry> entries_;
  std::string section_;
  Option positional_;
  bool has_positional_ = false;
  std::size_t positional_minimum_ = 0;
  std::size_t positional_count_ = 0;
};

/// The candidate nearest to `word` if it is near enough to be meant, else empty.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// "10", "64k", "1.5Gi": a count with a unit. Fails with InvalidArgument.
Result<std::uint64_t> parse_count(std::string_view text);

/// `--shard i/n`: one part of the input, counted from 0. Unset: 0/1.
struct Shard {
  std::uint64_t index = 0, count = 1;
};
Result<Shard> parse_shard(std::string_view text);

}  // namespace crosstail::cli
