// Shapes of valid JSON-LD. Rules: JSON-LD 1.1 (W3C Recommendation of 2020-07-16), §4 contexts, §4.6
// @reverse, §4.9 @graph, §4.10 @included, §7 JSON-LD in HTML; schema.org's Question and Answer.
#include "markup/jsonld.h"

#include <gtest/gtest.h>

#include <string>

#include "markup/jsonld_pairs.h"

namespace crosstail::markup {
namespace {

using testing::Pairs;
using testing::read_script;
using testing::read_scripts;

/// A FAQPage whose mainEntity is `questions`.
std::string faq_page(const std::string& questions,
                     const std::string& context = "\"https://schema.org\"") {
  return R"({"@context":)" + context + R"(,"@type":"FAQPage","mainEntity":)" + questions + "}";
}

const char* const kQuestion =
    R"({"@type":"Question","name":"Q1?","acceptedAnswer":{"@type":"Answer","text":"A1."}})";
const char* const kQuestion2 =
    R"({"@type":"Question","name":"Q2?","acceptedAnswer":{"@type":"Answer","text":"A2."}})";
const Pairs kBoth = {"Q1? => A1.", "Q2? => A2."};
const Pairs kFirst = {"Q1? => A1."};

std::string both() {
  return "[" + std::string(kQuestion) + "," + kQuestion2 + "]";
}

TEST(JsonLd, AFaqPageWithAListOfQuestions) {
  const auto page = read_script(faq_page(both()));
  EXPECT_EQ(page.pairs(), kBoth);
  EXPECT_EQ(page.faq.pairs[0].page_type, "FAQPage");
  EXPECT_EQ(page.faq.pairs[0].kind, "jsonld");
  EXPECT_EQ(page.repairs(), "");
}

TEST(JsonLd, MainEntityMayBeOneObjectAListOrASet) {
  EXPECT_EQ(read_script(faq_page(kQuestion)).pairs(), kFirst);
  EXPECT_EQ(read_script(faq_page(R"({"@list":)" + both() + "}")).pairs(), kBoth);
  EXPECT_EQ(read_script(faq_page(R"({"@set":)" + both() + "}")).pairs(), kBoth);
  EXPECT_EQ(
      read_script(faq_page("[[" + std::string(kQuestion) + "],[[" + kQuestion2 + "]]]")).pairs(),
      kBoth);
}

TEST(JsonLd, TheContextMayStandBehind) {
  const auto script =
      R"({"@type":"FAQPage","mainEntity":)" + both() + R"(,"@context":"https://schema.org"})";
  EXPECT_EQ(read_script(script).pairs(), kBoth);
}

TEST(JsonLd, AGraphOfTopLevelNodes) {
  const auto script =
      R"({"@context":"https://schema.org","@graph":[{"@type":"WebSite","name":"x"},)" +
      faq_page(both()) + "]}";
  const auto page = read_script(script);
  EXPECT_EQ(page.pairs(), kBoth);
  EXPECT_EQ(page.faq.pairs[1].page_type, "FAQPage");
}

TEST(JsonLd, GraphsInGraphsAndTopLevelArrays) {
  EXPECT_EQ(read_script("[" + faq_page(kQuestion) + "," + faq_page(kQuestion2) + "]").pairs(),
            kBoth);
  EXPECT_EQ(read_script(R"([[{"@graph":[{"@graph":)" + faq_page(both()) + "}]}]]").pairs(), kBoth);
  EXPECT_EQ(read_script(R"({"@graph":{"@id":"x","@graph":[)" + faq_page(kQuestion) + "]}}").pairs(),
            kFirst);
}

TEST(JsonLd, ReferencesAreFollowedFromPageToQuestionToAnswer) {
  const auto page = read_script(R"({"@context":"https://schema.org","@graph":[
    {"@type":"FAQPage","@id":"#faq","mainEntity":[{"@id":"#q2"},{"@id":"#q1"}]},
    {"@type":"Question","@id":"#q1","name":"Q1?","acceptedAnswer":{"@id":"#a1"}},
    {"@type":"Question","@id":"#q2","name":"Q2?","acceptedAnswer":{"@id":"#a2"}},
    {"@type":"Answer","@id":"#a1","text":"A1."},
    {"@type":"Answer","@id":"#a2","text":"A2."}]})");
  // In the order in which the page lists them.
  EXPECT_EQ(page.pairs(), (Pairs{"Q2? => A2.", "Q1? => A1."}));
  EXPECT_EQ(page.faq.pairs[0].page_type, "FAQPage");
  EXPECT_TRUE(page.faq.dropped.empty());
}

