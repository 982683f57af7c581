#include "markup/iri_reference.h"

#include <gtest/gtest.h>

#include <utility>

namespace crosstail {
namespace {

using markup::resolve_iri;

TEST(IriReference, TheExamplesOfRfc3986) {
  // §5.4.1 and §5.4.2, all of them.
  const std::pair<const char*, const char*> cases[] = {{"g:h", "g:h"},
                                                       {"g", "http://a/b/c/g"},
                                                       {"./g", "http://a/b/c/g"},
                                                       {"g/", "http://a/b/c/g/"},
                                                       {"/g", "http://a/g"},
                                                       {"//g", "http://g"},
                                                       {"?y", "http://a/b/c/d;p?y"},
                                                       {"g?y", "http://a/b/c/g?y"},
                                                       {"#s", "http://a/b/c/d;p?q#s"},
                                                       {"g#s", "http://a/b/c/g#s"},
                                                       {"g?y#s", "http://a/b/c/g?y#s"},
                                                       {";x", "http://a/b/c/;x"},
                                                       {"g;x", "http://a/b/c/g;x"},
                                                       {"g;x?y#s", "http://a/b/c/g;x?y#s"},
                                                       {"", "http://a/b/c/d;p?q"},
                                                       {".", "http://a/b/c/"},
                                                       {"./", "http://a/b/c/"},
                                                       {"..", "http://a/b/"},
                                                       {"../", "http://a/b/"},
                                                       {"../g", "http://a/b/g"},
                                                       {"../..", "http://a/"},
                                                       {"../../", "http://a/"},
                                                       {"../../g", "http://a/g"},
                                                       {"../../../g", "http://a/g"},
                                                       {"../../../../g", "http://a/g"},
                                                       {"/./g", "http://a/g"},
                                                       {"/../g", "http://a/g"},
                                                       {"g.", "http://a/b/c/g."},
                                                       {".g", "http://a/b/c/.g"},
                                                       {"g..", "http://a/b/c/g.."},
                                                       {"..g", "http://a/b/c/..g"},
                                                       {"./../g", "http://a/b/g"},
                                                       {"./g/.", "http://a/b/c/g/"},
                                                       {"g/./h", "http://a/b/c/g/h"},
                                                       {"g/../h", "http://a/b/c/h"},
                                                       {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
                                                       {"g;x=1/../y", "http://a/b/c/y"},
                                                       {"g?y/./x", "http://a/b/c/g?y/./x"},
                                                       {"g?y/../x", "http://a/b/c/g?y/../x"},
                                                       {"g#s/./x", "http://a/b/c/g#s/./x"},
                                                       {"g#s/../x", "http://a/b/c/g#s/../x"},
                                                       {"http:g", "http:g"}};
  for (const auto& [reference, expected] : cases) {
    // The URL standard ends an empty path in a slash.
    const std::string wanted = std::string(expected) == "http://g" ? "http://g/" : expected;
    EXPECT_EQ(resolve_iri("http://a/b/c/d;p?q", reference), wanted) << reference;
  }
}

TEST(IriReference, SpellingsOfOneIriBecomeOne) {
  EXPECT_EQ(resolve_iri("", "HTTPS://Site.Example"), "https://site.example/");
  EXPECT_EQ(resolve_iri("", " https://site.example/\n"), "https://site.example/");
  EXPECT_EQ(resolve_iri("", "https://site.example/a\n\tb/../C"), "https://site.example/C");
  EXPECT_EQ(resolve_iri("HTTP://A", "b"), "http://a/b");
  EXPECT_EQ(resolve_iri("https://a?x", "?y"), "https://a/?y");
}

TEST(IriReference, AnUnknownBaseStillTellsReferencesApart) {
  EXPECT_EQ(resolve_iri("", "#a"), "document:///#a");
  EXPECT_EQ(resolve_iri("", ""), "document:///");
  EXPECT_EQ(resolve_iri("de/faq.html", "#a"), "document:///de/faq.html#a");
  EXPECT_EQ(resolve_iri("de/faq.html", "/x"), "document:///x");
  EXPECT_EQ(resolve_iri("mailto:x", "a"), "mailto:a");
  EXPECT_EQ(resolve_iri("", "../../x"), "document:///x");
}

TEST(IriReference, SchemesAreRecognised) {
  EXPECT_TRUE(markup::has_scheme("a+b-c.d1:"));
  EXPECT_FALSE(markup::has_scheme("1a:"));
  EXPECT_FALSE(markup::has_scheme(":x"));
  EXPECT_FALSE(markup::has_scheme("a/b:c"));
}

}  // namespace
}  // namespace crosstail
