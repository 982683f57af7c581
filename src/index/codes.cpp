#include "index/codes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>

#include "base/hash.h"
#include "base/interrupt.h"
#include "index/checked_file.h"

namespace crosstail::index {

namespace {

constexpr std::string_view kMagic{"CTCODES\n", 8};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kBlocksPerStep = 64;  ///< 1,024 rows are read, coded and written at a time
constexpr std::size_t kMeanRows = 65536;    ///< at most so many rows make the mean

struct Header {
  std::array<char, 8> magic{};
  std::uint32_t version = 0, block_rows = 0;
  std::uint64_t rows = 0, dim = 0, stride = 0, mean_offset = 0, blocks_offset = 0, payload = 0;
  std::uint64_t checksum = 0;  ///< XXH3 of the bytes before it
};
static_assert(sizeof(Header) == 72);

std::uint64_t checksum_of(const Header& header) {
  return xxh3({reinterpret_cast<const char*>(&header), offsetof(Header, checksum)});
}

/// The header that rows of this number and dimension must have.
Header header_for(std::uint64_t rows, std::uint64_t dim) {
  Header header;
  std::copy(kMagic.begin(), kMagic.end(), header.magic.begin());
  header.version = kVersion;
  header.block_rows = kCodeBlockRows;
  header.rows = rows;
  header.dim = dim;
  header.stride = (dim + 63) / 64 * 64;
  header.mean_offset = 128;
  header.blocks_offset = header.mean_offset + (dim * sizeof(float) + 63) / 64 * 64;
  const std::uint64_t block = kCodeBlockRows * (header.stride + 2 * sizeof(float));
  header.payload = header.blocks_offset + (rows + kCodeBlockRows - 1) / kCodeBlockRows * block;
  header.checksum = checksum_of(header);
  return header;
}

Error corrupt(const std::string& name, const std::string& what) {
  return {ErrorCode::Corrupt,
          name + ": " + what + ": not a codes file of ours, or damaged; build it again"};
}

/// The mean of up to kMeanRows rows, spread evenly in runs of 64; those too long to be filtered by
/// stay out. Any vector would be right; this one makes the residuals small.
std::vector<float> sampled_mean(const RowSource& rows) {
  constexpr std::size_t kRun = 64;
  const std::size_t dim = rows.dim(), runs = (rows.rows() + kRun - 1) / kRun;
  const std::size_t step = std::max<std::size_t>(1, runs * kRun / kMeanRows);
  std::vector<double> sum(dim);
  std::vector<float> tile(kRun * dim);
  double count = 0;
  for (std::size_t run = 0; run < runs; run += step) {
    const std::size_t begin = run * kRun, end = std::min(begin + kRun, rows.rows());
    rows.read(begin, end, tile.data());
    for (std::size_t r = 0; r < end - begin; ++r) {
      const float* row = &tile[r * dim];
      const bool usable = std::all_of(row, row + dim, [](float x) { return std::fabs(x) < 1e15F; });
      if (!usable) continue;
      for (std::size_t k = 0; k < dim; ++k) sum[k] += static_cast<double>(row[k]);
      count += 1;
    }
  }
  std::vector<float> mean(dim);
  for (std::size_t k = 0; k < dim; ++k) mean[k] = static_cast<float>(sum[k] / std::max(count, 1.0));
  return mean;
}

struct CodedRow {
  float scale = 0, residual = 0;
};

/// docs/search-bounds.md, "Int8 codes": residual ≥ ‖row − mean − scale·(code − 128)‖.
CodedRow code_row(const float* row, const float* mean, std::size_t dim, float* centred,
                  std::uint8_t* codes) {
  float largest = 0;
  for (std::size_t k = 0; k < dim; ++k) {
    centred[k] = row[k] - mean[k];
    largest = std::max(largest, std::fabs(centred[k]));
  }
  if (!(largest < 1e18F)) return {0, kInfinity};
  CodedRow coded{std::max(largest / 127, 0x1p-120F), 0};
  const float inverse = 1 / coded.scale;
  constexpr std::size_t kLanes = 8;
  std::array<float, kLanes> rest{}, whole{};
  for (std::size_t k = 0; k < dim; ++k) {
    // Adding 1.5·2²³ rounds to a whole number, which then stands in the low bits.
    const float shifted = centred[k] * inverse + 12582912.0F;
    const float number = std::clamp(shifted - 12582912.0F, -127.0F, 127.0F);
    codes[k] = static_cast<std::uint8_t>(static_cast<int>(number) + 128);
    const float lost = centred[k] - coded.scale * number;
    rest[k % kLanes] += lost * lost;
    whole[k % kLanes] += centred[k] * centred[k];
  }
  float lost = 0, all = 0;
  for (std::size_t j = 0; j < kLanes; ++j) {
    lost += rest[j];
    all += whole[j];
  }
  const double rounding = 4 * kUnit * static_cast<double>(norm_above(all, dim));
  coded.residual = above(static_cast<double>(norm_above(lost, dim)) + rounding);
  return coded;
}

/// Codes rows [begin, end) as whole blocks into `out`.
void code_blocks(const RowSource& rows, std::span<const float> mean, std::size_t begin,
                 std::size_t end, std::size_t stride, std::byte* out) {
  const std::size_t dim = mean.size();
  std::vector<float> numbers((end - begin) * dim), centred(dim);
  rows.read(begin, end, numbers.data());
  for (std::size_t first = begin; first < end; first += kCodeBlockRows) {
    auto* codes = reinterpret_cast<std::uint8_t*>(out);
    std::memset(codes, 128, kCodeBlockRows * stride);
    std::array<float, 2 * kCodeBlockRows> lengths{};
    for (std::size_t i = 0; i < kCodeBlockRows && first + i < end; ++i) {
      const CodedRow coded = code_row(&numbers[(first + i - begin) * dim], mean.data(), dim,
                                      centred.data(), codes + i * stride);
      lengths[i] = coded.scale;
      lengths[kCodeBlockRows + i] = coded.residual;
    }
    out += kCodeBlockRows * stride;
    std::memcpy(out, lengths.data(), sizeof lengths);
    out += sizeof lengths;
  }
}

template <class T>
std::string_view bytes_of(const T* data, std::size_t count) {
  return {reinterpret_cast<const char*>(data), count * sizeof(T)};
}

}  // namespace

Status Codes::build(const RowSource& rows, const std::filesystem::path& path, Pool* pool) {
  const std::size_t dim = rows.dim();
  if (dim == 0 || dim > kMaxDim)
    return Error{ErrorCode::InvalidArgument, path.string() + ": vectors of dimension " +
                                                 std::to_string(dim) + " cannot be coded; 1 to " +
                                                 std::to_string(kMaxDim) + " can"};
  const Header header = header_for(rows.rows(), dim);
  const std::vector<float> mean = sampled_mean(rows);
  CT_TRY(CheckedWriter writer, CheckedWriter::create(path));
  CT_CHECK(writer.write(bytes_of(&header, 1)));
  CT_CHECK(writer.write(std::string(header.mean_offset - sizeof header, '\0')));
  CT_CHECK(writer.write(bytes_of(mean.data(), dim)));
  CT_CHECK(writer.align());
  // The calling thread works too.
  const std::size_t threads = pool == nullptr ? 1 : pool->threads() + 1;
  const std::size_t block = kCodeBlockRows * (header.stride + 2 * sizeof(float));
  const std::size_t step = kBlocksPerStep * kCodeBlockRows;
  std::vector<std::byte> coded(threads * kBlocksPerStep * block);
  for (std::size_t begin = 0; begin < rows.rows(); begin += threads * step) {
    if (interrupt_requested()) return Error{ErrorCode::Interrupted, "interrupted"};
    const std::size_t end = std::min(begin + threads * step, rows.rows());
    const auto part = [&](std::size_t i) {
      const std::size_t from = begin + i * step;
      if (from >= end) return;
      code_blocks(rows, mean, from, std::min(from + step, end), header.stride,
                  coded.data() + i * kBlocksPerStep * block);
    };
    if (pool == nullptr)
      part(0);
    else
      pool->parallel_for(threads, part);
    const std::size_t blocks = (end - begin + kCodeBlockRows - 1) / kCodeBlockRows;
    CT_CHECK(writer.write(bytes_of(coded.data(), blocks * block)));
  }
  CT_CHECK(writer.finish());
  return {};
}

Result<Codes> Codes::open(const std::filesystem::path& path) {
  Codes codes;
  codes.name_ = path.string();
  CT_TRY(codes.file_, MappedFile::open(path));
  const auto bytes = codes.file_.bytes();
  Header header;
  if (bytes.size() < sizeof header)
    return corrupt(codes.name_, "only " + std::to_string(bytes.size()) + " bytes, a header has 72");
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::string_view(header.magic.data(), header.magic.size()) != kMagic)
    return corrupt(codes.name_, "bytes 0..8 are not \"CTCODES\\n\"");
  if (header.version != kVersion)
    return Error{ErrorCode::Unsupported, codes.name_ + ": bytes 8..12: version " +
                                             std::to_string(header.version) +
                                             " of the codes' format; this program reads 1"};
  if (header.checksum != checksum_of(header))
    return corrupt(codes.name_, "checksum mismatch in bytes 0..72");
  if (header.dim == 0 || header.dim > kMaxDim || header.rows > 0xffffffffU)
    return corrupt(codes.name_, "bytes 16..32: " + std::to_string(header.rows) +
                                    " rows of dimension " + std::to_string(header.dim));
  const Header expected = header_for(header.rows, header.dim);
  if (std::memcmp(&header, &expected, sizeof header) != 0)
    return corrupt(codes.name_, "bytes 12..64 do not fit the rows and the dimension");
  CT_TRY(codes.identity_, checked_identity(bytes, header.payload, codes.name_));
  codes.rows_ = header.rows;
  codes.dim_ = header.dim;
  codes.stride_ = header.stride;
  codes.block_bytes_ = kCodeBlockRows * (header.stride + 2 * sizeof(float));
  codes.mean_ = reinterpret_cast<const float*>(bytes.data() + header.mean_offset);
  codes.blocks_ = reinterpret_cast<const std::uint8_t*>(bytes.data() + header.blocks_offset);
  return codes;
}

Status Codes::verify(Pool* pool) const {
  return verify_payload(file_.bytes(), header_for(rows_, dim_).payload, name_, pool);
}

}  // namespace crosstail::index