TEST(JsonLd, ReferencesReachOtherScriptsOfThePageInBothOrders) {
  const std::string referring = faq_page(R"([{"@id":"https://x.example/#q1"}])");
  const std::string defining =
      R"({"@context":"https://schema.org","@id":"https://x.example/#q1","@type":"Question","name":"Q1?",
          "acceptedAnswer":{"@id":"https://x.example/#a1"}})";
  const std::string answer =
      R"({"@context":"https://schema.org","@id":"https://x.example/#a1","@type":"Answer","text":"A1."})";
  for (const auto& scripts : {std::vector<std::string_view>{referring, defining, answer},
                              std::vector<std::string_view>{answer, defining, referring}}) {
    const auto page = read_scripts(scripts);
    EXPECT_EQ(page.pairs(), kFirst);
    EXPECT_EQ(page.faq.pairs.at(0).page_type, "FAQPage");
    EXPECT_TRUE(page.faq.dropped.empty());
  }
}

TEST(JsonLd, AReferenceByTextOrByShortAddress) {
  EXPECT_EQ(read_script(R"({"@context":"https://schema.org","@graph":[
    {"@type":"FAQPage","mainEntity":["https://x.example/#q1"]},
    {"@type":"Question","@id":"https://x.example/#q1","name":"Q1?","acceptedAnswer":{"@id":"#a1"}},
    {"@type":"Answer","@id":"https://x.example/#a1","text":"A1."}]})")
                .pairs(),
            kFirst);
}

TEST(JsonLd, BlankNodesBelongToTheirScript) {
  const std::string one = R"({"@context":"https://schema.org","@graph":[
    {"@type":"Question","name":"Q1?","acceptedAnswer":{"@id":"_:a"}},
    {"@id":"_:a","@type":"Answer","text":"A1."}]})";
  const std::string two = R"({"@context":"https://schema.org","@graph":[
    {"@type":"Question","name":"Q2?","acceptedAnswer":{"@id":"_:a"}},
    {"@id":"_:a","@type":"Answer","text":"A2."}]})";
  EXPECT_EQ(read_scripts({one, two}).pairs(), kBoth);
}

// Plugins give every question the page's own address.
TEST(JsonLd, QuestionsThatShareOneIdStayApart) {
  const auto page = read_script(faq_page(R"([
    {"@id":"https://x.example/","@type":"Question","name":"Q1?","acceptedAnswer":{"@type":"Answer","@id":"https://x.example/","text":"A1."}},
    {"@id":"https://x.example/","@type":"Question","name":"Q2?","acceptedAnswer":{"@type":"Answer","@id":"https://x.example/","text":"A2."}}])"));
  EXPECT_EQ(page.pairs(), kBoth);
  EXPECT_TRUE(page.faq.dropped.empty());
}

TEST(JsonLd, AQuestionStatedInPartsIsOne) {
  const auto page = read_script(R"({"@context":"https://schema.org","@graph":[
    {"@type":"FAQPage","mainEntity":{"@type":"Question","@id":"#q","name":"Q1?"}},
    {"@id":"#q","@type":"Question","acceptedAnswer":{"@type":"Answer","text":"A1."}}]})");
  EXPECT_EQ(page.pairs(), kFirst);
  EXPECT_EQ(page.faq.pairs[0].page_type, "FAQPage");
  EXPECT_TRUE(page.faq.dropped.empty());
}

TEST(JsonLd, ReverseProperties) {
  EXPECT_EQ(read_script(R"({"@context":"https://schema.org","@type":"Question","name":"Q1?",
     "acceptedAnswer":{"@type":"Answer","text":"A1."},"@reverse":{"mainEntity":{"@type":"FAQPage"}}})")
                .faq.pairs.at(0)
                .page_type,
            "FAQPage");
  EXPECT_EQ(read_script(R"({"@context":"https://schema.org","@type":"Answer","text":"A1.",
     "@reverse":{"acceptedAnswer":{"@type":"Question","name":"Q1?"}}})")
                .pairs(),
            kFirst);
  EXPECT_EQ(
      read_script(R"({"@context":["https://schema.org",{"answers":{"@reverse":"acceptedAnswer"}}],
     "@type":"Answer","text":"A1.","answers":{"@type":"Question","name":"Q1?"}})")
          .pairs(),
      kFirst);
}

