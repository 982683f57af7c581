/// What `crosstail index verify` checks: every block of every file, then what the records say of
/// each other.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>

#include "base/hash.h"
#include "index/fusion_kernels.h"
#include "index/index_reader.h"

namespace crosstail::index {
namespace {

/// Runs check(i) for all i, on the pool if there is one; the error of the smallest i.
template <class Check>
Status for_all(Pool* pool, std::size_t count, Check&& check) {
  std::mutex mutex;
  std::size_t failed = count;
  Status first;
  const auto body = [&](std::size_t i) {
    Status status = check(i);
    if (status.ok()) return;
    const std::lock_guard lock(mutex);
    if (i < failed) {
      failed = i;
      first = std::move(status);
    }
  };
  if (pool != nullptr)
    pool->parallel_for(count, body);
  else
    for (std::size_t i = 0; i < count; ++i) body(i);
  return first;
}

Error wrong(const BlockFile& file, std::uint64_t record, const std::string& what) {
  return {ErrorCode::Corrupt,
          file.path() + ": byte " +
              std::to_string(kBlockFileHeader + record * file.kind().record_bytes) + ": record " +
              std::to_string(record) + ": " + what +
              "; the index was not written by this program, or is damaged: rebuild it"};
}

Status check_vectors(const BlockFile& file) {
  if (!file.is_open()) return {};
  std::vector<float> vector(file.kind().dimension);
  for (std::uint64_t i = 0; i < file.records(); ++i) {
    read_vector(file, i, vector.data());
    for (const float number : vector)
      if (!std::isfinite(number)) return wrong(file, i, "a number that is not finite");
  }
  return file.health();
}

Status check_list(const Segment& segment, const BlockFile& file) {
  if (!file.is_open()) return {};
  const ListEntry* before = nullptr;
  for (std::uint64_t i = 0; i < file.records(); ++i) {
    const auto* entry = file.record<ListEntry>(i);
    if (entry == nullptr) return file.health();
    if (before != nullptr && !(*before < *entry)) return wrong(file, i, "out of order");
    if (entry->passage >= segment.record.passages)
      return wrong(file, i,
                   "names passage " + std::to_string(entry->passage) + " of " +
                       std::to_string(segment.record.passages));
    before = entry;
  }
  return {};
}

/// Passages, rows, questions and parts cover each other without gaps.
Status check_passages(const Segment& segment) {
  std::uint64_t question = 0, part = 0, row = 0;
  for (std::uint64_t p = 0; p < segment.record.passages; ++p) {
    const PassageRecord* passage = segment.passage(p);
    if (passage == nullptr) return segment.passages.health();
    if (passage->first_question != question || passage->first_part != part ||
        passage->first_row != row || passage->rows == 0)
      return wrong(segment.passages, p, "its rows, questions or parts do not follow the last's");
    if (passage->language != kNoLanguage && passage->language >= segment.record.tags.size())
      return wrong(segment.passages, p, "its language is not in the table");
    question += passage->questions;
    part += passage->parts;
    row += passage->rows;
  }
  if (question != segment.record.questions || part != segment.record.parts ||
      row != segment.record.rows)
    return wrong(segment.passages, segment.record.passages,
                 "rows, questions and parts do not add up");
  return {};
}

Status check_questions(const Segment& segment) {
  for (std::uint64_t q = 0; q < segment.record.questions; ++q) {
    const auto* question = segment.questions.record<QuestionRecord>(q);
    if (question == nullptr) return segment.questions.health();
    const PassageRecord* passage =
        question->passage < segment.record.passages ? segment.passage(question->passage) : nullptr;
    if (passage == nullptr || q < passage->first_question ||
        q - passage->first_question >= passage->questions)
      return wrong(segment.questions, q, "does not belong to the passage that it names");
    if ((question->language != kNoLanguage && question->language >= segment.record.tags.size()) ||
        static_cast<std::size_t>(question->source) >= kSources)
      return wrong(segment.questions, q, "unknown language or source");
  }
  return {};
}

Status check_segment(const Segment& segment) {
  CT_CHECK(check_passages(segment));
  CT_CHECK(check_questions(segment));
  for (const BlockFile* list : {&segment.ids, &segment.groups, &segment.sites, &segment.text_keys})
    CT_CHECK(check_list(segment, *list));
  for (const BlockFile* vectors :
       {&segment.passage_vectors, &segment.question_vectors, &segment.part_vectors})
    CT_CHECK(check_vectors(*vectors));
  return {};
}

}  // namespace

Status IndexReader::verify(Pool* pool) const {
  std::vector<const BlockFile*> files;
  for (const Segment& segment : segments_)
    segment.for_each_file([&](const BlockFile& file) { files.push_back(&file); });
  CT_CHECK(for_all(pool, files.size(), [&](std::size_t i) { return files[i]->verify(); }));
  CT_CHECK(
      for_all(pool, segments_.size(), [&](std::size_t i) { return check_segment(segments_[i]); }));
  for (std::uint64_t p = 0; p < passages_; ++p) {
    const auto passage = static_cast<PassageNumber>(p);
    CT_TRY(const PassageFields known, fields(passage));
    CT_TRY(const PassageRecord own, record(passage));
    if (xxh3(known.id) != own.id_low || xxh3(known.id, 1) != own.id_high)
      return Error{ErrorCode::Corrupt, dir_.string() + ": passage " + std::to_string(p) +
                                           ": its id does not fit its record; rebuild the index"};
    if (manifest_.texts) CT_CHECK(text(passage));
  }
  if (manifest_.texts)
    for (QuestionNumber q = 0; q < questions_; ++q) CT_CHECK(question_text(q));
  return {};
}

Status IndexReader::check_passage_vectors(Pool* pool) const {
  struct Piece {
    const BlockFile* file;
    std::uint64_t begin, end;
  };
  constexpr std::uint64_t kPiece = std::uint64_t{8} << 20;
  std::vector<Piece> pieces;
  for (const Segment& segment : segments_)
    for (std::uint64_t at = 0; at < segment.passage_vectors.data_bytes(); at += kPiece)
      pieces.push_back({&segment.passage_vectors, at,
                        std::min(at + kPiece, segment.passage_vectors.data_bytes())});
  return for_all(pool, pieces.size(), [&](std::size_t i) -> Status {
    if (pieces[i].file->touch(pieces[i].begin, pieces[i].end) == nullptr)
      return pieces[i].file->health();
    return {};
  });
}

}  // namespace crosstail::index
