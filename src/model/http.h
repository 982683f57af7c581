#pragma once
/// The little of HTTP that fetching models needs, by libcurl: GET of a small answer, and a download
/// that continues where it was cut off. HTTPS certificates are verified; redirects are followed to
/// http and https only.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"

namespace crosstail::model {

/// At most 64 MiB. Fails with NotFound (404, 401: the hub hides what is private), Io (everything
/// else; the message has libcurl's words and the URL) or Interrupted.
Result<std::string> http_get(const std::string& url);

/// Into `path`, appending to what is there (a Range request; a server without them sends all
/// again). More than `expected` bytes is an error.
Status download(const std::string& url, const std::filesystem::path& path, std::uint64_t expected,
                const std::function<void(std::uint64_t)>& progress);

}  // namespace crosstail::model