TEST(JsonLd, PagesAreFoundFromTheQuestionToo) {
  for (const char* property : {"mainEntityOfPage", "isPartOf"}) {
    const auto page = read_script(R"({"@context":"https://schema.org","@graph":[
      {"@type":["WebPage","FAQPage"],"@id":"https://x.example/faq"},
      {"@type":"Question","name":"Q1?",")" +
                                  std::string(property) +
                                  R"(":{"@id":"https://x.example/faq"},
       "acceptedAnswer":{"@type":"Answer","text":"A1."}}]})");
    EXPECT_EQ(page.pairs(), kFirst);
    EXPECT_EQ(page.faq.pairs.at(0).page_type, "FAQPage") << property;
  }
  // schema.org's context declares mainEntityOfPage's text to be an address.
  EXPECT_EQ(read_script(R"({"@context":"https://schema.org","@graph":[
      {"@type":"Question","name":"Q1?","mainEntityOfPage":"https://x.example/faq",
       "acceptedAnswer":{"@type":"Answer","text":"A1."}},
      {"@type":"QAPage","@id":"https://x.example/faq"}]})")
                .faq.pairs.at(0)
                .page_type,
            "QAPage");
}

TEST(JsonLd, NestedListsAndPartsLeadToQuestions) {
  for (
      const char* path :
      {R"("mainEntity":{"@type":"ItemList","itemListElement":[%]})",
       R"("mainEntity":{"@type":"ItemList","itemListElement":[{"@type":"ListItem","position":1,"item":%}]})",
       R"("mainEntity":{"@type":"WebPage","mainEntity":[%]})", R"("hasPart":[%])",
       R"("mainEntity":[{"@type":"FAQPage","mainEntity":%}])"}) {
    std::string script =
        R"({"@context":"https://schema.org","@type":"FAQPage",)" + std::string(path) + "}";
    script.replace(script.find('%'), 1, kQuestion);
    const auto page = read_script(script);
    EXPECT_EQ(page.pairs(), kFirst) << script;
    EXPECT_EQ(page.faq.pairs.at(0).page_type, "FAQPage") << script;
  }
}

TEST(JsonLd, ALoneQuestionIsKeptAndMarked) {
  const auto page = read_script(R"({"@context":"https://schema.org","@type":"Product","name":"P",
    "subjectOf":)" + std::string(kQuestion) +
                                "}");
  EXPECT_EQ(page.pairs(), kFirst);
  EXPECT_EQ(page.faq.pairs.at(0).page_type, "");
}

TEST(JsonLd, PropertiesOfOtherVocabulariesAreWalkedThrough) {
  EXPECT_EQ(read_script(faq_page(R"([{"ex:section":{"items":[)" + std::string(kQuestion) + "]}}]"))
                .pairs(),
            kFirst);
  EXPECT_EQ(read_script(R"({"@context":"https://schema.org","@included":[)" +
                        std::string(kQuestion) + "]}")
                .pairs(),
            kFirst);
}

TEST(JsonLd, TypesMayBeListsAndFullOrPrefixedIris) {
  for (const char* type :
       {R"(["WebPage","FAQPage"])", R"("https://schema.org/FAQPage")", R"("schema:FAQPage")",
        R"(["http://schema.org/FAQPage","https://schema.org/WebPage"])", R"("faqpage")",
        R"("FAQPage WebPage")", R"(" FAQPage ")"}) {
    const auto page = read_script(R"({"@context":"https://schema.org","@type":)" +
                                  std::string(type) + R"(,"mainEntity":)" + both() + "}");
    ASSERT_EQ(page.pairs(), kBoth) << type;
    EXPECT_EQ(page.faq.pairs[0].page_type, "FAQPage") << type;
  }
}

TEST(JsonLd, KeysMatchInAnyCase) {
  const auto page = read_script(
      R"({"@context":"http://schema.org","@Type":"FaqPage","MainEntity":[{"@type":"question",
      "Name":"Q1?","acceptedanswer":{"@type":"answer","TEXT":"A1."}}]})");
  EXPECT_EQ(page.pairs(), kFirst);
  EXPECT_EQ(page.faq.pairs.at(0).page_type, "FAQPage");
}

