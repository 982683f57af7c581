#include "retrieve/index_changes.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <unordered_set>

#include "base/file.h"
#include "index/block_file.h"
#include "index/fusion_kernels.h"
#include "index/segment_writer.h"
#include "retrieve/grid_state.h"
#include "retrieve/index_lock.h"

namespace crosstail::retrieve {
namespace {

namespace fs = std::filesystem;
using index::IndexReader;
using index::PassageNumber;

std::string segment_name(std::size_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, 5 - std::min<std::size_t>(digits.size(), 5), '0');
  return "segment-" + digits;
}

/// A folder name that no segment has.
std::string next_segment(const index::Manifest& manifest) {
  std::size_t number = 0;
  for (const auto& segment : manifest.segments) {
    std::size_t known = 0;
    const std::string_view digits =
        std::string_view(segment.folder).substr(std::min<std::size_t>(8, segment.folder.size()));
    std::from_chars(digits.data(), digits.data() + digits.size(), known);
    number = std::max(number, known + 1);
  }
  return segment_name(number);
}

/// Takes what a passage's questions added to the centroids away again, as far as its parts say.
Status subtract(const IndexReader& index, std::size_t s, const index::PassageRecord& passage,
                index::Centroids& centroids) {
  const index::Segment& segment = index.segments()[s];
  const auto tag = [&](std::uint16_t number) -> std::string {
    const auto& tags = segment.record.tags;
    return number < tags.size() ? tags[number] : "und";
  };
  std::vector<float> vector(index.dim());
  if (index.manifest().keep == index::KeepParts::Language) {
    for (std::uint64_t p = passage.first_part; p < passage.first_part + passage.parts; ++p) {
      const auto* part = segment.parts.record<index::PartRecord>(p);
      if (part == nullptr) return segment.parts.health();
      index::read_vector(segment.part_vectors, p, vector.data());
      CT_CHECK(centroids.subtract(tag(part->language), vector.data(), part->count));
    }
    return segment.part_vectors.health();
  }
  if (index.manifest().keep != index::KeepParts::Question) return {};
  // Sums by source and language, added up as the writer does.
  struct Sum {
    index::QuestionSource source;
    std::string language;
    std::uint64_t count;
    std::vector<float> numbers;
  };
  std::vector<Sum> sums;
  for (std::uint64_t q = passage.first_question; q < passage.first_question + passage.questions;
       ++q) {
    const auto* question = segment.questions.record<index::QuestionRecord>(q);
    if (question == nullptr) return segment.questions.health();
    const std::string language = index::canonical_language(tag(question->language));
    auto known = std::find_if(sums.begin(), sums.end(), [&](const Sum& sum) {
      return sum.source == question->source && sum.language == language;
    });
    if (known == sums.end())
      known = sums.insert(sums.end(),
                          {question->source, language, 0, std::vector<float>(index.dim(), 0.0F)});
    index::add_vector(segment.question_vectors, q, known->numbers.data());
    ++known->count;
  }
  for (const Sum& sum : sums)
    CT_CHECK(centroids.subtract(sum.language, sum.numbers.data(), sum.count));
  return segment.question_vectors.health();
}

/// Marks passages of segment `s` as deleted, in new files; changes its record.
Status delete_in_segment(const IndexReader& index, std::size_t s,
                         const std::vector<std::uint64_t>& passages, index::Manifest& manifest,
                         std::vector<fs::path>& stale) {
  index::SegmentRecord& record = manifest.segments[s];
  const fs::path folder = index.path() / record.folder;
  std::vector<std::uint64_t> bits((record.passages + 63) / 64, 0);
  const std::uint64_t first = index.places()[s].first_passage;
  for (std::uint64_t p = 0; p < record.passages; ++p)
    if (index.deleted(static_cast<PassageNumber>(first + p)))
      bits[p / 64] |= std::uint64_t{1} << (p % 64);
  index::Centroids centroids(index.dim());
  const index::BlockFile& old = index.segments()[s].centroids;
  const bool own = old.is_open() && !manifest.centroids_from_file;
  if (own) {
    CT_TRY(centroids, index::Centroids::from_bytes(
                          {reinterpret_cast<const char*>(old.data()), old.data_bytes()}));
  }
  for (const std::uint64_t p : passages) {
    bits[p / 64] |= std::uint64_t{1} << (p % 64);
    CT_TRY(const auto passage, index.record(static_cast<PassageNumber>(first + p)));
    if (own) CT_CHECK(subtract(index, s, passage, centroids));
    if (passage.questions > 0 && manifest.keep != index::KeepParts::Question &&
        manifest.keep != index::KeepParts::Language)
      manifest.centroids_complete = false;
    for (std::uint64_t q = passage.first_question; q < passage.first_question + passage.questions;
         ++q) {
      const auto question = index.question(index.places()[s].first_question + q);
      const std::string language =
          question.tag.empty() ? "und" : index::canonical_language(question.tag);
      for (auto [counts, name] :
           {std::pair(&manifest.questions_by_language, language),
            std::pair(&manifest.questions_by_source, std::string(name_of(question.source)))})
        if (const auto found = counts->find(name); found != counts->end() && --found->second == 0)
          counts->erase(found);
    }
  }
  record.deleted_passages += passages.size();
  const std::string number = std::to_string(record.deleted_passages);
  if (!record.deleted.empty()) stale.push_back(folder / record.deleted);
  record.deleted = "deleted-" + number + ".bin";
  CT_TRY(auto file,
         index::BlockFileWriter::create(folder / record.deleted, {{'D', 'E', 'L', 'E'}, 8, 0, 0}));
  CT_CHECK(file.append_records(std::span<const std::uint64_t>(bits)));
  CT_CHECK(file.finish());
  if (!own) return {};
  for (auto& entry : record.files) {
    if (!entry.name.starts_with("centroids")) continue;
    stale.push_back(folder / entry.name);
    CT_TRY(entry, index::write_centroids(folder, "centroids-" + number + ".bin", centroids));
  }
  return {};
}

Status delete_passages(const IndexReader& index, const std::vector<PassageNumber>& passages,
                       index::Manifest& manifest, std::vector<fs::path>& stale) {
  std::vector<std::vector<std::uint64_t>> by_segment(index.segments().size());
  for (const PassageNumber passage : passages) {
    const std::size_t s = index.segment_of_passage(passage);
    by_segment[s].push_back(passage - index.places()[s].first_passage);
  }
  for (std::size_t s = 0; s < by_segment.size(); ++s)
    if (!by_segment[s].empty())
      CT_CHECK(delete_in_segment(index, s, by_segment[s], manifest, stale));
  return {};
}

void remove_all(const std::vector<fs::path>& files) {
  std::error_code ignored;
  for (const auto& file : files) fs::remove(file, ignored);
}

/// Opens index and vectors, and takes over the options. Nobody else changes the index meanwhile.
struct Change {
  IndexLock lock;
  std::shared_ptr<const IndexReader> index;
  BuildOptions options;
  std::unique_ptr<VectorMaker> maker;
};

Result<Change> open_change(const BuildOptions& given) {
  Change change;
  change.options = given;
  CT_TRY(change.lock, IndexLock::take_index(given.output));
  CT_TRY(change.index, IndexReader::open(given.output));
  CT_CHECK(take_options(change.index->manifest(), change.options));
  MakerOptions vectors = change.options.vectors;
  vectors.has_questions = !change.options.questions.files.empty();
  CT_TRY(change.maker, make_vectors(vectors));
  auto same = index::check_same_model(change.index->manifest().model, change.maker->model());
  if (!same.ok()) return std::move(same).error().at(given.output);
  return change;
}

/// Builds the segment that the change adds; nothing if no passage went in.
Result<std::optional<index::SegmentRecord>> build_segment(const Change& change,
                                                          const SegmentBuild::Choice& choice,
                                                          BuildReport& report,
                                                          index::Manifest& manifest) {
  const fs::path dir = change.options.output;
  const std::string name = next_segment(manifest);
  const fs::path part = dir / (name + ".part");
  std::error_code error;
  if (!change.options.resume) fs::remove_all(part, error);
  CT_TRY(auto record,
         SegmentBuild::run(change.options, *change.maker, part, choice, report, manifest));
  CT_CHECK(SegmentBuild::clean(part));
  if (record.passages == 0) {
    fs::remove_all(part, error);
    return std::optional<index::SegmentRecord>();
  }
  fs::remove_all(dir / name, error);  // of a run that was killed before its manifest
  CT_CHECK(commit_rename(part, dir / name));
  record.folder = name;
  return std::optional(std::move(record));
}

/// Of the index as it was.
void forget_tuning(const fs::path& dir, index::Manifest& manifest) {
  manifest.tuned.reset();
  std::error_code ignored;
  fs::remove(dir / kTuneStateFile, ignored);
}

}  // namespace

