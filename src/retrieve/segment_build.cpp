#include <algorithm>
#include <chrono>
#include <map>
#include <optional>

#include "base/file.h"
#include "base/interrupt.h"
#include "index/segment_writer.h"
#include "retrieve/build_index.h"
#include "retrieve/build_journal.h"
#include "retrieve/index_place.h"
#include "retrieve/moved_vectors.h"
#include "retrieve/passage_windows.h"

namespace crosstail::retrieve {
namespace {

constexpr std::size_t kBatchTexts = 1024;
constexpr std::size_t kBatchBytes = std::size_t{4} << 20;

/// A passage on its way: what it owns until its batch is written.
struct Pending {
  CorpusRow row;
  std::string title, text;  ///< as stored
  std::uint64_t number = 0, content = 0;
  std::vector<TextWindow> windows;
  std::vector<std::string> encoded;  ///< one text a row
  std::vector<GroupedQuestion> questions;
};

/// The state of one run.
class Build {
 public:
  Build(const BuildOptions& options, const VectorMaker& maker, std::filesystem::path folder,
        const SegmentBuild::Choice& choice)
      : options_(options), maker_(maker), folder_(std::move(folder)), choice_(choice) {}

  Status prepare(const index::Manifest& manifest);
  Status encode_all();
  Result<index::SegmentRecord> finish(index::Manifest& manifest);
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] std::uint64_t questions() const { return writer_->questions(); }

 private:
  [[nodiscard]] index::SegmentOptions segment_options() const;
  Status open_writer(const std::optional<BuildJournal>& journal);
  Status group_questions(bool counting);
  Status check_rows(std::uint64_t passages) const;
  Result<bool> take(CorpusRow& row, std::uint64_t number);
  Status add_corpus_questions(Pending& pending) const;
  Status cut(Pending& pending);
  Status write_batch();
  Status encode_passages(std::vector<float>& vectors);
  Status encode_questions(std::vector<float>& vectors);
  Status check_lengths(std::span<const std::string_view> texts, std::uint64_t max_length,
                       std::string_view prompt) const;
  Status checkpoint(bool now);
  [[nodiscard]] std::filesystem::path journal_path() const { return folder_ / "build.journal"; }