TEST(JsonLd, ExpandedDocuments) {
  const auto page = read_script(R"([{"@type":["http://schema.org/FAQPage"],
    "http://schema.org/mainEntity":[{"@type":["http://schema.org/Question"],
      "http://schema.org/name":[{"@value":"Q1?","@language":"en"}],
      "http://schema.org/acceptedAnswer":[{"@type":["http://schema.org/Answer"],
        "http://schema.org/text":[{"@value":"A1.","@type":"http://www.w3.org/1999/02/22-rdf-syntax-ns#HTML"}]}]}]}])");
  EXPECT_EQ(page.pairs(), kFirst);
  EXPECT_EQ(page.faq.pairs.at(0).language, "en");
}

TEST(JsonLd, PrefixedKeysNeedNoContext) {
  EXPECT_EQ(read_script(R"({"@type":"schema:FAQPage","schema:mainEntity":{"@type":"schema:Question",
      "schema:name":"Q1?","schema:acceptedAnswer":{"@type":"schema:Answer","schema:text":"A1."}}})")
                .pairs(),
            kFirst);
}

TEST(JsonLdContext, SpellingsOfSchemaOrg) {
  for (const char* context :
       {R"("http://schema.org")",
        R"("https://schema.org/")",
        R"("http://www.schema.org")",
        R"("schema.org")",
        R"("//schema.org/")",
        R"("HTTPS://SCHEMA.ORG")",
        R"(" https://schema.org ")",
        R"("https:\/\/schema.org")",
        R"("https://schema.org/docs/jsonldcontext.json")",
        R"("http://schema.org/version/latest/schemaorg-current-https.jsonld")",
        R"(["https://schema.org"])",
        R"(["https://schema.org",{"@language":"en"}])",
        R"(["https://w3id.org/security/v1","https://schema.org"])",
        R"(["https://schema.org","https://w3id.org/security/v1"])",
        R"({"@vocab":"https://schema.org/"})",
        R"({"@vocab":"http://schema.org"})",
        R"([{"@vocab":"http://schema.org/"},{"ex":"http://example.org/"}])",
        R"({"@language":"en"})",
        R"("")",
        R"("htps://schema.org")",
        R"("https//schema.org")"})
    EXPECT_EQ(read_script(faq_page(both(), context)).pairs(), kBoth) << context;
}

TEST(JsonLdContext, NoneAtAllMeansSchemaOrg) {
  EXPECT_EQ(read_script(R"({"@type":"FAQPage","mainEntity":)" + both() + "}").pairs(), kBoth);
}

TEST(JsonLdContext, OtherVocabulariesGiveNoPair) {
  for (const char* context :
       {R"("https://other.example/")", R"({"@vocab":"https://other.example/"})", "null",
        R"({"@vocab":null})", R"({"ex":"http://example.org/"})", R"("https://schema.org.example/")",
        R"("https://example.org/?u=schema.org")", R"("https://notschema.org")",
        R"("https://www.w3.org/ns/activitystreams")",
        R"(["https://schema.org",{"@vocab":"https://other.example/"}])",
        R"({"schema":"https://schema.org/"})",
        R"(["https://schema.org",{"acceptedAnswer":"http://example.org/answer"}])",
        R"(["https://schema.org",{"acceptedAnswer":null}])"})
    EXPECT_EQ(read_script(faq_page(both(), context)).pairs(), Pairs{}) << context;
}

TEST(JsonLdContext, PrefixesAndAliases) {
  EXPECT_EQ(read_script(R"({"@context":{"s":"https://schema.org/"},"@type":"s:FAQPage",
    "s:mainEntity":{"@type":"s:Question","s:name":"Q1?","s:acceptedAnswer":{"s:text":"A1."}}})")
                .pairs(),
            kFirst);
  EXPECT_EQ(read_script(R"({"@context":{"type":"@type","id":"@id","schema":"http://schema.org/",
    "Frage":"schema:Question","frage":"schema:name","antwort":{"@id":"schema:acceptedAnswer"},
    "wortlaut":{"@id":"http://schema.org/text"},"fragen":"schema:mainEntity","Seite":"schema:FAQPage"},
    "type":"Seite","fragen":[{"type":"Frage","frage":"Q1?","antwort":{"wortlaut":"A1."}}]})")
                .pairs(),
            kFirst);
}

TEST(JsonLdContext, APrefixNamedSchemaMayMeanSomethingElse) {
  EXPECT_EQ(read_script(R"({"@context":{"schema":"http://example.org/"},"@type":"schema:Question",
    "schema:name":"Q1?","schema:acceptedAnswer":{"schema:text":"A1."}})")
                .pairs(),
            Pairs{});
}