Status take_options(const index::Manifest& manifest, BuildOptions& options) {
  const auto option = [&](const std::string& name) {
    const auto found = manifest.options.find(name);
    return found == manifest.options.end() ? std::string() : found->second;
  };
  const auto number = [&](const std::string& name, std::uint64_t fallback) {
    const std::string text = option(name);
    std::uint64_t value = fallback;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  options.keep = manifest.keep;
  options.type = manifest.type;
  options.texts = manifest.texts;
  options.window = manifest.window;
  options.stride = manifest.stride;
  options.fusion = manifest.fusion;
  options.own_questions = option("own-questions") != "no";
  const auto from = parse_passage_from(manifest.passage_from);
  if (!from)
    return Error{ErrorCode::Corrupt, "manifest.json: field `passage_from`: \"" +
                                         manifest.passage_from + "\" is not known"};
  options.passage_from = *from;
  const std::string confidence = option("min-confidence");
  std::from_chars(confidence.data(), confidence.data() + confidence.size(),
                  options.questions.min_confidence);
  options.questions.max_per_language = number("max-per-language", 0);
  options.questions.min_count = number("min-count", 1);
  options.questions.exclude_languages.clear();
  std::string excluded = option("exclude-language");
  while (!excluded.empty()) {
    const auto comma = std::min(excluded.find(','), excluded.size());
    options.questions.exclude_languages.push_back(excluded.substr(0, comma));
    excluded.erase(0, comma + 1);
  }
  if (const std::string prompt = option("passage-prompt"); !prompt.empty())
    options.vectors.passage_prompt = prompt;
  if (const std::string prompt = option("question-prompt"); !prompt.empty())
    options.vectors.question_prompt = prompt;
  options.vectors.max_length = manifest.model.max_length;
  options.vectors.question_max_length = manifest.model.question_max_length;
  if (options.vectors.model.empty() && manifest.model.identity != "precomputed" &&
      options.vectors.passage_vectors.empty())
    options.vectors.model = manifest.model.name;
  if (manifest.keep == index::KeepParts::None && manifest.fusion.center != index::Centering::None &&
      options.centroid_from.empty())
    return Error{ErrorCode::InvalidArgument,
                 "the index was fused with centroids while it was built (--keep-parts none): give "
                 "the same --centroid-from FILE, or build it again"};
  options.shard = 0;
  options.shards = 1;
  return {};
}

Result<BuildReport> add_to_index(const BuildOptions& given) {
  CT_TRY(const Change change, open_change(given));
  index::Manifest manifest = change.index->manifest();
  BuildReport report;
  const auto choice = [&](const CorpusRow& row, std::uint64_t, std::uint64_t) -> Result<bool> {
    CT_TRY(const auto known, change.index->find(row.id));
    if (!known) return true;
    return Error{ErrorCode::Corrupt,
                 row.place + ": passage \"" + row.id +
                     "\" is in the index already; `crosstail index sync` replaces passages, "
                     "`index delete` takes them out"};
  };
  CT_TRY(auto record, build_segment(change, choice, report, manifest));
  if (record) manifest.segments.push_back(std::move(*record));
  forget_tuning(given.output, manifest);
  CT_CHECK(index::write_manifest(given.output, manifest));
  return report;
}

Result<std::uint64_t> delete_from_index(const std::string& dir, const std::vector<std::string>& ids,
                                        bool ignore_missing) {
  CT_TRY(const auto lock, IndexLock::take_index(dir));
  CT_TRY(const auto index, IndexReader::open(dir));
  std::vector<PassageNumber> passages;
  for (const auto& id : ids) {
    CT_TRY(const auto passage, index->find(id));
    if (passage) {
      passages.push_back(*passage);
    } else if (!ignore_missing) {
      return Error{ErrorCode::NotFound, dir + ": no passage \"" + id +
                                            "\"; nothing was deleted (--ignore-missing passes "
                                            "over such ids)"};
    }
  }
  std::sort(passages.begin(), passages.end());
  passages.erase(std::unique(passages.begin(), passages.end()), passages.end());
  if (passages.empty()) return std::uint64_t{0};
  index::Manifest manifest = index->manifest();
  std::vector<fs::path> stale;
  CT_CHECK(delete_passages(*index, passages, manifest, stale));
  CT_CHECK(index::write_manifest(dir, manifest));
  remove_all(stale);
  return passages.size();
}

Result<SyncReport> sync_index(const BuildOptions& given) {
  CT_TRY(const Change change, open_change(given));
  const IndexReader& index = *change.index;
  index::Manifest manifest = index.manifest();
  SyncReport report;
  std::vector<bool> kept(index.passages(), false);
  std::uint64_t fresh = 0;
  const auto choice = [&](const CorpusRow& row, std::uint64_t content,
                          std::uint64_t questions) -> Result<bool> {
    CT_TRY(const auto known, index.find(row.id));
    if (known) {
      CT_TRY(const auto record, index.record(*known));
      if (record.content == content && record.questions_content == questions) {
        kept[*known] = true;
        return false;
      }
    } else {
      ++fresh;
    }
    return true;
  };
  CT_TRY(auto record, build_segment(change, choice, report.build, manifest));
  std::vector<PassageNumber> gone;
  for (std::uint64_t p = 0; p < index.passages(); ++p) {
    const auto passage = static_cast<PassageNumber>(p);
    if (index.deleted(passage)) continue;
    if (kept[p])
      ++report.unchanged;
    else
      gone.push_back(passage);
  }
  std::vector<fs::path> stale;
  CT_CHECK(delete_passages(index, gone, manifest, stale));
  if (record) {
    report.added = fresh;
    report.replaced = record->passages - fresh;
    manifest.segments.push_back(std::move(*record));
  }
  report.deleted = gone.size() - report.replaced;
  if (record || !gone.empty()) {
    forget_tuning(given.output, manifest);
    CT_CHECK(index::write_manifest(given.output, manifest));
  }
  remove_all(stale);
  return report;
}

}  // namespace crosstail::retrieve
