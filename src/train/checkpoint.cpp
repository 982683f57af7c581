#include "train/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "base/file.h"
#include "base/hash.h"

namespace crosstail::train {
namespace {

constexpr std::string_view kMagic = "CTTRAIN\n";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kBlock = std::size_t{64} << 20;

/// The fixed part after magic and version, little-endian as all our formats.
struct Header {
  std::uint64_t fingerprint_bytes, values, dense, words, columns, touched_rows;
  std::uint64_t adam_steps, step, batches, metrics_bytes, best_step, has_best, without_gain;
  double best_dev;
};

/// Writes and hashes; the hash of a block is seeded with that of the block before.
class Writer {
 public:
  explicit Writer(OutputFile file) : file_(std::move(file)) {}
  Status write(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += kBlock) {
      const auto block = bytes.substr(at, kBlock);
      hash_ = xxh3(block, hash_);
      CT_CHECK(file_.write(block));
    }
    return {};
  }
  template <class T>
  Status numbers(const T* data, std::size_t count) {
    return write({reinterpret_cast<const char*>(data), count * sizeof(T)});
  }
  Status finish() {
    const std::uint64_t hash = hash_;
    CT_CHECK(file_.write({reinterpret_cast<const char*>(&hash), sizeof hash}));
    CT_CHECK(file_.sync());
    return file_.close();
  }

 private:
  OutputFile file_;
  std::uint64_t hash_ = 0;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool take(std::string_view& out, std::size_t count) {
    if (bytes_.size() - at_ < count) return false;
    out = bytes_.substr(at_, count);
    for (std::size_t at = 0; at < count; at += kBlock) hash_ = xxh3(out.substr(at, kBlock), hash_);
    at_ += count;
    return true;
  }
  template <class T>
  [[nodiscard]] bool numbers(T* to, std::size_t count) {
    std::string_view bytes;
    if (count > bytes_.size() / sizeof(T) || !take(bytes, count * sizeof(T))) return false;
    std::memcpy(to, bytes.data(), bytes.size());
    return true;
  }
  [[nodiscard]] bool ends_with_checksum() const {
    if (bytes_.size() - at_ != sizeof hash_) return false;
    return std::memcmp(bytes_.data() + at_, &hash_, sizeof hash_) == 0;
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  std::uint64_t hash_ = 0;
};

std::map<std::string, std::string> lines_of(const std::string& text) {
  std::map<std::string, std::string> out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    const std::size_t colon = std::min(line.find(": "), line.size());
    out[line.substr(0, colon)] = colon + 2 <= line.size() ? line.substr(colon + 2) : "";
    begin = end + 1;
  }
  return out;
}

Error damaged(const std::filesystem::path& path, std::string_view what) {
  return {ErrorCode::Corrupt, path.string() + ": " + std::string(what) +
                                  ": the checkpoint is damaged; remove it to start again"};
}

}  // namespace

std::string differing_lines(const std::string& now, const std::string& then) {
  const auto ours = lines_of(now), theirs = lines_of(then);
  std::string out;
  for (const auto& [name, value] : ours) {
    const auto found = theirs.find(name);
    const std::string was = found == theirs.end() ? "absent" : found->second;
    if (was != value) out += (out.empty() ? "" : "; ") + name + ": " + value + ", was " + was;
  }
  for (const auto& [name, value] : theirs)
    if (!ours.contains(name)) out += (out.empty() ? "" : "; ") + name + ": absent, was " + value;
  return out;
}

