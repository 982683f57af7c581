/// Fusing beside the cold reading of the same files, opening, and reading fused rows.
///
///   bench_index FOLDER [PASSAGES=50000] [QUESTIONS=35] [DIM=384] [sparse]
///
/// `sparse`: the .npy files are holes (zeros that take no disk), and only the grouped build is run:
/// memory and processor time at sizes for which the disk has no room. What is read then costs no
/// disk, so its rate says nothing.
///
/// Makes its inputs in FOLDER (bf16 .npy files and JSON rows), drops them from the page cache,
/// reads them with plain reads, then builds `--keep-parts total --vectors bf16` from them, cold:
/// grouped, and with the questions shuffled. Prints the ratios of the bars, and the peak of
/// anonymous memory (what is resident without page cache).

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <thread>

#include "base/file.h"
#include "data/npy.h"
#include "index/fused_rows.h"
#include "retrieve/build_index.h"

namespace {

using namespace crosstail;
namespace fs = std::filesystem;

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void must(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.error().message.c_str());
  std::exit(1);
}

/// Out of the page cache.
void drop(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY);
  ::fsync(fd);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
}

void read_cold(const fs::path& path) {
  static std::vector<char> buffer(std::size_t{4} << 20);
  const int fd = ::open(path.c_str(), O_RDONLY);
  while (::read(fd, buffer.data(), buffer.size()) > 0) {
  }
  ::close(fd);
}

/// Peak of RssAnon while it lives, sampled.
class AnonymousPeak {
 public:
  AnonymousPeak() : thread_([this] { watch(); }) {}
  ~AnonymousPeak() { stop(); }
  double megabytes() {
    stop();
    return static_cast<double>(peak_) / 1024;
  }

