#include "markup/graph.h"

#include <gtest/gtest.h>

#include <string>

namespace crosstail::markup {
namespace {

TEST(SchemaTerms, AnIriMayHaveAnySchemeHostCaseAndEnd) {
  for (const char* iri :
       {"http://schema.org/FAQPage", "https://schema.org/FAQPage", "http://www.schema.org/FAQPage",
        "HTTPS://WWW.SCHEMA.ORG/faqpage", "//schema.org/FAQPage", "schema.org/FAQPage",
        " https://schema.org/FAQPage\n", "https://schema.org/FAQPage/",
        "https://schema.org/FAQPage#", "http://schema.org#FAQPage", "https://schema.org//FAQPage",
        "schema:FAQPage", "Schema:faqPage", "https://pending.schema.org/FAQPage"})
    EXPECT_EQ(schema_type(iri, false), SchemaTerm::FAQPage) << iri;
}

TEST(SchemaTerms, AnotherHostIsAnotherVocabulary) {
  for (const char* iri :
       {"http://notschema.org/FAQPage", "http://schema.org.example/FAQPage",
        "http://example.org/schema.org/FAQPage", "http://schema.com/FAQPage", "ex:FAQPage",
        "http://schema.orgFAQPage", "http://example.org/FAQPage", "", ":", "/", "http://"})
    EXPECT_EQ(schema_type(iri, true), SchemaTerm::None) << iri;
}

TEST(SchemaTerms, ABareNameCountsOnlyWhenAsked) {
  EXPECT_EQ(schema_type("Question", true), SchemaTerm::Question);
  EXPECT_EQ(schema_type("Question", false), SchemaTerm::None);
  EXPECT_EQ(schema_property("acceptedanswer", true), SchemaTerm::AcceptedAnswer);
  EXPECT_EQ(schema_property("acceptedAnswer", false), SchemaTerm::None);
}

TEST(SchemaTerms, AnUnlistedTypeIsOtherAndAnUnlistedPropertyNone) {
  EXPECT_EQ(schema_type("https://schema.org/Product", false), SchemaTerm::OtherType);
  EXPECT_EQ(schema_property("https://schema.org/price", false), SchemaTerm::None);
  EXPECT_EQ(schema_property("names", true), SchemaTerm::None);
  EXPECT_EQ(schema_property("nam", true), SchemaTerm::None);
}

TEST(SchemaTerms, EveryPropertyIsFound) {
  const std::pair<const char*, SchemaTerm> all[] = {
      {"mainEntity", SchemaTerm::MainEntity},
      {"mainEntityOfPage", SchemaTerm::MainEntityOfPage},
      {"acceptedAnswer", SchemaTerm::AcceptedAnswer},
      {"suggestedAnswer", SchemaTerm::SuggestedAnswer},
      {"hasPart", SchemaTerm::HasPart},
      {"isPartOf", SchemaTerm::IsPartOf},
      {"parentItem", SchemaTerm::ParentItem},
      {"itemListElement", SchemaTerm::ItemListElement},
      {"item", SchemaTerm::Item},
      {"name", SchemaTerm::Name},
      {"text", SchemaTerm::Text},
      {"articleBody", SchemaTerm::ArticleBody},
      {"headline", SchemaTerm::Headline},
      {"description", SchemaTerm::Description},
      {"inLanguage", SchemaTerm::InLanguage},
      {"author", SchemaTerm::Author},
      {"url", SchemaTerm::Url},
      {"position", SchemaTerm::Position},
      {"about", SchemaTerm::About},
      {"subjectOf", SchemaTerm::SubjectOf}};
  for (const auto& [name, term] : all) {
    EXPECT_EQ(schema_property(name, true), term) << name;
    EXPECT_EQ(schema_property(std::string("http://schema.org/") + name, false), term) << name;
  }
}

// Web Data Commons' extractions up to 2014 put the type between host and name.
TEST(SchemaTerms, APropertyMayCarryItsType) {
  EXPECT_EQ(schema_property("http://schema.org/Question/name", false), SchemaTerm::Name);
  EXPECT_EQ(schema_property("http://schema.org/Question/acceptedAnswer", false),
            SchemaTerm::AcceptedAnswer);
}

TEST(SchemaTerms, AVocabularyIsTheHostAlone) {
  for (const char* iri : {"http://schema.org/", "https://schema.org", "https://www.schema.org/",
                          "Schema.org#", " //schema.org/ "})
    EXPECT_TRUE(is_schema_vocabulary(iri)) << iri;
  for (const char* iri : {"http://schema.org/Thing", "http://other.org/", "", "schema", "schema:"})
    EXPECT_FALSE(is_schema_vocabulary(iri)) << iri;
}

TEST(GraphTest, OneIdentifierIsOneNode) {
  Graph graph;
  const GraphId a = graph.node("_:a", 1);
  const GraphId b = graph.node("_:b", 2);
  EXPECT_EQ(graph.node("_:a", 3), a);
  EXPECT_NE(a, b);
  EXPECT_EQ(graph.find("_:b"), b);
  EXPECT_EQ(graph.find("_:c"), kNoGraphId);
  EXPECT_EQ(graph.nodes[a].offset, 1u);
  EXPECT_NE(graph.node("", 4), graph.node("", 5));
}

TEST(GraphTest, StatementsOfOneIdentifierAreChained) {
  Graph graph;
  const GraphId first = graph.statement("x", 1);
  const GraphId second = graph.statement("x", 2);
  const GraphId third = graph.statement("x", 3);
  EXPECT_EQ(graph.find("x"), first);
  EXPECT_EQ(graph.nodes[first].same_id, second);
  EXPECT_EQ(graph.nodes[second].same_id, third);
  EXPECT_EQ(graph.nodes[third].same_id, kNoGraphId);
}

TEST(GraphTest, ManyIdentifiersAreFoundAndNoneAfterClear) {
  Graph graph;
  for (int i = 0; i < 10000; ++i) graph.node(graph.keep("id" + std::to_string(i)), 0);
  for (int i = 0; i < 10000; ++i)
    EXPECT_EQ(graph.find("id" + std::to_string(i)), static_cast<GraphId>(i));
  graph.clear();
  EXPECT_EQ(graph.find("id1"), kNoGraphId);
  EXPECT_EQ(graph.node("id1", 0), 0u);
  EXPECT_EQ(graph.find("id1"), 0u);
}

TEST(GraphTest, PropertiesKeepTheirOrder) {
  Graph graph;
  const GraphId question = graph.node("", 0);
  const GraphId other = graph.node("", 0);
  graph.add(question, SchemaTerm::Name, GraphValue::literal("one", "en"), 10);
  graph.add(other, SchemaTerm::Name, GraphValue::literal("elsewhere"), 11);
  graph.add(question, SchemaTerm::Name, GraphValue::literal("two"), 12);
  std::string seen;
  for (GraphId p = graph.nodes[question].first_property; p != kNoGraphId;
       p = graph.properties[p].next)
    seen += std::string(graph.properties[p].value.text) + ";";
  EXPECT_EQ(seen, "one;two;");
}

TEST(GraphTest, TypesAddUp) {
  SchemaTypes types;
  EXPECT_TRUE(types.empty());
  types.add(SchemaTerm::WebPage);
  types.add(SchemaTerm::FAQPage);
  EXPECT_TRUE(types.has(SchemaTerm::FAQPage));
  EXPECT_TRUE(types.has(SchemaTerm::WebPage));
  EXPECT_FALSE(types.has(SchemaTerm::Question));
}

TEST(GraphTest, KeptStringsStay) {
  Graph graph;
  const std::string long_text(200000, 'x');
  const auto kept_short = graph.keep("short");
  const auto kept_long = graph.keep(long_text);
  for (int i = 0; i < 100; ++i) graph.keep(std::string(1000, 'y'));
  EXPECT_EQ(kept_short, "short");
  EXPECT_EQ(kept_long, long_text);
}

}  // namespace
}  // namespace crosstail::markup
