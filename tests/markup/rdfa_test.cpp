#include "markup/rdfa.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "markup/stated.h"

namespace crosstail {
namespace {

using testing::rdfa;

constexpr const char* kPage = "https://site.example/faq";

// ---- RDFa Lite 1.1 §2, its examples.

TEST(Rdfa, LiteVocabTypeofProperty) {
  EXPECT_EQ(
      rdfa("<p vocab=\"http://schema.org/\" typeof=\"Person\">My name is <span property=\"name\">"
           "Manu Sporny</span> and you can give me a ring via <span property=\"telephone\">"
           "1-800-555-0199</span> or visit <a property=\"url\" href=\"http://manu.sporny.org/\">"
           "my homepage</a>.</p>"),
      "_1 a OtherType\n_1 name \"Manu Sporny\"\n_1 url \"http://manu.sporny.org/\"\n");
}

TEST(Rdfa, LiteResource) {
  EXPECT_EQ(rdfa("<p vocab=\"http://schema.org/\" resource=\"#manu\" typeof=\"Person\">My name is "
                 "<span property=\"name\">Manu Sporny</span></p>"),
            "https://site.example/faq#manu a OtherType\n"
            "https://site.example/faq#manu name \"Manu Sporny\"\n");
}

TEST(Rdfa, LitePrefix) {
  EXPECT_EQ(
      rdfa("<p vocab=\"http://example.org/\" prefix=\"s: https://schema.org/ ov: http://open.vocab"
           ".org/terms/\" typeof=s:Person><span property=\"s:name\">Manu</span> likes "
           "<span property=\"ov:preferredAnimal\">Liger</span> <i property=name>no</i></p>"),
      "_1 a OtherType\n_1 name \"Manu\"\n");
}

TEST(Rdfa, LiteNestedTypes) {
  EXPECT_EQ(
      rdfa("<div vocab=\"https://schema.org/\" typeof=\"FAQPage\"><div property=\"mainEntity\" "
           "typeof=\"Question\"><h3 property=\"name\">How?</h3><div property=\"acceptedAnswer\" "
           "typeof=\"Answer\"><div property=\"text\">So.</div></div></div></div>"),
      "_1 a FAQPage\n_1 mainEntity _2\n_2 a Question\n_2 name \"How?\"\n_2 acceptedAnswer _3\n"
      "_3 a Answer\n_3 text \"So.\"\n");
}

// ---- Subjects (RDFa Core 1.1 §7.5, steps 5 and 6).

TEST(Rdfa, TheDocumentIsTheFirstSubject) {
  EXPECT_EQ(
      rdfa("<html prefix=\"s: http://schema.org/\"><head><title property=s:name>T</title></head>"
           "<body><p property=s:text>x</p></body></html>"),
      "https://site.example/faq name \"T\"\nhttps://site.example/faq text \"x\"\n");
  EXPECT_EQ(
      rdfa("<body vocab=\"https://schema.org/\" typeof=FAQPage><p property=name>x</p></body>"),
      "https://site.example/faq a FAQPage\nhttps://site.example/faq name \"x\"\n");
  EXPECT_EQ(rdfa("<base href=\"http://www.example.org/file#frag\"><p property=schema:name>x</p>"),
            "http://www.example.org/file name \"x\"\n");
}

TEST(Rdfa, TheRootElementDescribesTheDocumentAsIfAboutWereEmpty) {
  EXPECT_EQ(
      rdfa("<html typeof=schema:FAQPage rel=schema:about><body><p about=\"#x\"></p></body></html>"),
      "https://site.example/faq a FAQPage\n"
      "https://site.example/faq about https://site.example/faq#x\n");
}

TEST(Rdfa, AboutSetsTheSubject) {
  EXPECT_EQ(
      rdfa("<p>This photo was taken by <span about=\"photo1.jpg\" property=\"schema:name\">Mark "
           "Birbeck</span>.</p>"),
      "https://site.example/photo1.jpg name \"Mark Birbeck\"\n");
  EXPECT_EQ(
      rdfa("<div about=\"photo1.jpg\"><p>by <span property=\"schema:name\">Mark</span></p></div>"),
      "https://site.example/photo1.jpg name \"Mark\"\n");
  EXPECT_EQ(rdfa("<p id=\"photo1.jpg\" property=\"schema:name\">x</p>"),
            std::string(kPage) + " name \"x\"\n");
}

TEST(Rdfa, ResourceHrefAndSrcSetTheSubjectWhereNothingIsRelated) {
  EXPECT_EQ(rdfa("<div src=\"a.jpg\"><p property=schema:name>x</p></div>"),
            "https://site.example/a.jpg name \"x\"\n");
  EXPECT_EQ(rdfa("<a href=\"b\"><b property=schema:name>x</b></a>"),
            "https://site.example/b name \"x\"\n");
  EXPECT_EQ(rdfa("<div resource=\"#c\" href=\"d\"><b property=schema:name>x</b></div>"),
            "https://site.example/faq#c name \"x\"\n");
  EXPECT_EQ(rdfa("<div resource=\"#c\" property=schema:name content=x></div>"),
            "https://site.example/faq#c name \"x\"\n");
}

TEST(Rdfa, TypeofMakesABlankNode) {
  EXPECT_EQ(rdfa("<div typeof=schema:Question><p property=schema:name>x</p></div>"
                 "<div typeof=\"\"><p property=schema:name>y</p></div>"),
            "_1 a Question\n_1 name \"x\"\n_2 name \"y\"\n");
}

TEST(Rdfa, TypeofWithAboutTypesTheSubject) {
  EXPECT_EQ(
      rdfa(
          "<div about=\"#a\" typeof=\"schema:Question schema:WebPage foaf:Person\" rel=schema:about"
          " resource=\"#b\"></div>"),
      "https://site.example/faq#a a Question\nhttps://site.example/faq#a a WebPage\n"
      "https://site.example/faq#a about https://site.example/faq#b\n");
}

TEST(Rdfa, TypeofWithRelTypesTheObject) {
  EXPECT_EQ(rdfa("<div rel=schema:about typeof=schema:Question resource=\"#b\"></div>"),
            "https://site.example/faq#b a Question\n"
            "https://site.example/faq about https://site.example/faq#b\n");
  EXPECT_EQ(
      rdfa("<div rel=schema:about typeof=schema:Question><p property=schema:name>x</p></div>"),
      "_1 a Question\n_1 name \"x\"\nhttps://site.example/faq about _1\n");
}

TEST(Rdfa, TypeofWithPropertyTypesTheValue) {
  EXPECT_EQ(rdfa("<div typeof=schema:FAQPage><a property=schema:mainEntity typeof=schema:Question "
                 "href=\"#q\"><b property=schema:name>x</b></a></div>"),
            "_1 a FAQPage\n_1 mainEntity https://site.example/faq#q\n"
            "https://site.example/faq#q a Question\nhttps://site.example/faq#q name \"x\"\n");
}

TEST(Rdfa, RdfTypeIsATypeToo) {
  EXPECT_EQ(rdfa("<div about=\"#a\"><link rel=rdf:type href=\"https://schema.org/Question\">"
                 "<link property=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#type\" "
                 "resource=\"schema:WebPage\"></div>"),
            "https://site.example/faq#a a Question\nhttps://site.example/faq#a a WebPage\n");
}

// ---- Relations (steps 9, 10 and 12).

TEST(Rdfa, RelAndRev) {
  EXPECT_EQ(rdfa("<a about=\"#a\" rel=\"schema:about schema:author\" rev=schema:hasPart "
                 "href=\"#b\">x</a>"),
            "https://site.example/faq#a about https://site.example/faq#b\n"
            "https://site.example/faq#a author https://site.example/faq#b\n"
            "https://site.example/faq#b hasPart https://site.example/faq#a\n");
}

TEST(Rdfa, ObjectsBecomeSubjectsOfWhatIsInside) {
  EXPECT_EQ(rdfa("<div about=\"#a\" rel=schema:author href=\"#b\"><p property=schema:name>x</p>"
                 "<p about=\"#c\" property=schema:name>y</p><p property=schema:name>z</p></div>"),
            "https://site.example/faq#a author https://site.example/faq#b\n"
            "https://site.example/faq#b name \"x\"\nhttps://site.example/faq#b name \"z\"\n"
            "https://site.example/faq#c name \"y\"\n");
}

TEST(Rdfa, IncompleteTriplesAreCompletedByEachSubjectInside) {
  EXPECT_EQ(
      rdfa("<div about=\"#a\" rel=schema:mainEntity><ul><li typeof=schema:Question><b "
           "property=schema:name>x</b></li><li about=\"#q2\"><b property=schema:name>y</b></li>"
           "</ul></div>"),
      "_1 a Question\n_1 name \"x\"\n"
      "https://site.example/faq#a mainEntity _1\n"
      "https://site.example/faq#a mainEntity https://site.example/faq#q2\n"
      "https://site.example/faq#q2 name \"y\"\n");
}

TEST(Rdfa, IncompleteTriplesInBothDirections) {
  EXPECT_EQ(
      rdfa("<div about=\"#a\" rel=schema:about rev=schema:subjectOf><a href=\"#b\">x</a></div>"),
      "https://site.example/faq#a about https://site.example/faq#b\n"
      "https://site.example/faq#b subjectOf https://site.example/faq#a\n");
}

TEST(Rdfa, ALiteralInsideAnIncompleteTripleMakesABlankNode) {
  // W3C test suite 0029 to 0032 and §8.3.1.2: the object is the node that the literal describes.
  EXPECT_EQ(rdfa("<div about=\"#a\" rel=schema:author><p property=schema:name>x</p></div>"),
            "_1 name \"x\"\nhttps://site.example/faq#a author _1\n");
}

TEST(Rdfa, IncompleteTriplesWithoutASubjectInsideStateNothing) {
  EXPECT_EQ(rdfa("<div about=\"#a\" rel=schema:author><p>nobody</p></div>"), "");
}

TEST(Rdfa, ElementsThatOnlyDeclareDoNotCompleteTriples) {
  // Step 5.2, "skip element": @vocab, @prefix and @lang state nothing.
  EXPECT_EQ(rdfa("<div about=\"#a\" rel=schema:author><div vocab=\"https://schema.org/\" lang=en>"
                 "<p about=\"#b\" property=name>x</p></div></div>"),
            "https://site.example/faq#b name \"x\"@en\n"
            "https://site.example/faq#a author https://site.example/faq#b\n");
}

TEST(Rdfa, RelationsChain) {
  EXPECT_EQ(rdfa("<div about=\"#p\" typeof=schema:FAQPage rel=schema:mainEntity><div "
                 "typeof=schema:Question><div rel=schema:acceptedAnswer><div typeof=schema:Answer>"
                 "<p property=schema:text>t</p></div></div></div></div>"),
            "https://site.example/faq#p a FAQPage\nhttps://site.example/faq#p mainEntity _1\n"
            "_1 a Question\n_1 acceptedAnswer _2\n_2 a Answer\n_2 text \"t\"\n");
}

// ---- Values (step 11).

TEST(Rdfa, ContentComesBeforeText) {
  EXPECT_EQ(rdfa("<span property=schema:name content=\"A &amp; B\">shown</span>"),
            std::string(kPage) + " name \"A & B\"\n");
  EXPECT_EQ(rdfa("<span property=schema:name content=\"\">shown</span>"),
            std::string(kPage) + " name \"\"\n");
  EXPECT_EQ(rdfa("<time property=schema:position datetime=\"2012-03-18\">today</time>"),
            std::string(kPage) + " position \"2012-03-18\"\n");
}

TEST(Rdfa, TextsAreWithoutMarkup) {
  EXPECT_EQ(rdfa("<p property=schema:name>E = mc<sup>2</sup>: The <em>Most</em> Urgent</p>"),
            std::string(kPage) + " name \"E = mc2: The Most Urgent\"\n");
}

TEST(Rdfa, DatatypeMakesALiteralOfALink) {
  EXPECT_EQ(rdfa("<a property=schema:url datatype=\"\" href=\"/x\">shown</a>"),
            "https://site.example/x url \"shown\"\n");
}

TEST(Rdfa, LanguageIsOfPlainLiterals) {
  EXPECT_EQ(
      rdfa("<html lang=en><p property=schema:name>a</p><div lang=fr><p property=schema:text>b</p>"
           "<p property=schema:text xml:lang=de>c</p><p property=schema:text lang=\"\">d</p>"
           "<p property=schema:position datatype=xsd:integer>5</p>"
           "<p property=schema:text datatype=\"\">e</p>"
           "<meta property=schema:headline content=f></div>"),
      "https://site.example/faq name \"a\"@en\nhttps://site.example/faq text \"b\"@fr\n"
      "https://site.example/faq text \"c\"@de\nhttps://site.example/faq text \"d\"\n"
      "https://site.example/faq position \"5\"\nhttps://site.example/faq text \"e\"@fr\n"
      "https://site.example/faq headline \"f\"@fr\n");
}

TEST(Rdfa, PropertiesWithResourcesAreRelations) {
  EXPECT_EQ(rdfa("<div about=\"#q\"><link property=schema:acceptedAnswer resource=\"#a\">"
                 "<img property=schema:url src=x.png><a property=schema:about href=/y>z</a></div>"),
            "https://site.example/faq#q acceptedAnswer https://site.example/faq#a\n"
            "https://site.example/faq#q url \"https://site.example/x.png\"\n"
            "https://site.example/faq#q about https://site.example/y\n");
}

TEST(Rdfa, PropertyWithRelIsALiteral) {
  EXPECT_EQ(rdfa("<a about=\"#q\" property=schema:name rel=schema:author href=\"#x\">text</a>"),
            "https://site.example/faq#q author https://site.example/faq#x\n"
            "https://site.example/faq#q name \"text\"\n");
}

TEST(Rdfa, LinkTypesDoNotCountBesideProperty) {
  // HTML+RDFa 1.1 §3.1: rel and rev without a CURIE or IRI are ignored where there is @property.
  EXPECT_EQ(rdfa("<div vocab=\"https://schema.org/\" about=\"#q\"><a property=url rel=nofollow "
                 "href=/x>y</a>"
                 "</div>"),
            "https://site.example/faq#q url \"https://site.example/x\"\n");
}

TEST(Rdfa, SeveralPropertiesOfOneElement) {
  EXPECT_EQ(rdfa("<p property=\"schema:name dc:title schema:headline\n schema:name\">x</p>"),
            std::string(kPage) + " name \"x\"\n" + kPage + " headline \"x\"\n");
}

TEST(Rdfa, ListsAreTheirMembersInOrder) {
  EXPECT_EQ(rdfa("<div vocab=\"http://schema.org/\" typeof=FAQPage><p inlist property=name>1</p>"
                 "<p inlist property=name>2</p><div rel=mainEntity inlist><p typeof=Question></p>"
                 "<p typeof=Question></p></div></div>"),
            "_1 a FAQPage\n_1 name \"1\"\n_1 name \"2\"\n_1 mainEntity _2\n_1 mainEntity _3\n"
            "_2 a Question\n_3 a Question\n");
}

// ---- Names (§7.4).

TEST(Rdfa, BlankNodesAreNamedPerPage) {
  EXPECT_EQ(rdfa("<div about=\"[_:a]\" rel=schema:author resource=\"_:b\"></div>"
                 "<p about=\"_:b\" property=schema:name>x</p><p about=\"[_:]\" "
                 "property=schema:name>y</p>"),
            "_:a author _:b\n_:b name \"x\"\n_: name \"y\"\n");
}

TEST(Rdfa, CuriesAndSafeCuriesInResources) {
  EXPECT_EQ(
      rdfa(
          "<div prefix=\"e: http://e.example/\"><p about=\"e:x\" property=schema:name>1</p>"
          "<p about=\"[e:x]\" property=schema:name>2</p><p about=\"E:y\" property=schema:name>3</p>"
          "<p about=\"http://e.example/x\" property=schema:name>4</p>"
          "<p about=\"urn:x\" property=schema:name>5</p></div>"),
      "http://e.example/x name \"1\"\nhttp://e.example/x name \"2\"\nhttp://e.example/x name "
      "\"4\"\n"
      "http://e.example/y name \"3\"\nurn:x name \"5\"\n");
}

TEST(Rdfa, SafeCuriesThatStandForNothingAreIgnored) {
  EXPECT_EQ(rdfa("<div about=\"#a\"><p about=\"[nothing:x]\" property=schema:name>1</p>"
                 "<p about=\"[]\" property=schema:name>2</p></div>"),
            "https://site.example/faq#a name \"1\"\nhttps://site.example/faq#a name \"2\"\n");
}

TEST(Rdfa, HrefIsAlwaysAnIri) {
  EXPECT_EQ(rdfa("<a about=\"#a\" rel=schema:about href=\"schema:Question\">x</a>"),
            "https://site.example/faq#a about schema:Question\n");
}

TEST(Rdfa, PrefixesAreScopedAndCaseless) {
  EXPECT_EQ(
      rdfa(
          "<div prefix=\"S: https://schema.org/\"><p prefix=\"s: http://other.example/\">"
          "<b property=s:name>no</b></p><p property=s:name>yes</p></div><p property=s:name>no</p>"),
      std::string(kPage) + " name \"yes\"\n");
}

TEST(Rdfa, XmlnsDeclaresPrefixesAndPrefixOverridesIt) {
  EXPECT_EQ(rdfa("<div xmlns:x=\"http://schema.org/\"><p property=x:name>yes</p></div>"
                 "<div xmlns:x=\"http://schema.org/\" prefix=\"x: http://e.example/\">"
                 "<p property=x:name>no</p></div>"),
            std::string(kPage) + " name \"yes\"\n");
}

TEST(Rdfa, TheInitialContextKnowsSchema) {
  EXPECT_EQ(rdfa("<p property=schema:name>yes</p><div prefix=\"schema: http://e.example/\">"
                 "<p property=schema:name>no</p></div>"),
            std::string(kPage) + " name \"yes\"\n");
}

TEST(Rdfa, FullIrisAreNames) {
  EXPECT_EQ(
      rdfa(
          "<div typeof=\"https://schema.org/Question\"><p property=\"http://schema.org/name\">x</p>"
          "</div>"),
      "_1 a Question\n_1 name \"x\"\n");
}

TEST(Rdfa, VocabIsScopedAndCanBeTakenBack) {
  EXPECT_EQ(
      rdfa("<div vocab=\"https://schema.org/\"><p property=name>1</p><div vocab=\"\">"
           "<p property=name>no</p></div><div vocab=\"http://e.example/\"><p property=name>no</p>"
           "</div><p property=text>2</p></div><p property=name>no</p>"),
      std::string(kPage) + " name \"1\"\n" + kPage + " text \"2\"\n");
}

TEST(Rdfa, TermsWithoutVocabularyStateNothing) {
  EXPECT_EQ(rdfa("<div typeof=Question><p property=name>x</p></div>"), "");
}

// ---- Property copying (HTML+RDFa 1.1 §4).

TEST(Rdfa, PatternsAreCopiedAndVanish) {
  EXPECT_EQ(
      rdfa("<div vocab=\"http://schema.org/\"><div typeof=Question><b property=name>1</b>"
           "<link property=\"rdfa:copy\" href=\"#p\"></div><div typeof=Question>"
           "<link property=\"rdfa:copy\" href=\"#p\"><b property=name>2</b></div>"
           "<div resource=\"#p\" typeof=\"rdfa:Pattern\"><b property=acceptedAnswer typeof=Answer>"
           "<i property=text>same</i></b></div></div>"),
      "_1 a Question\n_1 name \"1\"\n_1 acceptedAnswer _2\n"
      "_3 a Question\n_3 name \"2\"\n_3 acceptedAnswer _2\n"
      "_2 a Answer\n_2 text \"same\"\n");
}

TEST(Rdfa, PatternsCopyPatternsInLoopsToo) {
  EXPECT_EQ(
      rdfa("<div vocab=\"http://schema.org/\"><div typeof=Question>"
           "<link property=\"rdfa:copy\" href=\"#p\"></div>"
           "<div resource=\"#p\" typeof=\"rdfa:Pattern\"><link property=\"rdfa:copy\" href=\"#r\">"
           "<b property=name>n</b></div>"
           "<div resource=\"#r\" typeof=\"rdfa:Pattern WebPage\"><link property=\"rdfa:copy\" "
           "href=\"#p\"><b property=text>t</b></div></div>"),
      "_1 a Question\n_1 a WebPage\n_1 name \"n\"\n_1 text \"t\"\n");
}

TEST(Rdfa, ResourcesThatAreNoPatternsAreNotCopied) {
  EXPECT_EQ(rdfa("<div vocab=\"http://schema.org/\"><div about=\"#a\"><link property=\"rdfa:copy\" "
                 "href=\"#p\"></div><div resource=\"#p\"><b property=name>n</b></div></div>"),
            "https://site.example/faq#p name \"n\"\n");
}

// ---- The real web (see the header).

TEST(Rdfa, OpenGraphMakesNothing) {
  const std::string page =
      "<html prefix=\"og: http://ogp.me/ns#\"><head><meta property=\"og:title\" content=\"x\">"
      "<meta property=\"og:type\" content=\"article\"><meta property=\"article:author\" "
      "content=\"y\">"
      "<meta property=\"fb:app_id\" content=\"1\"></head>";
  const markup::HtmlTree tree = markup::HtmlTree::parse(page);
  markup::Graph graph;
  const auto counts = markup::read_rdfa(markup::DocumentIndex(tree, kPage), graph);
  EXPECT_TRUE(graph.nodes.empty());
  EXPECT_EQ(counts.statements, 0u);
}

TEST(Rdfa, SchemaOrgInAnySpelling) {
  for (const char* vocab : {"https://schema.org/", "http://schema.org", "http://www.schema.org/",
                            "//schema.org/", " https://Schema.org/ ", "schema.org"})
    EXPECT_EQ(rdfa(std::string("<div vocab=\"") + vocab +
                   "\" typeof=faqpage><p property=Name>x</p></div>"),
              "_1 a FAQPage\n_1 name \"x\"\n")
        << vocab;
  EXPECT_EQ(rdfa("<div vocab=\"https://schema.org.example/\" typeof=FAQPage></div>"), "");
}

TEST(Rdfa, NamesAndTextsOnLinksAreTheirTexts) {
  EXPECT_EQ(rdfa("<div vocab=\"https://schema.org/\" typeof=Question><a property=\"name url\" "
                 "href=\"#x\">How?</a></div>"),
            "_1 a Question\n_1 url \"https://site.example/faq#x\"\n_1 name \"How?\"\n");
}

TEST(Rdfa, AnAccordionsHandleIsNoSubject) {
  EXPECT_EQ(rdfa("<div vocab=\"https://schema.org/\" typeof=Question><a href=\"#collapse1\"><b "
                 "property=name>How?</b></a></div>"),
            "_1 a Question\n_1 name \"How?\"\n");
}

TEST(Rdfa, UnlinkedQuestionsArePartOfThePageTheyAreIn) {
  EXPECT_EQ(
      rdfa(
          "<div vocab=\"https://schema.org/\"><div typeof=FAQPage><div typeof=Question></div>"
          "<div property=mainEntity typeof=Question></div></div><div typeof=Question></div></div>"),
      "_1 a FAQPage\n_1 hasPart _2\n_1 mainEntity _3\n_2 a Question\n_3 a Question\n_4 a "
      "Question\n");
}

TEST(Rdfa, TemplatesScriptsAndCommentsStateNothing) {
  EXPECT_EQ(
      rdfa("<template><p property=schema:name>x</p></template><script><p property=schema:name>"
           "x</p></script><!--<p property=schema:name>x</p>--><textarea><p property=schema:name>x"
           "</p></textarea>"),
      "");
}

// ---- Bounds.

TEST(Rdfa, CopyingStaysWithinTheLimit) {
  std::string page = "<div vocab=\"http://schema.org/\">";
  for (int i = 0; i < 20000; ++i)
    page += "<p typeof=Question><link property=rdfa:copy href=\"#p0\"></p>";
  for (int i = 0; i < 2000; ++i) {
    const std::string n = std::to_string(i), next = std::to_string(i + 1);
    page += "<div resource=\"#p" + n + "\" typeof=rdfa:Pattern><link property=rdfa:copy href=\"#p" +
            next + "\"><b property=name>x</b></div>";
  }
  markup::StatementCounts counts;
  const auto begin = std::chrono::steady_clock::now();
  rdfa(page, kPage, &counts, {.max_statements = 10000, .max_text_work = 1'000'000});
  EXPECT_LE(counts.statements, 10000u);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(Rdfa, ManyPrefixesAndIncompleteTriplesStayLinear) {
  std::string page = "<div prefix=\"";
  for (int i = 0; i < 20000; ++i) page += "p" + std::to_string(i) + ": http://e.example/ ";
  page += "\" rel=\"";
  for (int i = 0; i < 20000; ++i) page += "schema:about ";
  page += "\">";
  for (int i = 0; i < 20000; ++i) page += "<p about=\"p" + std::to_string(i) + ":x\"></p>";
  markup::StatementCounts counts;
  const auto begin = std::chrono::steady_clock::now();
  rdfa(page, kPage, &counts);
  EXPECT_EQ(counts.statements, 20000u);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

}  // namespace
}  // namespace crosstail
