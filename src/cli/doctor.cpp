#include "cli/doctor.h"

#include <brotli/decode.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <libdeflate.h>
#include <libpsl.h>
#include <openssl/crypto.h>
#include <simdjson.h>
#include <sys/statvfs.h>
#include <unicode/uchar.h>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/pool.h"
#include "model/identity.h"
#include "model/locate.h"
#include "nn/isa.h"

namespace crosstail::cli {
namespace {

namespace fs = std::filesystem;

constexpr double kGiB = 1024.0 * 1024 * 1024;

std::string gib(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GiB", bytes / kGiB);
  return text;
}

/// The value of "KEY<blanks>: VALUE" or "KEY: VALUE kB" in a file of /proc; empty if it is not
/// there.
std::string proc_value(const char* file, std::string_view key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.compare(0, key.size(), key) != 0) continue;
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const auto start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "";
}

double proc_bytes(std::string_view key) {
  return std::strtod(proc_value("/proc/meminfo", key).c_str(), nullptr) * 1024;
}

/// The limit of the control group (containers), or 0 where there is none.
double group_memory_limit() {
  std::ifstream in("/sys/fs/cgroup/memory.max");
  std::string text;
  if (!(in >> text) || text == "max") return 0;
  return std::strtod(text.c_str(), nullptr);
}

/// Those of the processor's features that any kernel asks for.
std::string known_features() {
  std::istringstream flags(proc_value("/proc/cpuinfo", "flags"));
  std::string out;
  for (std::string flag; flags >> flag;)
    for (const char* known : {"sse4_2", "avx2", "fma", "avx512f", "avx512bw", "avx512vl",
                              "avx512_vnni", "avx512_bf16", "amx_tile", "amx_int8", "amx_bf16"})
      if (flag == known) out += (out.empty() ? "" : " ") + flag;
  return out;
}

void processor(std::vector<Finding>& out) {
  const std::string model = proc_value("/proc/cpuinfo", "model name");
  out.push_back({"processor", "model", model.empty() ? "not known" : model, ""});
  out.push_back({"processor", "threads", std::to_string(available_threads()), ""});
  if (const std::string features = known_features(); !features.empty())
    out.push_back({"processor", "features that matter", features, ""});
  const nn::Isa best = nn::best_isa(), used = nn::default_isa();
  out.push_back({"processor", "instructions", std::string(nn::name_of(best)),
                 best == nn::Isa::Portable
                     ? "without AVX2 encoding is many times slower; another machine would help"
                     : ""});
  if (used != best)
    out.push_back({"processor", "instructions used", std::string(nn::name_of(used)),
                   "CROSSTAIL_ISA holds the program back; unset it"});
  const char* precision = best >= nn::Isa::Avx512Bf16 ? "bf16" : "f32";
  out.push_back({"processor", "precision that `auto` uses", precision, ""});
}

void memory(std::vector<Finding>& out) {
  const double total = proc_bytes("MemTotal"), free = proc_bytes("MemAvailable");
  const double limit = group_memory_limit();
  out.push_back({"memory", "total", gib(total), ""});
  out.push_back({"memory", "available", gib(free),
                 free < 1 * kGiB ? "large models and indexes want more; stop other programs" : ""});
  if (limit > 0 && limit < total)
    out.push_back({"memory", "limit of this container", gib(limit),
                   limit < 1 * kGiB ? "raise it to a GiB or more" : ""});
}

void disk(std::vector<Finding>& out, const char* name, const fs::path& path) {
  struct ::statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) return;
  const double free = static_cast<double>(info.f_bavail) * static_cast<double>(info.f_frsize);
  out.push_back({"disk", name, gib(free) + " free in " + path.string(),
                 free < 2 * kGiB ? "an index of a million passages takes about 2 GiB" : ""});
}

std::string simdjson_version() {
  return std::to_string(simdjson::SIMDJSON_VERSION_MAJOR) + "." +
         std::to_string(simdjson::SIMDJSON_VERSION_MINOR) + "." +
         std::to_string(simdjson::SIMDJSON_VERSION_REVISION);
}

/// Of a file, or of all files of a folder.
double size_of(const fs::path& path) {
  std::error_code failure;
  if (fs::is_regular_file(path, failure)) return static_cast<double>(fs::file_size(path, failure));
  double total = 0;
  for (fs::recursive_directory_iterator at(path, failure), end; !failure && at != end;
       at.increment(failure))
    if (std::error_code gone; at->is_regular_file(gone))
      total += static_cast<double>(at->file_size(gone));
  return total;
}

