#include "cli/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace crosstail::cli {
namespace {

Error usage(std::string message) {
  return {ErrorCode::InvalidArgument, std::move(message)};
}

std::string environment_name(std::string_view option) {
  std::string name = "CROSSTAIL_";
  for (const char c : option)
    name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

std::string shown_number(double value) {
  std::string text(32, '\0');
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  text.resize(static_cast<std::size_t>(end - text.data()));
  return text;
}

/// Levenshtein distance with transpositions counted as two edits; words are short.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const bool starts = word.size() >= 3 && candidate.substr(0, word.size()) == word;
    const std::size_t distance = starts ? 1 : edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

Result<std::uint64_t> parse_count(std::string_view text) {
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  double factor = 1;
  if (!unit.empty()) {
    const double base = unit.size() > 1 && unit[1] == 'i' ? 1024 : 1000;
    const std::string_view letters = "kmgt";
    const char lower = static_cast<char>(unit[0] | 0x20);
    const auto power = letters.find(lower);
    std::string_view rest = unit.substr(base > 1000 ? 2 : 1);
    if (power == std::string_view::npos || !(rest.empty() || rest == "B"))
      return usage("expected a number such as 100, 64k or 2Gi");
    factor = std::pow(base, static_cast<double>(power + 1));
  }
  if (failure != std::errc() || !(number >= 0) || number * factor > 1.8e19)
    return usage("expected a number such as 100, 64k or 2Gi");
  return static_cast<std::uint64_t>(number * factor);
}

Result<Shard> parse_shard(std::string_view text) {
  const auto slash = text.find('/');
  Shard shard;
  if (slash != std::string_view::npos) {
    const std::string_view index = text.substr(0, slash), count = text.substr(slash + 1);
    const auto a = std::from_chars(index.data(), index.data() + index.size(), shard.index);
    const auto b = std::from_chars(count.data(), count.data() + count.size(), shard.count);
    if (a.ec == std::errc() && a.ptr == index.data() + index.size() && b.ec == std::errc() &&
        b.ptr == count.data() + count.size() && shard.index < shard.count)
      return shard;
  }
  return usage("expected i/n with i from 0 to n-1, such as 0/8");
}

OptionTable& OptionTable::add(Option option) {
  entries_.push_back({section_, std::move(option)});
  return *this;
}

OptionTable& OptionTable::section(std::string title) {
  section_ = std::move(title);
  return *this;
}

OptionTable& OptionTable::flag(bool& target, std::string name, std::string help) {
  Option option{.name = std::move(name), .help = std::move(help)};
  option.set = [&target](std::string_view) {
    target = true;
    return Status();
  };
  return add(std::move(option));
}

OptionTable& OptionTable::negative_flag(bool& target, std::string name, std::string help) {
  Option option{.name = "no-" + std::move(name), .help = std::move(help)};
  option.set = [&target](std::string_view) {
    target = false;
    return Status();
  };
  return add(std::move(option));
}

OptionTable& OptionTable::text(std::string& target, std::string name, std::string value_name,
                               std::string help, char short_name) {
  Option option{.name = std::move(name),
                .short_name = short_name,
                .value_name = std::move(value_name),
                .help = std::move(help),
                .default_text = target};
  option.set = [&target](std::string_view value) {
    target = value;
    return Status();
  };
  return add(std::move(option));
}

OptionTable& OptionTable::texts(std::vector<std::string>& target, std::string name,
                                std::string value_name, std::string help) {
  Option option{.name = std::move(name),
                .value_name = std::move(value_name),
                .help = std::move(help),
                .repeatable = true};
  option.set = [&target](std::string_view value) {
    target.emplace_back(value);
    return Status();
  };
  return add(std::move(option));
}

OptionTable& OptionTable::choice(std::string& target, std::string name,
                                 std::vector<std::string> choices, std::string help) {
  Option option{.name = std::move(name),
                .value_name = join(choices, "|"),
                .help = std::move(help),
                .default_text = target,
                .choices = choices};
  option.set = [&target, choices = std::move(choices)](std::string_view value) -> Status {
    if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
      const std::string near = nearest(value, choices);
      return usage("expected one of " + join(choices, ", ") +
                   (near.empty() ? "" : "; did you mean " + near + "?"));
    }
    target = value;
    return {};
  };
  return add(std::move(option));
}

OptionTable& OptionTable::count(std::uint64_t& target, std::string name, std::string value_name,
                                std::string help) {
  return custom(std::move(name), std::move(value_name), std::move(help), std::to_string(target),
                [&target](std::string_view value) -> Status {
                  CT_TRY(target, parse_count(value));
                  return {};
                });
}

OptionTable& OptionTable::real(double& target, std::string name, std::string value_name,
                               std::string help) {
  return custom(std::move(name), std::move(value_name), std::move(help), shown_number(target),
                [&target](std::string_view value) -> Status {
                  const auto [end, failure] =
                      std::from_chars(value.data(), value.data() + value.size(), target);
                  if (failure != std::errc() || end != value.data() + value.size())
                    return usage("expected a number");
                  return {};
                });
}

OptionTable& OptionTable::custom(std::string name, std::string value_name, std::string help,
                                 std::string default_text,
                                 std::function<Status(std::string_view)> parse) {
  return add(Option{.name = std::move(name),
                    .value_name = std::move(value_name),
                    .help = std::move(help),
                    .default_text = std::move(default_text),
                    .set = std::move(parse)});
}

OptionTable& OptionTable::positionals(std::vector<std::string>& target, std::string name,
                                      std::string help, std::size_t minimum) {
  has_positional_ = true;
  positional_minimum_ = minimum;
  positional_ = Option{.name = std::move(name), .help = std::move(help), .repeatable = true};
  positional_.set = [&target](std::string_view value) {
    target.emplace_back(value);
    return Status();
  };
  return *this;
}

const Option* OptionTable::find(std::string_view name) const {
  for (const auto& entry : entries_)
    if (entry.option.name == name) return &entry.option;
  return nullptr;
}

Status OptionTable::apply(const Option& option, std::string_view shown, std::string_view value) {
  Status status = option.set(value);
  if (status.ok()) return status;
  std::string where(shown);
  if (!option.value_name.empty()) where += " " + std::string(value);
  return status.error().at(where);
}

Status OptionTable::parse_environment() {
  for (const auto& entry : entries_) {
    const std::string name = environment_name(entry.option.name);
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): before threads
    if (value == nullptr || *value == '\0') continue;
    if (entry.option.value_name.empty()) {
      if (std::string_view(value) != "0") CT_CHECK(apply(entry.option, name, ""));
    } else {
      CT_CHECK(apply(entry.option, name, value));
    }
  }
  return {};
}

