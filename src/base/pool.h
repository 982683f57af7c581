#pragma once
/// Threads. `Pool` runs independent pieces of work; `run_ordered` is a bounded pipeline
/// (read → work on any thread → write in input order) whose output does not depend on the number of
/// threads.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"

namespace crosstail {

/// The processors this process may use (sched_getaffinity), at least 1.
std::size_t available_threads();

/// Fixed threads and a queue. Thread-safe. The destructor finishes what was submitted.
class Pool {
 public:
  explicit Pool(std::size_t threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  [[nodiscard]] std::size_t threads() const { return workers_.size(); }
  void submit(std::function<void()> work);
  /// Calls body(i) for i in [0, count), the calling thread included; returns when all are done.
  void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body);

 private:
  void loop();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

/// One item on its way through run_ordered: `read` makes it, `work` fills it, `write` consumes it.
class WorkItem {
 public:
  virtual ~WorkItem() = default;
};

struct OrderedStages {
  /// Next item, or null at the end. Called from one thread at a time.
  std::function<Result<std::unique_ptr<WorkItem>>()> read;
  /// Called from any thread, for different items at once.
  std::function<void(WorkItem&)> work;
  /// Called in input order, from one thread at a time.
  std::function<Status(WorkItem&)> write;
  /// Cost of an item in bytes, to bound what is in flight.
  std::function<std::size_t(const WorkItem&)> weight;
};

struct OrderedOptions {
  std::size_t threads = 1;
  std::size_t max_in_flight_items = 0;          ///< 0: four per thread
  std::size_t max_in_flight_bytes = 64u << 20;  ///< at least one item is always let in
};

/// Runs until `read` ends, a stage fails, or an interrupt was requested (base/interrupt.h), in
/// which case all items already read are still written and `Interrupted` is returned. With one
/// thread everything runs on the caller. A failure in `read` is returned after everything read
/// before it was written.
Status run_ordered(const OrderedStages& stages, const OrderedOptions& options);

}  // namespace crosstail
