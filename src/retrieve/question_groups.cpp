#include "retrieve/question_groups.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "base/hash.h"
#include "base/interrupt.h"
#include "index/centroids.h"
#include "index/field_codec.h"

namespace crosstail::retrieve {
namespace {

struct IdEntry {
  std::uint64_t low, high, number;
};

constexpr std::size_t kSample = 512;

/// Every 2^n-th text, so that a few hundred of any number remain.
class Sampler {
 public:
  void offer(std::string_view text) {
    if (seen_++ % step_ != 0) return;
    texts_.emplace_back(text);
    if (texts_.size() < kSample) return;
    for (std::size_t i = 1; i * 2 < texts_.size(); ++i) texts_[i] = std::move(texts_[i * 2]);
    texts_.resize((texts_.size() + 1) / 2);
    step_ *= 2;
  }
  std::vector<std::string> take() { return std::move(texts_); }

 private:
  std::uint64_t seen_ = 0, step_ = 1;
  std::vector<std::string> texts_;
};

Error interrupted() {
  return {ErrorCode::Interrupted, "interrupted; run the same command with --resume to go on"};
}

/// Text keys of log questions that were asked often enough.
/// Ascending.
Result<std::vector<std::uint64_t>> frequent_texts(const QuestionOptions& options,
                                                  const std::filesystem::path& folder) {
  std::vector<std::uint64_t> kept;
  ExternalSorter sorter(folder, "log-texts", options.memory_bytes);
  CT_TRY(auto reader, QuestionReader::open(options.files));
  QuestionRow row;
  while (true) {
    CT_TRY(const bool more, reader.next(row));
    if (!more) break;
    if (row.source == index::QuestionSource::Log)
      CT_CHECK(sorter.add(index::text_key(row.text), row.count));
  }
  CT_CHECK(sorter.sort());
  SortRecord record;
  std::uint64_t key = 0, count = 0;
  while (true) {
    CT_TRY(const bool more, sorter.next(record));
    if (more && record.key == key) {
      count += record.next;
      continue;
    }
    if (count >= options.min_count) kept.push_back(key);
    if (!more) return kept;
    key = record.key;
    count = record.next;
  }
}

std::string payload_of(const QuestionRow& row) {
  std::string numbers(sizeof row.confidence + 1, '\0');
  numbers[0] = static_cast<char>(row.source);
  std::memcpy(numbers.data() + 1, &row.confidence, sizeof row.confidence);
  return index::join_fields<5>({numbers, row.tag, row.group, row.site, row.text});
}

Result<GroupedQuestion> from_payload(std::string_view bytes, std::uint64_t number) {
  const auto fields = index::split_fields<5>(bytes);
  if (!fields || (*fields)[0].size() != sizeof(float) + 1)
    return Error{ErrorCode::Corrupt, "a sorted question cannot be read back"};
  GroupedQuestion question;
  question.source = static_cast<index::QuestionSource>((*fields)[0][0]);
  std::memcpy(&question.confidence, (*fields)[0].data() + 1, sizeof question.confidence);
  question.tag = (*fields)[1];
  question.group = (*fields)[2];
  question.site = (*fields)[3];
  question.text = (*fields)[4];
  question.number = number;
  return question;
}

}  // namespace

Result<IdTable> IdTable::build(const std::vector<std::string>& corpus,
                               const std::filesystem::path& folder,
                               const std::function<void(const CorpusRow&)>& each) {
  ExternalSorter sorter(folder, "ids");
  CT_TRY(auto reader, CorpusReader::open(corpus));
  CorpusRow row;
  IdTable table;
  while (true) {
    CT_TRY(const bool more, reader.next(row));
    if (!more) break;
    if (each) each(row);
    std::string payload(8, '\0');
    std::memcpy(payload.data(), &table.count_, 8);
    payload += row.place + ": passage \"" + row.id.substr(0, 100) + "\"";
    CT_CHECK(sorter.add(xxh3(row.id), xxh3(row.id, 1), payload));
    ++table.count_;
    if (table.count_ % 4096 == 0 && interrupt_requested()) return interrupted();
  }
  if (table.count_ == 0)
    return Error{ErrorCode::Corrupt,
                 (corpus.empty() ? std::string("corpus") : corpus.front()) +
                     ": no passages; expected JSON lines with `_id` and `text` (or another of the "
                     "formats in docs/index.md)"};
  CT_CHECK(sorter.sort());
  const auto path = folder / "ids.table";
  CT_TRY(auto out, OutputFile::create(path));
  std::string buffer, place;
  SortRecord record;
  IdEntry last{};
  for (bool first = true;; first = false) {
    CT_TRY(const bool more, sorter.next(record));
    if (!more) break;
    IdEntry entry{record.key, record.next, 0};
    std::memcpy(&entry.number, record.payload.data(), 8);
    if (!first && entry.low == last.low && entry.high == last.high)
      return Error{ErrorCode::Corrupt,
                   std::string(record.payload.substr(8)) + " was there before (" + place +
                       "); ids must be different: take one out, or index the files by themselves"};
    last = entry;
    place = record.payload.substr(8);
    place = place.substr(0, place.find(": passage"));
    buffer.append(reinterpret_cast<const char*>(&entry), sizeof entry);
    if (buffer.size() < (std::size_t{1} << 20)) continue;
    CT_CHECK(out.write(buffer));
    buffer.clear();
  }
  CT_CHECK(out.write(buffer));
  CT_CHECK(out.close());
  CT_TRY(table.file_, MappedFile::open(path));
  return table;
}

std::optional<std::uint64_t> IdTable::find(std::string_view id) const {
  const auto* entries = reinterpret_cast<const IdEntry*>(file_.bytes().data());
  const std::uint64_t low = xxh3(id), high = xxh3(id, 1);
  const auto before = [](const IdEntry& a, const IdEntry& b) {
    return a.low != b.low ? a.low < b.low : a.high < b.high;
  };
  // Hashes are spread evenly: guess the place, then widen until it is enclosed.
  const IdEntry wanted{low, high, 0};
  __extension__ using Wide = unsigned __int128;
  const auto guess = static_cast<std::uint64_t>((static_cast<Wide>(low) * count_) >> 64);
  std::uint64_t begin = guess, end = guess, step = 16;
  while (begin > 0 && !before(entries[begin], wanted)) {
    begin -= std::min(begin, step);
    step *= 4;
  }
  step = 16;
  while (end < count_ && before(entries[end], wanted)) {
    end += std::min(count_ - end, step);
    step *= 4;
  }
  const auto* found =
      std::lower_bound(entries + begin, entries + std::min(end + 1, count_), wanted, before);
  if (found == entries + count_ || found->low != low || found->high != high) return std::nullopt;
  return found->number;
}

Result<QuestionGroups> QuestionGroups::build(const QuestionOptions& options, const IdTable& ids,
                                             const std::filesystem::path& folder,
                                             Counters& counters) {
  QuestionGroups groups(ExternalSorter(folder, "questions", options.memory_bytes));
  groups.max_per_language_ = options.max_per_language;
  std::set<std::string> excluded;
  for (const auto& tag : options.exclude_languages) excluded.insert(index::canonical_language(tag));
  std::vector<std::uint64_t> frequent;
  if (options.min_count > 1) {
    CT_TRY(frequent, frequent_texts(options, folder));
  }
  CT_TRY(auto reader, QuestionReader::open(options.files));
  QuestionRow row;
  Sampler sampler;
  std::uint64_t last = 0, read = 0;
  while (true) {
    CT_TRY(const bool more, reader.next(row));
    if (!more) break;
    if (++read % 4096 == 0 && interrupt_requested()) return interrupted();
    const auto passage = ids.find(row.passage_id);
    if (!passage) {
      counters.add("questions.unknown-passage");
      continue;
    }
    if (*passage < options.first_passage || *passage >= options.end_passage) continue;
    if (static_cast<double>(row.confidence) < options.min_confidence) {
      counters.add("questions.dropped.min-confidence");
      continue;
    }
    if (!excluded.empty() && excluded.contains(index::canonical_language(row.tag))) {
      counters.add("questions.dropped.exclude-language");
      continue;
    }
    if (options.min_count > 1 && row.source == index::QuestionSource::Log &&
        !std::binary_search(frequent.begin(), frequent.end(), index::text_key(row.text))) {
      counters.add("questions.dropped.min-count");
      continue;
    }
    if (*passage < last) groups.in_order_ = false;
    last = *passage;
    sampler.offer(row.text);
    ++groups.kept_;
    CT_CHECK(groups.sorter_.add(*passage, row.number, payload_of(row)));
  }
  counters.add("questions.read", read);
  CT_CHECK(groups.sorter_.sort());
  groups.sample_ = sampler.take();
  return groups;
}

Status QuestionGroups::rewind() {
  has_record_ = false;
  position_ = 0;
  return sorter_.sort();
}

Status QuestionGroups::for_each_place(
    const std::function<Status(std::uint64_t, std::uint64_t)>& visit) {
  SortRecord record;
  for (std::uint64_t position = 0;; ++position) {
    CT_TRY(const bool more, sorter_.next(record));
    if (!more) return {};
    CT_CHECK(visit(record.next, position));
  }
}

Status QuestionGroups::of(std::uint64_t passage, std::vector<GroupedQuestion>& out) {
  out.clear();
  std::vector<std::pair<std::string, std::uint64_t>> seen;
  while (true) {
    if (!has_record_) {
      CT_TRY(has_record_, sorter_.next(record_));
      if (!has_record_) return {};
    }
    if (record_.key > passage) return {};
    has_record_ = false;
    const std::uint64_t position = position_++;
    if (record_.key < passage) continue;
    CT_TRY(auto question, from_payload(record_.payload, record_.next));
    question.position = position;
    if (max_per_language_ > 0) {
      const std::string kind =
          index::canonical_language(question.tag) + std::string(name_of(question.source));
      auto known = std::find_if(seen.begin(), seen.end(),
                                [&](const auto& entry) { return entry.first == kind; });
      if (known == seen.end()) known = seen.insert(seen.end(), {kind, 0});
      if (++known->second > max_per_language_) continue;
    }
    out.push_back(std::move(question));
  }
}

}  // namespace crosstail::retrieve
