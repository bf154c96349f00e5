// Page faults of kernel code on the host.
//   The library installs no signal handler: a program that wants an access to what a System has not
//   mapped to end that System, as it does on a PC, calls take_fault from its own for SIGSEGV, with
//   what the handler was given (SA_SIGINFO), and returns if it says true. Then the bugcheck goes on
//   from there. On x86-64; elsewhere it is always false.
#pragma once

#include <signal.h>

namespace mica {

// False, and nothing has changed: the fault was not at an address of the System that runs on this
// thread. Async-signal-safe.
[[nodiscard]] bool take_fault(siginfo_t const& information, void* context) noexcept;

}  // namespace mica
