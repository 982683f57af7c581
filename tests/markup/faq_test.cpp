// The meaning of Question, Answer, FAQPage and QAPage (schema.org), on graphs made by hand.
#include "markup/faq.h"

#include <gtest/gtest.h>

#include <string>

#include "markup/jsonld_pairs.h"

namespace crosstail::markup {
namespace {

using testing::Pairs;
using testing::read_script;

/// Builds a graph as N-Quads state it: nodes by identifier.
class Facts {
 public:
  Facts& type(const char* node, SchemaTerm term) {
    graph.add_type(graph.node(node, next()), term);
    return *this;
  }
  Facts& link(const char* node, SchemaTerm term, const char* to) {
    const GraphId from = graph.node(node, next());
    const GraphId target = graph.node(to, at_);
    graph.add(from, term, GraphValue::of(target), at_);
    return *this;
  }
  Facts& text(const char* node, SchemaTerm term, const char* literal, const char* language = "") {
    graph.add(graph.node(node, next()), term, GraphValue::literal(literal, language), at_);
    return *this;
  }
  PageFaq read() {
    PageFaq page;
    read_faq(graph, "nquads", page);
    drop_duplicates(page);
    return page;
  }
  Graph graph;

 private:
  std::size_t next() { return ++at_; }
  std::size_t at_ = 0;
};

using enum SchemaTerm;

TEST(Faq, StatementsInAnyOrderMakeAPair) {
  const PageFaq page = Facts()
                           .text("_:a", Text, "A1.", "en")
                           .link("_:q", AcceptedAnswer, "_:a")
                           .link("_:p", MainEntity, "_:q")
                           .text("_:q", Name, "Q1?", "en")
                           .type("_:p", WebPage)
                           .type("_:p", FAQPage)
                           .type("_:q", Question)
                           .text("_:p", InLanguage, "en-GB")
                           .read();
  ASSERT_EQ(page.pairs.size(), 1u);
  EXPECT_EQ(page.pairs[0].question, "Q1?");
  EXPECT_EQ(page.pairs[0].answer, "A1.");
  EXPECT_EQ(page.pairs[0].page_type, "FAQPage");
  EXPECT_EQ(page.pairs[0].language, "en");
  EXPECT_EQ(page.pairs[0].kind, "nquads");
  EXPECT_EQ(page.in_language, "en-GB");
  EXPECT_TRUE(page.dropped.empty());
}

TEST(Faq, AnUntypedNodeWithAnAcceptedAnswerIsAQuestion) {
  const PageFaq page = Facts()
                           .text("_:q", Name, "Q1?")
                           .link("_:q", AcceptedAnswer, "_:a")
                           .text("_:a", Text, "A1.")
                           .read();
  EXPECT_EQ(page.pairs.size(), 1u);
}

TEST(Faq, EachAcceptedAnswerMakesAPair) {
  const PageFaq page = Facts()
                           .type("_:q", Question)
                           .text("_:q", Name, "Q1?")
                           .link("_:q", AcceptedAnswer, "_:a")
                           .link("_:q", AcceptedAnswer, "_:b")
                           .text("_:q", AcceptedAnswer, "Three.")
                           .text("_:a", Text, "One.")
                           .text("_:b", Text, "Two.")
                           .read();
  ASSERT_EQ(page.pairs.size(), 3u);
  EXPECT_EQ(page.pairs[0].answer, "One.");
  EXPECT_EQ(page.pairs[2].answer, "Three.");
}

TEST(Faq, NamesAndAnswersMergedOnOneNodeAreNotGuessedApart) {
  const PageFaq page = Facts()
                           .type("http://x.example/", Question)
                           .text("http://x.example/", Name, "Q1?")
                           .text("http://x.example/", Name, "Q2?")
                           .text("http://x.example/", AcceptedAnswer, "A1.")
                           .text("http://x.example/", AcceptedAnswer, "A2.")
                           .read();
  EXPECT_TRUE(page.pairs.empty());
  ASSERT_EQ(page.dropped.size(), 1u);
  EXPECT_EQ(page.dropped[0].reason, PairDrop::Ambiguous);
}

TEST(Faq, SeveralTextsOfAnAnswerAreItsParagraphs) {
  const PageFaq page = Facts()
                           .type("_:q", Question)
                           .text("_:q", Name, "Q1?")
                           .link("_:q", AcceptedAnswer, "_:a")
                           .text("_:a", Text, "One.")
                           .text("_:a", Text, "Two.")
                           .text("_:a", Text, "One.")
                           .read();
  ASSERT_EQ(page.pairs.size(), 1u);
  EXPECT_EQ(page.pairs[0].answer, "One.\nTwo.");
}

TEST(Faq, EveryQuestionThatGivesNoPairSaysWhy) {
  const struct {
    const char* script;
    PairDrop reason;
  } cases[] = {
      {R"({"@type":"Question","name":"Q?"})", PairDrop::NoAnswer},
      {R"({"@type":"Question","name":"Q?","suggestedAnswer":{"text":"A"}})", PairDrop::NoAnswer},
      {R"({"@type":"Question","name":"Q?","acceptedAnswer":{"@type":"Answer"}})",
       PairDrop::EmptyAnswer},
      {R"({"@type":"Question","name":"Q?","acceptedAnswer":{"text":" <br> "}})",
       PairDrop::EmptyAnswer},
      {R"({"@type":"Question","name":"Q?","acceptedAnswer":{"@id":"#nowhere"}})",
       PairDrop::EmptyAnswer},
      {R"({"@type":"Question","name":"","acceptedAnswer":{"text":"A"}})", PairDrop::EmptyQuestion},
      {R"({"@type":"Question","acceptedAnswer":{"text":"A"}})", PairDrop::EmptyQuestion},
      {R"({"@type":"Question","name":"{{ q }}","acceptedAnswer":{"text":"A"}})",
       PairDrop::Template}};
  for (const auto& c : cases) {
    const auto page = read_script(c.script);
    EXPECT_TRUE(page.faq.pairs.empty()) << c.script;
    ASSERT_EQ(page.faq.dropped.size(), 1u) << c.script;
    EXPECT_EQ(page.faq.dropped[0].reason, c.reason) << c.script;
  }
}

TEST(Faq, ASuggestedAnswerBesideAnAcceptedOneIsLeftOut) {
  EXPECT_EQ(read_script(R"({"@type":"QAPage","mainEntity":{"@type":"Question","name":"Q1?",
     "suggestedAnswer":[{"text":"No."}],"acceptedAnswer":{"text":"A1."}}})")
                .pairs(),
            (Pairs{"Q1? => A1."}));
}

