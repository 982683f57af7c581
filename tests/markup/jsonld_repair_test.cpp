// Broken JSON-LD, one breakage a block, in the shapes that pages and bug reports show
// (extruct #53 #57 #84 #109 #143 #208, Search Console's "unparsable structured data", repair
// libraries' trackers). Expected texts are what the author of the block plainly meant.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>

#include "markup/jsonld_pairs.h"
#include "text/utf8.h"

namespace crosstail::markup {
namespace {

using testing::Pairs;
using testing::read_script;
using testing::ReadPage;

const Pairs kOne = {"Q1? => A1."};
const Pairs kTwo = {"Q1? => A1.", "Q2? => A2."};

/// A FAQPage with two questions in which `from` is replaced by `to`, once.
std::string broken(const std::string& from, const std::string& to) {
  std::string script = R"({
  "@context": "https://schema.org",
  "@type": "FAQPage",
  "mainEntity": [{
    "@type": "Question",
    "name": "Q1?",
    "acceptedAnswer": {
      "@type": "Answer",
      "text": "A1."
    }
  }, {
    "@type": "Question",
    "name": "Q2?",
    "acceptedAnswer": {
      "@type": "Answer",
      "text": "A2."
    }
  }]
})";
  const auto at = script.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return script.replace(at, from.size(), to);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

const std::string kWhole = broken("Q1", "Q1");

struct Case {
  const char* what;
  std::string script;
  Pairs pairs;
  const char* repairs;  ///< kinds, or null where they are a matter of taste
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.what;
}

class Broken : public ::testing::TestWithParam<Case> {};

TEST_P(Broken, IsReadAsMeant) {
  const Case& c = GetParam();
  const ReadPage page = read_script(c.script);
  EXPECT_EQ(page.pairs(), c.pairs) << c.script;
  if (c.repairs != nullptr) EXPECT_EQ(page.repairs(), c.repairs) << c.script;
}

const Case kStrings[] = {
    {"raw newline",
     broken("A1.", "Line one\nline two."),
     {"Q1? => Line one\nline two.", "Q2? => A2."},
     "raw-newline"},
    {"raw tab", broken("A1.", "A\t1."), {"Q1? => A 1.", "Q2? => A2."}, "control-character"},
    {"vertical tab", broken("A1.", "A\v1."), {"Q1? => A 1.", "Q2? => A2."}, "control-character"},
    {"bell", broken("A1.", "A\a1."), kTwo, "control-character"},
    {"nul",
     broken("A1.", std::string("A\0"
                               "1.",
                               4)),
     kTwo, "control-character"},
    {"escaped apostrophe",
     broken("A1.", R"(It\'s)"),
     {"Q1? => It's", "Q2? => A2."},
     "invalid-escape"},
    {"hexadecimal escape", broken("A1.", R"(A\x31.)"), kTwo, "invalid-escape"},
    {"code point escape",
     broken("A1.", R"(A\u31)"),
     {R"(Q1? => A\u31)", "Q2? => A2."},
     "invalid-escape"},
    {"windows path",
     broken("A1.", R"(C:\Windows\System)"),
     {R"(Q1? => C:\Windows\System)", "Q2? => A2."},
     "invalid-escape"},
    {"markdown escape",
     broken("A1.", R"(A\-1\.)"),
     {"Q1? => A-1.", "Q2? => A2."},
     "invalid-escape"},
    {"line continuation", broken("A1.", "A\\\n1."), kTwo, nullptr},
    {"path ends in backslash",
     broken("\"A1.\"", R"("C:\dir\", "url": "x")"),
     {R"(Q1? => C:\dir\)", "Q2? => A2."},
     nullptr},
    {"quoted word",
     broken("A1.", R"(Say "yes" or "no".)"),
     {R"(Q1? => Say "yes" or "no".)", "Q2? => A2."},
     "unescaped-quote"},
    {"quotes before a comma",
     broken("A1.", R"(Say "yes", then "no", please.)"),
     {R"(Q1? => Say "yes", then "no", please.)", "Q2? => A2."},
     "unescaped-quote"},
    {"quoted list",
     broken("A1.", R"(Use "a", "b" and "c".)"),
     {R"(Q1? => Use "a", "b" and "c".)", "Q2? => A2."},
     "unescaped-quote"},
    {"quote at the end",
     broken("A1.", R"(It is "42")"),
     {R"(Q1? => It is "42")", "Q2? => A2."},
     "unescaped-quote"},
    {"quote at the start",
     broken("Q1?", R"("X" means?)"),
     {R"("X" means? => A1.)", "Q2? => A2."},
     "unescaped-quote"},
    {"all in quotes", broken("Q1?", R"("X")"), {R"("X" => A1.)", "Q2? => A2."}, "unescaped-quote"},
    {"inches",
     broken("A1.", R"(A 65" television)"),
     {R"(Q1? => A 65" television)", "Q2? => A2."},
     "unescaped-quote"},
    {"inches and a comma",
     broken("A1.", R"(You can try 65", which are good)"),
     {R"(Q1? => You can try 65", which are good)", "Q2? => A2."},
     "unescaped-quote"},
    {"link",
     broken("A1.", R"(See <a href="https://x.example/" class="b">here</a>.)"),
     {"Q1? => See here.", "Q2? => A2."},
     "unescaped-quote"},
    {"styled paragraph", broken("A1.", R"(<p style="color:red;">A1.</p>)"), kTwo,
     "unescaped-quote"},
    {"quote before a brace in text",
     broken("A1.", R"(Write {"a"} there.)"),
     {R"(Q1? => Write {"a"} there.)", "Q2? => A2."},
     "unescaped-quote"},
    {"comment marks inside a string are text",
     broken("\"A1.\"", R"("See http://x.example/ /* or */ <!-- this -->.",)"),
     {"Q1? => See http://x.example/ /* or */ .", "Q2? => A2."},
     "trailing-comma"},
};
INSTANTIATE_TEST_SUITE_P(Strings, Broken, ::testing::ValuesIn(kStrings));

const Case kQuotes[] = {
    {"single quotes", replaced(kWhole, "\"", "'"), kTwo, "foreign-quote"},
    {"single quotes and apostrophes",
     replaced(replaced(kWhole, "\"", "'"), "A1.", "It's Bob's, isn't it"),
     {"Q1? => It's Bob's, isn't it", "Q2? => A2."},
     nullptr},
    {"curly quotes",
     [] {
       std::string s = kWhole, out;
       bool open = true;
       for (const char c : s) {
         if (c != '"') {
           out += c;
           continue;
         }
         out += open ? "“" : "”";
         open = !open;
       }
       return out;
     }(),
     kTwo, "foreign-quote"},
    {"curly quotes of one shape", replaced(kWhole, "\"", "”"), kTwo, "foreign-quote"},
    {"backticks", broken("\"A1.\"", "`A1.`"), kTwo, "foreign-quote"},
    {"curly end", broken("\"Q1?\",", "\"Q1?”,"), kTwo, nullptr},
    {"curly quotes in text stay",
     broken("A1.", "Say “yes”"),
     {"Q1? => Say “yes”", "Q2? => A2."},
     ""},
    {"unquoted keys",
     replaced(replaced(replaced(kWhole, "\"name\"", "name"), "\"text\"", "text"),
              "\"acceptedAnswer\"", "acceptedAnswer"),
     kTwo, "unquoted-key"},
    {"all keys unquoted, single quotes",
     R"({'@context': 'https://schema.org', '@type': 'FAQPage', mainEntity: [{'@type': 'Question', name: 'Q1?', acceptedAnswer: {'@type': 'Answer', text: 'A1.'}}]})",
     kOne, nullptr},
    {"missing quote at the end of a line", broken("\"Q1?\",", "\"Q1?,"), kTwo, nullptr},
    {"missing quote and comma", broken("\"Q1?\",", "\"Q1?"), kTwo, nullptr},
    {"missing first quote", broken("\"Q1?\"", "Q1?\""), kTwo, "missing-quote"},
    {"missing quote before a key", broken("\"name\"", "name\""), kTwo, "missing-quote"},
    {"missing quote behind a key", broken("\"name\"", "\"name"), kTwo, "missing-quote"},
    {"html-escaped", replaced(kWhole, "\"", "&quot;"), kTwo, "html-escaped"},
    {"html-escaped by number", replaced(kWhole, "\"", "&#34;"), kTwo, "html-escaped"},
    {"html-escaped typographic", replaced(kWhole, "\"", "&#8221;"), kTwo, nullptr},
    {"html-escaped twice", replaced(kWhole, "\"", "&amp;quot;"), kTwo, "html-escaped"},
    {"html-escaped with mark-up",
     replaced(replaced(kWhole, "\"", "&quot;"), "A1.", "&lt;p&gt;A1.&lt;/p&gt;"), kTwo,
     "html-escaped"},
    {"backslashes before all quotes", replaced(kWhole, "\"", "\\\""), kTwo, "backslash-escaped"},
    {"json in a json string", "\"" + replaced(replaced(kWhole, "\"", "\\\""), "\n", "\\n") + "\"",
     kTwo, nullptr},
    {"doubled quotes", replaced(kWhole, "\"", "\"\""), kTwo, "backslash-escaped"},
};
INSTANTIATE_TEST_SUITE_P(Quotes, Broken, ::testing::ValuesIn(kQuotes));

const Case kStructure[] = {
    {"trailing comma in object", broken("\"A1.\"", "\"A1.\","), kTwo, "trailing-comma"},
    {"trailing comma in array", broken("}]\n", "},]\n"), kTwo, "trailing-comma"},
    {"comma behind all", kWhole + ",", kTwo, nullptr},
    {"doubled comma", broken("\"Q1?\",", "\"Q1?\",,"), kTwo, "trailing-comma"},
    {"leading comma", broken("[{", "[,{"), kTwo, "trailing-comma"},
    {"semicolon at the end", kWhole + ";", kTwo, "semicolon"},
    {"semicolon for a comma", broken("\"Q1?\",", "\"Q1?\";"), kTwo, nullptr},
    {"semicolon behind a value", broken("\"A1.\"", "\"A1.\";"), kTwo, "semicolon"},
    {"missing comma between members", broken("\"Q1?\",", "\"Q1?\""), kTwo, "missing-comma"},
    {"missing comma behind an object", broken("}\n  }, {", "}\n  } {"), kTwo, "missing-comma"},
    {"missing comma behind context", broken("\"https://schema.org\",", "\"https://schema.org\""),
     kTwo, "missing-comma"},
    {"missing comma in one line",
     R"({"@type":"FAQPage" "mainEntity":[{"@type":"Question" "name":"Q1?" "acceptedAnswer":{"@type":"Answer" "text":"A1."}}]})",
     kOne, "missing-comma"},
    {"missing colon", broken("\"name\":", "\"name\""), kTwo, "missing-colon"},
    {"doubled colon", broken("\"name\":", "\"name\"::"), kTwo, "garbage"},
    {"missing closing brackets", kWhole.substr(0, kWhole.rfind("]")), kTwo, "missing-bracket"},
    {"missing last brace", kWhole.substr(0, kWhole.size() - 1), kTwo, "missing-bracket"},
    {"missing array bracket", broken("}]\n}", "}\n}"), kTwo, "missing-bracket"},
    {"question not closed", broken("    }\n  }, {", "    }, {"), kTwo, "missing-bracket"},
    {"question and answer not closed", broken("\n    }\n  }, {", ", {"), kTwo, "missing-bracket"},
    {"extra brace behind a question", broken("}, {", "}}, {"), kTwo, nullptr},
    {"extra brace at the end", kWhole + "}", kTwo, "extra-bracket"},
    {"extra bracket at the end", kWhole + "]", kTwo, "extra-bracket"},
    {"extra brackets inside", broken("}]\n}", "}]]\n}}"), kTwo, nullptr},
    {"question closed before its answer", broken("\"Q1?\",", "\"Q1?\"},"), kTwo, nullptr},
    {"missing opening brace", broken("}, {\n    \"@type\"", "}, \n    \"@type\""), kTwo, nullptr},
    {"brackets for the list missing", broken("[{", "{"), kTwo, nullptr},
    {"braces for brackets", replaced(broken("[{", "{{"), "}]", "}}"), kTwo, nullptr},
    {"key of the list missing", broken("\"mainEntity\": [", "["), kTwo, nullptr},
    {"missing value", broken("\"@type\": \"FAQPage\"", "\"@type\": \"FAQPage\", \"image\": "), kTwo,
     nullptr},
    {"ellipsis", broken("}]", "}, ...]"), kTwo, nullptr},
    {"objects in a row",
     R"({"@type":"Question","name":"Q1?","acceptedAnswer":{"text":"A1."}}{"@type":"Question","name":"Q2?","acceptedAnswer":{"text":"A2."}})",
     kTwo, "objects-in-a-row"},
    {"objects in lines",
     "{\"@type\":\"Question\",\"name\":\"Q1?\",\"acceptedAnswer\":{\"text\":\"A1.\"}}\n{\"@type\":"
     "\"Question\",\"name\":\"Q2?\",\"acceptedAnswer\":{\"text\":\"A2.\"}}",
     kTwo, "objects-in-a-row"},
    {"objects parted by commas",
     R"({"@type":"Question","name":"Q1?","acceptedAnswer":{"text":"A1."}},{"@type":"Question","name":"Q2?","acceptedAnswer":{"text":"A2."}})",
     kTwo, "objects-in-a-row"},
    {"block stated twice", kWhole + kWhole, kTwo, "objects-in-a-row"},
    {"whole page twice with a fault", broken("\"A1.\"", "\"A1.\",") + "\n" + kWhole, kTwo, nullptr},
    {"python literals",
     broken("\"@type\": \"FAQPage\"",
            "\"@type\": \"FAQPage\", \"a\": None, \"b\": True, \"c\": undefined, \"d\": NaN"),
     kTwo, "foreign-literal"},
    {"odd numbers",
     broken("\"@type\": \"FAQPage\"",
            "\"@type\": \"FAQPage\", \"a\": 007, \"b\": +1, \"c\": .5, \"d\": 1."),
     kTwo, "invalid-number"},
};
INSTANTIATE_TEST_SUITE_P(Structure, Broken, ::testing::ValuesIn(kStructure));

const Case kAround[] = {
    {"byte-order mark", "\xEF\xBB\xBF" + kWhole, kTwo, "byte-order-mark"},
    {"byte-order mark inside", broken("[{", "[\xEF\xBB\xBF{"), kTwo, "byte-order-mark"},
    {"no-break spaces", replaced(kWhole, "    ", "\xC2\xA0 "), kTwo, "byte-order-mark"},
    {"line separator", broken(",\n", ",\xE2\x80\xA8\n"), kTwo, "byte-order-mark"},
    {"cdata", "<![CDATA[" + kWhole + "]]>", kTwo, "cdata"},
    {"cdata in line comments", "//<![CDATA[\n" + kWhole + "\n//]]>", kTwo, "cdata"},
    {"cdata in line comments with space", "// <![CDATA[\n" + kWhole + "\n// ]]>", kTwo, "cdata"},
    {"cdata in line comments, one line", "//<![CDATA[ " + replaced(kWhole, "\n", " ") + " //]]>",
     kTwo, "cdata"},
    {"cdata in block comments", "/* <![CDATA[ */\n" + kWhole + "\n/* ]]> */", kTwo, "cdata"},
    {"html comment hides the script", "<!--\n" + kWhole + "\n-->", kTwo, "comment"},
    {"html comment with slashes", "<!--\n" + kWhole + "\n//-->", kTwo, "comment"},
    {"html comment before", "<!-- FAQ schema by a plugin -->\n" + kWhole, kTwo, "comment"},
    {"html comment behind", kWhole + "\n<!-- / plugin -->", kTwo, "comment"},
    {"html comment inside", broken("[{", "[<!-- the first {\"@type\":\"Question\"} -->{"), kTwo,
     "comment"},
    {"block comment", broken("[{", "[/* first: \"{ */{"), kTwo, "comment"},
    {"line comment", broken("\"Q1?\",", "\"Q1?\", // the question, \"really\"\n"), kTwo, "comment"},
    {"line comment before", "// FAQ \"schema\" { here\n" + kWhole, kTwo, "comment"},
    {"a question in a comment is none",
     broken("[{",
            "[/* {\"@type\":\"Question\",\"name\":\"No?\",\"acceptedAnswer\":{\"text\":\"No.\"}}, "
            "*/{"),
     kTwo, "comment"},
    {"a question in a line comment is none",
     broken(
         "[{",
         "[// {\"@type\":\"Question\",\"name\":\"No?\",\"acceptedAnswer\":{\"text\":\"No.\"}},\n{"),
     kTwo, "comment"},
    {"a question in an html comment is none",
     broken(
         "[{",
         "[<!-- {\"@type\":\"Question\",\"name\":\"No?\",\"acceptedAnswer\":{\"text\":\"No.\"}}, "
         "-->{"),
     kTwo, "comment"},
    {"assignment", "var faq = " + kWhole + ";", kTwo, "semicolon script-code"},
    {"member assignment", "window.faq['a'] = " + kWhole, kTwo, nullptr},
    {"call", "addSchema(" + kWhole + ");", kTwo, nullptr},
    {"title before", "FAQ schema:\n" + kWhole, kTwo, "garbage"},
    {"markdown fence", "```json\n" + kWhole + "\n```", kTwo, "garbage"},
    {"text behind", kWhole + "\nend of schema", kTwo, "garbage"},
    {"html behind", kWhole + "\n</div><style>a { color: red }</style><p>text", kTwo, nullptr},
    {"a script tag inside", "<script type=\"application/ld+json\">\n" + kWhole, kTwo, "html-tags"},
    {"next script not closed",
     kWhole + "\n<script type=\"application/ld+json\">\n" + broken("Q1?", "Q3?"),
     {"Q1? => A1.", "Q2? => A2.", "Q3? => A1."},
     nullptr},
    {"line breaks as tags", replaced(kWhole, "\n", "<br />\n"), kTwo, "html-tags"},
    {"paragraphs", "<p>" + replaced(kWhole, "\n", "</p>\n<p>&nbsp; ") + "</p>", kTwo, nullptr},
    {"break tag in a string", broken("A1.", "A<br>1."), {"Q1? => A\n1.", "Q2? => A2."}, ""},
    {"escaped newlines between tokens", replaced(kWhole, "\n", "\\n"), kTwo, "invalid-escape"},
    {"template statements", broken("[{", "[{% for q in faq %}{"), kTwo, "garbage"},
    {"template value",
     broken("\"@type\": \"FAQPage\"",
            "\"@type\": \"FAQPage\", \"headline\": {{ page.title | jsonify }}"),
     kTwo, "garbage"},
    {"template question",
     broken("\"Q1?\"", "{{ q.question | jsonify }}"),
     {"Q2? => A2."},
     "garbage"},
    {"template text in quotes", broken("Q1?", "{{ q.question }}"), {"Q2? => A2."}, ""},
    {"php", broken("\"Q1?\"", "<?php echo json_encode($q); ?>"), {"Q2? => A2."}, nullptr},
};
INSTANTIATE_TEST_SUITE_P(Around, Broken, ::testing::ValuesIn(kAround));

const Case kTruncated[] = {
    {"in the second answer", kWhole.substr(0, kWhole.find("A2.") + 2), kOne, "truncated"},
    {"in the second question", kWhole.substr(0, kWhole.find("Q2?") + 2), kOne, "truncated"},
    {"behind a key", kWhole.substr(0, kWhole.rfind("\"text\"") + 6), kOne, nullptr},
    {"behind a colon", kWhole.substr(0, kWhole.rfind("\"text\":") + 7), kOne, "truncated"},
    {"in a key", kWhole.substr(0, kWhole.rfind("\"text\"") + 3), kOne, nullptr},
    {"behind a comma", kWhole.substr(0, kWhole.find("}, {") + 2), kOne, "truncated"},
    {"in the first answer", kWhole.substr(0, kWhole.find("A1.") + 2), {}, "truncated"},
    {"in an answer with other texts",
     R"({"@type":"Question","name":"Q1?","acceptedAnswer":{"@type":"Answer","name":"Answer","text":"A1 is cu)",
     {},
     "truncated"},
    {"at a quotation inside an answer",
     R"({"@type":"Question","name":"Q1?","acceptedAnswer":{"@type":"Answer","text":"He said "yes")",
     {},
     nullptr},
    {"in an escape",
     R"({"@type":"Question","name":"Q1?","acceptedAnswer":{"text":"A\)",
     {},
     nullptr},
    {"in a member that says nothing",
     R"({"@type":"Question","name":"Q1?","acceptedAnswer":{"@type":"Answer","text":"A1."},"dateCreated":"20)",
     kOne, "truncated"},
};
INSTANTIATE_TEST_SUITE_P(Truncated, Broken, ::testing::ValuesIn(kTruncated));

