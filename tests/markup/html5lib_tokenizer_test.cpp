/// Every tokenizer case of html5lib-tests, where a copy is at hand (see html5lib.h).

#include <gtest/gtest.h>
#include <simdjson.h>

#include <map>
#include <string>
#include <vector>

#include "html5lib.h"
#include "html_token_dump.h"
#include "markup/html_tokenizer.h"

namespace crosstail::markup {
namespace {

using simdjson::dom::element;

void append_utf8(std::string& out, unsigned c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

/// The second round of unescaping of "doubleEscaped" cases. `lone` becomes true at a surrogate,
/// which valid UTF-8 cannot hold.
std::string unescape(std::string_view text, bool& lone) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) != "\\u") {
      out += text[i];
      continue;
    }
    const unsigned code =
        static_cast<unsigned>(std::stoul(std::string(text.substr(i + 2, 4)), nullptr, 16));
    lone = lone || (code >= 0xd800 && code < 0xe000);
    append_utf8(out, code);
    i += 5;
  }
  return out;
}

/// The standard leaves U+0000 in text of the data state and CDATA sections to the tree; the
/// tokenizer's decode functions make it U+FFFD everywhere.
std::string without_nul(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c == '\0')
      out += "\xef\xbf\xbd";
    else
      out += c;
  return out;
}

struct Case {
  std::string description, input, last_start_tag;
  std::vector<std::string> expected, states;
  bool lone_surrogate = false;
};

std::string expected_token(const element& token, bool twice, bool& lone) {
  const auto text = [&](const element& e) {
    const std::string_view value = e.get_string().value();
    return twice ? unescape(value, lone) : std::string(value);
  };
  const std::string_view kind = token.at(0).get_string().value();
  if (kind == "Character") return "T " + without_nul(text(token.at(1)));
  if (kind == "Comment") return "C " + text(token.at(1));
  if (kind == "EndTag") return "E " + text(token.at(1));
  if (kind == "StartTag") {
    std::string out = "S " + text(token.at(1));
    std::map<std::string, std::string> attributes;
    const simdjson::dom::object stated = token.at(2).get_object().value();
    for (const auto [name, value] : stated)
      attributes[twice ? unescape(name, lone) : std::string(name)] = text(value);
    for (const auto& [name, value] : attributes)
      out.append(" ").append(name).append("=").append(value);
    if (token.get_array().value().size() > 3) out += " /";
    return out;
  }
  std::string out = "D ";
  if (!token.at(1).is_null()) out += text(token.at(1));
  if (!token.at(2).is_null()) out += " public=" + text(token.at(2));
  if (!token.at(3).is_null()) out += " system=" + text(token.at(3));
  if (!token.at(4).get_bool().value()) out += " quirks";
  return out;
}

Case read_case(const element& test) {
  Case out;
  bool twice = false;
  if (test["doubleEscaped"].error() == simdjson::SUCCESS)
    twice = test["doubleEscaped"].get_bool().value();
  const auto text = [&](std::string_view value) {
    return twice ? unescape(value, out.lone_surrogate) : std::string(value);
  };
  out.description = test["description"].get_string().value();
  out.input = text(test["input"].get_string().value());
  if (test["lastStartTag"].error() == simdjson::SUCCESS)
    out.last_start_tag = test["lastStartTag"].get_string().value();
  const simdjson::dom::array output = test["output"].get_array().value();
  for (const element token : output) {
    if (token.is_string()) continue;  // "ParseError" of the old form
    std::string line = expected_token(token, twice, out.lone_surrogate);
    if (!out.expected.empty() && line.starts_with("T ") && out.expected.back().starts_with("T "))
      out.expected.back() += line.substr(2);
    else
      out.expected.push_back(std::move(line));
  }
  out.states = {"Data state"};
  simdjson::dom::array states;
  if (test["initialStates"].get_array().get(states) == simdjson::SUCCESS) {
    out.states.clear();
    for (const element state : states) out.states.emplace_back(state.get_string().value());
  }
  return out;
}

HtmlContentModel model_of(std::string_view state) {
  if (state == "PLAINTEXT state") return HtmlContentModel::PlainText;
  if (state == "RCDATA state") return HtmlContentModel::Rcdata;
  if (state == "RAWTEXT state") return HtmlContentModel::RawText;
  if (state == "Script data state") return HtmlContentModel::ScriptData;
  if (state == "CDATA section state") return HtmlContentModel::Cdata;
  return HtmlContentModel::Data;
}

std::vector<std::string> actual(const Case& test, std::string_view state) {
  HtmlTokenizer tokenizer(test.input);
  tokenizer.follow_tree_builder();
  tokenizer.set_content_model(model_of(state), test.last_start_tag);
  std::vector<std::string> lines;
  HtmlToken token;
  while (tokenizer.next(token)) {
    std::sort(token.attributes.begin(), token.attributes.end(),
              [](const HtmlAttribute& a, const HtmlAttribute& b) { return a.name < b.name; });
    std::string line = testing::dump(token);
    if (!lines.empty() && line.starts_with("T ") && lines.back().starts_with("T "))
      lines.back() += line.substr(2);
    else
      lines.push_back(std::move(line));
  }
  return lines;
}

TEST(Html5libTokenizer, EveryCaseGivesTheTokensOfTheStandard) {
  const auto folder = testing::html5lib_dir();
  if (!folder) GTEST_SKIP() << "no html5lib-tests here (CROSSTAIL_HTML5LIB_TESTS)";
  std::size_t run = 0, surrogates = 0;
  for (const auto& file : testing::files_under(*folder / "tokenizer", ".test")) {
    simdjson::dom::parser parser;
    const simdjson::padded_string json(testing::read_all(file));
    element root;
    ASSERT_EQ(parser.parse(json).get(root), simdjson::SUCCESS) << file;
    if (root["tests"].error() != simdjson::SUCCESS) continue;  // xmlViolation: about XML, not HTML
    const simdjson::dom::array tests = root["tests"].get_array().value();
    for (const element test : tests) {
      const Case one = read_case(test);
      if (one.lone_surrogate) {
        ++surrogates;
        continue;
      }
      for (const std::string& state : one.states) {
        ++run;
        EXPECT_EQ(actual(one, state), one.expected)
            << file.filename() << ": " << one.description << " (" << state << ")\n"
            << one.input;
      }
    }
  }
  RecordProperty("cases", static_cast<int>(run));
  EXPECT_GT(run, 6000u) << surrogates << " cases with lone surrogates were left out";
}

}  // namespace
}  // namespace crosstail::markup
