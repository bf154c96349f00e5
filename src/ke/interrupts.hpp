// What the machine's interrupts do; registered by init as hal::Handlers.
#pragma once

#include "ke/processor.hpp"

namespace mica::ke {

// DISPATCH_LEVEL: due timers, then DPCs, then reschedule().
void NTAPI dispatch_interrupt() noexcept;
// CLOCK_LEVEL: counts ticks, flags due timers and quantum end, arms the next.
void NTAPI clock_interrupt(KIRQL interrupted) noexcept;
// IPI_LEVEL: counts ticks, requests a dispatch interrupt.
void NTAPI ipi_interrupt() noexcept;

void NTAPI retire_dpcs() noexcept
    MICA_REQUIRES(at_dispatch);  // runs the current processor's DPCs until none is left
void NTAPI expire_timers() noexcept
    MICA_REQUIRES(at_dispatch);     // signals what is due in the current processor's wheel
void NTAPI count_ticks() noexcept;  // brings tick count and shared page up to the machine's time
// By who has TimeState::keeper.
void NTAPI write_shared_page(TimeState const& time, Tick tick) noexcept;
// Arms the current processor's clock for what it needs: the next tick while a thread or a DPC runs,
// else the next timer.
void NTAPI arm_clock() noexcept MICA_REQUIRES(at_dispatch);

// The system time is `now_100ns` at the last tick, and absolute due times follow. What it was.
// IRQL <= DISPATCH_LEVEL.
std::uint64_t NTAPI set_system_time(std::uint64_t now_100ns) noexcept;

}  // namespace mica::ke
