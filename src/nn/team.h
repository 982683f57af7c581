#pragma once
/// Items of work done by one thread or by several, for one encoder run.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/pool.h"

namespace crosstail::nn {

/// `work(item, worker)` may be called at once for different items, never at once for one worker.
using TeamWork = std::function<void(std::size_t item, std::size_t worker)>;

class Team {
 public:
  virtual ~Team() = default;
  /// Workers that may call `work`; their numbers are 0 … workers() - 1.
  [[nodiscard]] virtual std::size_t workers() const = 0;
  /// Returns when all of 0 … items - 1 are done.
  virtual void run(std::size_t items, const TeamWork& work) = 0;
};

/// The calling thread alone.
class OneThread : public Team {
 public:
  [[nodiscard]] std::size_t workers() const override { return 1; }
  void run(std::size_t items, const TeamWork& work) override {
    for (std::size_t i = 0; i < items; ++i) work(i, 0);
  }
};

/// The calling thread and those threads of a pool that are free, for many short rounds of work in
/// a row: between rounds they spin instead of sleeping, and they go back to the pool when the team
/// is gone. Never waits for a thread that has not begun, so a busy pool only means less help.
class SpinningTeam : public Team {
 public:
  /// enter and leave (or null) run on each helping thread around its work.
  SpinningTeam(Pool& pool, void (*enter)(), void (*leave)());
  ~SpinningTeam() override;
  SpinningTeam(const SpinningTeam&) = delete;
  SpinningTeam& operator=(const SpinningTeam&) = delete;

  [[nodiscard]] std::size_t workers() const override { return workers_; }
  void run(std::size_t items, const TeamWork& work) override;

 private:
  struct Round;
  std::size_t workers_;
  std::shared_ptr<Round> round_;
};

}  // namespace crosstail::nn
