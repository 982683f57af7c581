#pragma once
/// SIGINT and SIGTERM ask for a clean end: stages stop taking input, finish what they hold, leave
/// their output valid and resumable. A second signal ends the process at once.

namespace crosstail {

/// Installs the handlers; called once by `cli`.
void handle_interrupts();
/// True after the first signal. Cheap; any thread.
bool interrupt_requested();
/// For tests and for embedding programs.
void request_interrupt();
void clear_interrupt();

}  // namespace crosstail
