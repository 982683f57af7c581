#pragma once
/// What a SegmentWriter writes to and remembers. Private to index.

#include <string>
#include <vector>

#include "base/external_sort.h"
#include "index/block_file.h"
#include "index/segment.h"
#include "index/segment_writer.h"
#include "index/text_store.h"

namespace crosstail::index {

/// A file of records of `bytes` each.
inline BlockFileKind records_of(std::string_view kind, std::size_t bytes) {
  return {{kind[0], kind[1], kind[2], kind[3]}, static_cast<std::uint32_t>(bytes), 0, 0};
}

/// Sum of a passage's questions of one source and language.
struct LanguageSum {
  QuestionSource source{};
  std::uint16_t tag = kNoLanguage;  ///< the first tag of the language in the passage
  std::uint16_t language = kNoLanguage;
  std::uint32_t count = 0;
  std::vector<float> sum;
};

struct SegmentWriter::State {
  std::filesystem::path dir;
  SegmentOptions options;
  BlockFileWriter passages, vectors, windows, questions, question_vectors, parts, part_vectors;
  StringStoreWriter fields;
  TextStoreWriter texts, question_texts;
  std::uint64_t passage_count = 0, row_count = 0, question_count = 0, part_count = 0;
  std::vector<std::string> tags;
  std::vector<std::uint16_t> tag_languages;  ///< first tag of the same language
  std::vector<std::string> tag_codes;
  bool parts_are_questions = true;
  Centroids centroids;
  std::map<std::string, std::uint64_t> by_language, by_source;

  // Used again for every passage.
  std::vector<LanguageSum> sums;
  std::size_t sums_used = 0;
  std::string narrow_bytes;
  std::vector<float> widened, fused;
  std::vector<std::vector<float>> fusing_centroids;  ///< by tag, with KeepParts::None

  State(std::filesystem::path folder, const SegmentOptions& o)
      : dir(std::move(folder)), options(o), centroids(o.dimension) {}

  [[nodiscard]] bool keeps_parts() const {
    return options.keep == KeepParts::Total || options.keep == KeepParts::Language;
  }
  template <class Visit>
  Status for_each_block_file(Visit&& visit);
  std::uint16_t number_of_tag(std::string_view tag);
  const std::string& store_vector(const float* vector);
  Status add_vectors(const NewPassage& passage, bool fuse_them);
  Status add_questions(const NewPassage& passage);
  LanguageSum& sum_for(QuestionSource source, std::uint16_t tag);
  Status add_parts(const NewPassage& passage);
  Status add_centroids(const NewPassage& passage);
  void fuse_rows(const NewPassage& passage, std::vector<std::vector<float>>& rows);
  Status write_passage(const NewPassage& passage, std::uint64_t own_parts);
  Status check_room(const NewPassage& passage) const;
  [[nodiscard]] std::uint64_t parts_of_sums() const;
  void restore_tag(const std::string& tag);
  Status write_list(std::string_view name, ExternalSorter& sorter);
  Status write_lists();
};

}  // namespace crosstail::index
