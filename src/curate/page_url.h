#pragma once
/// What the address of a page says: its site, and the language that it names.

#include <string>
#include <string_view>

namespace crosstail::curate {

/// The site of a page: the registrable domain of its host by the public suffix list
/// ("https://faq.shop.example.co.uk/x" gives "example.co.uk"), an IP address or single-label host
/// as it is; of a relative address its first folder, unless that names a language ("de/faq.html"
/// gives
/// ""). Lower case. Thread-safe.
std::string site_of(std::string_view url);

/// The part of a page's address behind scheme and host, without query and fragment:
/// "https://a.example/de/faq?x" gives "/de/faq"; relative addresses are kept whole.
std::string_view path_of(std::string_view url);

/// The language that the address names, ISO 639-3: by a path segment ("/de/", "/pt-br/"), a label
/// of the host ("de.example.org", if `de` is no suffix there), the page's name ("faq.de.html",
/// "faq-de.html", "de.html") or a query parameter (lang, language, hl, locale); the first of these
/// that there is. Empty if none.
std::string language_of_url(std::string_view url);

/// The address without what names its language, so that the translations of a page share it:
/// "https://de.example.org/faq", "https://example.org/de/faq" and "https://example.org/faq?lang=de"
/// all give "example.org/faq"; `index.html` and a last slash go too. Scheme and `www.` do not
/// count.
std::string url_without_language(std::string_view url);

}  // namespace crosstail::curate
