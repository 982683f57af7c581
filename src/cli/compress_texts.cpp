#include "cli/compress_texts.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/pool.h"
#include "cli/text_input.h"

namespace crosstail::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockTexts = 2048;
constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

std::string without_compression(std::string name) {
  for (const char* end : {".gz", ".zst"})
    if (name.ends_with(end)) name.resize(name.size() - std::string_view(end).size());
  return name;
}

bool is_corpus(const std::string& name) {
  const std::string plain = without_compression(name);
  return plain.ends_with(".jsonl") || plain.ends_with(".csv") || plain.ends_with(".tsv") ||
         plain.ends_with(".txt");
}

struct Item : WorkItem {
  CorpusBlock block;
  std::size_t bytes = 0;
  std::unique_ptr<CorpusResult> result;
};

/// The texts of all files, one after another.
class Reader {
 public:
  Reader(const CorpusOptions& options, std::vector<std::string> files)
      : options_(options), files_(std::move(files)) {}

  Result<std::unique_ptr<WorkItem>> next() {
    auto item = std::make_unique<Item>();
    while (item->block.texts.size() < kBlockTexts && item->bytes < kBlockBytes) {
      if (!input_) {
        if (next_file_ == files_.size()) break;
        CT_CHECK(open(files_[next_file_++]));
      }
      CT_TRY(const bool more, input_->next(row_));
      if (!more) {
        input_.reset();
        continue;
      }
      item->bytes += row_.text[0].size();
      item->block.texts.push_back(std::exchange(row_.text[0], {}));
      if (!options_.language_field.empty())
        item->block.languages.push_back(with_language_ ? std::exchange(row_.text[1], {}) : "");
    }
    if (item->block.texts.empty()) return std::unique_ptr<WorkItem>();
    return std::unique_ptr<WorkItem>(std::move(item));
  }

 private:
  Status open(const std::string& path) {
    CT_TRY(auto fields, parse_fields(options_.text_field, 1));
    with_language_ =
        !options_.language_field.empty() && !without_compression(path).ends_with(".txt");
    if (with_language_) fields.push_back({options_.language_field});
    CT_TRY(auto input, TextInput::open(path, "auto", {}, std::move(fields)));
    input_.emplace(std::move(input));
    return {};
  }

  const CorpusOptions& options_;
  std::vector<std::string> files_;
  std::size_t next_file_ = 0;
  std::optional<TextInput> input_;
  bool with_language_ = false;
  TextRow row_;
};

}  // namespace

Result<std::vector<std::string>> corpus_files(const std::vector<std::string>& inputs) {
  std::vector<std::string> files;
  for (const auto& path : inputs) {
    std::error_code failure;
    if (!fs::is_directory(path, failure)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    for (fs::recursive_directory_iterator at(path, failure), end; !failure && at != end;
         at.increment(failure))
      if (at->is_regular_file() && is_corpus(at->path().filename().string()))
        found.push_back(at->path().string());
    if (found.empty())
      return Error{ErrorCode::NotFound,
                   path + ": no .jsonl, .csv, .tsv or .txt file is in this folder"};
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

Status for_each_block(const CorpusOptions& options,
                      const std::function<std::unique_ptr<CorpusResult>(const CorpusBlock&)>& work,
                      const std::function<void(CorpusResult&)>& take) {
  CT_TRY(auto files, corpus_files(options.inputs));
  Reader reader(options, std::move(files));
  const OrderedStages stages{
      .read = [&] { return reader.next(); },
      .work =
          [&](WorkItem& item) {
            auto& block = dynamic_cast<Item&>(item);
            block.result = work(block.block);
          },
      .write = [&](WorkItem& item) -> Status {
        take(*dynamic_cast<Item&>(item).result);
        return {};
      },
      .weight = [](const WorkItem& item) { return dynamic_cast<const Item&>(item).bytes; }};
  return run_ordered(stages, {.threads = std::max<std::size_t>(options.threads, 1)});
}

}  // namespace crosstail::cli
