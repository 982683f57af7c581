#include "cli/doctor.h"

#include <openssl/crypto.h>
#include <simdjson.h>
#include <sys/statvfs.h>
#include <unicode/uversion.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/pool.h"
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

void processor(std::vector<Finding>& out) {
  const std::string model = proc_value("/proc/cpuinfo", "model name");
  out.push_back({"processor", "model", model.empty() ? "not known" : model, ""});
  out.push_back({"processor", "threads", std::to_string(available_threads()), ""});
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

void libraries(std::vector<Finding>& out) {
  out.push_back({"libraries", "ICU", U_ICU_VERSION, ""});
  out.push_back({"libraries", "zstd", ::ZSTD_versionString(), ""});
  out.push_back({"libraries", "zlib", ::zlibVersion(), ""});
  out.push_back({"libraries", "OpenSSL", ::OpenSSL_version(OPENSSL_VERSION_STRING), ""});
  out.push_back({"libraries", "simdjson", simdjson_version(), ""});
}

}  // namespace

std::vector<Finding> look_around() {
  std::vector<Finding> out;
  processor(out);
  memory(out);
  std::error_code failure;
  disk(out, "here", fs::current_path(failure));
  disk(out, "temporary files", fs::temp_directory_path(failure));
  libraries(out);
  return out;
}

}  // namespace crosstail::cli
