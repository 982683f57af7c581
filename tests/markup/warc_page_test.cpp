#include "markup/warc_page.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

#include <string>
#include <vector>

#include "support/archives.h"

namespace crosstail {
namespace {

using testing::gzip;
using testing::http_response;
using testing::read_archive;
using testing::warc_record;

testing::Found read_response(std::string_view block, std::size_t max_body = 1 << 20) {
  markup::ArchiveLimits limits;
  limits.max_body_bytes = max_body;
  return read_archive(warc_record("response", "http://example.org/", block), limits);
}

/// The body of the only page, or what else was found.
std::string body_of(std::string_view block, std::size_t max_body = 1 << 20) {
  const auto found = read_response(block, max_body);
  if (found.pages.size() == 1)
    return found.pages[0].body + (found.pages[0].truncated ? " (truncated)" : "");
  if (found.counts.not_html == 1) return "not HTML";
  if (found.counts.body_too_large == 1) return "too large";
  if (found.counts.body_damaged == 1) return "damaged";
  return "nothing";
}

std::string deflate(std::string_view bytes, bool zlib) {
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(6);
  std::string out(bytes.size() + 1000, '\0');
  out.resize(zlib ? libdeflate_zlib_compress(compressor, bytes.data(), bytes.size(), out.data(),
                                             out.size())
                  : libdeflate_deflate_compress(compressor, bytes.data(), bytes.size(), out.data(),
                                                out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

const std::string kHtml = "<html><p>hello hello hello hello</p></html>";

TEST(HttpBody, ChunksAreJoined) {
  const std::string chunked =
      "a\r\n<html><p>h\r\n1E;name=value\r\nello hello hello hello</p></ht\r\n3 "
      "\r\nml>\r\n0\r\nTrailer: x\r\n\r\n";
  EXPECT_EQ(body_of(http_response(chunked, "Transfer-Encoding: chunked\r\n")), kHtml);
  EXPECT_EQ(body_of(http_response(kHtml, "Transfer-Encoding: chunked\r\n")), kHtml);
  EXPECT_EQ(body_of(http_response("ff\r\n<p>cut off", "transfer-encoding: Chunked\r\n")),
            "<p>cut off (truncated)");
}

TEST(HttpBody, ContentCodingsAreUndone) {
  EXPECT_EQ(body_of(http_response(gzip(kHtml), "Content-Encoding: gzip\r\n")), kHtml);
  EXPECT_EQ(body_of(http_response(gzip(kHtml), "content-encoding: X-GZIP\r\n")), kHtml);
  EXPECT_EQ(body_of(http_response(deflate(kHtml, true), "Content-Encoding: deflate\r\n")), kHtml);
  EXPECT_EQ(body_of(http_response(deflate(kHtml, false), "Content-Encoding: deflate\r\n")), kHtml);
  EXPECT_EQ(body_of(http_response(compress_frame(kHtml, Compression::Zstd),
                                  "Content-Encoding: zstd\r\n")),
            kHtml);
  EXPECT_EQ(
      body_of(http_response(deflate(gzip(kHtml), true), "Content-Encoding: gzip, deflate\r\n")),
      kHtml);
  EXPECT_EQ(body_of(http_response(kHtml, "Content-Encoding: identity\r\n")), kHtml);
}

TEST(HttpBody, BrotliIsUndone) {
  // brotli.compress(b"<html><p>brotli brotli brotli</p></html>") of the Python package,
  // version 1.2.1.
  const unsigned char bytes[] = {0x1b, 0x27, 0x00, 0xf8, 0x45, 0x4f, 0x96, 0xaa, 0xd0,
                                 0x1e, 0xca, 0xf7, 0x16, 0x24, 0x36, 0xc6, 0x4c, 0xcd,
                                 0x92, 0x54, 0x25, 0x10, 0x43, 0x33, 0xbe, 0x4b, 0x5c,
                                 0xf9, 0xcd, 0x57, 0x1a, 0x88, 0x15, 0x11};
  const std::string packed(reinterpret_cast<const char*>(bytes), sizeof bytes);
  EXPECT_EQ(body_of(http_response(packed, "Content-Encoding: br\r\n")),
            "<html><p>brotli brotli brotli</p></html>");
  EXPECT_EQ(body_of(http_response(kHtml, "Content-Encoding: br\r\n")), kHtml);
}

TEST(HttpBody, ChunkedGzipIsUndoneInThatOrder) {
  const std::string packed = gzip(kHtml);
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", packed.size());
  EXPECT_EQ(body_of(http_response(size + packed + "\r\n0\r\n\r\n",
                                  "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n")),
            kHtml);
}

TEST(HttpBody, ACodingThatTheCrawlerHasUndoneIsPassedOver) {
  EXPECT_EQ(body_of(http_response(kHtml, "Content-Encoding: gzip\r\n")), kHtml);
  EXPECT_EQ(body_of(http_response(kHtml, "Content-Encoding: deflate\r\n")), kHtml);
  EXPECT_EQ(body_of(http_response(kHtml, "Content-Encoding: sdch, unheard-of\r\n")), kHtml);
}

TEST(HttpBody, WhatCanBeReadOfACutOffCodingIsKept) {
  std::string html = "<html>";
  for (int i = 0; i < 2000; ++i) html += "<p>" + std::to_string(i * i) + "</p>";
  const std::string packed = gzip(html);
  const auto found = read_response(
      http_response(packed.substr(0, packed.size() / 2), "Content-Encoding: gzip\r\n"));
  ASSERT_EQ(found.pages.size(), 1u);
  EXPECT_TRUE(found.pages[0].truncated);
  EXPECT_GT(found.pages[0].body.size(), html.size() / 4);
  EXPECT_TRUE(html.starts_with(found.pages[0].body));
}

TEST(HttpBody, DamageAndBombsAreCounted) {
  EXPECT_EQ(body_of(http_response("\x1f\x8b damaged", "Content-Encoding: gzip\r\n")), "damaged");
  EXPECT_EQ(body_of(http_response(gzip(std::string(3000000, ' ')), "Content-Encoding: gzip\r\n")),
            "too large");
  EXPECT_EQ(body_of(http_response(std::string(70000, ' ')), 60000), "too large");
}

TEST(HttpBody, AHeadWithoutAnEmptyLineHasNoBody) {
  EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\nContent-Type: text/html"), "");
  EXPECT_EQ(body_of("HTTP/1.0 200\nContent-Type: text/html\n\n<p>"), "<p>");
}

TEST(PageType, IsWhatTheHeaderSaysElseWhatTheBytesSay) {
  EXPECT_EQ(body_of(http_response("<p>x", "", "Text/HTML;charset=x")), "<p>x");
  EXPECT_EQ(body_of(http_response("<p>x", "", "application/xhtml+xml")), "<p>x");
  EXPECT_EQ(body_of(http_response("<p>x", "", "text/plain")), "not HTML");
  EXPECT_EQ(body_of(http_response("<p>x", "", "text/htmlx")), "not HTML");
  EXPECT_EQ(body_of(http_response(" \n<!DOCTYPE HTML><p>x", "", "")), " \n<!DOCTYPE HTML><p>x");
  EXPECT_EQ(body_of(http_response("{\"a\": \"<p>\"}", "", "")), "not HTML");
  EXPECT_EQ(body_of(http_response("<px>", "", "*/*")), "not HTML");
  EXPECT_EQ(body_of(http_response("<p >x", "", "*/*")), "<p >x");
}

TEST(PageType, SniffingFollowsTheStandardsTable) {
  for (const char* html : {"<!DOCTYPE HTML >", "\xef\xbb\xbf<HtMl>", "\t<HEAD ", "<script>",
                           "<!--x", "<IFRAME ", "<h1>", "<b>", "<BODY>", "<br>", "<a href"})
    EXPECT_TRUE(markup::sniffs_as_html(html)) << html;
  for (const char* other : {"", "<", "<html", "<htmlx>", "text <html>", "<?xml version", "%PDF-"})
    EXPECT_FALSE(markup::sniffs_as_html(other)) << other;
}

TEST(PageType, ResourcesArePagesByTheirOwnType) {
  std::string record = warc_record("resource", "http://example.org/", "<p>x</p>");
  const std::string http = "application/http", html = "text/html";
  record.replace(record.find(http), http.size(), html);
  const auto found = read_archive(record);
  ASSERT_EQ(found.pages.size(), 1u);
  EXPECT_EQ(found.pages[0].body, "<p>x</p>");
  EXPECT_EQ(found.pages[0].status, 0);
}

TEST(Page, CarriesStatusLanguageAndValidUrl) {
  const auto found = read_archive(warc_record(
      "response", "http://example.org/\xff",
      "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Language: de\r\n\r\n"));
  ASSERT_EQ(found.pages.size(), 1u);
  EXPECT_EQ(found.pages[0].status, 404);
  EXPECT_EQ(found.pages[0].content_language, "de");
  EXPECT_EQ(found.pages[0].url, "http://example.org/\xef\xbf\xbd");
}

}  // namespace
}  // namespace crosstail
