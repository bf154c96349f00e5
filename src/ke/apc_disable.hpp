// Which APCs the calling thread keeps away from itself.
//   Critical regions and owned mutexes keep normal kernel APCs away, guarded regions all; so does
//   APC_LEVEL.                                    [MSDN Critical Regions and Guarded Regions]
#pragma once

#include "ke/thread.hpp"

namespace mica::ke {

// Both counts as bugchecks tell them: guarded regions in the upper half.         [Bug Check 0x1]
[[nodiscard]] inline ULONG apc_disable_count(Thread const& thread) noexcept {
  return static_cast<ULONG>(static_cast<USHORT>(thread.special_apc_disable)) << 16 |
         static_cast<USHORT>(thread.kernel_apc_disable);
}

// No normal kernel APC interrupts the caller, nor suspends its thread.
[[nodiscard]] inline bool normal_apcs_held_off() noexcept {
  return Machine::irql() >= APC_LEVEL || apc_disable_count(current_thread()) != 0;
}

}  // namespace mica::ke
