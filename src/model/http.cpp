#include "model/http.h"

#include <curl/curl.h>

#include <memory>
#include <mutex>

#include "base/file.h"
#include "base/interrupt.h"

namespace crosstail::model {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{64} << 20;
constexpr long kConnectSeconds = 30;
/// Slower than this for a minute is a dead connection.
constexpr long kSlowBytes = 100, kSlowSeconds = 60;

struct CloseCurl {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
using Curl = std::unique_ptr<CURL, CloseCurl>;

int stop_on_interrupt(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return interrupt_requested() ? 1 : 0;
}

Result<Curl> make_curl(const std::string& url) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  Curl curl(curl_easy_init());
  if (!curl) return Error{ErrorCode::Io, "libcurl cannot be started"};
  CURL* c = curl.get();
  curl_easy_setopt(c, CURLOPT_URL, url.c_str());
  curl_easy_setopt(c, CURLOPT_USERAGENT, "crosstail");
  curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(c, CURLOPT_MAXREDIRS, 10L);
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR,
                   url.starts_with("https:") ? "https" : "http,https");
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, kSlowBytes);
  curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, kSlowSeconds);
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, stop_on_interrupt);
  return curl;
}

Error failure(CURL* curl, CURLcode code, const std::string& url) {
  if (interrupt_requested()) return {ErrorCode::Interrupted, "interrupted"};
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (status == 404 || status == 401 || status == 403)
    return {ErrorCode::NotFound, url + ": the hub answers " + std::to_string(status) +
                                     ": no such model or file, or it is not public"};
  return {ErrorCode::Io, url + ": " + curl_easy_strerror(code) +
                             (status >= 400 ? " (" + std::to_string(status) + ")" : "") +
                             "; run the same command again to go on"};
}

std::size_t append_answer(char* data, std::size_t size, std::size_t count, void* to) {
  auto& answer = *static_cast<std::string*>(to);
  if (answer.size() + size * count > kMaxAnswer) return 0;
  answer.append(data, size * count);
  return size * count;
}

struct Download {
  OutputFile file;
  std::uint64_t limit = 0;
  const std::function<void(std::uint64_t)>* progress = nullptr;
  Status status;
};

std::size_t append_file(char* data, std::size_t size, std::size_t count, void* to) {
  auto& download = *static_cast<Download*>(to);
  const std::size_t bytes = size * count;
  if (download.file.size() + bytes > download.limit) {
    download.status =
        Error{ErrorCode::Corrupt, download.file.path() + ": the server sends more than the " +
                                      std::to_string(download.limit) + " bytes that the hub lists"};
    return 0;
  }
  download.status = download.file.write({data, bytes});
  if (!download.status.ok()) return 0;
  (*download.progress)(download.file.size());
  return bytes;
}

}  // namespace

Result<std::string> http_get(const std::string& url) {
  CT_TRY(const Curl curl, make_curl(url));
  std::string answer;
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, append_answer);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) return failure(curl.get(), code, url);
  return answer;
}

Status download(const std::string& url, const std::filesystem::path& path, std::uint64_t expected,
                const std::function<void(std::uint64_t)>& progress) {
  std::error_code ignored;
  std::uint64_t have =
      std::filesystem::exists(path, ignored) ? std::filesystem::file_size(path, ignored) : 0;
  if (have > expected) have = 0;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (have == expected && expected > 0) return {};
    Download to;
    CT_TRY(to.file, have > 0 ? OutputFile::reopen(path, have) : OutputFile::create(path));
    to.limit = expected;
    to.progress = &progress;
    CT_TRY(const Curl curl, make_curl(url));
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, append_file);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &to);
    curl_easy_setopt(curl.get(), CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(have));
    const CURLcode code = curl_easy_perform(curl.get());
    if (code == CURLE_OK) return to.file.close();
    if (!to.status.ok()) return to.status;
    // A server without ranges: from the beginning, once.
    if (code != CURLE_RANGE_ERROR || have == 0) return failure(curl.get(), code, url);
    have = 0;
  }
  return Error{ErrorCode::Io, url + ": the server neither continues nor sends the whole file"};
}

}  // namespace crosstail::model
