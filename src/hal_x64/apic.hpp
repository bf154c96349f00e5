// The local interrupt controller of the processor this runs on.       [SDM 3A, "APIC"]
//   By memory-mapped registers, which every machine has. Any IRQL.
#pragma once

#include <cstdint>

namespace mica::hal_x64::apic {

// Physical address of the registers. Before they are mapped.
[[nodiscard]] std::uint64_t physical_base() noexcept;

// Once on each processor, before its interrupts are enabled.
void enable() noexcept;
[[nodiscard]] std::uint32_t id() noexcept;
void end_of_interrupt() noexcept;

// An interrupt for the processor with that APIC id; ordered after every store made before.
void send(std::uint32_t apic_id, std::uint8_t vector) noexcept;
// For the own processor: requested when it returns.
void send_self(std::uint8_t vector) noexcept;
void send_nmi(std::uint32_t apic_id) noexcept;
// The two steps that start a processor. [SDM 3A, "MP Initialization"]
void send_init(std::uint32_t apic_id) noexcept;
void send_startup(std::uint32_t apic_id, std::uint64_t address) noexcept;

// The timer counts down once and then requests vector_clock; 0 stops it.
void start_timer(std::uint32_t count) noexcept;
[[nodiscard]] std::uint32_t timer_count() noexcept;

}  // namespace mica::hal_x64::apic
