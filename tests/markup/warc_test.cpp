#include <gtest/gtest.h>
#include <zdict.h>
#include <zstd.h>

#include <cctype>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "support/archives.h"

namespace crosstail {
namespace {

using testing::Found;
using testing::gzip;
using testing::http_response;
using testing::read_archive;
using testing::warc_page;
using testing::warc_record;
using Urls = std::vector<std::string>;

/// Text that hardly compresses, without line ends.
std::string noise(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(size, ' ');
  for (char& c : text)
    c = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"[random() % 64];
  return text;
}

std::string body_of(int i) {
  return "<html><p>page " + std::to_string(i) + " " + noise(40, static_cast<unsigned>(i)) + "</p>";
}
std::string url_of(int i) {
  return "http://example.org/" + std::to_string(i);
}

/// warcinfo, then for each page a request and the response.
std::vector<std::string> sample_records(int pages) {
  std::vector<std::string> records = {warc_record("warcinfo", "", "software: test\r\n")};
  for (int i = 0; i < pages; ++i) {
    records.push_back(warc_record("request", url_of(i), "GET / HTTP/1.1\r\n\r\n"));
    records.push_back(warc_page(url_of(i), body_of(i)));
  }
  return records;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const auto& part : parts) all += part;
  return all;
}

std::string gzip_each(const std::vector<std::string>& records) {
  std::string all;
  for (const auto& record : records) all += gzip(record);
  return all;
}

std::string zstd(std::string_view bytes, std::string_view dictionary = {}) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  if (!dictionary.empty()) ZSTD_CCtx_loadDictionary(context, dictionary.data(), dictionary.size());
  out.resize(ZSTD_compress2(context, out.data(), out.size(), bytes.data(), bytes.size()));
  ZSTD_freeCCtx(context);
  return out;
}

std::string dictionary_for(const std::vector<std::string>& records) {
  std::vector<std::size_t> sizes;
  for (const auto& record : records) sizes.push_back(record.size());
  std::string dictionary(8192, '\0');
  const std::string all = joined(records);
  const std::size_t size = ZDICT_trainFromBuffer(dictionary.data(), dictionary.size(), all.data(),
                                                 sizes.data(), static_cast<unsigned>(sizes.size()));
  dictionary.resize(ZDICT_isError(size) != 0U ? 0 : size);
  return dictionary;
}

/// As the IIPC's WARC-Zstandard specification has it: the dictionary in a skippable frame of kind
/// D.
std::string zstd_each(const std::vector<std::string>& records, bool compressed_dictionary) {
  const std::string dictionary = dictionary_for(records);
  const std::string stored = compressed_dictionary ? zstd(dictionary) : dictionary;
  std::string all = "\x5d\x2a\x4d\x18";
  for (int i = 0; i < 4; ++i) all += static_cast<char>(stored.size() >> (8 * i));
  all += stored;
  for (const auto& record : records) all += zstd(record, dictionary);
  return all;
}

Urls urls_up_to(int pages) {
  Urls urls;
  for (int i = 0; i < pages; ++i) urls.push_back(url_of(i));
  return urls;
}

TEST(Archive, GivesTheSamePagesInEveryContainer) {
  const auto records = sample_records(60);
  const std::string plain = joined(records);
  const std::vector<std::string> forms = {
      plain,       gzip_each(records),        gzip(plain),
      zstd(plain), zstd_each(records, false), zstd_each(records, true)};
  for (std::size_t form = 0; form < forms.size(); ++form) {
    const Found found = read_archive(forms[form]);
    EXPECT_EQ(found.error, "") << form;
    EXPECT_TRUE(found.damages.empty()) << form << ": " << found.damages[0].message;
    ASSERT_EQ(found.urls(), urls_up_to(60)) << form;
    EXPECT_EQ(found.pages[7].body, body_of(7)) << form;
    EXPECT_EQ(found.pages[7].date, "2024-05-06T07:08:09Z");
    EXPECT_EQ(found.pages[7].content_type, "text/html; charset=utf-8");
    EXPECT_EQ(found.pages[7].status, 200);
    EXPECT_EQ(found.counts.records, 121u);
    EXPECT_EQ(found.counts.no_payload, 61u);
    EXPECT_EQ(found.counts.bytes, plain.size());
  }
}

