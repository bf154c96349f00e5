// Timers and DPCs in memory that is freed.
#pragma once

#include <nt/ntdef.h>

#include <cstddef>

namespace mica::ke {

// A block of that POOL_TYPE is about to be freed. With a timer in it that is set it is a
// violation, with a DPC in it that is queued bugcheck TIMER_OR_DPC_INVALID; in a System that is
// verified also with the DPC of a timer that is set. IRQL <= DISPATCH_LEVEL.
void NTAPI reject_live_timers(void const* memory, std::size_t bytes, ULONG_PTR pool_type) noexcept;

}  // namespace mica::ke
