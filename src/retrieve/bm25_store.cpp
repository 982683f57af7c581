#include "retrieve/bm25_store.h"

#include <unistd.h>

#include <array>
#include <cstdio>

#include "base/hash.h"
#include "base/interrupt.h"
#include "index/bm25_words.h"
#include "index/fused_rows.h"

namespace crosstail::retrieve {
namespace {

constexpr std::size_t kPassagesAtOnce = 2048;

std::string hex(std::uint64_t number) {
  std::array<char, 17> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%016llx", static_cast<unsigned long long>(number));
  return buffer.data();
}

/// Everything the bytes of a BM25 file depend on, as text.
std::string recipe(const index::Manifest& manifest, const std::string& tokenizer,
                   const SearchSetting& setting, const index::QuestionFilter& filter) {
  std::string out = contents_identity(manifest);
  out += '|';
  out += name_of(setting.fields);
  out += setting.words ? "|words" : "|ids:" + tokenizer;
  if (setting.fields == Bm25Fields::Passages) return out;
  out += "|without:" + (filter.without_language.empty()
                            ? std::string()
                            : index::canonical_language(filter.without_language));
  for (const auto& language : filter.languages) out += "|" + index::canonical_language(language);
  out += "|sources:" + std::to_string(filter.sources) +
         "|confidence:" + std::to_string(filter.min_confidence) +
         "|max:" + std::to_string(filter.max_per_language);
  return out;
}

}  // namespace

std::string contents_identity(const index::Manifest& manifest) {
  std::string all = manifest.passage_from;
  for (const auto& segment : manifest.segments) {
    all += "|" + segment.folder + "|" + segment.deleted + "|" +
           std::to_string(segment.deleted_passages);
    for (const auto& file : segment.files)
      all += "|" + file.name + ":" + std::to_string(file.bytes) + ":" + hex(file.checksum);
  }
  return hex(xxh3(all)) + hex(xxh3(all, 1));
}

Result<std::string> passage_text(const index::IndexReader& index, index::PassageNumber passage) {
  CT_TRY(auto stored, index.text(passage));
  const std::string& from = index.manifest().passage_from;
  bool titled = !stored.title.empty() && from != "text" && from != "answer";
  if (titled && from != "title+text" && from != "question+answer") {
    const auto key = index::text_key(stored.title);
    const auto questions = index.questions_of(passage);
    for (auto q = questions.begin; titled && q < questions.end; ++q)
      titled = index.question(q).text != key;
  }
  return titled ? stored.title + " " + stored.text : std::move(stored.text);
}

Bm25Store::Bm25Store(std::shared_ptr<const index::IndexReader> index,
                     std::optional<text::Tokenizer> tokenizer, std::string identity, Pool& pool)
    : index_(std::move(index)),
      tokenizer_(std::move(tokenizer)),
      identity_(std::move(identity)),
      pool_(pool) {}

Status Bm25Store::append(std::string_view text, bool words, Bm25Document& out) const {
  if (words) {
    std::vector<std::string> found;
    index::bm25_words(text, found);
    out.words.insert(out.words.end(), std::make_move_iterator(found.begin()),
                     std::make_move_iterator(found.end()));
    return {};
  }
  if (!tokenizer_)
    return Error{
        ErrorCode::InvalidArgument,
        "BM25 over subwords needs the model's tokenizer: give --model, or take --bm25-terms "
        "words"};
  thread_local text::TokenizerScratch scratch;
  thread_local text::Encoding encoding;
  text::EncodeOptions plain;
  plain.add_special = false;
  tokenizer_->encode(text, plain, scratch, encoding);
  out.ids.insert(out.ids.end(), encoding.ids.begin(), encoding.ids.end());
  return {};
}

Result<Bm25Document> Bm25Store::analyse(std::string_view text, bool words) const {
  Bm25Document out;
  CT_CHECK(append(text, words, out));
  return out;
}

Result<Bm25Document> Bm25Store::document(index::PassageNumber passage, const SearchSetting& setting,
                                         const index::QuestionFilter& filter) const {
  Bm25Document out;
  if (index_->deleted(passage)) return out;
  if (setting.fields != Bm25Fields::Questions) {
    CT_TRY(const auto text, passage_text(*index_, passage));
    CT_CHECK(append(text, setting.words, out));
  }
  if (setting.fields != Bm25Fields::Passages) {
    std::vector<index::QuestionNumber> questions;
    index::QuestionChoice(*index_, filter).of_passage(passage, questions);
    for (const auto question : questions) {
      CT_TRY(const auto text, index_->question_text(question));
      CT_CHECK(append(text, setting.words, out));
    }
  }
  return out;
}

Result<std::shared_ptr<const index::Bm25Index>> Bm25Store::get(
    const SearchSetting& setting, const index::QuestionFilter& filter) {
  const std::string label = recipe(index_->manifest(), identity_, setting, filter);
  const std::string key = hex(xxh3(label));
  const std::string kept =
      key + "/" + std::to_string(setting.bm25.k1) + "/" + std::to_string(setting.bm25.b);
  if (const auto found = open_.find(kept); found != open_.end()) return found->second;
  const std::string name = "bm25-" + key + hex(xxh3(label, 1));
  std::filesystem::path path = index_->path() / "bm25" / name;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    std::filesystem::create_directory(index_->path() / "bm25", ignored);
    if (::access((index_->path() / "bm25").c_str(), W_OK) != 0)
      path = std::filesystem::temp_directory_path() / ("crosstail-" + name);
  }
  auto opened = index::Bm25Index::open(path, setting.bm25);
  if (!opened.ok() || opened->label() != key) {
    CT_CHECK(build(path, key, setting, filter));
    opened = index::Bm25Index::open(path, setting.bm25);
  }
  CT_TRY(auto made, std::move(opened));
  if (made.rows() != index_->passages())
    return Error{ErrorCode::Corrupt, path.string() + ": has " + std::to_string(made.rows()) +
                                         " passages, the index " +
                                         std::to_string(index_->passages()) +
                                         "; take the file away and it is built again"};
  return open_[kept] = std::make_shared<const index::Bm25Index>(std::move(made));
}

