#pragma once
/// An index that can be searched by hand: passage i lies on axis i, its question on the next one.

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "data/npy.h"
#include "support/program.h"

namespace crosstail::testing {

class SearchedIndex : public ::testing::Test {
 protected:
  static constexpr std::size_t kPassages = 6, kAxes = 8;

  void SetUp() override {
    std::ofstream corpus(folder_ / "corpus.jsonl"), questions(folder_ / "questions.jsonl");
    std::vector<std::vector<float>> own, attached;
    for (std::size_t i = 0; i < kPassages; ++i) {
      const std::string n = std::to_string(i);
      corpus << "{\"_id\":\"p" << n << "\",\"text\":\"Words of passage" << n << "\",\"lang\":\""
             << (i % 2 == 0 ? "en" : "de") << "\",\"site\":\"" << (i < 3 ? "a" : "b")
             << ".example\",\"doc\":\"d" << i / 2 << "\",\"group\":\"g" << i / 2 << "\"}\n";
      questions << "{\"passage_id\":\"p" << n << "\",\"lang\":\"fr\",\"group\":\"h" << n
                << "\",\"text\":\"Question de " << n << "\"}\n";
      own.push_back(axis(i));
      attached.push_back(axis((i + 1) % kPassages));
    }
    write_vectors("p.npy", own);
    write_vectors("q.npy", attached);
    // 0.8 on axis 2, 0.6 on axis 3: p2 0.8, p3 0.6; by questions alone p1 0.8, p2 0.6.
    std::vector<float> asked(kAxes, 0.0F);
    asked[2] = 0.8F;
    asked[3] = 0.6F;
    write_vectors("asked.npy", {asked, asked});
    std::ofstream(folder_ / "asked.jsonl")
        << "{\"_id\":\"a0\",\"text\":\"passage3\",\"lang\":\"de\",\"group\":\"h1\","
           "\"site\":\"a.example\"}\n"
           "{\"_id\":\"a1\",\"text\":\"words\",\"lang\":\"fr-CA\",\"group\":\"x\"}\n";
  }

  [[nodiscard]] std::string at(const std::string& name) const { return (folder_ / name).string(); }

  static std::vector<float> axis(std::size_t i) {
    std::vector<float> out(kAxes, 0.0F);
    out[i] = 1;
    return out;
  }

  void write_vectors(const std::string& name, const std::vector<std::vector<float>>& rows) const {
    std::ofstream out(folder_ / name, std::ios::binary);
    out << data::npy_header(data::NpyType::F32, rows.size(), kAxes);
    for (const auto& row : rows)
      out.write(reinterpret_cast<const char*>(row.data()),
                static_cast<std::streamsize>(row.size() * sizeof(float)));
  }

  /// crosstail index …; `more` options.
  [[nodiscard]] ProgramRun build(const std::string& output,
                                 const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"index",       at("corpus.jsonl"),    "-o",
                                   at(output),    "--passage-vectors",   at("p.npy"),
                                   "--questions", at("questions.jsonl"), "--question-vectors",
                                   at("q.npy")};
    words.insert(words.end(), more.begin(), more.end());
    return run_crosstail(words);
  }

  /// crosstail search INDEX with both queries and their vectors.
  [[nodiscard]] ProgramRun search(const std::vector<std::string>& more,
                                  const std::string& index = "index") const {
    std::vector<std::string> words{"search",          at(index),         "--queries",
                                   at("asked.jsonl"), "--query-vectors", at("asked.npy")};
    words.insert(words.end(), more.begin(), more.end());
    return run_crosstail(words);
  }

  TemporaryFolder folder_;
};

}  // namespace crosstail::testing
