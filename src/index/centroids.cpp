#include "index/centroids.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "text/language_tag.h"

namespace crosstail::index {
namespace {

__extension__ using UInt128 = unsigned __int128;
constexpr double kUnit = 68719476736.0;  // 2^36

void append_number(std::string& out, std::uint64_t value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

bool take_number(std::string_view& bytes, std::uint64_t& value) {
  if (bytes.size() < sizeof value) return false;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return true;
}

double to_double(Int128 value) {
  return static_cast<double>(value) / kUnit;
}

}  // namespace

std::vector<float> share_of(std::vector<float> centroid, double strength) {
  if (strength != 1)
    for (float& number : centroid) number = static_cast<float>(number * strength);
  return centroid;
}

std::string canonical_language(std::string_view tag) {
  std::string code = text::language_code(tag);
  return code.empty() ? std::string(tag) : code;
}

Status Centroids::change(std::string_view language, const float* sum, std::uint64_t count,
                         bool less) {
  float largest = 0;
  bool finite = true;
  for (std::size_t i = 0; i < dim_; ++i) {
    finite = finite && sum[i] == sum[i];
    largest = std::max(largest, std::fabs(sum[i]));
  }
  if (!finite ||
      !(largest < kCentroidRange * static_cast<float>(std::max<std::uint64_t>(count, 1))))
    return Error{ErrorCode::InvalidArgument,
                 "a question's vector has a component that is not a number within ±16384"};
  auto found = languages_.find(language);
  if (found == languages_.end()) {
    std::string code = canonical_language(language);
    found = languages_.try_emplace(std::move(code)).first;
    if (found->second.numbers.empty()) found->second.numbers.assign(dim_, 0);
  }
  Sum& into = found->second;
  into.count = less ? into.count - std::min(into.count, count) : into.count + count;
  // Adding 1.5·2^52 rounds to a whole number, which then stands in the low bits; larger ones (sums
  // of many questions) take the slow way to the same result.
  if (largest < 32768.0F) {
    constexpr double kRound = 6755399441055744.0;
    for (std::size_t i = 0; i < dim_; ++i) {
      const double scaled = static_cast<double>(sum[i]) * kUnit + kRound;
      const auto whole = std::bit_cast<std::int64_t>(scaled) - std::bit_cast<std::int64_t>(kRound);
      into.numbers[i] += less ? -whole : whole;
    }
  } else {
    for (std::size_t i = 0; i < dim_; ++i) {
      const auto whole = static_cast<Int128>(std::nearbyint(static_cast<double>(sum[i]) * kUnit));
      into.numbers[i] += less ? -whole : whole;
    }
  }
  if (into.count == 0) languages_.erase(found);
  return {};
}

Status Centroids::add(std::string_view language, const float* sum, std::uint64_t count) {
  return change(language, sum, count, false);
}

Status Centroids::subtract(std::string_view language, const float* sum, std::uint64_t count) {
  return change(language, sum, count, true);
}

void Centroids::merge(const Centroids& other) {
  if (dim_ == 0) dim_ = other.dim_;
  for (const auto& [language, sum] : other.languages_) {
    Sum& into = languages_[language];
    if (into.numbers.empty()) into.numbers.assign(dim_, 0);
    into.count += sum.count;
    for (std::size_t i = 0; i < dim_; ++i) into.numbers[i] += sum.numbers[i];
  }
}

std::vector<std::pair<std::string, std::uint64_t>> Centroids::counts() const {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  for (const auto& [language, sum] : languages_) out.emplace_back(language, sum.count);
  return out;
}

std::uint64_t Centroids::count(std::string_view language) const {
  const auto found = languages_.find(canonical_language(language));
  return found == languages_.end() ? 0 : found->second.count;
}

std::vector<float> Centroids::global() const {
  std::vector<Int128> total(dim_, 0);
  std::uint64_t count = 0;
  for (const auto& [language, sum] : languages_) {
    count += sum.count;
    for (std::size_t i = 0; i < dim_; ++i) total[i] += sum.numbers[i];
  }
  std::vector<float> out(dim_, 0.0F);
  if (count == 0) return out;
  for (std::size_t i = 0; i < dim_; ++i)
    out[i] = static_cast<float>(to_double(total[i]) / static_cast<double>(count));
  return out;
}

std::vector<float> Centroids::language(std::string_view language, double shrink) const {
  std::vector<float> all = global();
  const auto found = languages_.find(canonical_language(language));
  if (found == languages_.end()) return all;
  const auto n = static_cast<double>(found->second.count);
  std::vector<float> out(dim_);
  for (std::size_t i = 0; i < dim_; ++i)
    out[i] = static_cast<float>(
        (to_double(found->second.numbers[i]) + shrink * static_cast<double>(all[i])) /
        (n + shrink));
  return out;
}

std::string Centroids::to_bytes() const {
  std::string out;
  append_number(out, dim_);
  append_number(out, languages_.size());
  for (const auto& [language, sum] : languages_) {
    append_number(out, language.size());
    out += language;
    out.append((8 - language.size() % 8) % 8, '\0');
    append_number(out, sum.count);
    for (const Int128 number : sum.numbers) {
      append_number(out, static_cast<std::uint64_t>(number));
      append_number(out, static_cast<std::uint64_t>(number >> 64));
    }
  }
  return out;
}

Result<Centroids> Centroids::from_bytes(std::string_view bytes) {
  const std::size_t size = bytes.size();
  const auto corrupt = [&](std::string_view expected) {
    return Error{ErrorCode::Corrupt, "byte " + std::to_string(size - bytes.size()) + ": expected " +
                                         std::string(expected)};
  };
  std::uint64_t dim = 0, languages = 0;
  if (!take_number(bytes, dim) || !take_number(bytes, languages) || dim > (1U << 24))
    return corrupt("dimension and number of languages");
  Centroids out(dim);
  for (std::uint64_t l = 0; l < languages; ++l) {
    std::uint64_t length = 0, count = 0;
    if (!take_number(bytes, length) || length > 4096 || bytes.size() < (length + 7) / 8 * 8)
      return corrupt("a language's name");
    const std::string language(bytes.substr(0, length));
    bytes.remove_prefix((length + 7) / 8 * 8);
    if (!take_number(bytes, count) || bytes.size() / 16 < dim)
      return corrupt("a count and " + std::to_string(dim) + " numbers of 16 bytes");
    Sum sum{count, std::vector<Int128>(dim)};
    for (auto& number : sum.numbers) {
      std::uint64_t low = 0, high = 0;
      if (!take_number(bytes, low) || !take_number(bytes, high)) return corrupt("16 bytes");
      // Two's complement in two halves.
      number = static_cast<Int128>((static_cast<UInt128>(high) << 64) | low);
    }
    if (!out.languages_.try_emplace(language, std::move(sum)).second)
      return corrupt("each language once");
  }
  if (!bytes.empty()) return corrupt("the end");
  return out;
}

}  // namespace crosstail::index