const Case kCombined[] = {
    {"cms paste",
     "<!-- FAQ -->\n<p>{<br />\n\"@context\": \"https://schema.org\",<br />\n\"@type\": "
     "\"FAQPage\",<br />\n\"mainEntity\": [{<br />\n\"@type\": \"Question\",<br />\n\"name\": "
     "\"Q1?\",<br />\n\"acceptedAnswer\": {<br />\n\"@type\": \"Answer\",<br />\n\"text\": "
     "\"A1.\"<br />\n}<br />\n},]<br />\n}</p>",
     kOne, nullptr},
    {"comments, commas and newlines",
     "/* faq */ var f = "
     "{\"@type\":\"FAQPage\",\"mainEntity\":[{\"@type\":\"Question\",\"name\":\"Q1?\","
     "\"acceptedAnswer\":{\"@type\":\"Answer\",\"text\":\"Line\none \"quoted\" <a "
     "href=\"x\">l</a>\",},},],};",
     {"Q1? => Line one \"quoted\" l"},
     nullptr},
    {"one bad question costs only itself",
     R"({"@type":"FAQPage","mainEntity":[{"@type":"Question","name":"Q1?","acceptedAnswer":{"@type":"Answer","text":"A1."}},{"@type":"Question","name":"Bad?","acceptedAnswer":{"@type":"Answer","text":}},{"@type":"Question","name":"Q2?","acceptedAnswer":{"@type":"Answer","text":"A2."}}]})",
     kTwo, nullptr},
};
INSTANTIATE_TEST_SUITE_P(Combined, Broken, ::testing::ValuesIn(kCombined));

