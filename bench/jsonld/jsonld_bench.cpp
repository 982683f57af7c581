// How fast a page's JSON-LD becomes pairs, beside the time that simdjson takes to parse the same
// scripts and do nothing else. Usage: bench_jsonld FILE…   (HTML pages, or *.json scripts as they
// are) CPU time of this thread, median and range of nine runs.

#include <simdjson.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "markup/faq.h"
#include "markup/graph.h"
#include "markup/jsonld.h"

namespace {

using namespace crosstail::markup;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Page {
  std::vector<std::string> scripts;
};

/// Enough to cut scripts out of pages that are known.
Page scripts_of(const std::string& html, bool json) {
  Page page;
  if (json) return {{html}};
  for (std::size_t at = 0; (at = html.find("application/ld+json", at)) != std::string::npos;) {
    const auto begin = html.find('>', at) + 1;
    const auto end = html.find("</script", begin);
    if (begin == 0 || end == std::string::npos) break;
    page.scripts.push_back(html.substr(begin, end - begin));
    at = end;
  }
  return page;
}

template <class Body>
double median_time(const char* what, double bytes, const Body& body) {
  std::vector<double> times;
  for (int run = 0; run < 9; ++run) {
    const double start = cpu_seconds();
    body();
    times.push_back(cpu_seconds() - start);
  }
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  std::printf("%-34s %8.0f MB/s  (%.0f to %.0f)\n", what, bytes / median / 1e6,
              bytes / times.back() / 1e6, bytes / times.front() / 1e6);
  return median;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Page> pages;
  double bytes = 0;
  for (int i = 1; i < argc; ++i) {
    std::ifstream in(argv[i], std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    pages.push_back(scripts_of(text, std::filesystem::path(argv[i]).extension() == ".json"));
    for (const auto& script : pages.back().scripts) bytes += static_cast<double>(script.size());
  }
  if (bytes == 0) {
    std::fprintf(stderr, "usage: bench_jsonld FILE…\n");
    return 2;
  }
  simdjson::dom::parser parser;
  std::size_t valid = 0;
  const double peer = median_time("simdjson, parsing alone", bytes, [&] {
    valid = 0;
    for (const Page& page : pages)
      for (const auto& script : page.scripts)
        valid += parser.parse(script).error() == simdjson::SUCCESS ? 1u : 0u;
  });
  Graph graph;
  JsonLdReader reader;
  JsonLdCounts counts;
  PageFaq faq;
  std::size_t pairs = 0;
  const double ours = median_time("scripts to pairs", bytes, [&] {
    pairs = 0;
    counts = {};
    for (const Page& page : pages) {
      graph.clear();
      faq.clear();
      for (const auto& script : page.scripts) reader.read(script, 0, graph, counts);
      read_faq(graph, "jsonld", faq);
      drop_duplicates(faq);
      pairs += faq.pairs.size();
    }
  });
  median_time("  of which scripts to graph", bytes, [&] {
    counts = {};
    for (const Page& page : pages) {
      graph.clear();
      for (const auto& script : page.scripts) reader.read(script, 0, graph, counts);
    }
  });
  std::size_t named = 0;
  median_time("the filter: names a question?", bytes, [&] {
    named = 0;
    for (const Page& page : pages)
      for (const auto& script : page.scripts) named += may_state_faq(script) ? 1u : 0u;
  });
  std::printf(
      "%zu pages, %.0f bytes of JSON-LD a page, %zu valid scripts, %zu name a question, %zu "
      "pairs\n",
      pages.size(), bytes / static_cast<double>(pages.size()), valid, named, pairs);
  std::printf("%.2f µs a page; time ratio to simdjson's parsing %.2f\n",
              ours / static_cast<double>(pages.size()) * 1e6, ours / peer);
  return 0;
}
