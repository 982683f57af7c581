#include "retrieve/bm25_store.h"

#include "base/interrupt.h"
#include "index/bm25_words.h"
#include "index/fused_rows.h"
#include "retrieve/index_identity.h"

namespace crosstail::retrieve {
namespace {

constexpr std::size_t kPassagesAtOnce = 2048;

/// Everything besides the index that the bytes of a BM25 file depend on, as text.
std::string recipe(const std::string& tokenizer, const SearchSetting& setting,
                   const index::QuestionFilter& filter) {
  std::string out(name_of(setting.fields));
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
      pool_(pool),
      // Files of another version of the format are as those of other contents: made anew.
      kept_(index_->path(), "bm25",
            "v" + std::to_string(index::kBm25Version) + "-" +
                contents_identity(index_->manifest())) {}

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
  const std::string name = kept_.name(recipe(identity_, setting, filter), ".bm25");
  const std::string opened =
      name + "/" + std::to_string(setting.bm25.k1) + "/" + std::to_string(setting.bm25.b);
  if (const auto found = open_.find(opened); found != open_.end()) return found->second;
  auto path = kept_.find(name);
  if (!path) {
    CT_TRY(const Making making, kept_.make());
    if (!kept_.find(name)) {
      CT_CHECK(build(making.part(name), setting, filter));
      CT_CHECK(making.keep(name));
    }
    path = kept_.find(name);
  }
  if (!path) return Error{ErrorCode::Io, name + ": was made and is gone; search again"};
  auto made = index::Bm25Index::open(*path, setting.bm25);
  if (!made.ok()) {
    Error error = std::move(made).error();
    error.message += " (take the file away and it is made again)";
    return error;
  }
  if (made->rows() != index_->passages())
    return Error{ErrorCode::Corrupt, path->string() + ": has " + std::to_string(made->rows()) +
                                         " passages, the index " +
                                         std::to_string(index_->passages()) +
                                         "; take the file away and it is built again"};
  return open_[opened] = std::make_shared<const index::Bm25Index>(std::move(*made));
}

Status Bm25Store::build(const std::filesystem::path& path, const SearchSetting& setting,
                        const index::QuestionFilter& filter) {
  index::QuestionFilter shared = filter;
  shared.without_group = shared.without_site = shared.without_text = 0;
  index::Bm25BuildOptions options;
  options.terms = setting.words ? index::Bm25Terms::Words : index::Bm25Terms::Ids;
  CT_TRY(auto builder, index::Bm25Builder::create(path, options));
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
  return {};
}

}  // namespace crosstail::retrieve
