/// Speed of literal_to_text() on plain and HTML literals, in MB/s of CPU time.

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "markup/text_rendering.h"

namespace {

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

void measure(const char* label, const std::vector<std::string>& literals) {
  std::size_t bytes = 0;
  for (const std::string& literal : literals) bytes += literal.size();
  std::vector<double> rates;
  std::size_t out = 0;
  for (int run = 0; run < 7; ++run) {
    const double begin = cpu_seconds();
    for (int i = 0; i < 20; ++i) {
      for (const std::string& literal : literals) {
        out += crosstail::markup::literal_to_text(literal).size();
      }
    }
    rates.push_back(20.0 * static_cast<double>(bytes) / (cpu_seconds() - begin) / 1e6);
  }
  std::sort(rates.begin(), rates.end());
  std::printf("%-28s %8.0f MB/s (median of 7; %.0f to %.0f), %zu bytes out\n", label, rates[3],
              rates.front(), rates.back(), out / 140);
}

std::vector<std::string> repeated(const std::string& literal, std::size_t count) {
  return std::vector<std::string>(count, literal);
}

}  // namespace

int main() {
  const std::string sentence =
      "You can return any item within thirty days, unworn and in its own box, and we pay for it. ";
  std::string plain;
  for (int i = 0; i < 5; ++i) plain += sentence;
  std::string html;
  for (int i = 0; i < 5; ++i) {
    html += "<p class=\"answer\">" + sentence +
            "<a href=\"https://example.org/returns\">Read more</a>" +
            " &amp; <strong>call us</strong>.</p>\n";
  }
  std::string encoded;
  for (const char c : html) {
    if (c == '<') {
      encoded += "&lt;";
    } else if (c == '>') {
      encoded += "&gt;";
    } else {
      encoded += c;
    }
  }
  plain.pop_back();
  measure("plain", repeated(plain, 10000));
  measure("plain, spaces at the end", repeated(plain + "  ", 10000));
  measure("plain, lines", repeated(plain + "\n" + plain, 10000));
  measure("html", repeated(html, 10000));
  measure("html, encoded twice", repeated(encoded, 5000));
  return 0;
}