  const BuildOptions& options_;
  const VectorMaker& maker_;
  std::filesystem::path folder_;
  const SegmentBuild::Choice& choice_;
  std::string fingerprint_;
  std::optional<index::Centroids> centroids_;
  std::optional<IdTable> ids_;
  std::optional<QuestionGroups> groups_;
  std::optional<MovedVectors> moved_;
  std::optional<index::SegmentWriter> writer_;
  Counters counters_;
  std::uint64_t first_ = 0, end_ = 0;  ///< passages of the corpus that are this shard's
  std::uint64_t done_ = 0;             ///< passages of the corpus that are written or passed over
  std::vector<Pending> batch_;
  std::size_t batch_texts_ = 0, batch_bytes_ = 0;
  std::uint64_t batch_end_ = 0;
  std::chrono::steady_clock::time_point last_checkpoint_ = std::chrono::steady_clock::now();
  text::TokenizerScratch scratch_;
};

index::SegmentOptions Build::segment_options() const {
  index::SegmentOptions out;
  out.dimension = maker_.model().dimension;
  out.type = options_.type;
  out.keep = options_.keep;
  out.texts = options_.texts;
  out.windows = options_.window > 0;
  out.fusion = options_.fusion;
  out.centroids = centroids_ ? &*centroids_ : nullptr;
  return out;
}

Status Build::open_writer(const std::optional<BuildJournal>& journal) {
  if (!journal) {
    CT_TRY(auto writer, index::SegmentWriter::create(folder_, segment_options()));
    writer_.emplace(std::move(writer));
    return {};
  }
  if (journal->fingerprint != fingerprint_)
    return Error{ErrorCode::InvalidArgument,
                 journal_path().string() +
                     ": is of a run with other options or inputs; use the same ones, or start "
                     "again without --resume. It was:\n" +
                     journal->fingerprint + "now it is:\n" + fingerprint_};
  CT_TRY(auto writer, index::SegmentWriter::resume(folder_, segment_options(), journal->writer));
  writer_.emplace(std::move(writer));
  done_ = journal->passages;
  CT_TRY(counters_, Counters::from_lines(journal->counters));
  return {};
}

Status Build::check_rows(std::uint64_t passages) const {
  if (const auto rows = maker_.passage_rows(); rows && *rows != passages)
    return Error{ErrorCode::Corrupt,
                 options_.vectors.passage_vectors + ": has " + std::to_string(*rows) +
                     " rows, the corpus has " + std::to_string(passages) +
                     " passages; one row is needed for each, in the order of the corpus"};
  return {};
}

Status Build::group_questions(bool counting) {
  const auto work = folder_ / "work";
  std::error_code error;
  std::filesystem::remove_all(work, error);
  std::filesystem::create_directories(work, error);
  if (error) return system_error(work.string(), "create", error.value());
  CT_TRY(auto ids, IdTable::build(options_.corpus, work));
  ids_.emplace(std::move(ids));
  const std::uint64_t all = ids_->size();
  CT_CHECK(check_rows(all));
  // By division first: 128 bits are not needed.
  const auto bound = [&](std::uint64_t i) {
    return all / options_.shards * i + all % options_.shards * i / options_.shards;
  };
  first_ = bound(options_.shard);
  end_ = bound(options_.shard + 1);
  if (first_ == end_)
    return Error{ErrorCode::InvalidArgument,
                 "shard " + std::to_string(options_.shard) + "/" + std::to_string(options_.shards) +
                     " holds no passage: the corpus has " + std::to_string(all)};
  QuestionOptions questions = options_.questions;
  questions.first_passage = first_;
  questions.end_passage = end_;
  Counters counters;
  CT_TRY(auto groups, QuestionGroups::build(questions, *ids_, work, counters));
  groups_.emplace(std::move(groups));
  if (const auto rows = maker_.question_rows(); rows && *rows != counters["questions.read"])
    return Error{ErrorCode::Corrupt, options_.vectors.question_vectors + ": has " +
                                         std::to_string(*rows) +
                                         " rows, the questions' files have " +
                                         std::to_string(counters["questions.read"]) +
                                         "; one row is needed for each, in the order of the files"};
  if (maker_.question_rows() && !groups_->in_order()) {
    CT_TRY(auto moved, MovedVectors::make(options_.vectors.question_vectors, *groups_, work,
                                          options_.questions.memory_bytes));
    moved_.emplace(std::move(moved));
  }
  // What the first pass counts is the same in every run.
  if (counting) counters_.merge(counters);
  done_ = std::max(done_, first_);
  return {};
}

Status Build::prepare(const index::Manifest& manifest) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) return system_error(folder_.string(), "create", error.value());
  CT_TRY(fingerprint_, fingerprint_of(options_, manifest));
  if (!options_.centroid_from.empty()) {
    CT_TRY(centroids_, centroids_from(options_.centroid_from, maker_));
  }
  std::optional<BuildJournal> journal;
  if (options_.resume) {
    CT_TRY(journal, read_journal(journal_path()));
  }
  CT_CHECK(open_writer(journal));
  CT_CHECK(group_questions(!journal));
  if (!journal) CT_CHECK(checkpoint(true));
  return {};
}

