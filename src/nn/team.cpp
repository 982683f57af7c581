#include "nn/team.h"

#include <sched.h>

#include <algorithm>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace crosstail::nn {

namespace {

/// A round in one word, so that an item is claimed by one compare-and-swap that fails if the round
/// has changed: number of the round, items, next item.
constexpr unsigned kItemBits = 20;
constexpr std::uint64_t kItemMask = (std::uint64_t{1} << kItemBits) - 1;

std::uint64_t first_ticket(std::uint64_t round, std::size_t items) {
  return (round << (2 * kItemBits)) | (static_cast<std::uint64_t>(items) << kItemBits);
}
std::uint64_t items_of(std::uint64_t ticket) {
  return (ticket >> kItemBits) & kItemMask;
}
std::uint64_t next_of(std::uint64_t ticket) {
  return ticket & kItemMask;
}

/// Waits a moment; lets others run if it has waited often.
class Patience {
 public:
  void wait() {
    if (++waits_ % 4096 == 0) {
      ::sched_yield();
      return;
    }
#if defined(__x86_64__)
    _mm_pause();
#endif
  }

 private:
  std::size_t waits_ = 0;
};

}  // namespace

struct SpinningTeam::Round {
  alignas(64) std::atomic<std::uint64_t> ticket = 0;
  alignas(64) std::atomic<std::size_t> done = 0;
  alignas(64) std::atomic<bool> over = false;
  std::atomic<std::size_t> next_worker = 1;
  std::uint64_t number = 0;        ///< the caller's
  const TeamWork* work = nullptr;  ///< read only by who has claimed an item

  /// Claims and does items until there are none left in this round.
  void help(std::size_t worker) {
    std::uint64_t ticket_now = ticket.load(std::memory_order_acquire);
    while (next_of(ticket_now) < items_of(ticket_now)) {
      if (!ticket.compare_exchange_weak(ticket_now, ticket_now + 1, std::memory_order_acq_rel,
                                        std::memory_order_acquire))
        continue;
      (*work)(static_cast<std::size_t>(next_of(ticket_now)), worker);
      done.fetch_add(1, std::memory_order_release);
      ticket_now = ticket.load(std::memory_order_acquire);
    }
  }

  void help_until_over(std::size_t worker) {
    Patience patience;
    while (!over.load(std::memory_order_acquire)) {
      help(worker);
      patience.wait();
    }
  }
};

SpinningTeam::SpinningTeam(Pool& pool, void (*enter)(), void (*leave)())
    : workers_(1 + std::min<std::size_t>(pool.threads(), 15)), round_(std::make_shared<Round>()) {
  for (std::size_t i = 1; i < workers_; ++i)
    pool.submit([round = round_, enter, leave] {
      if (round->over.load(std::memory_order_acquire)) return;
      if (enter != nullptr) enter();
      round->help_until_over(round->next_worker.fetch_add(1));
      if (leave != nullptr) leave();
    });
}

SpinningTeam::~SpinningTeam() {
  round_->over.store(true, std::memory_order_release);
}

void SpinningTeam::run(std::size_t items, const TeamWork& work) {
  if (items >= kItemMask) {
    for (std::size_t i = 0; i < items; ++i) work(i, 0);
    return;
  }
  Round& round = *round_;
  round.work = &work;
  round.done.store(0, std::memory_order_relaxed);
  round.ticket.store(first_ticket(++round.number, items), std::memory_order_release);
  round.help(0);
  Patience patience;
  while (round.done.load(std::memory_order_acquire) < items) patience.wait();
}

}  // namespace crosstail::nn
