/// A whole index directory whose files come from the input, with checksums made right, so that the
/// readers meet hostile records and not only damaged ones. Input: for each file its length (two
/// bytes) and its data.

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "index/block_file.h"
#include "index/fused_rows.h"
#include "index/index_reader.h"

namespace {

using namespace crosstail;
using namespace crosstail::index;

struct Made {
  std::string_view name, kind;
  std::uint32_t record_bytes, type, dimension;
};
constexpr std::uint32_t kDim = 2;
constexpr Made kFiles[] = {{"passages.rec", "PREC", sizeof(PassageRecord), 0, 0},
                           {"passages.vec", "VECS", 4 * kDim, 0, kDim},
                           {"windows.rec", "WIND", sizeof(WindowRecord), 0, 0},
                           {"fields.dat", "STRD", 1, 0, 0},
                           {"fields.off", "STRO", 8, 0, 0},
                           {"texts.zst", "TXTD", 1, 0, 0},
                           {"texts.frm", "TXTF", 16, 0, 0},
                           {"texts.off", "TXTO", 8, 0, 0},
                           {"questions.rec", "QREC", sizeof(QuestionRecord), 0, 0},
                           {"question-texts.zst", "TXTD", 1, 0, 0},
                           {"question-texts.frm", "TXTF", 16, 0, 0},
                           {"question-texts.off", "TXTO", 8, 0, 0},
                           {"questions.vec", "VECS", 4 * kDim, 0, kDim},
                           {"ids.lst", "LIST", 16, 0, 0},
                           {"groups.lst", "LIST", 16, 0, 0},
                           {"centroids.bin", "CENT", 1, 0, 0}};

/// Cuts `input` into files of whole records and writes them.
bool write_files(const std::filesystem::path& folder, std::string_view input,
                 SegmentRecord& record) {
  for (const Made& made : kFiles) {
    std::size_t length = 0;
    if (input.size() >= 2) {
      length = static_cast<std::size_t>(static_cast<unsigned char>(input[0])) |
               static_cast<std::size_t>(static_cast<unsigned char>(input[1])) << 8;
      input.remove_prefix(2);
    }
    length = std::min(length, input.size()) / made.record_bytes * made.record_bytes;
    auto writer = BlockFileWriter::create(folder / made.name,
                                          {{made.kind[0], made.kind[1], made.kind[2], made.kind[3]},
                                           made.record_bytes,
                                           made.type,
                                           made.dimension});
    if (!writer.ok() || !writer->append(input.substr(0, length)).ok() || !writer->finish().ok())
      return false;
    input.remove_prefix(length);
    const auto file = BlockFile::open(folder / made.name, made.kind);
    if (!file.ok()) return false;
    record.files.push_back({std::string(made.name), 0, file->checksum()});
    if (made.name == "passages.rec") record.passages = file->records();
    if (made.name == "passages.vec") record.rows = file->records();
    if (made.name == "questions.rec") record.questions = file->records();
  }
  return true;
}

void read_all(const std::shared_ptr<const IndexReader>& index) {
  (void)index->verify();
  std::vector<float> row(kDim);
  for (std::uint64_t p = 0; p < index->passages() && p < 64; ++p) {
    const auto passage = static_cast<PassageNumber>(p);
    (void)index->fields(passage);
    (void)index->text(passage);
    (void)index->rows_of(passage);
    const auto range = index->questions_of(passage);
    for (std::uint64_t q = range.begin; q < range.end && q < range.begin + 64; ++q) {
      (void)index->question(q);
      (void)index->question_text(q);
      index->question_vector(q, row.data());
    }
  }
  (void)index->find("a");
  (void)index->passages_with_group(1);
  (void)index->row_owners();
  (void)index->row_documents();
  FusionSetting setting;
  setting.mode = FusionMode::LanguageMean;
  setting.center = Centering::Language;
  QuestionFilter filter;
  filter.without_language = "de";
  filter.without_group = 1;
  filter.max_per_language = 1;
  const auto fused = FusedRows::make(index, setting, filter);
  if (fused.ok())
    for (std::size_t r = 0; r < (*fused)->rows() && r < 64; ++r)
      (*fused)->read(r, r + 1, row.data());
  const auto max = MaxRows::make(index, setting);
  if (max.ok() && (*max)->rows() < 10000) (void)(*max)->counts(filter);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::filesystem::path kFolder = [] {
    // In memory where that is possible: every file is synced.
    const bool memory = ::access("/dev/shm", W_OK) == 0;
    std::string pattern = std::string(memory ? "/dev/shm" : "/tmp") + "/crosstail-index-XXXXXX";
    return std::filesystem::path(::mkdtemp(pattern.data()));
  }();
  std::error_code ignored;
  std::filesystem::create_directories(kFolder / "s", ignored);
  Manifest manifest;
  manifest.model.dimension = kDim;
  SegmentRecord record;
  record.folder = "s";
  record.tags = {"de", "fr"};
  if (write_files(kFolder / "s", {reinterpret_cast<const char*>(data), size}, record)) {
    manifest.segments.push_back(std::move(record));
    if (write_manifest(kFolder, manifest).ok()) {
      const auto index = IndexReader::open(kFolder);
      if (index.ok()) read_all(*index);
    }
  }
  std::filesystem::remove_all(kFolder, ignored);
  return 0;
}
