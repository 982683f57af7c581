#pragma once
/// Small indexes made of numbers, for tests of what stands on an index.

#include <cmath>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "index/index_reader.h"
#include "index/segment_writer.h"

namespace crosstail::testing {

struct SmallQuestion {
  std::string text, tag, group, site;
  index::QuestionSource source = index::QuestionSource::Annotated;
  float confidence = 1;
  std::vector<float> vector;
};

struct SmallPassage {
  std::string id, tag, title, text, doc, site, group;
  std::vector<std::vector<float>> rows;  ///< windows; one where the index has none
  std::vector<SmallQuestion> questions;
};

/// Writes an index of one segment to `dir`. `change`: what else the manifest should say.
inline Status write_small_index(
    const std::filesystem::path& dir, const std::vector<SmallPassage>& passages,
    const index::SegmentOptions& options,
    const std::function<void(index::Manifest&)>& change = [](index::Manifest&) {}) {
  std::filesystem::create_directories(dir / "segment-00000");
  CT_TRY(auto writer, index::SegmentWriter::create(dir / "segment-00000", options));
  for (const auto& p : passages) {
    std::vector<index::NewRow> rows;
    for (const auto& row : p.rows) {
      const auto begin = static_cast<std::uint32_t>(rows.size());
      rows.push_back({begin, begin + 1, row.data()});
    }
    std::vector<index::NewQuestion> questions;
    for (const auto& q : p.questions)
      questions.push_back(
          {q.text, q.tag, q.group, q.site, q.source, q.confidence, q.vector.data()});
    index::NewPassage passage;
    passage.id = p.id;
    passage.doc = p.doc;
    passage.site = p.site;
    passage.group = p.group;
    passage.tag = p.tag;
    passage.title = p.title;
    passage.text = p.text;
    passage.rows = rows;
    passage.questions = questions;
    CT_CHECK(writer.add(passage));
  }
  index::Manifest manifest;
  manifest.crosstail = "test";
  manifest.model.name = manifest.model.identity = "test";
  manifest.model.dimension = options.dimension;
  manifest.keep = options.keep;
  manifest.type = options.type;
  manifest.texts = options.texts;
  manifest.fusion = options.fusion;
  manifest.questions_by_language = writer.questions_by_language();
  manifest.questions_by_source = writer.questions_by_source();
  CT_TRY(auto segment, writer.finish());
  segment.folder = "segment-00000";
  manifest.segments.push_back(std::move(segment));
  change(manifest);
  return index::write_manifest(dir, manifest);
}

/// Passages with 0 to 9 questions in six tags of five languages and four sources; vectors of about
/// length 1 with a common direction, as models make them. The same for the same seed.
inline std::vector<SmallPassage> random_passages(std::size_t count, std::size_t dim,
                                                 std::uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const auto vector = [&] {
    std::vector<float> v(dim);
    double squares = 0;
    for (auto& x : v) {
      x = static_cast<float>(static_cast<double>(random() >> 11) / 9007199254740992.0 - 0.3);
      squares += static_cast<double>(x) * static_cast<double>(x);
    }
    for (auto& x : v) x = static_cast<float>(static_cast<double>(x) / std::sqrt(squares));
    return v;
  };
  const std::vector<std::string> tags{"de", "fr", "pt", "pt-BR", "ja", "zh-Hant"};
  std::vector<SmallPassage> passages;
  for (std::size_t p = 0; p < count; ++p) {
    SmallPassage passage;
    passage.id = "p" + std::to_string(p);
    passage.tag = "en";
    passage.title = "Title " + std::to_string(p);
    passage.text = "Text of passage " + std::to_string(p);
    passage.doc = "doc" + std::to_string(p / 3);
    passage.site = "site" + std::to_string(p % 5) + ".example";
    passage.rows.push_back(vector());
    for (std::size_t q = below(10); q > 0; --q) {
      SmallQuestion question;
      const std::size_t subject = below(count * 2);
      question.text = "Question " + std::to_string(subject) + "?";
      question.tag = tags[below(tags.size())];
      question.group = "g" + std::to_string(subject);
      question.source = static_cast<index::QuestionSource>(below(4));
      question.confidence = static_cast<float>(below(11)) / 10.0F;
      question.vector = vector();
      passage.questions.push_back(std::move(question));
    }
    passages.push_back(std::move(passage));
  }
  return passages;
}

}  // namespace crosstail::testing
