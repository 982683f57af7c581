#include "retrieve/build_index.h"

#include <algorithm>
#include <cstdio>

#include "base/file.h"
#include "index/block_file.h"
#include "retrieve/index_place.h"

namespace crosstail::retrieve {
namespace {

Error invalid(std::string message) {
  return {ErrorCode::InvalidArgument, std::move(message)};
}

Status check_options(const BuildOptions& options) {
  if (options.output.empty()) return invalid("-o DIR is needed: where the index is to be");
  if (options.corpus.empty()) return invalid("a corpus is needed");
  for (const auto* files : {&options.corpus, &options.questions.files})
    for (const auto& file : *files)
      if (file == "-")
        return invalid("standard input cannot be read twice, as a build must; give a file");
  if (options.stride > options.window)
    return invalid("--stride " + std::to_string(options.stride) + " is larger than --window " +
                   std::to_string(options.window) + "; text between windows would be lost");
  if (options.window > 0 && options.vectors.model.empty())
    return invalid("--window needs --model: windows are counted in its tokens");
  if (options.window > 0 && !options.vectors.passage_vectors.empty())
    return invalid("--window makes several vectors a passage; --passage-vectors has one a row");
  if (options.keep == index::KeepParts::None && options.centroid_from.empty() &&
      options.fusion.center != index::Centering::None &&
      options.fusion.mode != index::FusionMode::None)
    return invalid(
        "--keep-parts none fuses while it reads, before the centroids are known: give "
        "--centroid-from FILE, or keep parts (--keep-parts total)");
  if (options.keep == index::KeepParts::None && options.fusion.mode == index::FusionMode::Max)
    return invalid("--fusion max needs --keep-parts question");
  return {};
}

}  // namespace

index::Manifest manifest_for(const BuildOptions& options, const VectorMaker& maker) {
  index::Manifest manifest;
  manifest.crosstail = options.version;
  manifest.model = maker.model();
  manifest.keep = options.keep;
  manifest.type = options.type;
  manifest.passage_from = name_of(options.passage_from);
  manifest.window = options.window;
  manifest.stride = options.window == 0 ? 0 : std::max<std::uint64_t>(options.stride, 1);
  manifest.texts = options.texts;
  manifest.fusion = options.fusion;
  manifest.centroids_from_file = !options.centroid_from.empty();
  manifest.shard = options.shard;
  manifest.shards = options.shards;
  char number[32];
  std::snprintf(number, sizeof number, "%.17g", options.questions.min_confidence);
  std::string excluded;
  for (const auto& tag : options.questions.exclude_languages)
    excluded += (excluded.empty() ? "" : ",") + tag;
  manifest.options = {
      {"own-questions", options.own_questions ? "yes" : "no"},
      {"min-confidence", number},
      {"max-per-language", std::to_string(options.questions.max_per_language)},
      {"exclude-language", excluded},
      {"min-count", std::to_string(options.questions.min_count)},
      {"passage-prompt", options.vectors.passage_prompt},
      {"question-prompt", options.vectors.question_prompt},
  };
  return manifest;
}

Result<index::Centroids> centroids_from(const std::string& file, const VectorMaker& maker) {
  {
    auto stored = index::BlockFile::open(file, "CENT");
    if (stored.ok()) {
      CT_CHECK(stored->verify());
      auto read = index::Centroids::from_bytes(
          {reinterpret_cast<const char*>(stored->data()), stored->data_bytes()});
      if (!read.ok()) return std::move(read).error().at(file);
      if (read->dim() != maker.model().dimension)
        return invalid(file + ": has centroids of dimension " + std::to_string(read->dim()) +
                       ", the vectors have " + std::to_string(maker.model().dimension));
      return read;
    }
  }
  constexpr std::size_t kBatch = 1024;
  const std::size_t dim = maker.model().dimension;
  index::Centroids centroids(dim);
  CT_TRY(auto reader, QuestionReader::open({file}, false));
  std::vector<QuestionRow> rows;
  std::vector<float> vectors;
  bool more = true;
  while (more) {
    rows.clear();
    while (rows.size() < kBatch) {
      QuestionRow row;
      CT_TRY(more, reader.next(row));
      if (!more) break;
      rows.push_back(std::move(row));
    }
    std::vector<std::string_view> texts;
    std::vector<std::uint64_t> numbers;
    for (const auto& row : rows) {
      texts.emplace_back(row.text);
      numbers.push_back(row.number);
    }
    vectors.resize(rows.size() * dim);
    CT_CHECK(maker.questions(texts, numbers, vectors.data()));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      auto added =
          centroids.add(rows[i].tag.empty() ? "und" : rows[i].tag, vectors.data() + i * dim, 1);
      if (!added.ok()) return std::move(added).error().at(rows[i].place);
    }
  }
  return centroids;
}

Result<BuildReport> build_index(const BuildOptions& options) {
  CT_CHECK(check_options(options));
  IndexPlace place(options.output);
  CT_CHECK(place.check_replaceable());
  MakerOptions vectors = options.vectors;
  vectors.has_questions = !options.questions.files.empty();
  CT_TRY(const auto maker, make_vectors(vectors));
  BuildReport report;
  index::Manifest manifest = manifest_for(options, *maker);
  CT_TRY(const std::string fingerprint, fingerprint_of(options, manifest));
  manifest.options["fingerprint"] = fingerprint_hash(fingerprint);
  CT_CHECK(place.take());
  if (options.resume) {
    CT_TRY(const bool done, place.complete(manifest.options["fingerprint"]));
    if (done) {
      report.already_complete = true;
      CT_TRY(const auto built, index::read_manifest(options.output));
      for (const auto& segment : built.segments) {
        report.passages += segment.passages;
        report.rows += segment.rows;
        report.questions += segment.questions;
        for (const auto& [name, count] : segment.counters) report.counters.add(name, count);
      }
      return report;
    }
  }
  CT_CHECK(place.start(options.resume));
  CT_TRY(auto segment, SegmentBuild::run(options, *maker, place.part() / "segment-00000", nullptr,
                                         report, manifest));
  segment.folder = "segment-00000";
  manifest.segments.push_back(std::move(segment));
  CT_CHECK(index::write_manifest(place.part(), manifest));
  CT_CHECK(SegmentBuild::clean(place.part() / "segment-00000"));
  CT_CHECK(place.put_in_place());
  return report;
}

}  // namespace crosstail::retrieve
