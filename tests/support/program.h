#pragma once
/// Runs the built binary as a person would.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "support/temporary_folder.h"

namespace crosstail::testing {

struct ProgramRun {
  int exit_code = -1;  ///< 128 + signal if it was killed
  std::string out, err;
};

inline std::string whole_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline std::string quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// `input` goes to standard input. `kill_after`: SIGKILL after so long, if it still runs.
inline ProgramRun run_crosstail(const std::vector<std::string>& arguments,
                                const std::string& input = "",
                                std::chrono::microseconds kill_after = std::chrono::microseconds(0),
                                int signal = SIGKILL) {
  const TemporaryFolder folder;
  std::ofstream(folder / "in", std::ios::binary) << input;
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string in = (folder / "in").string(), out = (folder / "out").string(),
                      err = (folder / "err").string();
    if (std::freopen(in.c_str(), "r", stdin) == nullptr ||
        std::freopen(out.c_str(), "w", stdout) == nullptr ||
        std::freopen(err.c_str(), "w", stderr) == nullptr)
      ::_exit(127);
    std::vector<std::string> words = {CROSSTAIL_BINARY};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(CROSSTAIL_BINARY, argv.data());
    ::_exit(127);
  }
  int status = 0;
  if (kill_after.count() > 0) {
    std::this_thread::sleep_for(kill_after);
    ::kill(child, signal);
  }
  ::waitpid(child, &status, 0);
  ProgramRun run;
  run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  run.out = whole_file(folder / "out");
  run.err = whole_file(folder / "err");
  return run;
}

}  // namespace crosstail::testing
