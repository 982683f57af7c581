#include "base/external_sort.h"

#include <algorithm>
#include <cstring>
#include <tuple>

namespace crosstail {
namespace {

constexpr std::size_t kRunBuffer = std::size_t{256} << 10;

struct RunHeader {
  std::uint64_t key, next;
  std::uint64_t length;
};

}  // namespace

/// One sorted run on disk, read front to back.
class ExternalSorter::Run {
 public:
  explicit Run(std::filesystem::path path) : path_(std::move(path)) {}
  ~Run() {
    source_.reset();
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Status open() {
    buffer_.clear();
    at_ = 0;
    ended_ = false;
    CT_TRY(source_, open_raw(path_));
    return advance();
  }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] const RunHeader& header() const { return header_; }
  [[nodiscard]] std::string_view payload() const {
    return std::string_view(buffer_).substr(at_ - header_.length, header_.length);
  }
  Status advance() {
    CT_TRY(const bool more, fill(sizeof header_));
    if (!more) {
      ended_ = true;
      return {};
    }
    std::memcpy(&header_, buffer_.data() + at_, sizeof header_);
    at_ += sizeof header_;
    CT_TRY(const bool whole, fill(header_.length));
    if (!whole) return Error{ErrorCode::Corrupt, path_.string() + ": ends within a record"};
    at_ += header_.length;
    return {};
  }

 private:
  /// Makes `bytes` bytes available at `at_`; false where the run ends before them.
  Result<bool> fill(std::size_t bytes) {
    if (buffer_.size() - at_ >= bytes) return true;
    buffer_.erase(0, at_);
    at_ = 0;
    std::size_t have = buffer_.size();
    const std::size_t wanted = std::max(bytes, kRunBuffer);
    buffer_.resize(wanted);
    while (have < wanted) {
      CT_TRY(const std::size_t got, source_->read(buffer_.data() + have, wanted - have));
      if (got == 0) break;
      have += got;
    }
    buffer_.resize(have);
    return have >= bytes;
  }
  std::filesystem::path path_;
  std::unique_ptr<ByteSource> source_;
  std::string buffer_;
  std::size_t at_ = 0;
  RunHeader header_{};
  bool ended_ = false;
};

ExternalSorter::ExternalSorter(std::filesystem::path folder, std::string name,
                               std::size_t memory_bytes)
    : folder_(std::move(folder)), name_(std::move(name)), memory_bytes_(memory_bytes) {}
ExternalSorter::~ExternalSorter() = default;
ExternalSorter::ExternalSorter(ExternalSorter&&) noexcept = default;

Status ExternalSorter::add(std::uint64_t key, std::uint64_t next, std::string_view payload) {
  const std::size_t room =
      payloads_.size() + payload.size() + (entries_.size() + 1) * sizeof(Entry);
  if ((room > memory_bytes_ && !entries_.empty()) || entries_.size() == UINT32_MAX)
    CT_CHECK(write_run());
  // Doubling would take half as much again as is allowed.
  if (entries_.capacity() == 0) entries_.reserve(std::min<std::size_t>(memory_bytes_ / 256, 4096));
  entries_.push_back({key, next, payloads_.size(), static_cast<std::uint32_t>(payload.size()),
                      static_cast<std::uint32_t>(entries_.size())});
  payloads_ += payload;
  ++size_;
  return {};
}

void ExternalSorter::sort_entries() {
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.key, a.next, a.order) < std::tie(b.key, b.next, b.order);
  });
}

Status ExternalSorter::write_run() {
  sort_entries();
  const auto path = folder_ / (name_ + "." + std::to_string(runs_.size()) + ".run");
  runs_.push_back(std::make_unique<Run>(path));
  CT_TRY(auto out, OutputFile::create(path));
  std::string buffer;
  for (const Entry& entry : entries_) {
    const RunHeader header{entry.key, entry.next, entry.length};
    buffer.append(reinterpret_cast<const char*>(&header), sizeof header);
    buffer.append(payloads_, entry.offset, entry.length);
    if (buffer.size() < kRunBuffer) continue;
    CT_CHECK(out.write(buffer));
    buffer.clear();
  }
  CT_CHECK(out.write(buffer));
  CT_CHECK(out.close());
  entries_.clear();
  payloads_.clear();
  return {};
}

Status ExternalSorter::sort() {
  at_ = 0;
  if (runs_.empty()) {
    sort_entries();
    return {};
  }
  if (!entries_.empty()) CT_CHECK(write_run());
  std::vector<Entry>().swap(entries_);
  std::string().swap(payloads_);
  heap_.clear();
  current_ = SIZE_MAX;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    CT_CHECK(runs_[i]->open());
    if (!runs_[i]->ended()) heap_.push_back(i);
  }
  return {};
}

Result<bool> ExternalSorter::next(SortRecord& record) {
  if (runs_.empty()) {
    if (at_ == entries_.size()) return false;
    const Entry& entry = entries_[at_++];
    record = {entry.key, entry.next,
              std::string_view(payloads_).substr(entry.offset, entry.length)};
    return true;
  }
  // Later runs hold later records, so the number of the run keeps equal keys in order.
  const auto after = [&](std::size_t a, std::size_t b) {
    const RunHeader &x = runs_[a]->header(), &y = runs_[b]->header();
    return std::tie(x.key, x.next, a) > std::tie(y.key, y.next, b);
  };
  if (current_ == SIZE_MAX) {
    std::make_heap(heap_.begin(), heap_.end(), after);
  } else {
    CT_CHECK(runs_[current_]->advance());
    if (!runs_[current_]->ended()) {
      heap_.push_back(current_);
      std::push_heap(heap_.begin(), heap_.end(), after);
    }
  }
  if (heap_.empty()) {
    current_ = SIZE_MAX;
    return false;
  }
  std::pop_heap(heap_.begin(), heap_.end(), after);
  current_ = heap_.back();
  heap_.pop_back();
  record = {runs_[current_]->header().key, runs_[current_]->header().next,
            runs_[current_]->payload()};
  return true;
}

}  // namespace crosstail
