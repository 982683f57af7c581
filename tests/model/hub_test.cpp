/// Fetching a model from a hub that is a socket of this test.

#include "model/hub.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "base/hash.h"
#include "model/encoder.h"
#include "model/locate.h"
#include "model/tiny_model.h"

namespace crosstail::model {
namespace {

using testing::TemporaryFolder;
using testing::TinyModel;

/// Answers GET, with ranges if `ranges`; closes a connection after `cut` bytes of a body.
class Server {
 public:
  std::map<std::string, std::string> files;  ///< path without query to bytes
  std::atomic<bool> ranges{true};
  std::atomic<std::size_t> cut{SIZE_MAX};

  Server() {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    ::listen(socket_, 8);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ::shutdown(socket_, SHUT_RDWR);
    ::close(socket_);
    thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    requests_.clear();
  }

 private:
  void serve() {
    while (true) {
      const int connection = ::accept(socket_, nullptr, nullptr);
      if (connection < 0) return;
      std::string request;
      char buffer[4096];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const auto got = ::read(connection, buffer, sizeof buffer);
        if (got <= 0) break;
        request.append(buffer, static_cast<std::size_t>(got));
      }
      answer(connection, request);
      ::close(connection);
    }
  }
  void answer(int connection, const std::string& request) {
    const std::size_t begin = request.find(' ') + 1;
    std::string path = request.substr(begin, request.find(' ', begin) - begin);
    path = path.substr(0, path.find('?'));
    std::size_t from = 0;
    const std::size_t range = request.find("Range: bytes=");
    if (range != std::string::npos && ranges) from = std::stoul(request.substr(range + 13));
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(path +
                          (range == std::string::npos ? "" : " from " + std::to_string(from)));
    }
    const auto file = files.find(path);
    if (file == files.end())
      return send(connection, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    const std::string body = file->second.substr(std::min(from, file->second.size()));
    send(connection,
         (from > 0 ? "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " +
                         std::to_string(from) + "-" + std::to_string(file->second.size() - 1) +
                         "/" + std::to_string(file->second.size()) + "\r\n"
                   : std::string("HTTP/1.1 200 OK\r\n")) +
             "Connection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
             body.substr(0, cut));
  }
  static void send(int connection, const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
      const auto wrote = ::send(connection, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (wrote <= 0) return;
      at += static_cast<std::size_t>(wrote);
    }
  }

  int socket_ = -1;
  std::string url_;
  std::thread thread_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
};

/// Puts the tiny model on the server as "someone/tiny"; the weights with SHA-256, as large files
/// have it, the configuration with git's blob (`git hash-object config.json`).
struct Hub {
  Server server;
  TinyModel tiny;
  TemporaryFolder folder;

  Hub() {
    ::setenv("CROSSTAIL_CACHE", (folder / "cache").c_str(), 1);
    const std::string weights = tiny.safetensors(),
                      vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\none\ntwo\nthree\n";
    const std::string at = "/someone/tiny/resolve/c0ffee/";
    server.files[at + "config.json"] = tiny.config();
    server.files[at + "vocab.txt"] = vocabulary;
    server.files[at + "model.safetensors"] = weights;
    list(sha256_hex(weights));
  }
  void list(const std::string& weights_sum) {
    const auto size = [&](const std::string& name) {
      return std::to_string(server.files["/someone/tiny/resolve/c0ffee/" + name].size());
    };
    server.files["/api/models/someone/tiny/revision/main"] =
        R"({"sha":"c0ffee","siblings":[
          {"rfilename":"README.md","size":5,"blobId":"00"},
          {"rfilename":"config.json","size":)" +
        size("config.json") + R"(},
          {"rfilename":"onnx/model.onnx","size":100},
          {"rfilename":"pytorch_model.bin","size":100},
          {"rfilename":"vocab.txt","size":)" +
        size("vocab.txt") +
        // printf '[PAD]\n…three\n' | git hash-object --stdin
        R"(,"blobId":"9d3bd779bab100d76684952f1ad6d8989053cf99"},
          {"rfilename":"model.safetensors","size":)" +
        size("model.safetensors") + R"(,"lfs":{"sha256":")" + weights_sum + R"(","size":)" +
        size("model.safetensors") + "}}]}";
  }
  PullOptions options() {
    PullOptions o;
    o.name = "someone/tiny";
    o.hub = server.url();
    return o;
  }
};

TEST(Hub, FetchesWhatAModelIsLoadedFromIntoTheCache) {
  Hub hub;
  auto result = pull_model(hub.options());
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->folder, hub.folder / "cache/models/someone/tiny");
  EXPECT_EQ(result->fetched, 3u);
  EXPECT_FALSE(std::filesystem::exists(result->folder / "pytorch_model.bin"));
  EXPECT_FALSE(std::filesystem::exists(result->folder / "README.md"));
  auto encoder = Encoder::open("someone/tiny");
  EXPECT_TRUE(encoder.ok()) << encoder.error().message;
}

