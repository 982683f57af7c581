/// How fast are archives and N-Quads read, before anything is done with their pages?
/// usage: bench_archives DIR [ROUNDS]; DIR as made by bench/extract/make_inputs.py. Prints, for
/// each file there, uncompressed megabytes per second of processor time (user and system, one
/// thread): median, lowest and highest. bench/archives/peers.py does the same with the peers.

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/stream.h"
#include "markup/nquads.h"
#include "markup/warc_chunks.h"

namespace {

using namespace crosstail;

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Sum : markup::ArchiveVisitor, markup::NQuadsVisitor {
  void page(const markup::ArchivePage& page) override {
    ++pages;
    bytes += page.body.size();
  }
  void damage(const markup::ArchiveDamage& damage) override {
    std::fprintf(stderr, "%s\n", damage.message.c_str());
  }
  void page(const markup::NQuadsPage&, const markup::Graph& graph) override {
    ++pages;
    bytes += graph.properties.size();
  }
  void bad_line(std::uint64_t, std::string_view) override {}
  std::uint64_t pages = 0, bytes = 0;
};

/// Uncompressed bytes read, 0 after an error.
std::uint64_t read_archive(const std::filesystem::path& path, Sum& sum) {
  auto raw = open_raw(path);
  if (!raw.ok()) return 0;
  auto chunker = markup::ArchiveChunker::open(*std::move(raw));
  if (!chunker.ok()) return 0;
  markup::ArchiveJoin join;
  std::uint64_t bytes = 0;
  for (;;) {
    auto chunk = chunker->next();
    if (!chunk.ok() || !*chunk) return bytes;
    (*chunk)->read(sum);
    if (!join.follows(**chunk)) join.read(**chunk, sum);
    join.leave(**chunk);
    bytes += (*chunk)->counts().bytes;
  }
}

std::uint64_t read_quads(const std::filesystem::path& path, Sum& sum) {
  auto source = open_source(path);
  if (!source.ok()) return 0;
  auto chunker = markup::NQuadsChunker::open(*std::move(source));
  if (!chunker.ok()) return 0;
  std::uint64_t bytes = 0;
  for (;;) {
    auto chunk = chunker->next();
    if (!chunk.ok() || !*chunk) return bytes;
    (*chunk)->read(sum);
    bytes += (*chunk)->counts().bytes;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_archives DIR [ROUNDS]\n");
    return 2;
  }
  const long rounds = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 5;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1]))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& path : files) {
    const bool quads = path.filename().string().find(".nq") != std::string::npos;
    std::vector<double> rates;
    Sum sum;
    for (long round = 0; round < rounds; ++round) {
      sum = {};
      const double before = processor_seconds();
      const std::uint64_t bytes = quads ? read_quads(path, sum) : read_archive(path, sum);
      rates.push_back(static_cast<double>(bytes) * 1e-6 / (processor_seconds() - before));
    }
    std::sort(rates.begin(), rates.end());
    std::printf("%-16s %7.0f MB/s (%.0f to %.0f), %llu pages\n", path.filename().c_str(),
                rates[rates.size() / 2], rates.front(), rates.back(),
                static_cast<unsigned long long>(sum.pages));
  }
  return 0;
}
