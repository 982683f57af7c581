/// Archives of other WARC libraries' tests. What is expected was read out with warcio 1.8.1
/// (ArchiveIterator, arc2warc, content_stream()).

#include <gtest/gtest.h>

#include "base/file.h"
#include "support/archives.h"
#include "support/shared.h"

namespace crosstail {
namespace {

testing::Found read_shared(const char* name) {
  auto raw = open_raw(*testing::shared_dir() / "data/warc" / name);
  if (!raw.ok()) return {};
  return testing::read_archive(*std::move(raw));
}

const std::string kSharedCases = R"(cc.warc.gz
  http://commoncrawl.org/ 2019-12-10T10:00:01Z text/html; charset=UTF-8 200 20289
  1 records, 1 pages, 0 damaged: response
example.arc.gz
  http://example.com/ 2014-02-16T05:02:21Z text/html 200 1270
  2 records, 1 pages, 0 damaged: warcinfo response
example.warc
  http://example.com/ 2017-03-06T04:02:06Z text/html 200 1270
  6 records, 1 pages, 0 damaged: warcinfo response request revisit
example.warc.gz
  http://example.com/ 2017-03-06T04:02:06Z text/html 200 1270
  6 records, 1 pages, 0 damaged: warcinfo response request revisit
gzip_extra_sl.warc.gz
  1 records, 0 pages, 0 damaged: warcinfo
)";

TEST(SharedArchives, GiveWhatWarcioReadsInThem) {
  CROSSTAIL_NEEDS_SHARED();
  std::string all;
  for (const char* file : {"cc.warc.gz", "example.arc.gz", "example.warc", "example.warc.gz",
                           "gzip_extra_sl.warc.gz"}) {
    const auto found = read_shared(file);
    EXPECT_EQ(found.error, "");
    all += std::string(file) + "\n";
    for (const auto& page : found.pages)
      all += "  " + page.url + " " + page.date + " " + page.content_type + " " +
             std::to_string(page.status) + " " + std::to_string(page.body.size()) + "\n";
    all += "  " + std::to_string(found.counts.records) + " records, " +
           std::to_string(found.counts.pages) + " pages, " + std::to_string(found.counts.damages) +
           " damaged:";
    for (std::size_t type = 0; type < found.counts.by_type.size(); ++type)
      if (found.counts.by_type[type] > 0)
        all += " " + std::string(name(static_cast<markup::RecordType>(type)));
    all += "\n";
  }
  EXPECT_EQ(all, kSharedCases);
}

}  // namespace
}  // namespace crosstail
