// Time: the time stamp counter tells it, the local APIC's timer interrupts.
#pragma once

#include <cstdint>

namespace mica::hal_x64 {

// Measures both against the interval timer and reads the calendar clock. Once, by processor 0,
// after apic::enable(); interrupt time 0 is when it returns. From then on time passes `rate` times
// as fast as that.
void start_clock(unsigned rate) noexcept;

// The clock interrupt came: whether it is what was armed, and then it is armed no more. An
// interrupt that was already on its way when the clock was armed anew is not; a due time beyond the
// timer's reach takes several.
// Interrupts disabled.
[[nodiscard]] bool clock_is_due() noexcept;

}  // namespace mica::hal_x64
