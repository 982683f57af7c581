#pragma once
/// IRI references made absolute (RFC 3986 §5.2, white space as the URL standard takes it out), just
/// far enough that two references to one thing become the same identifier.

#include <string>
#include <string_view>

namespace crosstail::markup {

/// True if `reference` starts with a scheme and a colon.
bool has_scheme(std::string_view reference);

/// White space around `reference` goes, tabs and line ends inside it too; scheme and host become
/// lower case, dot segments are resolved. `base` should be absolute; of one that is not (a file's
/// relative path, or nothing) only the path is known, and `document:` stands for the rest.
std::string resolve_iri(std::string_view base, std::string_view reference);

}  // namespace crosstail::markup