 private:
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  void watch() {
    while (!stopping_) {
      std::ifstream status("/proc/self/status");
      for (std::string word; status >> word;)
        if (word == "RssAnon:") {
          std::uint64_t kilobytes = 0;
          status >> kilobytes;
          peak_ = std::max(peak_, kilobytes);
        }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  std::atomic<bool> stopping_{false};
  std::uint64_t peak_ = 0;
  std::thread thread_;
};

struct Inputs {
  fs::path corpus, passages, questions, vectors;
};

/// `order`: question row of each place in the files.
Inputs make_inputs(const fs::path& folder, std::size_t passages, std::size_t each, std::size_t dim,
                   const std::vector<std::uint32_t>& order, const std::string& name, bool sparse) {
  Inputs in{folder / (name + ".corpus.jsonl"), folder / (name + ".p.npy"),
            folder / (name + ".q.jsonl"), folder / (name + ".q.npy")};
  std::mt19937_64 random(1);
  const auto vectors = [&](const fs::path& path, std::size_t rows) {
    auto file = *OutputFile::create(path);
    const std::string header = data::npy_header(data::NpyType::U16, rows, dim);
    must(file.write(header));
    if (sparse) {
      must(file.close());
      fs::resize_file(path, header.size() + rows * dim * 2);
      return;
    }
    std::vector<std::uint16_t> block(dim * 1024);
    for (std::size_t at = 0; at < rows; at += 1024) {
      for (auto& x : block)
        x = static_cast<std::uint16_t>(0x3d00 + (random() & 0x80ff));  // about ±0.03
      const std::size_t count = std::min<std::size_t>(1024, rows - at) * dim * 2;
      must(file.write({reinterpret_cast<const char*>(block.data()), count}));
    }
  };
  vectors(in.passages, passages);
  vectors(in.vectors, order.size());
  std::ofstream corpus(in.corpus), questions(in.questions);
  for (std::size_t p = 0; p < passages; ++p) corpus << "{\"_id\":\"p" << p << "\",\"text\":\"\"}\n";
  const char* tags[] = {"ar", "bn", "fi", "ja", "ko", "ru", "te"};
  for (const std::uint32_t row : order)
    questions << "{\"passage_id\":\"p" << row / each << "\",\"lang\":\"" << tags[row % each % 7]
              << "\",\"text\":\"question " << row << "\"}\n";
  return in;
}

std::uint64_t bytes_of(const Inputs& in) {
  return fs::file_size(in.corpus) + fs::file_size(in.passages) + fs::file_size(in.questions) +
         fs::file_size(in.vectors);
}

void drop_all(const Inputs& in) {
  for (const auto* path : {&in.corpus, &in.passages, &in.questions, &in.vectors}) drop(*path);
}

double build(const Inputs& in, const fs::path& output) {
  retrieve::BuildOptions options;
  options.corpus = {in.corpus.string()};
  options.questions.files = {in.questions.string()};
  options.vectors.passage_vectors = in.passages.string();
  options.vectors.question_vectors = in.vectors.string();
  options.output = output.string();
  options.keep = index::KeepParts::Total;
  options.type = index::VectorType::BF16;
  options.checkpoint_every = std::chrono::seconds(10);
  return seconds_of([&] {
    const auto built = retrieve::build_index(options);
    if (!built.ok()) must(built.error());
  });
}

void open_and_read(const fs::path& path) {
  std::shared_ptr<const index::IndexReader> opened;
  std::vector<double> times;
  for (int i = 0; i < 5; ++i)
    times.push_back(seconds_of([&] { opened = *index::IndexReader::open(path); }));
  std::sort(times.begin(), times.end());
  std::printf("open        %.3f ms (median of 5, %.3f to %.3f), %llu vectors\n", times[2] * 1e3,
              times[0] * 1e3, times[4] * 1e3, static_cast<unsigned long long>(opened->rows()));
  index::FusionSetting setting;
  setting.mode = index::FusionMode::Mean;
  setting.alpha = 0.5;
  const auto rows = *index::FusedRows::make(opened, setting);
  std::vector<float> tile(256 * rows->dim());
  for (int round = 0; round < 2; ++round) {
    const double seconds = seconds_of([&] {
      for (std::size_t at = 0; at < rows->rows(); at += 256)
        rows->read(at, std::min(at + 256, rows->rows()), tile.data());
    });
    std::printf("fused rows  %.0f rows/s with one thread, mean of total parts (%s touch)\n",
                static_cast<double>(rows->rows()) / seconds, round == 0 ? "first" : "second");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_index FOLDER [PASSAGES] [QUESTIONS] [DIM]\n");
    return 2;
  }
  const fs::path folder = argv[1];
  const auto number = [&](int i, std::size_t fallback) {
    return argc > i ? std::strtoul(argv[i], nullptr, 10) : fallback;
  };
  const std::size_t passages = number(2, 50000), each = number(3, 35), dim = number(4, 384);
  fs::create_directories(folder);
  std::vector<std::uint32_t> order(passages * each);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
  double grouped = 0;
  const bool sparse = argc > 5 && std::string(argv[5]) == "sparse";
  for (const std::string name : {"grouped", "shuffled"}) {
    if (name == "shuffled" && sparse) break;
    if (name == "shuffled") std::shuffle(order.begin(), order.end(), std::mt19937_64(2));
    const Inputs in = make_inputs(folder, passages, each, dim, order, name, sparse);
    const auto bytes = static_cast<double>(bytes_of(in));
    drop_all(in);
    const double cold = seconds_of([&] {
      for (const auto* path : {&in.corpus, &in.questions, &in.passages, &in.vectors})
        read_cold(*path);
    });
    drop_all(in);
    AnonymousPeak peak;
    const double used = cpu_seconds();
    const double seconds = build(in, folder / (name + ".idx"));
    std::printf(
        "%-11s %.2f GB: cold read %.1f s (%.0f MB/s), fused in %.1f s (%.0f MB/s): %.2f of "
        "the cold rate; %.1f CPU s, %.0f MB anonymous at most\n",
        name.c_str(), bytes / 1e9, cold, bytes / cold / 1e6, seconds, bytes / seconds / 1e6,
        cold / seconds, cpu_seconds() - used, peak.megabytes());
    for (const auto* path : {&in.corpus, &in.questions, &in.passages, &in.vectors})
      fs::remove(*path);
    if (name == "grouped")
      grouped = seconds;
    else
      std::printf("shuffled    %.2f times the grouped build\n", seconds / grouped);
    std::fflush(stdout);
  }
  open_and_read(folder / "grouped.idx");
  return 0;
}