/// A question that several sources state, such as annotated by its page and aligned to it, counts
/// once a language, as the first of annotated, aligned, generated and log. Returns how many went.
std::size_t drop_stated_again(std::vector<GroupedQuestion>& questions) {
  const auto other_source = [&](const GroupedQuestion& question) {
    return question.source != questions.front().source;
  };
  if (std::none_of(questions.begin(), questions.end(), other_source)) return 0;
  std::map<std::pair<std::uint64_t, std::string>, index::QuestionSource> first;
  const auto key = [](const GroupedQuestion& question) {
    return std::pair(index::text_key(question.text), index::canonical_language(question.tag));
  };
  for (const auto& question : questions) {
    auto& source = first.try_emplace(key(question), question.source).first->second;
    source = std::min(source, question.source);
  }
  return std::erase_if(questions, [&](const GroupedQuestion& question) {
    return first.at(key(question)) != question.source;
  });
}

/// Questions that the corpus itself carries come before those of the files.
Status Build::add_corpus_questions(Pending& pending) const {
  std::vector<GroupedQuestion> own;
  const auto add = [&](const std::string& tag, const std::string& text,
                       index::QuestionSource source) {
    GroupedQuestion question;
    question.tag = tag;
    question.text = text;
    question.source = source;
    if (source == index::QuestionSource::Annotated) question.group = pending.row.group;
    question.number = UINT64_MAX;
    own.push_back(std::move(question));
  };
  const bool answer =
      options_.passage_from == PassageFrom::Usual || options_.passage_from == PassageFrom::Answer;
  if (pending.row.pair && options_.own_questions && answer && !pending.row.question.empty())
    add(pending.row.tag, pending.row.question, index::QuestionSource::Annotated);
  for (const auto& [tag, text] : pending.row.generated)
    add(tag, text, index::QuestionSource::Generated);
  if (own.empty()) return {};
  if (maker_.encoder() == nullptr)
    return Error{ErrorCode::InvalidArgument,
                 pending.row.place + ": passage \"" + pending.row.id +
                     "\" brings questions of its own, for which --question-vectors has no rows; "
                     "give --model, or --no-own-questions for pairs"};
  own.insert(own.end(), std::make_move_iterator(pending.questions.begin()),
             std::make_move_iterator(pending.questions.end()));
  pending.questions = std::move(own);
  return {};
}

/// The texts that are encoded: the whole, or windows of it, each with the title before it.
Status Build::cut(Pending& pending) {
  const auto with_title = [&](std::string_view text) {
    return pending.title.empty() ? std::string(text) : pending.title + " " + std::string(text);
  };
  if (options_.window == 0) {
    pending.encoded.push_back(with_title(pending.text));
    return {};
  }
  pending.windows = windows_of(maker_.encoder()->tokenizer(), pending.text, options_.window,
                               options_.stride == 0 ? options_.window : options_.stride, scratch_);
  for (const TextWindow& window : pending.windows)
    pending.encoded.push_back(
        with_title(std::string_view(pending.text).substr(window.begin, window.end - window.begin)));
  return {};
}

Result<bool> Build::take(CorpusRow& row, std::uint64_t number) {
  Pending pending;
  CT_CHECK(groups_->of(number, pending.questions));
  // Who chooses sees every passage, also in a resumed run.
  if (number < done_ && !choice_) return false;
  CT_TRY(auto passage, row.passage(options_.passage_from));
  pending.number = number;
  pending.content = row.content();
  pending.row = std::move(row);
  CT_CHECK(add_corpus_questions(pending));
  if (const auto dropped = drop_stated_again(pending.questions); dropped > 0 && number >= done_)
    counters_.add("questions.dropped.stated-again", dropped);
  if (choice_) {
    std::vector<index::NewQuestion> questions;
    for (const auto& q : pending.questions)
      questions.push_back({q.text, q.tag, q.group, q.site, q.source, q.confidence});
    CT_TRY(const bool wanted,
           choice_(pending.row, pending.content, index::questions_content(questions)));
    if (number < done_) return false;
    if (!wanted) return true;
  }
  pending.title = std::move(passage.first);
  pending.text = std::move(passage.second);
  if (pending.text.empty()) counters_.add("passages.empty");
  CT_CHECK(cut(pending));
  for (const auto& text : pending.encoded) batch_bytes_ += text.size();
  for (const auto& question : pending.questions) batch_bytes_ += question.text.size();
  batch_texts_ += pending.encoded.size() + pending.questions.size();
  batch_.push_back(std::move(pending));
  return true;
}