std::string megabytes(const fs::path& path) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MB", size_of(path) / 1e6);
  return text;
}

void models(std::vector<Finding>& out) {
  const auto list = [&](const char* kind, const std::vector<model::FoundModel>& found) {
    for (const auto& one : found) {
      std::string value = megabytes(one.path);
      value.append(" in ").append(one.path.string());
      out.push_back({"models", one.name + ", " + kind, std::move(value), ""});
    }
  };
  const auto bundled = model::bundled_models();
  list("bundled", bundled);
  if (model::bundled_model(model::kBundledModel).empty()) {
    std::string places;
    for (const auto& folder : model::bundled_folders())
      places += (places.empty() ? "" : ", ") + folder.string();
    out.push_back({"models", "bundled", "none in " + places,
                   "every verb that encodes needs --model; `crosstail model pull NAME` fetches one "
                   "into the cache"});
  }
  const auto cached = model::cached_models();
  list("cached", cached);
  if (cached.empty())
    out.push_back({"models", "cached",
                   model::cache_folder().empty()
                       ? "no cache: neither HOME nor CROSSTAIL_CACHE is set"
                       : "none in " + (model::cache_folder() / "models").string(),
                   ""});
  if (const char* given = std::getenv("CROSSTAIL_MODEL"); given != nullptr && *given != '\0') {
    const auto found = model::locate_model(given);
    out.push_back({"models", "CROSSTAIL_MODEL",
                   found.ok() ? megabytes(*found) + " in " + found->string() : given,
                   found.ok() ? "" : found.error().message});
  }
}

/// `train` alone computes with it, so it is asked where it is, and not linked here.
std::string onednn_version() {
  struct Version {
    int major, minor, patch;
  };
  using Ask = const Version* (*)();
  void* const library = ::dlopen("libdnnl.so.2", RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) return "not here (only `train` needs it)";
  const auto ask = reinterpret_cast<Ask>(::dlsym(library, "dnnl_version"));
  if (ask == nullptr) return "not known";
  const Version* const v = ask();
  return std::to_string(v->major) + "." + std::to_string(v->minor) + "." +
         std::to_string(v->patch) + " (of `train`)";
}

std::string brotli_version() {
  const std::uint32_t v = ::BrotliDecoderVersion();
  return std::to_string(v >> 24) + "." + std::to_string((v >> 12) & 0xfff) + "." +
         std::to_string(v & 0xfff);
}

std::string xxhash_version() {
  const unsigned v = ::XXH_versionNumber();
  return std::to_string(v / 10000) + "." + std::to_string(v / 100 % 100) + "." +
         std::to_string(v % 100);
}

std::string icu_version() {
  UVersionInfo version;
  char text[U_MAX_VERSION_STRING_LENGTH];
  u_getVersion(version);
  u_versionToString(version, text);
  std::string out = text;
  u_getUnicodeVersion(version);
  u_versionToString(version, text);
  return out + " (Unicode " + text + ")";
}

void libraries(std::vector<Finding>& out) {
  const std::pair<const char*, std::string> versions[] = {
      {"ICU", icu_version()},
      {"oneDNN", onednn_version()},
      {"zstd", ::ZSTD_versionString()},
      {"zlib", ::zlibVersion()},
      {"libdeflate", LIBDEFLATE_VERSION_STRING},
      {"brotli", brotli_version()},
      {"simdjson", simdjson_version()},
      {"xxHash", xxhash_version()},
      {"OpenSSL", ::OpenSSL_version(OPENSSL_VERSION_STRING)},
      {"curl", ::curl_version_info(CURLVERSION_NOW)->version},
      {"libpsl", ::psl_get_version()}};
  for (const auto& [name, version] : versions) out.push_back({"libraries", name, version, ""});
}

}  // namespace

std::vector<Finding> look_around() {
  std::vector<Finding> out;
  processor(out);
  memory(out);
  std::error_code failure;
  disk(out, "here", fs::current_path(failure));
  disk(out, "temporary files", fs::temp_directory_path(failure));
  models(out);
  libraries(out);
  return out;
}

}  // namespace crosstail::cli