TEST(JsonLdContext, TypeAndIdAreKeywordsInSchemaOrgsOwnContext) {
  EXPECT_EQ(
      read_script(R"({"@context":"https://schema.org","type":"FAQPage","mainEntity":[{"id":"#q"}],
    "hasPart":{"id":"#q","type":"Question","name":"Q1?","acceptedAnswer":{"type":"Answer","text":"A1."}}})")
          .pairs(),
      kFirst);
}

TEST(JsonLdContext, ANestedContextHoldsForItsNodeOnly) {
  const auto page = read_script(R"({"@context":"https://schema.org","@graph":[
    {"@context":"https://other.example/","@type":"Question","name":"No?","acceptedAnswer":{"text":"No."}},
    {"@type":"Question","name":"Q1?","acceptedAnswer":{"text":"A1."}}]})");
  EXPECT_EQ(page.pairs(), kFirst);
  EXPECT_EQ(
      read_script(R"({"@context":"https://other.example/","thing":{"@context":"https://schema.org",
    "@type":"Question","name":"Q1?","acceptedAnswer":{"text":"A1."}}})")
          .pairs(),
      kFirst);
}

TEST(JsonLdContext, Languages) {
  const auto page = read_script(R"({"@context":["https://schema.org",{"@language":"de"}],
    "@type":"Question","name":"Q1?","acceptedAnswer":{"@type":"Answer","text":"A1."}})");
  EXPECT_EQ(page.faq.pairs.at(0).language, "de");
  EXPECT_EQ(read_script(R"({"@context":"https://schema.org","@type":"FAQPage","inLanguage":"fr",
    "mainEntity":)" + both() +
                        "}")
                .faq.pairs.at(1)
                .language,
            "fr");
  EXPECT_EQ(read_script(R"({"@context":"https://schema.org","@type":"Question","name":"Q1?",
    "acceptedAnswer":{"@type":"Answer","inLanguage":"es","text":"A1."}})")
                .faq.pairs.at(0)
                .language,
            "es");
}

TEST(JsonLdContext, TextsInSeveralLanguagesArePairedByLanguage) {
  const Pairs expected = {"Q1? => A1.", "F1? => L1."};
  for (const char* script :
       {R"({"@context":"https://schema.org","@type":"Question",
           "name":[{"@value":"Q1?","@language":"en"},{"@value":"F1?","@language":"de"}],
           "acceptedAnswer":{"@type":"Answer","text":[{"@value":"A1.","@language":"en"},{"@value":"L1.","@language":"de"}]}})",
        R"({"@context":["https://schema.org",{"name":{"@id":"schema:name","@container":"@language"},
           "text":{"@id":"schema:text","@container":"@language"}}],"@type":"Question",
           "name":{"en":"Q1?","de":"F1?"},"acceptedAnswer":{"@type":"Answer","text":{"en":"A1.","de":"L1."}}})",
        R"({"@context":"https://schema.org","@type":"Question",
           "name":{"en":"Q1?","de":"F1?"},"acceptedAnswer":{"@type":"Answer","text":{"en":"A1.","de":"L1."}}})",
        R"({"@context":"https://schema.org","@type":"Question",
           "name":[{"@value":"Q1?","@language":"en"},{"@value":"F1?","@language":"de"}],
           "acceptedAnswer":[{"@type":"Answer","text":{"@value":"A1.","@language":"en"}},
                             {"@type":"Answer","text":{"@value":"L1.","@language":"de-AT"}}]})"}) {
    const auto page = read_script(script);
    EXPECT_EQ(page.pairs(), expected) << script;
    EXPECT_EQ(page.faq.pairs.at(0).language, "en");
  }
}

TEST(JsonLd, NumbersAreTexts) {
  EXPECT_EQ(read_script(R"({"@type":"Question","name":42,"acceptedAnswer":{"text":3.5}})").pairs(),
            (Pairs{"42 => 3.5"}));
}

TEST(JsonLd, EscapesAreDecoded) {
  EXPECT_EQ(
      read_script(
          R"({"@type":"Question","n\u0061me":"\u00c4 \"b\" \/ \ud83d\ude00","acceptedAnswer":{"text":"a\tb\\c"}})")
          .pairs(),
      (Pairs{"Ä \"b\" / \U0001F600 => a b\\c"}));
}

