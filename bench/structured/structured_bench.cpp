/// Microdata and RDFa, peer and ours: `bench_structured PAGES_DIR` prints pages/s of the tree, of
/// both readers and of the filter that saves most pages the tree; `--pairs` writes one JSON line a
/// page instead, which peer.py compares with extruct's.

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "markup/document_index.h"
#include "markup/faq.h"
#include "markup/microdata.h"
#include "markup/rdfa.h"
#include "markup/syntax_filter.h"
#include "text/utf8.h"

namespace {

namespace markup = crosstail::markup;

constexpr std::size_t kRounds = 7;

struct Page {
  std::string name, html;
};

std::vector<Page> read_pages(const char* folder) {
  std::vector<Page> pages;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".html") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    pages.push_back(
        {entry.path().lexically_relative(folder).string(), crosstail::text::repair_utf8(bytes)});
  }
  std::sort(pages.begin(), pages.end(), [](auto& a, auto& b) { return a.name < b.name; });
  return pages;
}

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// One page's pairs, with all memory kept from page to page.
struct Reader {
  markup::HtmlTree tree;
  markup::Graph graph;
  markup::PageFaq faq;

  void parse(const Page& page) { tree.read(page.html); }
  void read(const Page&) {
    faq.clear();
    const markup::DocumentIndex document(tree, "https://site.example/");
    graph.clear();
    markup::read_microdata(document, graph);
    markup::read_faq(graph, "microdata", faq);
    graph.clear();
    markup::read_rdfa(document, graph);
    markup::read_faq(graph, "rdfa", faq);
    markup::drop_duplicates(faq);
  }
};

template <class Work>
void measure(const char* what, const std::vector<Page>& pages, Work&& work) {
  std::vector<double> seconds;
  std::size_t bytes = 0;
  for (const Page& page : pages) bytes += page.html.size();
  for (std::size_t round = 0; round < kRounds; ++round) {
    const double begin = cpu_seconds();
    for (const Page& page : pages) work(page);
    seconds.push_back(cpu_seconds() - begin);
  }
  std::sort(seconds.begin(), seconds.end());
  const double median = seconds[kRounds / 2];
  std::printf("%-28s %10.0f pages/s %8.2f GB/s  (fastest %.0f, slowest %.0f)\n", what,
              static_cast<double>(pages.size()) / median, static_cast<double>(bytes) / median / 1e9,
              static_cast<double>(pages.size()) / seconds.front(),
              static_cast<double>(pages.size()) / seconds.back());
}

void write_pairs(const std::vector<Page>& pages) {
  Reader reader;
  for (const Page& page : pages) {
    reader.parse(page);
    reader.read(page);
    std::string line;
    crosstail::JsonWriter json(line);
    json.begin_object();
    json.key("page").value(page.name);
    json.key("pairs").begin_array();
    for (const markup::FaqPair& pair : reader.faq.pairs) {
      json.begin_array().value(pair.kind).value(pair.page_type);
      json.value(pair.question).value(pair.answer).end_array();
    }
    json.end_array().end_object();
    std::printf("%s\n", line.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool pairs = argc > 2 && std::strcmp(argv[2], "--pairs") == 0;
  if (argc < 2) return std::fprintf(stderr, "usage: bench_structured PAGES_DIR [--pairs]\n"), 2;
  const std::vector<Page> pages = read_pages(argv[1]);
  if (pages.empty()) return std::fprintf(stderr, "%s: no .html\n", argv[1]), 1;
  if (pairs) return write_pairs(pages), 0;
  std::size_t stated = 0, passed = 0;
  Reader reader;
  for (const Page& page : pages) {
    reader.parse(page);
    reader.read(page);
    stated += reader.faq.pairs.size();
  }
  std::printf("%zu pages, %zu pairs in Microdata and RDFa\n", pages.size(), stated);
  measure("filter", pages, [&](const Page& page) {
    passed += static_cast<std::size_t>(markup::may_name_faq_term(page.html));
  });
  measure("tree", pages, [&](const Page& page) { reader.parse(page); });
  measure("tree, readers, pairs", pages, [&](const Page& page) {
    reader.parse(page);
    reader.read(page);
  });
  std::printf("%.0f%% of the pages pass the filter\n",
              100.0 * static_cast<double>(passed) / static_cast<double>(kRounds * pages.size()));
  return 0;
}
