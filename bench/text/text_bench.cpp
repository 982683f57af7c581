/// Speed of text out of pages, in MB/s of CPU time: literals to text, charset, page metadata,
/// passages. Usage: bench_text FOLDER_OF_HTML [SECONDS_A_RUN]. Prints JSON lines {what, bytes,
/// median, low, high}; bench/text/compare.py runs it beside its peers.

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

#include "markup/charset.h"
#include "markup/page_metadata.h"
#include "markup/passages.h"
#include "markup/text_rendering.h"

namespace {

using namespace crosstail;

double run_seconds = 0.3;

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// Runs `work` over all texts again and again; the median of seven runs.
void measure(const char* what, const std::vector<std::string>& texts,
             const std::function<std::size_t(const std::string&)>& work) {
  std::size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();
  std::vector<double> rates;
  std::size_t sink = 0;
  for (int run = 0; run < 7; ++run) {
    const double begin = cpu_seconds();
    double rounds = 0;
    do {
      for (const std::string& text : texts) sink += work(text);
      ++rounds;
    } while (cpu_seconds() - begin < run_seconds);
    rates.push_back(rounds * static_cast<double>(bytes) / (cpu_seconds() - begin) / 1e6);
  }
  std::sort(rates.begin(), rates.end());
  std::printf("{\"what\":\"%s\",\"bytes\":%zu,\"median\":%.1f,\"low\":%.1f,\"high\":%.1f}\n", what,
              bytes, rates[3], rates.front(), rates.back());
  if (sink == 42) std::puts("");
}

constexpr const char* kSentence =
    "You can return any item within thirty days, unworn and in its own box, and we pay for it. ";

std::vector<std::string> html_literals() {
  std::string html;
  for (int i = 0; i < 5; ++i) {
    html += std::string("<p class=\"answer\">") + kSentence +
            "<a href=\"https://example.org/returns\">Read more</a> &amp; <strong>call "
            "us</strong>.</p>\n";
  }
  return std::vector<std::string>(1000, html);
}

std::vector<std::string> plain_literals() {
  std::string plain;
  for (int i = 0; i < 5; ++i) plain += kSentence;
  plain.pop_back();
  return std::vector<std::string>(1000, plain);
}

std::vector<std::string> pages_of(const char* folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".html") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> pages;
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    pages.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return pages;
}

std::size_t read_metadata(const std::string& page) {
  markup::PageMetadata metadata;
  markup::PageMetadataReader reader(metadata);
  markup::HtmlTokenizer tokenizer(page);
  markup::HtmlToken token;
  while (tokenizer.next_start_tag(markup::PageMetadataReader::tags(), token)) {
    reader.on_token(token, tokenizer.template_depth());
    if (reader.wants_text() && tokenizer.next(token)) reader.on_token(token);
  }
  reader.finish();
  return metadata.title.size();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: bench_text FOLDER_OF_HTML [SECONDS_A_RUN]\n", stderr);
    return 2;
  }
  if (argc > 2) run_seconds = std::strtod(argv[2], nullptr);
  const auto to_text = [](const std::string& s) { return markup::literal_to_text(s).size(); };
  measure("literal, plain", plain_literals(), to_text);
  measure("literal, html", html_literals(), to_text);
  const std::vector<std::string> pages = pages_of(argv[1]);
  measure("charset", pages, [](const std::string& page) {
    std::string storage;
    return markup::decode_to_utf8(page, markup::decide_charset(page), storage).size();
  });
  measure("metadata", pages, read_metadata);
  measure("tree", pages,
          [](const std::string& page) { return markup::HtmlTree::parse(page).nodes.size(); });
  measure("passages", pages, [](const std::string& page) {
    return markup::find_passages(markup::HtmlTree::parse(page)).passages.size();
  });
  return 0;
}