Status Bm25Store::build(const std::filesystem::path& path, const std::string& label,
                        const SearchSetting& setting, const index::QuestionFilter& filter) {
  index::QuestionFilter shared = filter;
  shared.without_group = shared.without_site = shared.without_text = 0;
  // Of its own name, so that processes that build the same file do not meet.
  const std::filesystem::path made = path.string() + "." + std::to_string(::getpid());
  index::Bm25BuildOptions options;
  options.terms = setting.words ? index::Bm25Terms::Words : index::Bm25Terms::Ids;
  options.label = label;
  CT_TRY(auto builder, index::Bm25Builder::create(made, options));
  std::vector<std::optional<Result<Bm25Document>>> documents(kPassagesAtOnce);
  for (std::uint64_t begin = 0; begin < index_->passages(); begin += kPassagesAtOnce) {
    if (interrupt_requested()) return Error{ErrorCode::Interrupted, "interrupted"};
    const std::size_t count = std::min<std::size_t>(kPassagesAtOnce, index_->passages() - begin);
    pool_.parallel_for(count, [&](std::size_t i) {
      documents[i] = document(static_cast<index::PassageNumber>(begin + i), setting, shared);
    });
    for (std::size_t i = 0; i < count; ++i) {
      CT_TRY(const auto document, std::move(*documents[i]));
      CT_CHECK(setting.words ? builder.add(std::span<const std::string>(document.words))
                             : builder.add(std::span<const std::uint32_t>(document.ids)));
    }
  }
  CT_CHECK(builder.finish());
  ++built_;
  return commit_rename(made, path);
}

}  // namespace crosstail::retrieve
