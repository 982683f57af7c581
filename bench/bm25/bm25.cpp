// BM25 as compare.py measures it: bench_bm25 MODEL_DIR DOCUMENTS QUERIES OUT [ids|words] prints one
// line of JSON; MODEL_DIR has the tokenizer whose ids are the terms. DOCUMENTS and QUERIES hold a
// text a line. OUT is the index made; OUT.tsv the hits of the queries.

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "index/bm25.h"
#include "index/bm25_words.h"
#include "text/tokenizer.h"

namespace {

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::vector<std::string> lines(const char* path) {
  std::ifstream in(path);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace crosstail;
  if (argc < 5) return 2;
  const bool words = argc > 5 && std::string(argv[5]) == "words";
  const auto documents = lines(argv[2]), queries = lines(argv[3]);
  auto tokenizer = text::load_tokenizer(argv[1]);
  if (!tokenizer.ok()) {
    std::fprintf(stderr, "%s\n", tokenizer.error().message.c_str());
    return 1;
  }
  text::TokenizerScratch tokens;
  text::Encoding encoding;
  text::EncodeOptions plain;
  plain.add_special = false;
  double start = cpu_seconds();
  std::vector<std::vector<std::uint32_t>> ids(documents.size());
  std::vector<std::vector<std::string>> texts(documents.size());
  for (std::size_t d = 0; d < documents.size(); ++d) {
    if (words) {
      index::bm25_words(documents[d], texts[d]);
    } else {
      tokenizer->encode(documents[d], plain, tokens, encoding);
      ids[d] = encoding.ids;
    }
  }
  const double analysis = cpu_seconds() - start;
  std::vector<double> builds, searches;
  for (int round = 0; round < 5; ++round) {
    start = cpu_seconds();
    auto builder = index::Bm25Builder::create(
        argv[4], {.terms = words ? index::Bm25Terms::Words : index::Bm25Terms::Ids});
    if (!builder.ok()) return 1;
    for (std::size_t d = 0; d < documents.size(); ++d) {
      const auto added = words ? builder->add(std::span<const std::string>(texts[d]))
                               : builder->add(std::span<const std::uint32_t>(ids[d]));
      if (!added.ok()) return 1;
    }
    if (!builder->finish().ok()) return 1;
    builds.push_back(cpu_seconds() - start);
  }
  start = cpu_seconds();
  const auto bm25 = index::Bm25Index::open(argv[4]);
  if (!bm25.ok()) return 1;
  const double opening = cpu_seconds() - start;
  std::ofstream hits_out(std::string(argv[4]) + ".tsv");
  index::Bm25Scratch scratch;
  for (int round = 0; round < 6; ++round) {
    start = cpu_seconds();
    double searching = 0;
    for (std::size_t q = 0; q < queries.size(); ++q) {
      index::Bm25Query query;
      if (words) {
        std::vector<std::string> terms;
        index::bm25_words(queries[q], terms);
        query = bm25->query(std::span<const std::string>(terms));
      } else {
        tokenizer->encode(queries[q], plain, tokens, encoding);
        query = bm25->query(std::span<const std::uint32_t>(encoding.ids));
      }
      const auto hits = bm25->search(query, 100, scratch);
      if (!hits.ok()) return 1;
      searching += hits->empty() ? 0 : 1;
      if (round == 0)
        for (const auto& hit : *hits) hits_out << q << '\t' << hit.row << '\t' << hit.score << '\n';
    }
    if (round > 0) searches.push_back(cpu_seconds() - start);
  }
  std::sort(builds.begin(), builds.end());
  std::sort(searches.begin(), searches.end());
  const auto n = static_cast<double>(documents.size()), m = static_cast<double>(queries.size());
  std::printf(
      "{\"documents\": %zu, \"analysis_docs_per_s\": %.0f, \"build_docs_per_s\": %.0f, "
      "\"queries_per_s\": %.0f, \"queries_per_s_min\": %.0f, \"queries_per_s_max\": %.0f, "
      "\"open_ms\": %.2f, \"postings\": %llu}\n",
      documents.size(), n / analysis, n / builds[2], m / searches[2], m / searches[4],
      m / searches[0], opening * 1000, static_cast<unsigned long long>(bm25->postings()));
}