TEST(JsonLd, LoneSurrogatesBecomeReplacementCharacters) {
  auto page =
      read_script(R"({"@type":"Question","name":"x\ud83dy\ude00z","acceptedAnswer":{"text":"A"}})");
  EXPECT_EQ(page.pairs(), (Pairs{"x\uFFFDy\uFFFDz => A"}));
  EXPECT_EQ(page.count(JsonLdRepair::LoneSurrogate), 2u);
}

// RFC 8259 §4: behaviour with a name stated twice is unpredictable; parsers keep the last.
TEST(JsonLd, OfTwoEqualKeysTheLastCounts) {
  EXPECT_EQ(read_script(R"({"@type":"Question","name":"Old?","name":"Q1?",
     "acceptedAnswer":{"text":"old","text":"A1."}})")
                .pairs(),
            kFirst);
}

// Two questions in one pair of braces: the last would overwrite the first.
TEST(JsonLd, QuestionsWithoutBracesBetweenThemAreBothKept) {
  EXPECT_EQ(
      read_script(
          faq_page(
              R"([{"@type":"Question","name":"Q1?","acceptedAnswer":{"@type":"Answer","text":"A1."},
     "@type":"Question","name":"Q2?","acceptedAnswer":{"@type":"Answer","text":"A2."}}])"))
          .pairs(),
      kBoth);
}

TEST(JsonLd, DuplicatedBlocksCountOnce) {
  const std::string script = faq_page(both());
  const auto page = read_scripts({script, script});
  EXPECT_EQ(page.pairs(), kBoth);
  ASSERT_EQ(page.faq.dropped.size(), 2u);
  EXPECT_EQ(page.faq.dropped[0].reason, PairDrop::DuplicateOnPage);
}

TEST(JsonLd, DepthIsLimitedAndCounted) {
  std::string script;
  for (int i = 0; i < 600; ++i) script += R"({"a":)";
  script += kQuestion;
  script.append(600, '}');
  const auto page = read_script(script);
  EXPECT_EQ(page.pairs(), Pairs{});
  EXPECT_EQ(page.counts.depth_limited, 1u);
  EXPECT_EQ(read_scripts({script}, {.max_depth = 1000}).pairs(), kFirst);
}

TEST(JsonLd, TheNumberOfValuesIsLimitedAndCounted) {
  std::string list = "[" + std::string(kQuestion);
  for (int i = 0; i < 1000; ++i) list += ",1";
  const auto page = read_scripts({list + "]"}, {.max_values = 500});
  EXPECT_EQ(page.pairs(), kFirst);
  EXPECT_EQ(page.counts.values_limited, 1u);
}

TEST(JsonLd, EmptyScriptsAreCounted) {
  const auto page = read_scripts({"", " \n\t", "no json here"});
  EXPECT_EQ(page.counts.scripts, 3u);
  EXPECT_EQ(page.counts.empty, 2u);
  EXPECT_EQ(page.counts.unreadable, 1u);
}

TEST(JsonLdType, AsTheWebWritesIt) {
  for (const char* type :
       {"application/ld+json", "APPLICATION/LD+JSON", " application/ld+json ",
        "application/ld+json; charset=utf-8", "application/ld+json;charset=UTF-8",
        "application/ld&#43;json", "application&#x2F;ld+json", "application/ld+json\n",
        "'application/ld+json'", "&quot;application/ld+json&quot;", "application / ld+json",
        "application/ld+json, text/javascript"})
    EXPECT_TRUE(is_jsonld_type(type)) << type;
  for (const char* type :
       {"", "application/json", "text/javascript", "application/ld+jsonp", "ld+json",
        "xapplication/ld+json", "text/template", "application/ld+json+x"})
    EXPECT_FALSE(is_jsonld_type(type)) << type;
}

TEST(JsonLdFilter, OnlyScriptsThatNameQuestionsNeedBeRead) {
  EXPECT_TRUE(may_state_faq(R"({"@type":"Question"})"));
  EXPECT_TRUE(may_state_faq("QUESTION"));
  EXPECT_TRUE(may_state_faq(std::string(1000, 'q') + "uestion"));
  EXPECT_FALSE(may_state_faq(""));
  EXPECT_FALSE(may_state_faq("qu questio quest ion"));
  for (std::size_t before = 0; before < 40; ++before)
    for (std::size_t after = 0; after < 20; ++after)
      EXPECT_TRUE(may_state_faq(std::string(before, 'q') + "qUestIon" + std::string(after, 'u')));
}

}  // namespace
}  // namespace crosstail::markup