TEST(Archive, SaysWhereEachPageCanBeEntered) {
  const auto records = sample_records(3);
  std::size_t at = 0;
  std::vector<std::size_t> offsets;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i > 0 && i % 2 == 0) offsets.push_back(at);
    at += gzip(records[i]).size();
  }
  const Found found = read_archive(gzip_each(records));
  ASSERT_EQ(found.pages.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(found.pages[i].offset, offsets[i]);
}

/// Cut off at every byte: all records that are whole are found, and the cut is reported.
void check_truncation(const std::vector<std::string>& units, bool boundaries_are_silent) {
  std::string all;
  std::vector<std::size_t> ends;  // of the units
  for (const auto& unit : units) ends.push_back((all += unit).size());
  for (std::size_t cut = 1; cut < all.size(); ++cut) {
    const Found found = read_archive(std::string_view(all).substr(0, cut));
    int whole = 0;
    bool at_end = false;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (ends[i] <= cut && i > 0 && i % 2 == 0) ++whole;
      at_end = at_end || ends[i] == cut;
    }
    ASSERT_GE(found.pages.size(), static_cast<std::size_t>(whole)) << cut;
    ASSERT_LE(found.pages.size(), static_cast<std::size_t>(whole) + 1) << cut;
    ASSERT_EQ(found.urls(), urls_up_to(static_cast<int>(found.pages.size()))) << cut;
    for (std::size_t i = 0; i < found.pages.size(); ++i)
      ASSERT_EQ(found.pages[i].body, body_of(static_cast<int>(i))) << cut;
    if (boundaries_are_silent) ASSERT_EQ(found.damages.empty(), at_end) << cut;
  }
}

TEST(Archive, CutOffAtAnyByteKeepsEverythingBefore) {
  std::vector<std::string> members, frames;
  for (const auto& record : sample_records(3)) {
    members.push_back(gzip(record));
    frames.push_back(zstd(record));
  }
  check_truncation(members, true);
  check_truncation(frames, true);
  check_truncation(sample_records(3), false);  // without its last line ends a record is whole too
}

TEST(Archive, CutOffInsideItsOnlyMemberKeepsWhatCanBeInflated) {
  const std::string all = gzip(joined(sample_records(40)));
  std::size_t before = 0;
  for (std::size_t cut = 1; cut < all.size(); cut += 7) {
    const Found found = read_archive(std::string_view(all).substr(0, cut));
    ASSERT_EQ(found.damages.size(), 1u) << cut;
    ASSERT_EQ(found.urls(), urls_up_to(static_cast<int>(found.pages.size())));
    ASSERT_GE(found.pages.size(), before) << cut;
    before = found.pages.size();
  }
  EXPECT_GE(before, 39u);
}

TEST(Archive, ADamagedMemberCostsOnlyItself) {
  std::vector<std::string> members;
  for (int i = 0; i < 3; ++i) members.push_back(gzip(warc_page(url_of(i), body_of(i))));
  for (std::size_t at = 0; at < members[1].size(); ++at) {
    auto damaged = members;
    damaged[1][at] = static_cast<char>(damaged[1][at] ^ 0x55);
    const Found found = read_archive(joined(damaged));
    const Urls urls = found.urls();
    ASSERT_GE(urls.size(), 2u) << at;
    EXPECT_EQ(urls.front(), url_of(0)) << at;
    EXPECT_EQ(urls.back(), url_of(2)) << at;
    // Time stamp and operating system in the header mean nothing; all else is checked.
    if (at < 4 || at > 9) {
      ASSERT_EQ(found.damages.size(), 1u) << at;
      EXPECT_EQ(found.damages[0].offset, members[0].size()) << at;
    }
  }
}

