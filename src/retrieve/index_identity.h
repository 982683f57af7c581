#pragma once
/// Names for what is in an index.

#include <string>

#include "index/manifest.h"

namespace crosstail::retrieve {

/// Of its segments' files and deletions.
std::string contents_identity(const index::Manifest& manifest);
/// Of its segments' files: rows keep their numbers and vectors when passages are deleted.
std::string rows_identity(const index::Manifest& manifest);

}  // namespace crosstail::retrieve
