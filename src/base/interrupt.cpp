#include "base/interrupt.h"

#include <unistd.h>
#include <csignal>

#include <atomic>

namespace crosstail {
namespace {

std::atomic<bool> requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "the handler may only touch lock-free state");

void on_signal(int) {
  if (requested.exchange(true)) ::_exit(130);
}

}  // namespace

void handle_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  // A closed pipe is an error value of write(), not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
}

bool interrupt_requested() {
  return requested.load(std::memory_order_relaxed);
}
void request_interrupt() {
  requested = true;
}
void clear_interrupt() {
  requested = false;
}

}  // namespace crosstail