Status write_checkpoint(const std::filesystem::path& path, const std::string& fingerprint,
                        const Progression& p, ModelEngine& engine) {
  auto& parameters = engine.parameters();
  auto& adam = engine.optimizer().state();
  std::vector<std::uint32_t> rows;
  for (std::uint32_t r = 0; r < adam.touched.size(); ++r)
    if (adam.touched[r] != 0) rows.push_back(r);
  const std::size_t columns = parameters.list.front().columns;
  const Header header = {fingerprint.size(),
                         parameters.values.size(),
                         adam.first.size(),
                         adam.touched.size(),
                         columns,
                         rows.size(),
                         adam.steps,
                         p.step,
                         p.batches,
                         p.metrics_bytes,
                         p.best_step,
                         p.has_best ? 1U : 0U,
                         p.evaluations_without_gain,
                         p.best_dev};
  const std::filesystem::path part = path.string() + ".part";
  CT_TRY(auto file, OutputFile::create(part));
  Writer out(std::move(file));
  const auto write_all = [&]() -> Status {
    CT_CHECK(out.write(kMagic));
    CT_CHECK(out.numbers(&kVersion, 1));
    CT_CHECK(out.numbers(&header, 1));
    CT_CHECK(out.write(fingerprint));
    CT_CHECK(out.numbers(parameters.values.data(), parameters.values.size()));
    CT_CHECK(out.numbers(adam.first.data(), adam.first.size()));
    CT_CHECK(out.numbers(adam.second.data(), adam.second.size()));
    CT_CHECK(out.numbers(rows.data(), rows.size()));
    for (const auto r : rows) CT_CHECK(out.numbers(adam.word_first.data() + r * columns, columns));
    for (const auto r : rows) CT_CHECK(out.numbers(adam.word_second.data() + r * columns, columns));
    return out.finish();
  };
  if (const auto written = write_all(); !written.ok()) {
    std::error_code ignored;
    std::filesystem::remove(part, ignored);
    return written.error();
  }
  return commit_rename(part, path);
}

Result<Progression> read_checkpoint(const std::filesystem::path& path,
                                    const std::string& fingerprint, ModelEngine& engine) {
  CT_TRY(const auto file, MappedFile::open(path));
  Reader in(file.text());
  std::string_view magic, then;
  std::uint32_t version = 0;
  Header h{};
  if (!in.take(magic, kMagic.size()) || magic != kMagic)
    return Error{ErrorCode::Corrupt, path.string() + ": not a training checkpoint"};
  if (!in.numbers(&version, 1)) return damaged(path, "it is cut off");
  if (version != kVersion)
    return Error{ErrorCode::Unsupported, path.string() + ": version " + std::to_string(version) +
                                             " of the format; this program reads 1"};
  if (!in.numbers(&h, 1) || h.fingerprint_bytes > file.size() ||
      !in.take(then, h.fingerprint_bytes))
    return damaged(path, "it is cut off");
  if (then != fingerprint)
    return Error{ErrorCode::InvalidArgument,
                 path.string() +
                     " is of another run: " + differing_lines(fingerprint, std::string(then)) +
                     "; give the same options, or start again without --resume"};
  auto& parameters = engine.parameters();
  auto& adam = engine.optimizer().state();
  const std::size_t columns = parameters.list.front().columns;
  if (h.values != parameters.values.size() || h.dense != adam.first.size() ||
      h.words != adam.touched.size() || h.columns != columns || h.touched_rows > h.words)
    return Error{ErrorCode::InvalidArgument, path.string() + ": of a model of other sizes"};
  std::vector<std::uint32_t> rows(h.touched_rows);
  bool whole = in.numbers(parameters.values.data(), h.values) &&
               in.numbers(adam.first.data(), h.dense) && in.numbers(adam.second.data(), h.dense) &&
               in.numbers(rows.data(), rows.size());
  std::fill(adam.touched.begin(), adam.touched.end(), std::uint8_t{0});
  for (const auto r : rows) {
    if (r >= h.words) return damaged(path, "a row is out of range");
    adam.touched[r] = 1;
    whole = whole && in.numbers(adam.word_first.data() + r * columns, columns);
  }
  for (const auto r : rows)
    whole = whole && in.numbers(adam.word_second.data() + r * columns, columns);
  if (!whole || !in.ends_with_checksum()) return damaged(path, "its checksum does not fit");
  adam.steps = h.adam_steps;
  parameters.clear_gradients();
  engine.weights_changed();
  Progression p;
  p.step = h.step;
  p.batches = h.batches;
  p.metrics_bytes = h.metrics_bytes;
  p.best_step = h.best_step;
  p.has_best = h.has_best != 0;
  p.evaluations_without_gain = h.without_gain;
  p.best_dev = h.best_dev;
  return p;
}

}  // namespace crosstail::train
