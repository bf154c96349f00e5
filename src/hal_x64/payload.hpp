// What an image boots above the machine: the executive (executive.cpp), or the suite of the seam's
// contract (tests/hal). Each image links one definition.
#pragma once

#include <machine.hpp>

namespace mica::hal_x64::payload {

// Called first, before interrupts are enabled: gets ready for `processors` processors.
[[nodiscard]] hal::Handlers const& prepare(unsigned processors) noexcept;

// The block of a processor, its KPCR filled.
[[nodiscard]] Machine::Processor& processor_block(unsigned number) noexcept;

// How many times as fast as it is measured time is to pass. After prepare().
[[nodiscard]] unsigned time_rate() noexcept;

// Entered on processor 0's stack at DISPATCH_LEVEL with interrupts enabled.
[[noreturn]] void start() noexcept;

}  // namespace mica::hal_x64::payload
