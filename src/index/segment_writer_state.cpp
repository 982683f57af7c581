/// The files of a passage, one after the other, and the inverted lists made of them.

#include "index/segment_writer_state.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/hash.h"
#include "index/field_codec.h"
#include "index/fusion_kernels.h"
#include "text/language_tag.h"

namespace crosstail::index {
namespace {

using F = SegmentFiles;

}  // namespace

void SegmentWriter::State::restore_tag(const std::string& tag) {
  const std::string code = canonical_language(tag);
  const auto known = std::find(tag_codes.begin(), tag_codes.end(), code);
  tag_languages.push_back(static_cast<std::uint16_t>(known - tag_codes.begin()));
  tag_codes.push_back(code);
  tags.push_back(tag);
  if (options.keep != KeepParts::None || options.fusion.center == Centering::None ||
      options.centroids == nullptr)
    return;
  fusing_centroids.push_back(share_of(options.fusion.center == Centering::Global
                                          ? options.centroids->global()
                                          : options.centroids->language(tag, options.fusion.shrink),
                                      options.fusion.strength));
}

std::uint16_t SegmentWriter::State::number_of_tag(std::string_view tag) {
  if (tag.empty()) return kNoLanguage;
  const auto known = std::find(tags.begin(), tags.end(), tag);
  if (known != tags.end()) return static_cast<std::uint16_t>(known - tags.begin());
  if (tags.size() + 1 >= kNoLanguage) return kNoLanguage;
  restore_tag(std::string(tag));
  return static_cast<std::uint16_t>(tags.size() - 1);
}

/// The bytes that are stored; `widened` is what they mean.
const std::string& SegmentWriter::State::store_vector(const float* vector) {
  narrow_bytes.resize(options.dimension * size_of(options.type));
  widened.resize(options.dimension);
  auto* bytes = reinterpret_cast<std::byte*>(narrow_bytes.data());
  narrow(vector, options.type, options.dimension, bytes);
  widen(bytes, options.type, options.dimension, widened.data());
  return narrow_bytes;
}

LanguageSum& SegmentWriter::State::sum_for(QuestionSource source, std::uint16_t tag) {
  const std::uint16_t language = tag == kNoLanguage ? kNoLanguage : tag_languages[tag];
  for (std::size_t i = 0; i < sums_used; ++i)
    if (sums[i].source == source && sums[i].language == language) return sums[i];
  if (sums_used == sums.size()) sums.emplace_back();
  LanguageSum& sum = sums[sums_used++];
  sum.source = source;
  sum.tag = tag;
  sum.language = language;
  sum.count = 0;
  sum.sum.assign(options.dimension, 0.0F);
  return sum;
}

Status SegmentWriter::State::add_questions(const NewPassage& passage) {
  sums_used = 0;
  const auto own_site = site_key(passage.site);
  for (const NewQuestion& question : passage.questions) {
    QuestionRecord record{};
    if (question.keys != nullptr) {
      record.text = question.keys->text;
      record.group = question.keys->group;
      record.site = question.keys->site;
    } else {
      record.text = text_key(question.text);
      record.group = group_key(question.group);
      record.site = question.site.empty() ? own_site : site_key(question.site);
    }
    record.passage = static_cast<std::uint32_t>(passage_count);
    record.confidence = question.confidence;
    record.language = number_of_tag(question.tag);
    record.source = question.source;
    CT_CHECK(questions.append_records(std::span<const QuestionRecord>(&record, 1)));
    if (options.texts)
      CT_CHECK(
          question_texts.append(join_fields<3>({question.group, question.site, question.text})));
    ++by_language[record.language == kNoLanguage ? "und" : tag_codes[record.language]];
    ++by_source[std::string(name_of(question.source))];
    if (question.vector == nullptr) continue;
    LanguageSum& sum = sum_for(question.source, record.language);
    if (options.keep == KeepParts::Question) {
      CT_CHECK(question_vectors.append(store_vector(question.vector)));
      add_scaled(widened.data(), 1, options.dimension, sum.sum.data());
    } else {
      add_widened(reinterpret_cast<const std::byte*>(question.vector), VectorType::F32,
                  options.dimension, sum.sum.data());
    }
    if (++sum.count > 1) parts_are_questions = false;
  }
  question_count += passage.questions.size();
  return {};
}

/// Writes parts; by language, the sums become what is stored of them.
Status SegmentWriter::State::add_parts(const NewPassage& passage) {
  const bool by_language_too = options.keep == KeepParts::Language;
  for (std::size_t i = 0; i < sums_used; ++i) {
    LanguageSum& sum = sums[i];
    PartRecord record{static_cast<std::uint32_t>(passage_count), sum.count, sum.tag, sum.source, 0};
    if (!by_language_too) {
      // One part a source, at its first language; it is added up from the languages' sums.
      const auto first = std::find_if(sums.begin(), sums.end(), [&](const LanguageSum& other) {
        return other.source == sum.source;
      });
      if (&*first != &sum) continue;
      record.language = kNoLanguage;
      fused = sum.sum;
      for (std::size_t j = i + 1; j < sums_used; ++j) {
        if (sums[j].source != sum.source) continue;
        record.count += sums[j].count;
        add_scaled(sums[j].sum.data(), 1, options.dimension, fused.data());
      }
      CT_CHECK(part_vectors.append(store_vector(fused.data())));
    } else {
      CT_CHECK(part_vectors.append(store_vector(sum.sum.data())));
      sum.sum = widened;
    }
    CT_CHECK(parts.append_records(std::span<const PartRecord>(&record, 1)));
    ++part_count;
  }
  (void)passage;
  return {};
}

Status SegmentWriter::State::add_centroids(const NewPassage& passage) {
  for (std::size_t i = 0; i < sums_used; ++i) {
    const LanguageSum& sum = sums[i];
    const std::string_view code =
        sum.tag == kNoLanguage ? std::string_view("und") : std::string_view(tag_codes[sum.tag]);
    auto added = centroids.add(code, sum.sum.data(), sum.count);
    if (!added.ok())
      return std::move(added).error().at("passage \"" + std::string(passage.id) + "\"");
  }
  return {};
}

/// With KeepParts::None the vectors hold the fusion.
void SegmentWriter::State::fuse_rows(const NewPassage& passage,
                                     std::vector<std::vector<float>>& rows) {
  std::vector<FusionPart> fusion_parts;
  for (std::size_t i = 0; i < sums_used; ++i)
    fusion_parts.push_back(
        {sums[i].sum.data(), sums[i].count, sums[i].source, sums[i].language,
         sums[i].tag < fusing_centroids.size() ? fusing_centroids[sums[i].tag].data() : nullptr});
  for (const NewRow& row : passage.rows) {
    rows.emplace_back(options.dimension);
    fuse(row.vector, fusion_parts, options.dimension, options.fusion, rows.back().data());
  }
}

Status SegmentWriter::State::add_vectors(const NewPassage& passage, bool fuse_them) {
  std::vector<std::vector<float>> rows;
  if (fuse_them) fuse_rows(passage, rows);
  for (std::size_t i = 0; i < passage.rows.size(); ++i) {
    const NewRow& row = passage.rows[i];
    CT_CHECK(vectors.append(store_vector(rows.empty() ? row.vector : rows[i].data())));
    if (!options.windows) continue;
    const WindowRecord window{static_cast<std::uint32_t>(passage_count), row.begin, row.end};
    CT_CHECK(windows.append_records(std::span<const WindowRecord>(&window, 1)));
  }
  return {};
}

/// How many parts add_parts() writes.
std::uint64_t SegmentWriter::State::parts_of_sums() const {
  if (options.keep == KeepParts::Language) return sums_used;
  if (options.keep != KeepParts::Total) return 0;
  std::array<bool, kSources> there{};
  for (std::size_t i = 0; i < sums_used; ++i)
    there[static_cast<std::size_t>(sums[i].source)] = true;
  return static_cast<std::uint64_t>(std::count(there.begin(), there.end(), true));
}

Status SegmentWriter::State::check_room(const NewPassage& passage) const {
  if (passage_count >= UINT32_MAX || row_count + passage.rows.size() >= UINT32_MAX)
    return Error{ErrorCode::Limit,
                 "an index holds at most 4,294,967,294 passages; build several with --shard i/n"};
  return {};
}

Status SegmentWriter::State::write_passage(const NewPassage& passage, std::uint64_t own_parts) {
  PassageRecord record{};
  record.id_low = xxh3(passage.id);
  record.id_high = xxh3(passage.id, 1);
  record.content = passage.content;
  record.questions_content = passage.questions_content != 0 ? passage.questions_content
                                                            : questions_content(passage.questions);
  record.doc = group_key(passage.doc.empty() ? passage.id : passage.doc);
  record.site = site_key(passage.site);
  record.group = group_key(passage.group);
  record.first_question = question_count - passage.questions.size();
  record.first_row = row_count;
  record.questions = static_cast<std::uint32_t>(passage.questions.size());
  record.rows = static_cast<std::uint32_t>(passage.rows.size());
  record.language = number_of_tag(passage.tag);
  record.parts = static_cast<std::uint32_t>(own_parts);
  record.first_part = part_count - own_parts;
  CT_CHECK(passages.append_records(std::span<const PassageRecord>(&record, 1)));
  CT_CHECK(fields.append(
      join_fields<5>({passage.id, passage.doc, passage.site, passage.group, passage.url})));
  if (options.texts) CT_CHECK(texts.append(join_fields<2>({passage.title, passage.text})));
  row_count += passage.rows.size();
  ++passage_count;
  return {};
}

Status SegmentWriter::State::write_list(std::string_view name, ExternalSorter& sorter) {
  CT_CHECK(sorter.sort());
  CT_TRY(auto file, BlockFileWriter::create(dir / name, records_of("LIST", sizeof(ListEntry))));
  SortRecord record;
  std::optional<ListEntry> last;
  while (true) {
    CT_TRY(const bool more, sorter.next(record));
    if (!more) break;
    const ListEntry entry{record.key, record.next};
    if (last == entry) continue;
    last = entry;
    CT_CHECK(file.append_records(std::span<const ListEntry>(&entry, 1)));
  }
  return file.finish();
}

Status SegmentWriter::State::write_lists() {
  constexpr std::size_t kMemory = std::size_t{128} << 20;
  {
    CT_TRY(const auto file, BlockFile::open(dir / F::kPassages, "PREC"));
    ExternalSorter ids(dir, "ids", kMemory);
    for (std::uint64_t p = 0; p < passage_count; ++p) {
      const auto* passage = file.record<PassageRecord>(p);
      if (passage == nullptr) return file.health();
      CT_CHECK(ids.add(std::max<std::uint64_t>(passage->id_low, 1), p));
    }
    CT_CHECK(write_list(F::kIds, ids));
  }
  CT_TRY(const auto file, BlockFile::open(dir / F::kQuestions, "QREC"));
  const auto list = [&](std::string_view name, std::uint64_t QuestionRecord::*key) -> Status {
    ExternalSorter sorter(dir, std::string(name), kMemory);
    for (std::uint64_t q = 0; q < question_count; ++q) {
      const auto* question = file.record<QuestionRecord>(q);
      if (question == nullptr) return file.health();
      if (question->*key != 0) CT_CHECK(sorter.add(question->*key, question->passage));
    }
    if (sorter.size() == 0) return {};
    return write_list(name, sorter);
  };
  CT_CHECK(list(F::kGroups, &QuestionRecord::group));
  CT_CHECK(list(F::kSites, &QuestionRecord::site));
  return list(F::kTextKeys, &QuestionRecord::text);
}

}  // namespace crosstail::index