TEST(JsonLdRepair, AStringWithoutItsLastQuoteEndsBeforeTheBrackets) {
  EXPECT_EQ(read_script(broken("\"A1.\"", "\"A1.")).pairs(), kTwo);
  EXPECT_EQ(read_script(replaced(broken("\"A1.\"", "\"A1."), "\n", "")).pairs(),
            (Pairs{"Q1? => A1.", "Q2? => A2."}));
}

TEST(JsonLdRepair, ASampleOfCodeInAnAnswerIsNoPair) {
  EXPECT_EQ(
      read_script(broken("A1.", R"(Write {"@type": "Question", "name": "x"} there.)")).pairs(),
      (Pairs{R"(Q1? => Write {"@type": "Question", "name": "x"} there.)", "Q2? => A2."}));
}

TEST(JsonLdRepair, ValidJsonIsNeverTouched) {
  // What the heuristics would take for the end of a string, in valid JSON.
  const ReadPage page = read_script(
      R"({"@type":"Question","name":"What is \"x\", \"name\": \"y\"?","acceptedAnswer":{"text":"{\"a\":\"b\"}, <!-- --> // /* \\"}})");
  EXPECT_EQ(page.pairs().size(), 1u);
  EXPECT_EQ(page.faq.pairs.at(0).question, R"(What is "x", "name": "y"?)");
  EXPECT_EQ(page.repairs(), "");
  EXPECT_EQ(page.counts.repaired, 0u);
}

