#include "curate/outputs.h"

#include <algorithm>

#include "base/hash.h"
#include "base/json_writer.h"
#include "text/language_tag.h"

namespace crosstail::curate {
namespace {

constexpr std::size_t kPendingBytes = std::size_t{64} << 10;
constexpr std::size_t kDroppedAnswerBytes = 200;
constexpr std::size_t kIdMemberBytes = 26;  ///< {"_id":" and 17 digits and "

}  // namespace

std::string answer_passage_id(std::string_view answer) {
  constexpr char digits[] = "0123456789abcdef";
  std::uint64_t hash = xxh3(answer, 6);
  std::string id(17, 'a');
  for (std::size_t i = 16; i > 0; --i, hash >>= 4U) id[i] = digits[hash & 15U];
  return id;
}

namespace {

/// Our own record, without the closing brace: the split is added later.
void append_own(const data::FaqRow& row, QuestionType type, std::string& bytes) {
  data::append_json_line(bytes, row.record);
  bytes.resize(bytes.size() - 2);  // "}\n"
  const auto member = [&](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    bytes += ",\"";
    bytes += key;
    bytes += "\":";
    append_json_string(bytes, value);
  };
  member("license", row.license);
  member("group", row.group);
  bytes += ",\"question_type\":";
  append_json_string(bytes, name_of(type));
}

void append_webfaq(const data::FaqRow& row, QuestionType type, std::string& bytes) {
  JsonWriter json(bytes);
  const auto& r = row.record;
  json.begin_object().member("id", r.id).member("origin", r.origin).member("url", r.url);
  json.member("question", r.question).member("answer", r.answer);
  json.key("semantic_similarity_score").null();
  json.member("question_type", name_of(type)).end_object();
  bytes += '\n';
}

void append_tevatron(const data::FaqRow& row, std::string& bytes) {
  JsonWriter json(bytes);
  const auto& r = row.record;
  json.begin_object().member("query_id", r.id).member("query", r.question);
  json.key("positive_passages").begin_array().begin_object();
  json.member("docid", answer_passage_id(r.answer))
      .member("title", r.title)
      .member("text", r.answer);
  json.end_object().end_array().key("negative_passages").begin_array().end_array().end_object();
  bytes += '\n';
}

}  // namespace

void append_segments(const data::FaqRow& row, QuestionType type, Format format, std::string& bytes,
                     std::array<std::uint32_t, 4>& lengths) {
  std::size_t begin = bytes.size();
  const auto end_segment = [&](std::size_t i) {
    lengths[i] = static_cast<std::uint32_t>(bytes.size() - begin);
    begin = bytes.size();
  };
  const auto& r = row.record;
  switch (format) {
    case Format::Jsonl:
      append_own(row, type, bytes);
      break;
    case Format::WebFaq:
      append_webfaq(row, type, bytes);
      break;
    case Format::Tevatron:
      append_tevatron(row, bytes);
      break;
    case Format::SentenceTransformers:
      JsonWriter(bytes)
          .begin_object()
          .member("anchor", r.question)
          .member("positive", r.answer)
          .end_object();
      bytes += '\n';
      break;
    case Format::Beir: {
      const std::string passage = answer_passage_id(r.answer);
      JsonWriter(bytes)
          .begin_object()
          .member("_id", passage)
          .member("title", r.title)
          .member("text", r.answer)
          .member("lang", text::short_language_code(r.language))
          .end_object();
      bytes += '\n';
      end_segment(0);
      JsonWriter(bytes)
          .begin_object()
          .member("_id", r.id)
          .member("text", r.question)
          .member("lang", text::short_language_code(r.language))
          .end_object();
      bytes += '\n';
      end_segment(1);
      bytes += r.id + "\t" + passage + "\t1\n";
      end_segment(2);
      return;
    }
  }
  end_segment(0);
}

void append_dropped_fields(const data::FaqRow& row, std::string& bytes) {
  const auto member = [&](std::string_view key, std::string_view value) {
    bytes += ",\"";
    bytes += key;
    bytes += "\":";
    append_json_string(bytes, value);
  };
  member("id", row.record.id);
  member("url", row.record.url);
  member("question", row.record.question);
  std::string_view answer = row.record.answer;
  if (answer.size() > kDroppedAnswerBytes) {
    answer = answer.substr(0, kDroppedAnswerBytes);
    while (!answer.empty() &&
           (static_cast<unsigned char>(row.record.answer[answer.size()]) & 0xC0U) == 0x80U)
      answer.remove_suffix(1);
  }
  member("answer", answer);
}

Status Outputs::write(const std::string& relative, std::string_view a, std::string_view b) {
  auto found = sinks_.find(relative);
  if (found == sinks_.end()) {
    const auto path = folder_ / relative;
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) return system_error(path.parent_path().string(), "make the folder", error.value());
    Sink sink;
    CT_TRY(sink.file, OutputFile::create(path));
    found = sinks_.emplace(relative, std::move(sink)).first;
    if (format_ == Format::Beir && relative.ends_with(".tsv"))
      found->second.pending = "query-id\tcorpus-id\tscore\n";
  }
  Sink& sink = found->second;
  sink.pending += a;
  sink.pending += b;
  if (sink.pending.size() < kPendingBytes) return {};
  CT_CHECK(sink.file.write(sink.pending));
  sink.pending.clear();
  return {};
}

Status Outputs::add(const std::string& language, Split split, std::string_view segments,
                    const std::array<std::uint32_t, 4>& lengths) {
  const std::string side(name_of(split));
  const auto first = segments.substr(0, lengths[0]);
  if (format_ == Format::Jsonl)
    return write(language + ".jsonl", first, ",\"split\":\"" + side + "\"}\n");
  if (format_ != Format::Beir) return write(language + "/" + side + ".jsonl", first);
  bool is_new = false;
  // The first member is the id: {"_id":"a0123456789abcdef".
  passages_.find_or_add(xxh3(language + std::string(first.substr(0, kIdMemberBytes))), &is_new);
  if (is_new) CT_CHECK(write(language + "/corpus.jsonl", first));
  CT_CHECK(write(language + "/queries.jsonl", segments.substr(lengths[0], lengths[1])));
  return write(language + "/qrels/" + side + ".tsv",
               segments.substr(lengths[0] + lengths[1], lengths[2]));
}

Status Outputs::finish() {
  for (auto& [name, sink] : sinks_) {
    CT_CHECK(sink.file.write(sink.pending));
    CT_CHECK(sink.file.sync());
    CT_CHECK(sink.file.close());
  }
  sinks_.clear();
  return {};
}

}  // namespace crosstail::curate