TEST(Archive, ADamagedFrameCostsOnlyItself) {
  std::vector<std::string> frames;
  for (int i = 0; i < 3; ++i) frames.push_back(zstd(warc_page(url_of(i), body_of(i))));
  for (std::size_t at = 0; at < frames[1].size(); ++at) {
    auto damaged = frames;
    damaged[1][at] = static_cast<char>(damaged[1][at] ^ 0x55);
    const Found found = read_archive(joined(damaged));
    const Urls urls = found.urls();
    ASSERT_FALSE(found.damages.empty()) << at;
    EXPECT_EQ(urls, (Urls{url_of(0), url_of(2)})) << at;
  }
}

TEST(Archive, GarbageBetweenRecordsIsReportedAndPassed) {
  const std::string one = warc_page(url_of(1), body_of(1)), two = warc_page(url_of(2), body_of(2));
  const std::string garbage = "garbage\r\nWARC/ is not a record\r\nWARC/1.0 neither\r\n";
  for (const std::string& archive :
       {one + garbage + two, gzip(one) + garbage + gzip(two), zstd(one) + garbage + zstd(two)}) {
    const Found found = read_archive(archive);
    EXPECT_EQ(found.urls(), (Urls{url_of(1), url_of(2)}));
    ASSERT_EQ(found.damages.size(), 1u);
  }
  EXPECT_EQ(read_archive(one + garbage + two).damages[0].offset, one.size());
}

TEST(Archive, ZeroPaddingBetweenMembersIsNoDamage) {
  const Found found = read_archive(gzip(warc_page(url_of(1), "<p>")) + std::string(512, '\0') +
                                   gzip(warc_page(url_of(2), "<p>")) + std::string(512, '\0'));
  EXPECT_EQ(found.urls(), (Urls{url_of(1), url_of(2)}));
  EXPECT_TRUE(found.damages.empty());
}

TEST(Archive, TruncatedArchivesPutTogetherLoseOnlyTheRecordThatWasCut) {
  for (const bool packed : {true, false}) {
    std::vector<std::string> units;
    for (int i = 0; i < 3; ++i) {
      const std::string record = warc_page(url_of(i), body_of(i));
      units.push_back(packed ? gzip(record) : record);
    }
    const std::string whole = joined(units);
    const std::size_t first_two = units[0].size() + units[1].size();
    for (std::size_t cut = first_two + 1; cut + 4 < whole.size(); ++cut) {
      const Found found = read_archive(whole.substr(0, cut) + whole);
      const Urls urls = found.urls();
      ASSERT_GE(found.damages.size(), 1u) << cut;
      // What a plain record's length swallows of the next archive cannot be told from its own text.
      ASSERT_GE(urls.size(), packed ? 5u : 4u) << packed << " " << cut;
      EXPECT_EQ(urls[0], url_of(0));
      EXPECT_EQ(urls[1], url_of(1));
      EXPECT_EQ(urls[urls.size() - 1], url_of(2)) << cut;
      EXPECT_EQ(urls[urls.size() - 2], url_of(1)) << cut;
    }
  }
}

TEST(Archive, AWrongContentLengthIsReportedAndTheNextRecordFound) {
  const std::string block = http_response("<html><p>the page in the middle</p>");
  const std::string true_length = std::to_string(block.size());
  for (const std::string length : {"0", "10", "60", "120", "1000", "99999999999", "-5", "ten",
                                   "18446744073709551615", "99999999999999999999999"}) {
    const std::vector<std::string> records = {
        warc_page(url_of(1), body_of(1)), warc_record("response", url_of(2), block, length),
        warc_page(url_of(3), body_of(3)), warc_page(url_of(4), body_of(4))};
    const std::size_t at = records[0].size();
    for (const std::string& archive :
         {joined(records), gzip_each(records), gzip(joined(records))}) {
      const Found found = read_archive(archive);
      const Urls urls = found.urls();
      ASSERT_GE(urls.size(), 3u) << length;
      EXPECT_EQ(urls.front(), url_of(1)) << length;
      EXPECT_EQ(urls[urls.size() - 2], url_of(3)) << length;
      EXPECT_EQ(urls.back(), url_of(4)) << length;
      EXPECT_EQ(found.damages.size(), 1u) << length;
      const bool passed_over = length.starts_with("9999999") || length.starts_with("1844");
      if (!passed_over || length.size() > 20) {
        ASSERT_EQ(urls.size(), 4u) << length;
        EXPECT_EQ(found.pages[1].body, "<html><p>the page in the middle</p>") << length;
      }
    }
    EXPECT_EQ(read_archive(joined(records)).damages[0].offset, at) << length;
  }
}

