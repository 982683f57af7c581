#include "model/hub.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

#include "base/file.h"
#include "base/hash.h"
#include "model/http.h"
#include "model/identity.h"
#include "model/json_file.h"
#include "model/locate.h"

namespace crosstail::model {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 10> kConfigurations = {"config.json",
                                                              "modules.json",
                                                              "config_sentence_transformers.json",
                                                              "tokenizer_config.json",
                                                              "tokenizer.json",
                                                              "special_tokens_map.json",
                                                              "vocab.txt",
                                                              "spiece.model",
                                                              "sentence_bert_config.json",
                                                              "sentencepiece.bpe.model"};

std::string hub_of(const PullOptions& options) {
  std::string hub = options.hub;
  if (const char* mirror = std::getenv("CROSSTAIL_HUB"); hub.empty() && mirror != nullptr)
    hub = mirror;
  if (hub.empty()) hub = "https://huggingface.co";
  while (hub.ends_with('/')) hub.pop_back();
  return hub;
}

std::string folder_of(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string::npos ? "" : name.substr(0, slash + 1);
}

bool is_weights(std::string_view base, bool safe) {
  const std::string stem = safe ? "model" : "pytorch_model", end = safe ? ".safetensors" : ".bin";
  if (base == stem + end || base == stem + end + ".index.json") return true;
  // Shards: model-00001-of-00002.safetensors
  return base.starts_with(stem + "-0") && base.ends_with(end) &&
         base.find("-of-") != std::string_view::npos;
}

/// The model's own folder, or that of a module ("1_Pooling").
bool is_module_folder(const std::string& folder) {
  if (folder.empty()) return true;
  return folder.find('/') == folder.size() - 1 && folder[0] >= '0' && folder[0] <= '9' &&
         folder.find('_') != std::string::npos;
}

std::string git_blob(std::string_view bytes) {
  std::string text = "blob " + std::to_string(bytes.size());
  text += '\0';
  text += bytes;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha1(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < length; ++i)
    for (const unsigned nibble : {digest[i] / 16U, digest[i] % 16U})
      hex += "0123456789abcdef"[nibble];
  return hex;
}

/// Whether the bytes are those the hub lists. An error says what differs.
Status check_file(const fs::path& path, const HubFile& file) {
  CT_TRY(const MappedFile mapped, MappedFile::open(path));
  const auto wrong = [&](const std::string& what, const std::string& got, const std::string& want) {
    return Error{ErrorCode::Corrupt, path.string() + ": " + what + " is " + got +
                                         ", the hub says " + want + "; run pull again"};
  };
  if (mapped.size() != file.size)
    return wrong("size", std::to_string(mapped.size()), std::to_string(file.size));
  if (!file.sha256.empty()) {
    const std::string got = sha256_hex(mapped.text());
    if (got != file.sha256) return wrong("SHA-256", got, file.sha256);
  } else if (!file.blob.empty()) {
    const std::string got = git_blob(mapped.text());
    if (got != file.blob) return wrong("git blob", got, file.blob);
  }
  return {};
}

/// File `file` in `folder`, fetched as far as it is not there. True if anything was fetched.
Result<bool> fetch_file(const std::string& url, const HubFile& file, const fs::path& folder,
                        const PullOptions& options) {
  const fs::path path = folder / file.name, part = path.string() + ".part";
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  if (fs::exists(path, ignored) && check_file(path, file).ok()) return false;
  if (file.size > 0 || !fs::exists(part, ignored)) {
    CT_CHECK(download(url, part, file.size, [&](std::uint64_t done) {
      if (options.progress) options.progress(file.name, done, file.size);
    }));
  }
  auto status = check_file(part, file);
  if (!status.ok()) {
    fs::remove(part, ignored);  // what is wrong at the end cannot be continued
    return std::move(status).error();
  }
  CT_CHECK(commit_rename(part, path));
  return true;
}

Status put_in_place(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::remove_all(to, error);
  fs::rename(from, to, error);
  if (error) return Error{ErrorCode::Io, to.string() + ": cannot put in place: " + error.message()};
  return {};
}

}  // namespace

