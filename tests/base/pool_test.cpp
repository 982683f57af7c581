#include "base/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "base/interrupt.h"

namespace crosstail {
namespace {

struct Number : WorkItem {
  std::size_t value = 0, square = 0;
};

/// Squares of 0 … count-1 through run_ordered; the larger ones are faster.
Result<std::vector<std::size_t>> squares(std::size_t count, const OrderedOptions& options,
                                         std::size_t fail_read = SIZE_MAX,
                                         std::size_t fail_write = SIZE_MAX) {
  std::size_t next = 0;
  std::vector<std::size_t> written;
  OrderedStages stages;
  stages.read = [&]() -> Result<std::unique_ptr<WorkItem>> {
    if (next == fail_read) return Error{ErrorCode::Corrupt, "read"};
    if (next == count) return std::unique_ptr<WorkItem>();
    auto item = std::make_unique<Number>();
    item->value = next++;
    return std::unique_ptr<WorkItem>(std::move(item));
  };
  stages.work = [](WorkItem& item) {
    auto& number = static_cast<Number&>(item);
    if (number.value % 7 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
    number.square = number.value * number.value;
  };
  stages.write = [&](WorkItem& item) -> Status {
    const auto& number = static_cast<Number&>(item);
    if (number.value == fail_write) return Error{ErrorCode::NoSpace, "write"};
    written.push_back(number.square);
    return {};
  };
  stages.weight = [](const WorkItem&) { return std::size_t{1}; };
  const Status status = run_ordered(stages, options);
  if (!status.ok() && status.error().code != ErrorCode::Corrupt) return status.error();
  return written;
}

TEST(RunOrdered, WritesInInputOrderForAnyNumberOfThreads) {
  std::vector<std::size_t> expected;
  for (std::size_t i = 0; i < 500; ++i) expected.push_back(i * i);
  for (const std::size_t threads : {1, 2, 3, 8}) {
    auto written = squares(500, {.threads = threads});
    ASSERT_TRUE(written.ok());
    EXPECT_EQ(*written, expected) << threads << " threads";
  }
}

TEST(RunOrdered, AnItemHeavierThanTheBoundStillGoesThrough) {
  auto written = squares(20, {.threads = 4, .max_in_flight_bytes = 0});
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(written->size(), 20u);
}

TEST(RunOrdered, WritesAllThatWasReadBeforeReadingFailed) {
  for (const std::size_t threads : {1, 4}) {
    auto written = squares(100, {.threads = threads}, 42);
    ASSERT_TRUE(written.ok());
    EXPECT_EQ(written->size(), 42u) << threads << " threads";
  }
}

TEST(RunOrdered, StopsWhenWritingFails) {
  for (const std::size_t threads : {1, 4}) {
    auto written = squares(100000, {.threads = threads}, SIZE_MAX, 10);
    ASSERT_FALSE(written.ok());
    EXPECT_EQ(written.error().code, ErrorCode::NoSpace);
  }
}

TEST(RunOrdered, ReturnsInterruptedAfterASignal) {
  request_interrupt();
  auto written = squares(100, {.threads = 2});
  clear_interrupt();
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code, ErrorCode::Interrupted);
}

TEST(Pool, ParallelForVisitsEachIndexOnce) {
  Pool pool(3);
  std::vector<std::atomic<int>> visits(1000);
  pool.parallel_for(visits.size(), [&](std::size_t i) { ++visits[i]; });
  for (const auto& count : visits) EXPECT_EQ(count, 1);
}

TEST(Pool, NestedParallelForEnds) {
  Pool pool(2);
  std::atomic<int> count = 0;
  pool.parallel_for(4, [&](std::size_t) {
    Pool inner(1);
    inner.parallel_for(5, [&](std::size_t) { ++count; });
  });
  EXPECT_EQ(count, 20);
}

}  // namespace
}  // namespace crosstail