TEST(Archive, ARecordWithoutContentLengthEndsWhereTheNextBegins) {
  std::string record = warc_page(url_of(1), "<p>one</p>");
  const std::size_t at = record.find("Content-Length");
  record.erase(at, record.find('\n', at) + 1 - at);
  const Found found = read_archive(record + warc_page(url_of(2), "<p>two</p>"));
  ASSERT_EQ(found.urls(), (Urls{url_of(1), url_of(2)}));
  EXPECT_EQ(found.pages[0].body, "<p>one</p>");
  EXPECT_EQ(found.damages.size(), 1u);
}

TEST(Archive, RecordsOverTheLimitArePassedOverAndCounted) {
  markup::ArchiveLimits limits;
  limits.max_record_bytes = 10000;
  for (const std::size_t size : {10001u, 300000u, 9000000u}) {
    const std::vector<std::string> records = {warc_page(url_of(1), "<p>"),
                                              warc_page(url_of(2), noise(size, 2)),
                                              warc_page(url_of(3), "<p>")};
    for (const std::string& archive :
         {joined(records), gzip_each(records), gzip(joined(records)), zstd(joined(records))}) {
      const Found found = read_archive(archive, limits);
      EXPECT_EQ(found.urls(), (Urls{url_of(1), url_of(3)})) << size;
      EXPECT_EQ(found.counts.record_too_large, 1u);
      EXPECT_EQ(found.counts.records, 3u);
      EXPECT_TRUE(found.damages.empty()) << found.damages[0].message;
    }
  }
}

TEST(Archive, AWebArchiveStoredInARecordIsNotReadAsRecords) {
  // Larger than several chunks and stored without compression, so that chunks are cut inside it.
  std::vector<std::string> inner;
  for (int i = 0; i < 3000; ++i) {
    std::string page = warc_page("http://inner.example/", noise(3000, static_cast<unsigned>(i)));
    inner.push_back(std::move(page));
  }
  const std::string plain = joined(inner), packed = gzip_each(inner);
  for (const std::string* stored : {&plain, &packed}) {
    const std::vector<std::string> outer = {
        warc_page(url_of(1), "<p>"),
        warc_record("response", "http://example.org/inner.warc.gz",
                    http_response(*stored, "", "application/octet-stream")),
        warc_page(url_of(2), "<p>")};
    const Found found = read_archive(joined(outer));
    EXPECT_EQ(found.urls(), (Urls{url_of(1), url_of(2)}));
    EXPECT_TRUE(found.damages.empty());
    EXPECT_GT(found.read_again, 0u);
    EXPECT_EQ(found.counts.records, 3u);
  }
}

constexpr int kLarge = 400;

/// Pages of 20 to 80 kB, 20 MB in all: several chunks of every container.
std::vector<std::string> large_records() {
  std::vector<std::string> records;
  for (int i = 0; i < kLarge; ++i)
    records.push_back(warc_page(url_of(i), noise(20000 + static_cast<std::size_t>(i * 7919 % 60000),
                                                 static_cast<unsigned>(i))));
  return records;
}

TEST(Archive, ReadInChunksIsTheArchiveInOrder) {
  const auto records = large_records();
  const Found plain = read_archive(joined(records)), packed = read_archive(gzip_each(records)),
              one_member = read_archive(gzip(joined(records)));
  EXPECT_EQ(plain.urls(), urls_up_to(kLarge));
  EXPECT_EQ(packed.urls(), urls_up_to(kLarge));
  EXPECT_EQ(one_member.urls(), urls_up_to(kLarge));
  EXPECT_GT(plain.chunks, 3u);
  EXPECT_EQ(plain.read_again, 0u);
  EXPECT_GT(packed.chunks, 3u);
  EXPECT_EQ(packed.read_again, 0u);
  EXPECT_TRUE(plain.damages.empty() && packed.damages.empty() && one_member.damages.empty());
}

