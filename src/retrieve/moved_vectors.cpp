#include "retrieve/moved_vectors.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/external_sort.h"

namespace crosstail::retrieve {
namespace {

constexpr std::size_t kBucketBuffer = std::size_t{1} << 20;
constexpr std::uint64_t kMaxBuckets = 512;

void to_floats(const std::byte* row, data::NpyType type, std::size_t columns, float* out) {
  for (std::size_t i = 0; i < columns; ++i) {
    std::uint16_t half = 0;
    double wide = 0;
    switch (type) {
      case data::NpyType::F32:
        std::memcpy(out + i, row + i * 4, 4);
        break;
      case data::NpyType::F64:
        std::memcpy(&wide, row + i * 8, 8);
        out[i] = static_cast<float>(wide);
        break;
      default:
        std::memcpy(&half, row + i * 2, 2);
        out[i] =
            type == data::NpyType::F16 ? data::half_to_float(half) : data::bfloat16_to_float(half);
    }
  }
}

}  // namespace

std::filesystem::path MovedVectors::bucket(std::uint64_t number) const {
  return folder_ / ("vectors." + std::to_string(number) + ".bucket");
}

Result<MovedVectors> MovedVectors::make(const std::string& npy, QuestionGroups& groups,
                                        const std::filesystem::path& folder,
                                        std::size_t memory_bytes) {
  MovedVectors moved;
  moved.folder_ = folder;
  CT_TRY(moved.array_, data::NpyArray::open(npy));
  const data::NpyArray& array = moved.array_;
  if (array.type() == data::NpyType::I32 || array.type() == data::NpyType::I64)
    return Error{ErrorCode::Unsupported, npy + ": expected floating-point numbers"};
  const std::size_t row_bytes = array.columns() * size_of(array.type());
  const std::uint64_t kept = groups.size();
  moved.bucket_rows_ = std::max<std::uint64_t>(
      {memory_bytes / (row_bytes + 8), (kept + kMaxBuckets - 1) / kMaxBuckets, 1});
  ExternalSorter places(folder, "places", memory_bytes);
  CT_CHECK(groups.for_each_place(
      [&](std::uint64_t number, std::uint64_t position) { return places.add(number, position); }));
  CT_CHECK(groups.rewind());
  CT_CHECK(places.sort());
  const std::uint64_t count = (kept + moved.bucket_rows_ - 1) / moved.bucket_rows_;
  std::vector<OutputFile> files(count);
  std::vector<std::string> pending(count);
  for (std::uint64_t b = 0; b < count; ++b) {
    CT_TRY(files[b], OutputFile::create(moved.bucket(b)));
  }
  const std::size_t full =
      std::min(kBucketBuffer, memory_bytes / std::max<std::uint64_t>(count, 1));
  SortRecord place;
  while (true) {
    CT_TRY(const bool more, places.next(place));
    if (!more) break;
    if (place.key >= array.rows())
      return Error{ErrorCode::InvalidArgument, npy + ": has " + std::to_string(array.rows()) +
                                                   " rows; question " + std::to_string(place.key) +
                                                   " has none: one row is needed for every row "
                                                   "of the questions' files"};
    const std::uint64_t b = place.next / moved.bucket_rows_;
    const std::uint64_t at = place.next % moved.bucket_rows_;
    pending[b].append(reinterpret_cast<const char*>(&at), sizeof at);
    pending[b].append(reinterpret_cast<const char*>(array.data()) + place.key * row_bytes,
                      row_bytes);
    if (pending[b].size() < full) continue;
    CT_CHECK(files[b].write(pending[b]));
    pending[b].clear();
  }
  for (std::uint64_t b = 0; b < count; ++b) {
    CT_CHECK(files[b].write(pending[b]));
    CT_CHECK(files[b].close());
  }
  return moved;
}

Status MovedVectors::read(std::uint64_t position, float* out) {
  const std::size_t row_bytes = array_.columns() * size_of(array_.type());
  const std::uint64_t b = position / bucket_rows_;
  if (b != loaded_) {
    std::error_code ignored;
    if (loaded_ != UINT64_MAX) std::filesystem::remove(bucket(loaded_), ignored);
    CT_TRY(const auto file, MappedFile::open(bucket(b)));
    file.advise_sequential();
    const std::string_view bytes = file.text();
    rows_.resize(bytes.size() / (row_bytes + 8) * row_bytes);
    for (std::size_t at = 0; at + 8 + row_bytes <= bytes.size(); at += 8 + row_bytes) {
      std::uint64_t place = 0;
      std::memcpy(&place, bytes.data() + at, 8);
      std::memcpy(rows_.data() + place * row_bytes, bytes.data() + at + 8, row_bytes);
    }
    loaded_ = b;
  }
  to_floats(reinterpret_cast<const std::byte*>(rows_.data()) + position % bucket_rows_ * row_bytes,
            array_.type(), array_.columns(), out);
  for (std::size_t i = 0; i < array_.columns(); ++i)
    if (!std::isfinite(out[i]))
      return Error{ErrorCode::Corrupt, "question vectors: column " + std::to_string(i) +
                                           " of question " + std::to_string(position) +
                                           " (by passage) is not a finite number"};
  return {};
}

}  // namespace crosstail::retrieve
