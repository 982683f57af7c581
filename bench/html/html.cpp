/// Speed of the HTML tokenizer and tree. Usage: bench_html FOLDER [ROUNDS]
/// Reads every *.html below FOLDER into memory and prints, as medians of CPU time over the rounds
/// with the spread, GB/s and pages/s of each way to read them.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "markup/html_tokenizer.h"
#include "markup/html_tree.h"

namespace {

using namespace crosstail::markup;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

std::vector<std::string> read_pages(const char* folder) {
  std::vector<std::string> pages;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".html") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    pages.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return pages;
}

using Read = std::function<std::size_t(const std::string&)>;

void measure(const char* what, const std::vector<std::string>& pages, int rounds,
             const Read& read) {
  std::size_t bytes = 0, found = 0;
  for (const std::string& page : pages) bytes += page.size();
  std::vector<double> seconds;
  for (int round = 0; round < rounds; ++round) {
    found = 0;
    const double begin = cpu_seconds();
    for (const std::string& page : pages) found += read(page);
    seconds.push_back(cpu_seconds() - begin);
  }
  std::sort(seconds.begin(), seconds.end());
  const double median = seconds[seconds.size() / 2];
  const double gigabytes = 1e-9 * static_cast<double>(bytes);
  std::printf("%-28s %6.2f GB/s [%5.2f, %5.2f] %9.0f pages/s   (%zu)\n", what, gigabytes / median,
              gigabytes / seconds.back(), gigabytes / seconds.front(),
              static_cast<double>(pages.size()) / median, found);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_html FOLDER [ROUNDS]\n");
    return 2;
  }
  const std::vector<std::string> pages = read_pages(argv[1]);
  const int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 11;
  std::printf("%zu pages\n", pages.size());

  measure("every '<'", pages, rounds, [](const std::string& page) {
    return static_cast<std::size_t>(std::count(page.begin(), page.end(), '<'));
  });
  HtmlToken token;
  measure("script start tags", pages, rounds, [&](const std::string& page) {
    HtmlTokenizer tokenizer(page);
    std::size_t count = 0;
    while (tokenizer.next_start_tag({HtmlTag::Script}, token)) ++count;
    return count;
  });
  measure("tokens, no attributes", pages, rounds, [&](const std::string& page) {
    HtmlTokenizer tokenizer(page);
    tokenizer.set_attribute_filter({HtmlTag::Script});
    std::size_t count = 0;
    while (tokenizer.next(token)) ++count;
    return count;
  });
  measure("tokens, all attributes", pages, rounds, [&](const std::string& page) {
    HtmlTokenizer tokenizer(page);
    std::size_t count = 0;
    while (tokenizer.next(token)) ++count;
    return count;
  });
  HtmlTree tree;
  measure("tree", pages, rounds, [&](const std::string& page) {
    tree.read(page);
    return tree.nodes.size();
  });
  measure("tree, and a walk", pages, rounds, [&](const std::string& page) {
    tree.read(page);
    std::size_t text = 0;
    for (NodeId node = 0; node != kNoNode; node = tree.next_in_order(node, 0))
      text += tree.nodes[node].text.size();
    return text;
  });
  return 0;
}
