// Deadlock detection (ke/lock_checks.hpp), as the kernel option `deadlock-detection` asks for it
// from the beginning, or a test for a while.                  [MSDN "Deadlock Detection"]
#pragma once

namespace mica::init {

// False: there is no memory for its tables. IRQL PASSIVE_LEVEL, or before other processors run.
[[nodiscard]] bool detect_deadlocks() noexcept;
// IRQL PASSIVE_LEVEL.
void stop_detecting_deadlocks() noexcept;

}  // namespace mica::init
