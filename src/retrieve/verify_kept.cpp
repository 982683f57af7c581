#include "retrieve/verify_kept.h"

#include <algorithm>
#include <string>
#include <vector>

#include "index/approximate_index.h"
#include "index/bm25.h"
#include "index/codes.h"

namespace crosstail::retrieve {
namespace {

namespace fs = std::filesystem;

Status verify_one(const fs::path& path, Pool* pool) {
  if (path.extension() == ".codes") {
    CT_TRY(const auto codes, index::Codes::open(path));
    return codes.verify(pool);
  }
  if (path.extension() == ".graph") return index::ApproximateIndex::verify_file(path, pool);
  CT_TRY(const auto bm25, index::Bm25Index::open(path));
  return bm25.verify();
}

}  // namespace

Result<std::size_t> verify_kept_files(const fs::path& index, Pool* pool) {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const char* folder : {"rows", "bm25"})
    for (const auto& entry : fs::directory_iterator(index / folder, ignored)) {
      const auto kind = entry.path().extension();
      if (kind == ".codes" || kind == ".graph" || kind == ".bm25") files.push_back(entry.path());
    }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    auto whole = verify_one(file, pool);
    if (whole.ok()) continue;
    Error error = std::move(whole).error();
    error.message += " (take the file away and a search makes it again)";
    return error;
  }
  return files.size();
}

}  // namespace crosstail::retrieve