std::vector<HubFile> needed_files(const std::vector<HubFile>& all) {
  std::set<std::string> safe_folders;
  for (const auto& file : all) {
    const std::string folder = folder_of(file.name);
    if (is_weights(std::string_view(file.name).substr(folder.size()), true))
      safe_folders.insert(folder);
  }
  std::vector<HubFile> needed;
  for (const auto& file : all) {
    const std::string folder = folder_of(file.name);
    const std::string_view base = std::string_view(file.name).substr(folder.size());
    if (!is_module_folder(folder)) continue;
    const bool configuration = std::ranges::find(kConfigurations, base) != kConfigurations.end();
    if (configuration || is_weights(base, safe_folders.contains(folder))) needed.push_back(file);
  }
  return needed;
}

Result<std::vector<HubFile>> read_listing(std::string_view json, std::string& commit) {
  CT_TRY(const JsonFile listing, JsonFile::parse(json, "the hub's answer"));
  CT_TRY(commit, listing.text_at("sha", ""));
  CT_TRY(const auto siblings, listing.member("siblings"));
  auto items = siblings.items();
  if (!items.ok()) return items.error().at(listing.name());
  std::vector<HubFile> files;
  for (const auto& item : *items) {
    HubFile file;
    auto name = item.text_at("rfilename");
    if (!name.ok()) return name.error().at(listing.name());
    file.name = *name;
    const fs::path path(file.name);
    if (path.is_absolute() || std::ranges::find(path, "..") != path.end())
      return Error{ErrorCode::Corrupt,
                   listing.name() + ": file name " + file.name + " leads out of the folder"};
    CT_TRY(file.blob, item.text_at("blobId", ""));
    CT_TRY(const auto size, item.member("size"));
    if (!size.is_null() && !size.get(file.size))
      return size.wrong("expected a number").at(listing.name());
    CT_TRY(const auto large, item.member("lfs"));
    if (!large.is_null()) {
      CT_TRY(file.sha256, large.text_at("sha256", ""));
      CT_TRY(const auto bytes, large.member("size"));
      if (!bytes.is_null() && !bytes.get(file.size))
        return bytes.wrong("expected a number").at(listing.name());
    }
    files.push_back(std::move(file));
  }
  return files;
}

Result<PullResult> pull_model(const PullOptions& options) {
  if (!is_model_name(options.name))
    return Error{ErrorCode::InvalidArgument, "'" + options.name +
                                                 "': expected a model's name, as in "
                                                 "intfloat/multilingual-e5-small"};
  if (options.folder.empty() && cache_folder().empty())
    return Error{ErrorCode::InvalidArgument,
                 "no cache folder: set CROSSTAIL_CACHE, or give --output"};
  const std::string hub = hub_of(options);
  CT_TRY(const std::string answer, http_get(hub + "/api/models/" + options.name + "/revision/" +
                                            options.revision + "?blobs=true"));
  std::string commit;
  CT_TRY(const auto listed, read_listing(answer, commit));
  const auto files = needed_files(listed);
  if (files.empty())
    return Error{ErrorCode::NotFound, options.name + ": has no files that a model is loaded from"};
  PullResult result;
  result.folder = options.folder.empty() ? cached_model(options.name) : options.folder;
  const fs::path part = result.folder.string() + ".part";
  std::error_code ignored;
  // Files of an earlier pull are kept where they are still the same.
  if (!fs::exists(part, ignored) && fs::is_directory(result.folder, ignored))
    fs::copy(result.folder, part, fs::copy_options::recursive | fs::copy_options::create_hard_links,
             ignored);
  for (const auto& file : files) {
    const std::string url = hub + "/" + options.name + "/resolve/" +
                            (commit.empty() ? options.revision : commit) + "/" + file.name;
    CT_TRY(const bool fetched, fetch_file(url, file, part, options));
    ++result.files;
    if (!fetched) continue;
    ++result.fetched;
    result.bytes += file.size;
  }
  CT_CHECK(put_in_place(part, result.folder));
  return result;
}

}  // namespace crosstail::model