TEST(Archive, GoesOnFromEveryPositionWithThePagesThatWereLeft) {
  auto records = large_records();
  records[200] = warc_page(url_of(200), noise(9000000, 200));  // over two cuts
  for (const std::string& archive : {joined(records), gzip_each(records), gzip(joined(records))}) {
    const Found all = read_archive(archive);
    ASSERT_EQ(all.pages.size(), std::size_t{kLarge});
    for (std::size_t i = 0; i < all.positions.size(); ++i) {
      const Found rest = read_archive(archive, {}, all.positions[i]);
      const std::size_t before = all.pages_at[i];
      ASSERT_EQ(rest.pages.size(), kLarge - before) << i;
      EXPECT_TRUE(std::equal(rest.pages.begin(), rest.pages.end(),
                             all.pages.begin() + static_cast<std::ptrdiff_t>(before)));
    }
  }
}

TEST(Archive, DamageAtACutIsFoundOnce) {
  auto records = large_records();
  std::string archive;
  std::vector<std::size_t> starts;
  for (const auto& record : records) {
    starts.push_back(archive.size());
    archive += gzip(record);
  }
  const Found good = read_archive(archive);
  ASSERT_GT(good.positions.size(), 3u);
  const auto cut = static_cast<std::size_t>(good.positions[1].offset);
  // In the first member of the third chunk, and in the last of the second.
  for (const std::size_t at : {cut + 200, cut - 200}) {
    std::string damaged = archive;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    const Found found = read_archive(damaged);
    EXPECT_EQ(found.damages.size(), 1u);
    EXPECT_EQ(found.pages.size(), std::size_t{kLarge - 1});
  }
}

class Endless : public ByteSource {
 public:
  Endless(std::string head, std::uint64_t zeros, std::string tail)
      : head_(std::move(head)), tail_(std::move(tail)), zeros_(zeros) {}
  Result<std::size_t> read(char* buffer, std::size_t capacity) override {
    std::string* text = head_.empty() ? &tail_ : &head_;
    if (head_.empty() && zeros_ > 0) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(zeros_, capacity));
      std::fill(buffer, buffer + n, 'x');
      zeros_ -= n;
      return n;
    }
    const std::size_t n = std::min(capacity, text->size());
    text->copy(buffer, n);
    text->erase(0, n);
    return n;
  }

 private:
  std::string head_, tail_;
  std::uint64_t zeros_;
};

TEST(Archive, ARecordOfHalfAGigabyteFlowsThrough) {
  constexpr std::uint64_t kSize = 500'000'000;
  std::string large = warc_record("response", url_of(2), "", std::to_string(kSize));
  large.resize(large.size() - 4);
  const Found found = read_archive(std::make_unique<Endless>(
      warc_page(url_of(1), "<p>") + large, kSize, "\r\n\r\n" + warc_page(url_of(3), "<p>")));
  EXPECT_EQ(found.urls(), (Urls{url_of(1), url_of(3)}));
  EXPECT_EQ(found.counts.record_too_large, 1u);
  EXPECT_TRUE(found.damages.empty());
}

TEST(Archive, AMemberThatInflatesToGigabytesIsNotKept) {
  std::string bomb = warc_record("response", url_of(2), "", "800000000");
  bomb.resize(bomb.size() - 4);
  bomb += std::string(100'000'000, 'x');
  bomb = gzip(bomb);  // and wrong: its record ends too early
  const Found found =
      read_archive(gzip(warc_page(url_of(1), "<p>")) + bomb + gzip(warc_page(url_of(3), "<p>")));
  EXPECT_EQ(found.urls(), (Urls{url_of(1), url_of(3)}));
  EXPECT_EQ(found.damages.size(), 1u);
}