TEST(JsonLdRepair, CodeThatBuildsItsDataIsNotRead) {
  EXPECT_EQ(read_script("(function(){ var faq = " + kWhole + "; })();").pairs(), Pairs{});
  EXPECT_EQ(read_script("document.addEventListener('x', () => add(" + kWhole + "));").pairs(),
            Pairs{});
}

TEST(JsonLdRepair, EveryKindHasAName) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(JsonLdRepair::Count_); ++i) {
    const auto text = name(static_cast<JsonLdRepair>(i));
    EXPECT_FALSE(text.empty());
    EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string_view::npos)
        << text;
  }
}

// Cut anywhere, a script gives whole pairs or none.
TEST(JsonLdRepair, NoCutMakesAFalsePair) {
  const std::string scripts[] = {kWhole, replaced(kWhole, "\"", "'"),
                                 replaced(kWhole, "A1.", "A \"1\", \"b\" c."),
                                 replaced(kWhole, "\"", "&quot;")};
  for (const std::string& script : scripts) {
    const Pairs whole = read_script(script).pairs();
    ASSERT_EQ(whole.size(), 2u);
    for (std::size_t size = 0; size <= script.size(); ++size) {
      const Pairs pairs = read_script(script.substr(0, size)).pairs();
      for (const auto& pair : pairs)
        EXPECT_NE(std::find(whole.begin(), whole.end(), pair), whole.end())
            << pair << "\n"
            << script.substr(0, size);
    }
  }
}

