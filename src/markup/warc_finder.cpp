/// Where gzip members and zstd frames start that hold the beginning of a record.

#include <array>

#include "markup/warc_input.h"
#include "markup/warc_record.h"

namespace crosstail::markup {

namespace {

constexpr std::size_t kPrefix = 1024;
constexpr std::size_t kMaxUndecided = std::size_t{128} << 10;
constexpr int kMaxTries = 256;

RecordThere judge(std::string_view decoded, bool wants_input, std::size_t raw_size) {
  const auto begin = decoded.find_first_not_of("\r\n");
  if (begin != std::string_view::npos && starts_record(decoded.substr(begin)))
    return RecordThere::Yes;
  const bool may_be = begin == std::string_view::npos || starts_record(decoded.substr(begin), true);
  return wants_input && may_be && raw_size < kMaxUndecided ? RecordThere::CutOff : RecordThere::No;
}

class GzipFinder : public RecordFinder {
 public:
  GzipFinder() : RecordFinder("\x1f\x8b\x08") {}

  RecordThere check(std::string_view raw) override {
    if (!gzip_header_length(raw)) {
      const bool may_be = raw.size() < kMaxUndecided &&
                          std::string_view("\x1f\x8b\x08").starts_with(raw.substr(0, 3));
      return may_be && !invalid_flags(raw) ? RecordThere::CutOff : RecordThere::No;
    }
    inflater_.reset(DeflateFormat::Gzip);
    const auto step = inflater_.inflate(raw, prefix_.data(), prefix_.size());
    if (step.outcome == PieceInflater::Outcome::Damaged) return RecordThere::No;
    return judge({prefix_.data(), step.produced}, step.outcome == PieceInflater::Outcome::NeedInput,
                 raw.size());
  }

 private:
  static bool invalid_flags(std::string_view raw) {
    return raw.size() > 3 && (static_cast<unsigned char>(raw[3]) & 0xe0) != 0;
  }
  PieceInflater inflater_;
  std::array<char, kPrefix> prefix_;
};

class ZstdFinder : public RecordFinder {
 public:
  explicit ZstdFinder(std::shared_ptr<const ZstdDictionary> dictionary)
      : RecordFinder("\x28\xb5\x2f\xfd"), inflater_(std::move(dictionary)) {}

  RecordThere check(std::string_view raw) override {
    inflater_.reset();
    const auto step = inflater_.inflate(raw, prefix_.data(), prefix_.size());
    if (step.outcome == ZstdInflater::Outcome::Damaged) return RecordThere::No;
    return judge({prefix_.data(), step.produced}, step.outcome == ZstdInflater::Outcome::NeedInput,
                 raw.size());
  }

 private:
  ZstdInflater inflater_;
  std::array<char, kPrefix> prefix_;
};

}  // namespace

std::size_t RecordFinder::first(std::string_view raw, bool or_cut_off) {
  for (std::size_t at = raw.find(magic_[0]); at != std::string_view::npos;
       at = raw.find(magic_[0], at + 1)) {
    const std::string_view rest = raw.substr(at);
    if (rest.substr(0, magic_.size()) != magic_.substr(0, rest.size())) continue;
    const RecordThere there = check(rest);
    if (there == RecordThere::Yes || (there == RecordThere::CutOff && or_cut_off)) return at;
  }
  return std::string_view::npos;
}

std::size_t RecordFinder::last(std::string_view raw) {
  int tries = 0;
  for (std::size_t at = raw.rfind(magic_); at != std::string_view::npos && at > 0;
       at = raw.rfind(magic_, at - 1)) {
    if (check(raw.substr(at)) == RecordThere::Yes) return at;
    if (++tries == kMaxTries) break;
  }
  return std::string_view::npos;
}

std::unique_ptr<RecordFinder> gzip_record_finder() {
  return std::make_unique<GzipFinder>();
}
std::unique_ptr<RecordFinder> zstd_record_finder(std::shared_ptr<const ZstdDictionary> dictionary) {
  return std::make_unique<ZstdFinder>(std::move(dictionary));
}

}  // namespace crosstail::markup