TEST(Faq, TextsHaveFallbacks) {
  EXPECT_EQ(
      read_script(R"({"@type":"Question","text":"Q1?","acceptedAnswer":{"description":"A1."}})")
          .pairs(),
      (Pairs{"Q1? => A1."}));
  EXPECT_EQ(
      read_script(R"({"@type":"Question","headline":"Q1?","acceptedAnswer":["A1."]})").pairs(),
      (Pairs{"Q1? => A1."}));
  EXPECT_EQ(
      read_script(
          R"({"@type":"Question","name":"Q1?","text":"Longer","acceptedAnswer":{"name":"x","text":"A1."}})")
          .pairs(),
      (Pairs{"Q1? => A1."}));
}

TEST(Faq, FaqPageGoesBeforeQaPage) {
  const auto page = read_script(R"({"@graph":[{"@type":"QAPage","mainEntity":{"@id":"#q"}},
    {"@type":"FAQPage","mainEntity":{"@id":"#q"}},
    {"@id":"#q","@type":"Question","name":"Q1?","acceptedAnswer":{"text":"A1."}}]})");
  ASSERT_EQ(page.faq.pairs.size(), 1u);
  EXPECT_EQ(page.faq.pairs[0].page_type, "FAQPage");
}

TEST(Faq, TheAuthorIsTheAnswersElseTheQuestions) {
  EXPECT_EQ(
      read_script(
          R"({"@type":"Question","name":"Q1?","author":"B","acceptedAnswer":{"text":"A1.","author":{"@type":"Person","name":"C"}}})")
          .faq.pairs.at(0)
          .author,
      "C");
  EXPECT_EQ(
      read_script(
          R"({"@type":"Question","name":"Q1?","author":{"@id":"#b"},"acceptedAnswer":{"text":"A1."},"about":{"@id":"#b","name":"B"}})")
          .faq.pairs.at(0)
          .author,
      "B");
}

TEST(Faq, ARepetitionInAnotherSyntaxCountsOnce) {
  PageFaq page;
  page.pairs.push_back({.question = "Q1?", .answer = "One\ntwo.", .kind = "jsonld", .offset = 90});
  page.pairs.push_back({.question = "Q1?", .answer = "Other.", .kind = "jsonld", .offset = 95});
  page.pairs.push_back(
      {.question = "Q1?", .answer = "One two.\xC2\xA0", .kind = "microdata", .offset = 10});
  drop_duplicates(page);
  ASSERT_EQ(page.pairs.size(), 2u);
  EXPECT_EQ(page.pairs[0].kind, "microdata");
  EXPECT_EQ(page.pairs[1].answer, "Other.");
  ASSERT_EQ(page.dropped.size(), 1u);
  EXPECT_EQ(page.dropped[0].reason, PairDrop::DuplicateOnPage);
  EXPECT_EQ(name(page.dropped[0].reason), "duplicate-on-page");
}

}  // namespace
}  // namespace crosstail::markup
