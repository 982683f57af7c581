/// Which doctypes put a page into quirks mode (§13.2.6.4.1).

#include <algorithm>
#include <iterator>

#include "markup/html_scan.h"
#include "markup/html_tree_builder.h"

namespace crosstail::markup {
namespace {

constexpr std::string_view kPublicPrefixes[] = {
    "+//silmaril//dtd html pro v0r11 19970101//",
    "-//as//dtd html 3.0 aswedit + extensions//",
    "-//advasoft ltd//dtd html 3.0 aswedit + extensions//",
    "-//ietf//dtd html 2.0 level 1//",
    "-//ietf//dtd html 2.0 level 2//",
    "-//ietf//dtd html 2.0 strict level 1//",
    "-//ietf//dtd html 2.0 strict level 2//",
    "-//ietf//dtd html 2.0 strict//",
    "-//ietf//dtd html 2.0//",
    "-//ietf//dtd html 2.1e//",
    "-//ietf//dtd html 3.0//",
    "-//ietf//dtd html 3.2 final//",
    "-//ietf//dtd html 3.2//",
    "-//ietf//dtd html 3//",
    "-//ietf//dtd html level 0//",
    "-//ietf//dtd html level 1//",
    "-//ietf//dtd html level 2//",
    "-//ietf//dtd html level 3//",
    "-//ietf//dtd html strict level 0//",
    "-//ietf//dtd html strict level 1//",
    "-//ietf//dtd html strict level 2//",
    "-//ietf//dtd html strict level 3//",
    "-//ietf//dtd html strict//",
    "-//ietf//dtd html//",
    "-//metrius//dtd metrius presentational//",
    "-//microsoft//dtd internet explorer 2.0 html strict//",
    "-//microsoft//dtd internet explorer 2.0 html//",
    "-//microsoft//dtd internet explorer 2.0 tables//",
    "-//microsoft//dtd internet explorer 3.0 html strict//",
    "-//microsoft//dtd internet explorer 3.0 html//",
    "-//microsoft//dtd internet explorer 3.0 tables//",
    "-//netscape comm. corp.//dtd html//",
    "-//netscape comm. corp.//dtd strict html//",
    "-//o'reilly and associates//dtd html 2.0//",
    "-//o'reilly and associates//dtd html extended 1.0//",
    "-//o'reilly and associates//dtd html extended relaxed 1.0//",
    "-//sq//dtd html 2.0 hotmetal + extensions//",
    "-//softquad software//dtd hotmetal pro 6.0::19990601::extensions to html 4.0//",
    "-//softquad//dtd hotmetal pro 4.0::19971010::extensions to html 4.0//",
    "-//spyglass//dtd html 2.0 extended//",
    "-//sun microsystems corp.//dtd hotjava html//",
    "-//sun microsystems corp.//dtd hotjava strict html//",
    "-//w3c//dtd html 3 1995-03-24//",
    "-//w3c//dtd html 3.2 draft//",
    "-//w3c//dtd html 3.2 final//",
    "-//w3c//dtd html 3.2//",
    "-//w3c//dtd html 3.2s draft//",
    "-//w3c//dtd html 4.0 frameset//",
    "-//w3c//dtd html 4.0 transitional//",
    "-//w3c//dtd html experimental 19960712//",
    "-//w3c//dtd html experimental 970421//",
    "-//w3c//dtd w3 html//",
    "-//w3o//dtd w3 html 3.0//",
    "-//webtechs//dtd mozilla html 2.0//",
    "-//webtechs//dtd mozilla html//"};

constexpr std::string_view kPublicIds[] = {"-//w3o//dtd w3 html strict 3.0//en//",
                                           "-/w3c/dtd html 4.0 transitional/en", "html"};

/// Quirks only where there is no system identifier.
constexpr std::string_view kPrefixesWithoutSystem[] = {"-//w3c//dtd html 4.01 frameset//",
                                                       "-//w3c//dtd html 4.01 transitional//"};

constexpr std::string_view kSystemId = "http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd";

bool begins(std::string_view text, std::string_view lower_case) {
  return starts_with_nocase(text.data(), text.data() + text.size(), lower_case);
}
bool equals(std::string_view text, std::string_view lower_case) {
  return text.size() == lower_case.size() && begins(text, lower_case);
}

}  // namespace

bool is_quirks_doctype(const HtmlToken& doctype) {
  if (doctype.force_quirks || doctype.name != "html") return true;
  const std::string_view id = doctype.public_id;
  const auto id_begins = [id](std::string_view prefix) { return begins(id, prefix); };
  return std::any_of(std::begin(kPublicPrefixes), std::end(kPublicPrefixes), id_begins) ||
         std::any_of(std::begin(kPublicIds), std::end(kPublicIds),
                     [id](std::string_view whole) { return equals(id, whole); }) ||
         equals(doctype.system_id, kSystemId) ||
         (!doctype.has_system_id && std::any_of(std::begin(kPrefixesWithoutSystem),
                                                std::end(kPrefixesWithoutSystem), id_begins));
}

}  // namespace crosstail::markup
