#include "markup/warc_page.h"

#include <algorithm>
#include <array>

#include "markup/http_message.h"
#include "text/utf8.h"

namespace crosstail::markup {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool starts_ignoring_case(std::string_view text, std::string_view lower_case) {
  return text.size() >= lower_case.size() &&
         std::equal(lower_case.begin(), lower_case.end(), text.begin(),
                    [](char a, char b) { return a == lower(b); });
}

/// The type without parameters, as it is written.
std::string_view essence(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find_first_of(";,"));
  const auto begin = type.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return type.substr(begin, type.find_last_not_of(" \t") - begin + 1);
}

/// WHATWG MIME Sniffing, §7: types that say nothing.
bool is_unknown_type(std::string_view content_type) {
  const std::string_view type = essence(content_type);
  return type.empty() || type == "unknown/unknown" || type == "application/unknown" ||
         type == "*/*";
}

}  // namespace

bool is_html_type(std::string_view content_type) {
  const std::string_view type = essence(content_type);
  return (type.size() == 9 && starts_ignoring_case(type, "text/html")) ||
         (type.size() == 21 && starts_ignoring_case(type, "application/xhtml+xml"));
}

bool sniffs_as_html(std::string_view bytes) {
  constexpr std::array<std::string_view, 16> kTags = {
      "<!doctype html", "<html", "<head",  "<script", "<iframe", "<h1", "<div",  "<font",
      "<table",         "<a",    "<style", "<title",  "<b",      "<br", "<body", "<p"};
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  bytes.remove_prefix(std::min(bytes.find_first_not_of("\t\n\f\r "), bytes.size()));
  if (bytes.starts_with("<!--")) return true;
  return std::any_of(kTags.begin(), kTags.end(), [&](std::string_view tag) {
    return starts_ignoring_case(bytes, tag) && bytes.size() > tag.size() &&
           (bytes[tag.size()] == ' ' || bytes[tag.size()] == '>');
  });
}

struct PageDecoder::State {
  explicit State(std::size_t max_body_bytes) : bodies(max_body_bytes) {}
  BodyDecoder bodies;
  std::string url;
  std::array<char, 20> date;
};

PageDecoder::PageDecoder(std::size_t max_body_bytes) : state_(new State(max_body_bytes)) {}
PageDecoder::~PageDecoder() = default;
PageDecoder::PageDecoder(PageDecoder&&) noexcept = default;
PageDecoder& PageDecoder::operator=(PageDecoder&&) noexcept = default;

RecordUse PageDecoder::decode(const RecordHead& head, std::string_view block, ArchivePage& page) {
  if (head.type != RecordType::Response && head.type != RecordType::Resource)
    return RecordUse::NoPayload;
  HttpHead http;
  const bool is_http = head.type == RecordType::Response && read_http_head(block, http);
  page = {};
  page.content_type = is_http ? http.content_type : head.content_type;
  page.body = block.substr(is_http ? http.size : 0);
  page.status = http.status;
  page.content_language = http.content_language;
  const bool unknown = is_unknown_type(page.content_type);
  if (!unknown && !is_html_type(page.content_type)) return RecordUse::NotHtml;
  if (is_http) {
    const auto outcome = state_->bodies.decode(http, page.body);
    if (outcome == BodyDecoder::Outcome::TooLarge) return RecordUse::BodyTooLarge;
    if (outcome == BodyDecoder::Outcome::Damaged) return RecordUse::BodyDamaged;
    page.truncated = outcome == BodyDecoder::Outcome::Truncated;
  }
  if (unknown && !is_html_type(head.identified_type) && !sniffs_as_html(page.body))
    return RecordUse::NotHtml;
  page.url = head.target_uri;
  if (!text::is_valid_utf8(page.url)) {
    state_->url = text::repair_utf8(page.url);
    page.url = state_->url;
  }
  page.date = iso_date(head.date, state_->date);
  return RecordUse::Page;
}

}  // namespace crosstail::markup