Status Build::encode_all() {
  CT_TRY(auto reader, CorpusReader::open(options_.corpus));
  CorpusRow row;
  for (std::uint64_t number = 0; number < end_; ++number) {
    CT_TRY(const bool more, reader.next(row));
    if (!more)
      return Error{ErrorCode::Corrupt,
                   "the corpus has fewer passages than when it was read first; it was changed "
                   "while the index was built"};
    if (number < first_) continue;
    CT_TRY(const bool taken, take(row, number));
    if (taken) batch_end_ = number + 1;
    if (batch_texts_ < kBatchTexts && batch_bytes_ < kBatchBytes) continue;
    CT_CHECK(write_batch());
    CT_CHECK(checkpoint(false));
    if (interrupt_requested()) {
      CT_CHECK(checkpoint(true));
      return Error{ErrorCode::Interrupted,
                   "interrupted after " + std::to_string(done_ - first_) +
                       " passages; run the same command with --resume to go on"};
    }
  }
  CT_CHECK(write_batch());
  return checkpoint(true);
}

Status Build::check_lengths(std::span<const std::string_view> texts, std::uint64_t max_length,
                            std::string_view prompt) const {
  if (!options_.strict || maker_.encoder() == nullptr || max_length == 0) return {};
  text::EncodeOptions encoding_options;
  text::Encoding encoding;
  text::TokenizerScratch scratch;
  for (const std::string_view text : texts) {
    maker_.encoder()->tokenizer().encode(std::string(prompt) + std::string(text), encoding_options,
                                         scratch, encoding);
    if (encoding.ids.size() > max_length)
      return Error{ErrorCode::Limit,
                   "\"" + std::string(text.substr(0, 80)) + "…\" has " +
                       std::to_string(encoding.ids.size()) + " tokens, " +
                       std::to_string(max_length) +
                       " fit (--strict); cut it with --window, or leave --strict out"};
  }
  return {};
}

Status Build::encode_passages(std::vector<float>& vectors) {
  std::vector<std::string_view> texts;
  std::vector<std::uint64_t> numbers;
  for (const Pending& pending : batch_)
    for (const auto& text : pending.encoded) {
      texts.emplace_back(text);
      numbers.push_back(pending.number);
    }
  vectors.resize(texts.size() * maker_.model().dimension);
  CT_TRY(const auto stats, maker_.passages(texts, numbers, vectors.data()));
  if (stats.truncated > 0)
    CT_CHECK(check_lengths(texts, maker_.model().max_length, maker_.model().passage_prompt));
  counters_.add("passages.rows", texts.size());
  if (stats.tokens > 0) counters_.add("passages.tokens", stats.tokens);
  if (stats.truncated > 0) counters_.add("passages.truncated", stats.truncated);
  if (stats.cut_tokens > 0) counters_.add("passages.cut-tokens", stats.cut_tokens);
  return {};
}

Status Build::encode_questions(std::vector<float>& vectors) {
  const std::size_t dim = maker_.model().dimension;
  std::vector<std::string_view> texts;
  std::vector<std::uint64_t> numbers;
  std::vector<std::uint64_t> positions;
  for (const Pending& pending : batch_)
    for (const auto& question : pending.questions) {
      texts.emplace_back(question.text);
      numbers.push_back(question.number);
      positions.push_back(question.position);
    }
  vectors.resize(texts.size() * dim);
  counters_.add("questions.attached", texts.size());
  if (texts.empty()) return {};
  if (moved_) {
    for (std::size_t i = 0; i < texts.size(); ++i)
      CT_CHECK(moved_->read(positions[i], vectors.data() + i * dim));
    return {};
  }
  CT_TRY(const auto stats, maker_.questions(texts, numbers, vectors.data()));
  if (stats.truncated > 0)
    CT_CHECK(
        check_lengths(texts, maker_.model().question_max_length, maker_.model().question_prompt));
  if (stats.tokens > 0) counters_.add("questions.tokens", stats.tokens);
  if (stats.truncated > 0) counters_.add("questions.truncated", stats.truncated);
  return {};
}

