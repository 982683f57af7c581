#include "cli/completion.h"

namespace crosstail::cli {
namespace {

bool names_a_path(const Option& option) {
  const auto& name = option.value_name;
  return name.find("FILE") != std::string::npos || name.find("DIR") != std::string::npos ||
         name == "MODEL";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// `text` between single quotes of a shell.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// For zsh's _arguments: ':' and brackets mean something there.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string bash_case(const DescribedVerb& described) {
  std::vector<std::string> names;
  std::string values;
  for (const auto& [section, option] : described.options.entries()) {
    names.push_back("--" + option.name);
    std::string pattern = "--" + option.name;
    if (option.short_name != 0) pattern += std::string("|-") + option.short_name;
    if (!option.choices.empty())
      values += "        " + pattern + ") COMPREPLY=($(compgen -W " +
                quoted(joined(option.choices)) + " -- \"$word\")); return;;\n";
    else if (names_a_path(option))
      values += "        " + pattern +
                ") compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\")); return;;\n";
    else if (!option.value_name.empty())
      values += "        " + pattern + ") return;;\n";
  }
  const std::string name(described.verb->info().name);
  return "    " + name + ")\n      case $before in\n" + values +
         "      esac\n      options=" + quoted(joined(names)) + ";;\n";
}

std::string troff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    line_start = c == '\n';
  }
  return out;
}

std::string manual_option(const Option& option) {
  std::string text = ".TP\n\\fB";
  if (option.short_name != 0) text += std::string("\\-") + option.short_name + "\\fR, \\fB";
  text += troff("--" + option.name) + "\\fR";
  if (!option.value_name.empty()) text += " \\fI" + troff(option.value_name) + "\\fR";
  text += "\n" + troff(option.help);
  if (!option.default_text.empty()) text += troff(" (default: " + option.default_text + ")");
  if (option.repeatable) text += " (may be given several times)";
  return text + "\n";
}

}  // namespace

std::string bash_completion(const std::vector<DescribedVerb>& verbs) {
  std::vector<std::string> names;
  std::string cases;
  for (const auto& described : verbs) {
    names.emplace_back(described.verb->info().name);
    cases += bash_case(described);
  }
  return "# crosstail: completion for bash (crosstail completion bash)\n"
         "_crosstail() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options=\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W " +
         quoted(joined(names) + " help --help --version") +
         " -- \"$word\")); return\n"
         "  fi\n"
         "  case ${COMP_WORDS[1]} in\n" +
         cases + "    help) options=" + quoted(joined(names)) +
         ";;\n"
         "  esac\n"
         "  if [[ $word == -* || ${COMP_WORDS[1]} == help ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
         "  else\n"
         "    compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\"))\n"
         "  fi\n"
         "}\n"
         "complete -F _crosstail crosstail\n";
}

std::string zsh_completion(const std::vector<DescribedVerb>& verbs) {
  std::string list, cases;
  for (const auto& described : verbs) {
    const auto info = described.verb->info();
    list += "    " + quoted(zsh_text(info.name) + ":" + zsh_text(info.summary)) + "\n";
    cases += "    " + std::string(info.name) + ")\n      _arguments -s \\\n";
    for (const auto& [section, option] : described.options.entries()) {
      std::string action;
      if (!option.choices.empty())
        action = ":" + zsh_text(option.name) + ":(" + joined(option.choices) + ")";
      else if (!option.value_name.empty())
        action = ":" + zsh_text(option.value_name) + ":" + (names_a_path(option) ? "_files" : "");
      const std::string star = option.repeatable ? "*" : "";
      const std::string help = "[" + zsh_text(option.help) + "]" + action;
      cases += "        " + quoted(star + "--" + option.name + help) + " \\\n";
      if (option.short_name != 0)
        cases += "        " + quoted(star + "-" + option.short_name + help) + " \\\n";
    }
    cases += "        '*:file:_files';;\n";
  }
  return "#compdef crosstail\n"
         "# crosstail: completion for zsh (crosstail completion zsh)\n"
         "_crosstail() {\n"
         "  local -a verbs\n"
         "  verbs=(\n" +
         list +
         "  )\n"
         "  if (( CURRENT == 2 )); then\n"
         "    _describe verb verbs; return\n"
         "  fi\n"
         "  local verb=$words[2]\n"
         "  shift words; (( CURRENT-- ))\n"
         "  case $verb in\n" +
         cases +
         "  esac\n"
         "}\n"
         "compdef _crosstail crosstail\n";
}

std::string fish_completion(const std::vector<DescribedVerb>& verbs) {
  std::string text =
      "# crosstail: completion for fish (crosstail completion fish)\n"
      "function __crosstail_verb\n"
      "  set -l words (commandline -opc)\n"
      "  test (count $words) -ge 2; and test $words[2] = $argv[1]\n"
      "end\n";
  for (const auto& described : verbs) {
    const auto info = described.verb->info();
    const std::string name(info.name);
    text += "complete -c crosstail -n __fish_use_subcommand -f -a " + name + " -d " +
            quoted(info.summary) + "\n";
    for (const auto& [section, option] : described.options.entries()) {
      text += "complete -c crosstail -n '__crosstail_verb " + name + "' -l " + option.name;
      if (option.short_name != 0) text += std::string(" -s ") + option.short_name;
      if (!option.choices.empty())
        text += " -x -a " + quoted(joined(option.choices));
      else if (!option.value_name.empty())
        text += names_a_path(option) ? " -r -F" : " -x";
      text += " -d " + quoted(option.help) + "\n";
    }
  }
  return text;
}

std::string manual_page(const std::vector<DescribedVerb>& verbs) {
  std::string text =
      ".TH CROSSTAIL 1 \"\" \"crosstail " CROSSTAIL_VERSION
      "\" \"User Commands\"\n"
      ".SH NAME\ncrosstail \\- finds the answer in one language to a question asked in another\n"
      ".SH SYNOPSIS\n.B crosstail\n\\fIVERB\\fR [\\fIoptions\\fR]\n"
      ".SH DESCRIPTION\nTurns web pages with FAQ mark\\-up into question\\-answer pairs, "
      "retrievers and "
      "indexes whose passages\nalso answer questions asked in other languages, and measures "
      "whether that "
      "helped.\n"
      "Options can also be set in the environment: CROSSTAIL_MAX_PAGE_BYTES for "
      "\\-\\-max\\-page\\-bytes.\n"
      ".SH VERBS\n";
  for (const auto& described : verbs) {
    const auto info = described.verb->info();
    text += ".SS crosstail " + troff(info.name) + " " + troff(info.usage) + "\n";
    std::string summary(info.summary);
    text += troff(summary) + ".\n.PP\n" + troff(info.description) + "\n";
    if (const Option* positional = described.options.positional())
      text += ".TP\n\\fI" + troff(positional->name) + "\\fR\n" + troff(positional->help) + "\n";
    for (const auto& [section, option] : described.options.entries()) text += manual_option(option);
    text += ".PP\nExample:\n.PP\n.nf\n" + troff(info.example) + "\n.fi\n";
  }
  return text +
         ".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage, 130 interrupted (what was finished is "
         "kept).\n";
}

}  // namespace crosstail::cli