// (But for the context's, which then names another vocabulary.)
TEST(JsonLdRepair, OneLostByteCostsAtMostOneOfTwoQuestions) {
  for (std::size_t i = 0; i < kWhole.size(); ++i) {
    const std::size_t context = kWhole.find("schema.org");
    if (i >= context && i < context + 10) continue;
    std::string script = kWhole;
    script.erase(i, 1);
    const Pairs pairs = read_script(script).pairs();
    EXPECT_LE(pairs.size(), 2u) << script;
    EXPECT_GE(pairs.size(), 1u) << script;
  }
}

double seconds_to_read(const std::string& script) {
  const auto start = std::chrono::steady_clock::now();
  read_script(script);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string repeated(std::string_view piece, std::size_t bytes) {
  std::string out;
  out.reserve(bytes + piece.size());
  while (out.size() < bytes) out += piece;
  return out;
}

// A quadratic reader needs hours for these; the bound leaves room for sanitizers and a busy
// machine.
TEST(JsonLdRepair, HostileTextTakesLinearTime) {
  constexpr std::size_t kBytes = 2'000'000;
  for (const char* piece : {"[",
                            "{",
                            "{\"a\":",
                            "]",
                            "}",
                            "\"",
                            "'",
                            "/*",
                            "//",
                            "<!--",
                            "<a ",
                            "{{",
                            "{%",
                            "{#",
                            "\\",
                            ",",
                            "\"//",
                            "\"/*",
                            "\" ",
                            "\"<!--",
                            "\"a\":",
                            "[}",
                            "{]",
                            "[{\"a\":[",
                            "},{\"Question\"}",
                            "a,",
                            "a\n",
                            "{\"@context\":{\"a\":\"b\"},\"c\":",
                            "{\"@id\":\"x\",\"name\":\"q\"},",
                            "&quot;{",
                            "\xE2\x80\x9C",
                            "{\"name\":\"a\",\"name\":\"b\",",
                            "{\"acceptedAnswer\":\"x\",\"name\":\"y\",",
                            "\"text\":1},",
                            "{\"@type\":\"Question\",\"@id\":\"#a\"},",
                            "{\"acceptedAnswer\":{\"@id\":\"#b\"},\"name\":\"q\"},"}) {
    for (const char* before :
         {"", "[", "{\"mainEntity\":[", "{\"@type\":\"FAQPage\",\"mainEntity\":[{\"name\":\""})
      EXPECT_LT(seconds_to_read(before + repeated(piece, kBytes)), 20.0) << before << piece;
  }
}

TEST(JsonLdRepair, DeepJsonNeedsNoStack) {
  for (const std::size_t depth : {100'000u, 1'000'000u}) {
    std::string script(depth, '[');
    script.append(depth, ']');
    EXPECT_EQ(read_script(script).counts.depth_limited, 1u);
    read_script(script.substr(0, depth + depth / 2));
  }
}

TEST(JsonLdRepair, AStringOfTenMegabytes) {
  const std::string text(10'000'000, 'x');
  EXPECT_EQ(
      read_script(R"({"@type":"Question","name":"Q?","acceptedAnswer":{"text":")" + text + "\"}}")
          .faq.pairs.at(0)
          .answer.size(),
      text.size());
  EXPECT_EQ(
      read_script(R"({"@type":"Question","name":"Q?","acceptedAnswer":{"text":")" + text).pairs(),
      Pairs{});
}

// Any bytes: no crash, and texts stay valid UTF-8 (the input is made valid first, as pages are).
TEST(JsonLdRepair, AnyBytesGiveValidText) {
  std::mt19937_64 random(7);
  const std::string pieces[] = {"{",
                                "}",
                                "[",
                                "]",
                                "\"",
                                "'",
                                ":",
                                ",",
                                ";",
                                "\\",
                                "\\u",
                                "d83d",
                                "\"name\"",
                                "\"@type\":\"Question\"",
                                "\"acceptedAnswer\"",
                                "\"text\"",
                                "\"@id\":\"#a\"",
                                "\"@context\"",
                                "\"mainEntity\"",
                                "\"FAQPage\"",
                                "A",
                                " ",
                                "\n",
                                "<!--",
                                "-->",
                                "/*",
                                "*/",
                                "//",
                                "“",
                                "”",
                                "\xEF\xBB\xBF",
                                "é",
                                "\x01",
                                "1",
                                "true",
                                "{{",
                                "}}",
                                "&quot;",
                                "]]>",
                                "<![CDATA["};
  for (int round = 0; round < 20'000; ++round) {
    std::string script;
    const std::size_t count = random() % 60;
    for (std::size_t i = 0; i < count; ++i) {
      if (random() % 8 == 0)
        script += static_cast<char>(random() % 128);
      else
        script += pieces[random() % std::size(pieces)];
    }
    const ReadPage page = read_script(script);
    for (const FaqPair& pair : page.faq.pairs) {
      EXPECT_TRUE(text::is_valid_utf8(pair.question)) << script;
      EXPECT_TRUE(text::is_valid_utf8(pair.answer)) << script;
    }
  }
}

}  // namespace
}  // namespace crosstail::markup