Status OptionTable::parse_long(const std::vector<std::string>& arguments, std::size_t& i) {
  std::string_view word = arguments[i];
  const auto equals = word.find('=');
  const std::string_view name = word.substr(2, equals == word.npos ? word.npos : equals - 2);
  const Option* option = find(name);
  if (option == nullptr) {
    std::vector<std::string> names;
    for (const auto& entry : entries_) names.push_back(entry.option.name);
    const std::string near = nearest(name, names);
    return usage("unknown option --" + std::string(name) +
                 (near.empty() ? "" : "; did you mean --" + near + "?"));
  }
  const std::string shown = "--" + option->name;
  if (option->value_name.empty()) {
    if (equals != word.npos) return usage(shown + " takes no value");
    return apply(*option, shown, "");
  }
  if (equals != word.npos) return apply(*option, shown, word.substr(equals + 1));
  if (i + 1 >= arguments.size()) return usage(shown + " needs a value: " + option->value_name);
  return apply(*option, shown, arguments[++i]);
}

Status OptionTable::parse_short(const std::vector<std::string>& arguments, std::size_t& i) {
  const std::string& word = arguments[i];
  for (const auto& entry : entries_) {
    const Option& option = entry.option;
    if (option.short_name == 0 || option.short_name != word[1]) continue;
    const std::string shown = word.substr(0, 2);
    if (word.size() > 2) return apply(option, shown, std::string_view(word).substr(2));
    if (i + 1 >= arguments.size()) return usage(shown + " needs a value: " + option.value_name);
    return apply(option, shown, arguments[++i]);
  }
  return usage("unknown option " + word);
}

Status OptionTable::parse(const std::vector<std::string>& arguments) {
  CT_CHECK(parse_environment());
  bool options_ended = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (!options_ended && word == "--") {
      options_ended = true;
    } else if (!options_ended && word.size() > 2 && word.rfind("--", 0) == 0) {
      CT_CHECK(parse_long(arguments, i));
    } else if (!options_ended && word.size() > 1 && word[0] == '-') {
      CT_CHECK(parse_short(arguments, i));
    } else if (has_positional_) {
      ++positional_count_;
      CT_CHECK(positional_.set(word));
    } else {
      return usage("unexpected argument " + word);
    }
  }
  if (positional_count_ < positional_minimum_)
    return usage("expected " +
                 (positional_minimum_ == 1
                      ? "at least one "
                      : "at least " + std::to_string(positional_minimum_) + " ") +
                 positional_.name);
  return {};
}

}  // namespace crosstail::cli