TEST(Hub, TheMirrorOfTheEnvironmentIsAsked) {
  Hub hub;
  auto options = hub.options();
  options.hub.clear();
  ::setenv("CROSSTAIL_HUB", (hub.server.url() + "/").c_str(), 1);
  auto result = pull_model(options);
  ::unsetenv("CROSSTAIL_HUB");
  EXPECT_TRUE(result.ok()) << result.error().message;
}

TEST(Hub, AFetchThatWasCutOffContinuesWhereItStopped) {
  for (const bool ranges : {true, false}) {
    Hub hub;
    hub.server.cut = 1000;
    auto first = pull_model(hub.options());
    ASSERT_FALSE(first.ok());
    EXPECT_EQ(first.error().code, ErrorCode::Io) << first.error().message;
    EXPECT_FALSE(std::filesystem::exists(hub.folder / "cache/models/someone/tiny"));
    hub.server.cut = SIZE_MAX;
    hub.server.ranges = ranges;
    hub.server.forget();
    auto second = pull_model(hub.options());
    ASSERT_TRUE(second.ok()) << second.error().message;
    EXPECT_EQ(second->fetched, 1u);
    const auto requests = hub.server.requests();
    const std::string weights = "/someone/tiny/resolve/c0ffee/model.safetensors";
    EXPECT_EQ(std::ranges::count(requests, weights + (ranges ? " from 1000" : " from 0")), 1);
    auto bytes = read_file(second->folder / "model.safetensors");
    ASSERT_TRUE(bytes.ok());
    EXPECT_EQ(*bytes, hub.tiny.safetensors());
  }
}

TEST(Hub, AWrongChecksumIsAnErrorAndNothingIsKept) {
  Hub hub;
  hub.list(std::string(64, 'a'));
  auto result = pull_model(hub.options());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::Corrupt);
  EXPECT_NE(result.error().message.find("SHA-256"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(hub.folder / "cache/models/someone/tiny"));
  EXPECT_FALSE(std::filesystem::exists(hub.folder /
                                       "cache/models/someone/tiny.part/model.safetensors.part"));
}

TEST(Hub, APullOfWhatIsThereFetchesNothing) {
  Hub hub;
  ASSERT_TRUE(pull_model(hub.options()).ok());
  auto again = pull_model(hub.options());
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->fetched, 0u);
  EXPECT_EQ(again->files, 3u);
}

TEST(Hub, UnknownNamesAndBadNamesAreErrors) {
  Hub hub;
  auto options = hub.options();
  options.name = "someone/else";
  auto result = pull_model(options);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::NotFound);
  for (const char* name : {"", "../x", "a/b/c", ".hidden", "a//b", "a b"}) {
    options.name = name;
    EXPECT_EQ(pull_model(options).error().code, ErrorCode::InvalidArgument) << name;
    EXPECT_FALSE(is_model_name(name)) << name;
  }
}

TEST(Hub, ListingsThatLeadOutOfTheFolderAreRefused) {
  std::string commit;
  EXPECT_FALSE(read_listing(R"({"siblings":[{"rfilename":"../config.json"}]})", commit).ok());
  EXPECT_FALSE(read_listing(R"({"siblings":[{"rfilename":"/etc/config.json"}]})", commit).ok());
  EXPECT_FALSE(read_listing(R"({"siblings":7})", commit).ok());
}

TEST(Hub, ShardsAndFoldersOfModulesAreNeeded) {
  std::vector<HubFile> all;
  for (const char* name :
       {"model-00001-of-00002.safetensors", "model.safetensors.index.json", "model.safetensors.bak",
        "1_Pooling/config.json", "2_Dense/pytorch_model.bin", "onnx/config.json", "tf_model.h5",
        "pytorch_model-00001-of-00002.bin", "flax_model.msgpack", "tokenizer.json"})
    all.push_back({name, 1, "", ""});
  std::string names;
  for (const auto& file : needed_files(all)) names += file.name + " ";
  EXPECT_EQ(names,
            "model-00001-of-00002.safetensors model.safetensors.index.json 1_Pooling/config.json "
            "2_Dense/pytorch_model.bin tokenizer.json ");
}

}  // namespace
}  // namespace crosstail::model
