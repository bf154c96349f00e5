// The processors: which there are, which run, how each is set up.
#pragma once

#include <machine.hpp>

#include "hal_x64/acpi.hpp"

namespace mica::hal_x64 {

// Once, by processor 0.
void set_topology(Topology const& topology) noexcept;

// Turns on what this processor has of SMEP, SMAP, UMIP and machine checks, loads descriptors and
// GS, enables its local APIC and raises to DISPATCH_LEVEL. Interrupts stay disabled.
void set_up_processor(Machine::Processor& block) noexcept;

// Bit n: processor n runs. Any IRQL.
[[nodiscard]] std::uint32_t online_processors() noexcept;
[[nodiscard]] std::uint32_t apic_id_of(unsigned number) noexcept;

// A number for the running processor, never 0, that does not need its block: for code that runs
// before that or after a fault. Any IRQL.
[[nodiscard]] std::uint32_t processor_tag() noexcept;

// Whether this processor froze all others.
[[nodiscard]] bool is_freezer() noexcept;

// In the NMI handler: does not return when another processor froze this one.
void stop_if_frozen() noexcept;

}  // namespace mica::hal_x64
