#include "model/identity.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

#include "base/file.h"
#include "base/hash.h"
#include "model/layout.h"
#include "model/weights.h"

namespace crosstail::model {
namespace {

namespace fs = std::filesystem;

/// Below this, hashing costs less than asking the cache.
constexpr std::uint64_t kWorthCaching = std::uint64_t{4} << 20;

constexpr std::array<const char*, 10> kConfigurations = {"config.json",
                                                         "modules.json",
                                                         "config_sentence_transformers.json",
                                                         "tokenizer.json",
                                                         "sentence_bert_config.json",
                                                         "tokenizer_config.json",
                                                         "spiece.model",
                                                         "sentencepiece.bpe.model",
                                                         "special_tokens_map.json",
                                                         "vocab.txt"};

void add_if_there(const fs::path& folder, const std::string& name, std::set<std::string>& files) {
  std::error_code ignored;
  if (fs::is_regular_file(folder / name, ignored)) files.insert(name);
}

/// Paths, sizes and times of the files, as text: what the cache is asked with.
std::string stamp(const fs::path& folder, const std::vector<std::string>& files,
                  std::uint64_t& bytes) {
  std::string text = fs::absolute(folder).lexically_normal().string() + "\n";
  for (const auto& file : files) {
    struct stat info {};
    if (::stat((folder / file).c_str(), &info) != 0) continue;
    bytes += static_cast<std::uint64_t>(info.st_size);
    text += file + " " + std::to_string(info.st_size) + " " + std::to_string(info.st_mtim.tv_sec) +
            "." + std::to_string(info.st_mtim.tv_nsec) + " " + std::to_string(info.st_ino) + "\n";
  }
  return text;
}

bool is_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<std::string> compute(const fs::path& folder, const std::vector<std::string>& files) {
  std::string list;
  for (const auto& file : files) {
    CT_TRY(const MappedFile mapped, MappedFile::open(folder / file));
    mapped.advise_sequential();
    list += sha256_hex(mapped.text()) + "  " + file + "\n";
  }
  return sha256_hex(list);
}

}  // namespace

fs::path cache_folder() {
  if (const char* own = std::getenv("CROSSTAIL_CACHE"); own != nullptr && *own != 0) return own;
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && *xdg != 0)
    return fs::path(xdg) / "crosstail";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != 0)
    return fs::path(home) / ".cache" / "crosstail";
  return {};
}

Result<std::vector<std::string>> identity_files(const fs::path& folder) {
  CT_TRY(const ModelDescription description, read_layout(folder));
  std::set<std::string> files;
  const std::string own = description.folder.empty() ? "" : description.folder + "/";
  for (const char* name : kConfigurations) {
    add_if_there(folder, name, files);
    add_if_there(folder, own + name, files);
  }
  CT_TRY(const Weights weights, Weights::open(folder / description.folder));
  for (const auto& file : weights.files()) files.insert(own + file);
  for (const Step& step : description.steps) {
    if (step.kind != Step::Kind::Dense) continue;
    add_if_there(folder, step.folder + "/config.json", files);
    CT_TRY(const Weights dense, Weights::open(folder / step.folder));
    for (const auto& file : dense.files()) files.insert(step.folder + "/" + file);
  }
  // The module's number is part of its folder's usual name, not of the format.
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (entry.path().filename().string().ends_with("_Pooling"))
      add_if_there(folder, entry.path().filename().string() + "/config.json", files);
  return std::vector<std::string>(files.begin(), files.end());
}

Result<std::string> model_identity(const fs::path& folder) {
  CT_TRY(const auto files, identity_files(folder));
  std::uint64_t bytes = 0;
  const std::string key = stamp(folder, files, bytes);
  const fs::path cache = cache_folder();
  fs::path entry;
  if (bytes >= kWorthCaching && !cache.empty()) {
    entry = cache / "identities" / sha256_hex(key);
    auto known = read_file(entry, 4096);
    if (known.ok() && known->size() >= 64 && is_digest(known->substr(0, 64)))
      return known->substr(0, 64);
  }
  CT_TRY(std::string identity, compute(folder, files));
  if (!entry.empty()) {
    std::error_code ignored;
    fs::create_directories(entry.parent_path(), ignored);
    // Without a cache the next run reads the weights again: slower, not wrong.
    [[maybe_unused]] const auto status = write_file_atomic(entry, identity + "\n");
  }
  return identity;
}

}  // namespace crosstail::model
