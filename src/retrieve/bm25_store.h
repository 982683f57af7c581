#pragma once
/// BM25 files of an index: one for each choice of fields, terms and questions that count, built
/// when first asked for and kept in DIR/bm25 (kept_files.h). Leaving a language out is a file of
/// its own, so document frequencies and lengths are those of an index built without its questions.
/// Group, site and text of a query change few passages: their frequencies and lengths are counted
/// anew, the statistics stay.

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/pool.h"
#include "base/result.h"
#include "index/bm25.h"
#include "index/index_reader.h"
#include "retrieve/kept_files.h"
#include "retrieve/search_setting.h"
#include "text/tokenizer.h"

namespace crosstail::retrieve {

/// The terms of a text: ids or words, as its BM25 file has them.
struct Bm25Document {
  std::vector<std::uint32_t> ids;
  std::vector<std::string> words;
};

class Bm25Store {
 public:
  /// `tokenizer`: of the model; nothing where only words will be asked for. `identity` names it.
  Bm25Store(std::shared_ptr<const index::IndexReader> index,
            std::optional<text::Tokenizer> tokenizer, std::string identity, Pool& pool);

  /// The file for a setting; `filter` says which questions count (its group, site and text are
  /// passed over). Builds it if need be. Not thread-safe.
  Result<std::shared_ptr<const index::Bm25Index>> get(const SearchSetting& setting,
                                                      const index::QuestionFilter& filter);

  /// Thread-safe, as the next.
  Result<Bm25Document> analyse(std::string_view text, bool words) const;
  /// All text of a passage under a filter, as get() indexes it.
  Result<Bm25Document> document(index::PassageNumber passage, const SearchSetting& setting,
                                const index::QuestionFilter& filter) const;

  /// How many files were built, for messages.
  [[nodiscard]] std::size_t built() const { return built_; }

 private:
  Status build(const std::filesystem::path& path, const SearchSetting& setting,
               const index::QuestionFilter& filter);
  Status append(std::string_view text, bool words, Bm25Document& out) const;

  std::shared_ptr<const index::IndexReader> index_;
  std::optional<text::Tokenizer> tokenizer_;
  std::string identity_;
  Pool& pool_;
  KeptFiles kept_;
  std::map<std::string, std::shared_ptr<const index::Bm25Index>> open_;
  std::size_t built_ = 0;
};

/// A passage's text with its title before it, where the index encodes it so (--passage-from); what
/// BM25 indexes and a cross-encoder reads. A title that is also an attached question (the question
/// of a FAQ pair) is left to the questions, unless --passage-from names titles or questions.
Result<std::string> passage_text(const index::IndexReader& index, index::PassageNumber passage);

}  // namespace crosstail::retrieve