TEST(Archive, HostileFilesTakeLinearTime) {
  // Thousands of members that each seem to go on to the end of the file.
  std::string member = gzip(warc_page(url_of(1), "<p>"));
  std::string fakes;
  for (int i = 0; i < 20000; ++i) fakes += member.substr(0, member.size() - 9);
  std::string plain;
  for (int i = 0; i < 50000; ++i) plain += "WARC/1.0\r\nContent-Length: 9999999\r\n\r\n";
  std::string headers;
  for (int i = 0; i < 2000; ++i) headers += "WARC/1.0\r\nx";
  read_archive(fakes);
  read_archive(plain);
  read_archive(headers + std::string(2'000'000, 'y'));
  SUCCEED();
}

TEST(Archive, ReadsFoldedHeadersOddCaseAndBareLineFeeds) {
  const std::string block = http_response("<p>x</p>");
  const Found found = read_archive(
      "WARC/1.1\nwarc-type: RESPONSE\nWARC-TARGET-URI: <http://example.org/1>\n"
      "WARC-Date: 2024-05-06T07:08:09.123Z\nX-Long: a\n  b\nContent-LENGTH:" +
      std::to_string(block.size()) + "\n\n" + block + "\n\n");
  ASSERT_EQ(found.urls(), Urls{url_of(1)});
  EXPECT_EQ(found.pages[0].date, "2024-05-06T07:08:09.123Z");
  EXPECT_TRUE(found.damages.empty());
}

TEST(Archive, AnEmptyFileHasNoPagesAndNoDamage) {
  const Found found = read_archive("");
  EXPECT_EQ(found.error, "");
  EXPECT_EQ(found.chunks, 1u);
  EXPECT_EQ(found.counts.records, 0u);
  EXPECT_TRUE(found.damages.empty());
}

TEST(Arc, ReadsVersionOneAndTwoWithSpacesInUrls) {
  const std::string page = http_response("<p>arc</p>");
  const std::string size = std::to_string(page.size());
  const std::string description =
      "1 0 Test\nURL IP-address Archive-date Content-type Archive-length\n";
  const std::string one =
      "filedesc://x.arc 0.0.0.0 20140216050221 text/plain " + std::to_string(description.size()) +
      "\n" + description +
      "\n"
      "http://example.org/a b c 93.184.216.119 20140216050221 text/html " +
      size + "\n" + page + "\n" + "dns:example.org 10.0.0.1 20140216050222 text/dns 5\nhello\n" +
      "http://example.org/2 2001:db8::1 20140216050223 text/html 200 - - 0 x.arc " + size + "\n" +
      page + "\n";
  for (const std::string& archive : {one, gzip(one)}) {
    const Found found = read_archive(archive);
    ASSERT_EQ(found.urls(), (Urls{"http://example.org/a b c", "http://example.org/2"}));
    EXPECT_EQ(found.pages[0].date, "2014-02-16T05:02:21Z");
    EXPECT_EQ(found.pages[0].body, "<p>arc</p>");
    EXPECT_EQ(found.counts.records, 4u);
    EXPECT_EQ(found.counts.not_html, 1u);
    EXPECT_TRUE(found.damages.empty()) << found.damages[0].message;
  }
}

TEST(Arc, FindsTheNextRecordBehindAWrongLength) {
  const std::string page = http_response("<p>arc</p>");
  const auto record = [&](int i, std::size_t length) {
    return url_of(i) + " 1.2.3.4 20140216050221 text/html " + std::to_string(length) + "\n" + page +
           "\n";
  };
  for (const std::size_t wrong : {page.size() - 20, page.size() + 30}) {
    const Found found = read_archive(record(0, page.size()) + record(1, wrong) +
                                     record(2, page.size()) + record(3, page.size()));
    EXPECT_EQ(found.urls(), urls_up_to(4)) << wrong;
    EXPECT_EQ(found.damages.size(), 1u);
  }
}

}  // namespace
}  // namespace crosstail
