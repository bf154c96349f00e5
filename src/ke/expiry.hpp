// What wheels and timers share.
#pragma once

#include "ke/wait.hpp"

namespace mica::ke {

// The Header.Type of KTHREAD::timeout: no object that anybody waits for.
inline constexpr UCHAR timeout_type = 0x7F;

// Links it into the current processor's wheel. The object is locked, if it is one. The clock comes
// in time: while a thread runs it comes with every tick, and an idle processor arms it after its
// DPCs and expired timers.
void NTAPI link_timer(KTIMER& timer, Due const& due) noexcept MICA_REQUIRES(at_dispatch);

// Takes it out of the wheel it is in. False: it is in none, because it expires or has expired.
[[nodiscard]] bool NTAPI unlink_timer(KTIMER& timer) noexcept MICA_REQUIRES(at_dispatch);

// The wheel it is in, or was in last. The object is locked, if it is one: who sets the timer
// changes that.
[[nodiscard]] TimerWheel& NTAPI wheel_of(KTIMER const& timer) noexcept;

// Returns when the processor of that wheel is done with the timer. No lock is held.
void NTAPI await_expiry(TimerWheel const& wheel, KTIMER& timer) noexcept MICA_REQUIRES(at_dispatch);

// Signals a timer that is due: wakes, queues its DPC, links a periodic one again. The object is
// locked; `wakes` is finished by the caller after the unlock.
void NTAPI signal_timer(KTIMER& timer, Tick now, WakeList& wakes) noexcept
    MICA_REQUIRES(at_dispatch);

}  // namespace mica::ke
