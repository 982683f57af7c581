#pragma once
/// One segment of an index: the files in its folder, opened. Numbers are the segment's own. Used
/// through index_reader.h.

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "index/block_file.h"
#include "index/manifest.h"
#include "index/records.h"
#include "index/row_source.h"
#include "index/text_store.h"

namespace crosstail::index {

/// The names of a segment's files, each with its kind.
struct SegmentFiles {
  static constexpr std::string_view kPassages = "passages.rec", kPassageVectors = "passages.vec",
                                    kWindows = "windows.rec", kFields = "fields", kTexts = "texts",
                                    kQuestions = "questions.rec", kQuestionTexts = "question-texts",
                                    kQuestionVectors = "questions.vec", kParts = "parts.rec",
                                    kPartVectors = "parts.vec", kCentroids = "centroids.bin",
                                    kIds = "ids.lst", kGroups = "groups.lst", kSites = "sites.lst",
                                    kTextKeys = "question-texts.lst";
};

/// Movable; thread-safe once opened. Files that the index does not have are not open.
struct Segment {
  SegmentRecord record;
  BlockFile passages, passage_vectors, windows, questions, question_vectors, parts, part_vectors,
      centroids, ids, groups, sites, text_keys;
  StringStore fields;
  TextStore texts, question_texts;

  /// Fails with Corrupt where a file is missing, or has another size, count or checksum than the
  /// manifest says.
  static Result<Segment> open(const std::filesystem::path& dir, const SegmentRecord& record,
                              const Manifest& manifest);

  [[nodiscard]] const PassageRecord* passage(std::uint64_t i) const {
    return passages.record<PassageRecord>(i);
  }
  /// Every open file, to verify or export.
  template <class Visit>
  void for_each_file(Visit&& visit) const {
    for (const BlockFile* file :
         {&passages, &passage_vectors, &windows, &questions, &question_vectors, &parts,
          &part_vectors, &centroids, &ids, &groups, &sites, &text_keys})
      if (file->is_open()) visit(*file);
    fields.for_each_file(visit);
    texts.for_each_file(visit);
    question_texts.for_each_file(visit);
  }
  [[nodiscard]] Status health() const;
};

/// Vectors of a file as a view (unchecked).
VectorView view_of(const BlockFile& vectors);

}  // namespace crosstail::index