Status Build::write_batch() {
  if (!batch_.empty()) {
    const std::size_t dim = maker_.model().dimension;
    std::vector<float> rows, vectors;
    CT_CHECK(encode_passages(rows));
    CT_CHECK(encode_questions(vectors));
    const float* row = rows.data();
    const float* vector = vectors.data();
    std::vector<index::NewRow> new_rows;
    std::vector<index::NewQuestion> new_questions;
    for (const Pending& pending : batch_) {
      new_rows.clear();
      new_questions.clear();
      for (std::size_t i = 0; i < pending.encoded.size(); ++i, row += dim)
        new_rows.push_back({pending.windows.empty() ? 0 : pending.windows[i].begin,
                            pending.windows.empty() ? 0 : pending.windows[i].end, row});
      for (const auto& q : pending.questions) {
        new_questions.push_back({q.text, q.tag, q.group, q.site, q.source, q.confidence, vector});
        vector += dim;
      }
      index::NewPassage passage;
      passage.id = pending.row.id;
      passage.doc = pending.row.doc;
      passage.site = pending.row.site;
      passage.group = pending.row.group;
      passage.url = pending.row.url;
      passage.tag = pending.row.tag;
      passage.title = pending.row.pair ? pending.row.question : pending.row.title;
      passage.text = pending.text;
      passage.content = pending.content;
      passage.rows = new_rows;
      passage.questions = new_questions;
      auto added = writer_->add(passage);
      if (!added.ok()) return std::move(added).error().at(pending.row.place);
    }
  }
  if (batch_end_ > done_) done_ = batch_end_;
  batch_.clear();
  batch_texts_ = batch_bytes_ = 0;
  if (options_.progress) options_.progress(done_ - first_, end_ - first_);
  return {};
}

Status Build::checkpoint(bool now) {
  const auto time = std::chrono::steady_clock::now();
  if (!now && time - last_checkpoint_ < options_.checkpoint_every) return {};
  last_checkpoint_ = time;
  BuildJournal journal;
  journal.fingerprint = fingerprint_;
  journal.passages = done_;
  journal.counters = counters_.to_lines();
  CT_TRY(journal.writer, writer_->checkpoint());
  return write_journal(journal_path(), journal);
}

Result<index::SegmentRecord> Build::finish(index::Manifest& manifest) {
  CT_TRY(auto record, writer_->finish(centroids_ ? &*centroids_ : nullptr));
  for (const auto& [name, count] : counters_.all()) record.counters[name] = count;
  for (const auto& [name, count] : writer_->questions_by_language())
    manifest.questions_by_language[name] += count;
  for (const auto& [name, count] : writer_->questions_by_source())
    manifest.questions_by_source[name] += count;
  return record;
}

}  // namespace

Result<index::SegmentRecord> SegmentBuild::run(const BuildOptions& options,
                                               const VectorMaker& maker,
                                               const std::filesystem::path& folder,
                                               const Choice& choice, BuildReport& report,
                                               index::Manifest& manifest) {
  Build build(options, maker, folder, choice);
  CT_CHECK(build.prepare(manifest));
  CT_CHECK(build.encode_all());
  CT_TRY(auto record, build.finish(manifest));
  report.counters.merge(build.counters());
  report.passages += record.passages;
  report.rows += record.rows;
  report.questions += record.questions;
  return record;
}

Status SegmentBuild::clean(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::remove_all(folder / "work", error);
  if (!error) std::filesystem::remove(folder / "build.journal", error);
  if (error) return system_error(folder.string(), "remove temporary files", error.value());
  return {};
}

}  // namespace crosstail::retrieve
