#include "base/pool.h"

#include <sched.h>

#include <atomic>

#include "base/interrupt.h"

namespace crosstail {

std::size_t available_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  const int count = CPU_COUNT(&set);
  return count > 0 ? static_cast<std::size_t>(count) : 1;
}

Pool::Pool(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) workers_.emplace_back([this] { loop(); });
}

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void Pool::submit(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
  }
  wake_.notify_one();
}

void Pool::loop() {
  while (true) {
    std::function<void()> work;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

void Pool::parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) {
  if (count == 0) return;
  struct Shared {
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::condition_variable done;
    std::size_t active = 0;
  } shared;
  auto drain = [&] {
    for (std::size_t i = shared.next++; i < count; i = shared.next++) body(i);
  };
  const std::size_t extra = std::min(threads(), count - 1);
  shared.active = extra;
  for (std::size_t i = 0; i < extra; ++i) {
    submit([&] {
      drain();
      const std::lock_guard lock(shared.mutex);
      if (--shared.active == 0) shared.done.notify_one();
    });
  }
  drain();
  std::unique_lock lock(shared.mutex);
  shared.done.wait(lock, [&] { return shared.active == 0; });
}

namespace {

/// The state of one run_ordered with several threads. Every thread does what is most urgent: write
/// the next finished item, else read and work on a new one, else wait.
class OrderedRun {
 public:
  OrderedRun(const OrderedStages& stages, std::size_t max_items, std::size_t max_bytes)
      : stages_(stages), max_items_(max_items), max_bytes_(max_bytes) {}

  void loop() {
    std::unique_lock lock(mutex_);
    while (true) {
      if (can_write()) {
        write_one(lock);
      } else if (can_read()) {
        read_and_work(lock);
      } else if (finished()) {
        wake_.notify_all();
        return;
      } else {
        wake_.wait(lock);
      }
    }
  }

  [[nodiscard]] Status outcome() {
    if (!write_status_.ok()) return write_status_;
    return read_status_;
  }

 private:
  struct Slot {
    std::unique_ptr<WorkItem> item;
    std::size_t weight = 0;
    bool done = false;
  };

  [[nodiscard]] bool can_write() const {
    return !writing_ && write_status_.ok() && !slots_.empty() && slots_.front()->done;
  }
  [[nodiscard]] bool can_read() const {
    return !reading_ && !read_ended_ && write_status_.ok() &&
           (slots_.empty() || (slots_.size() < max_items_ && bytes_ < max_bytes_));
  }
  [[nodiscard]] bool finished() const {
    if (!write_status_.ok()) return !writing_ && !reading_;
    return read_ended_ && !reading_ && !writing_ && slots_.empty();
  }

  void write_one(std::unique_lock<std::mutex>& lock) {
    writing_ = true;
    Slot& slot = *slots_.front();
    lock.unlock();
    Status status = stages_.write(*slot.item);
    lock.lock();
    writing_ = false;
    bytes_ -= slot.weight;
    slots_.pop_front();
    if (!status.ok()) write_status_ = std::move(status);
    wake_.notify_all();
  }

  void read_and_work(std::unique_lock<std::mutex>& lock) {
    reading_ = true;
    lock.unlock();
    std::unique_ptr<WorkItem> item;
    Status status;
    if (interrupt_requested()) {
      status = Error{ErrorCode::Interrupted, "interrupted"};
    } else {
      auto result = stages_.read();
      if (result.ok()) {
        item = *std::move(result);
      } else {
        status = std::move(result).error();
      }
    }
    const std::size_t weight = item ? stages_.weight(*item) : 0;
    lock.lock();
    reading_ = false;
    if (!item) {
      read_ended_ = true;
      read_status_ = std::move(status);
      wake_.notify_all();
      return;
    }
    auto owned = std::make_unique<Slot>();
    Slot& slot = *owned;
    slot.item = std::move(item);
    slot.weight = weight;
    slots_.push_back(std::move(owned));
    bytes_ += weight;
    wake_.notify_one();
    lock.unlock();
    stages_.work(*slot.item);
    lock.lock();
    slot.done = true;
    wake_.notify_one();
  }

  const OrderedStages& stages_;
  std::size_t max_items_, max_bytes_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Slot>> slots_;
  std::size_t bytes_ = 0;
  bool reading_ = false, writing_ = false, read_ended_ = false;
  Status read_status_, write_status_;
};

Status run_on_caller(const OrderedStages& stages) {
  while (true) {
    if (interrupt_requested()) return Error{ErrorCode::Interrupted, "interrupted"};
    CT_TRY(std::unique_ptr<WorkItem> item, stages.read());
    if (!item) return {};
    stages.work(*item);
    CT_CHECK(stages.write(*item));
  }
}

}  // namespace

Status run_ordered(const OrderedStages& stages, const OrderedOptions& options) {
  if (options.threads <= 1) return run_on_caller(stages);
  const std::size_t items =
      options.max_in_flight_items != 0 ? options.max_in_flight_items : options.threads * 4;
  OrderedRun run(stages, items, options.max_in_flight_bytes);
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < options.threads; ++i) others.emplace_back([&run] { run.loop(); });
  run.loop();
  for (auto& thread : others) thread.join();
  return run.outcome();
}

}  // namespace crosstail
