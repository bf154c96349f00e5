#include "hal_x64/apic.hpp"

#include <machine.hpp>

#include "hal_x64/instructions.hpp"
#include "hal_x64/layout.hpp"

namespace mica::hal_x64::apic {

namespace {

enum Register : std::uint32_t {
  register_id = 0x20,
  register_end_of_interrupt = 0xb0,
  register_spurious = 0xf0,
  register_command_low = 0x300,
  register_command_high = 0x310,
  register_timer = 0x320,
  register_line0 = 0x350,
  register_error = 0x370,
  register_initial_count = 0x380,
  register_current_count = 0x390,
  register_divide = 0x3e0,
};

constexpr std::uint32_t masked = 1u << 16;
constexpr std::uint32_t software_enable = 1u << 8;
constexpr std::uint32_t divide_by_16 = 3;

// Fields of the command register.
constexpr std::uint32_t mode_nmi = 4u << 8;
constexpr std::uint32_t mode_init = 5u << 8;
constexpr std::uint32_t mode_startup = 6u << 8;
constexpr std::uint32_t send_pending = 1u << 12;
constexpr std::uint32_t level_assert = 1u << 14;
constexpr std::uint32_t to_self = 1u << 18;

std::uint32_t volatile& at(Register offset) noexcept {
  return *reinterpret_cast<std::uint32_t volatile*>(apic_base + offset);
}

void await_sent() noexcept {
  while (at(register_command_low) & send_pending) pause();
}

// The destination and the command are two stores: no interrupt's own command may come between.
void command(std::uint32_t apic_id, std::uint32_t low) noexcept {
  bool const enabled = Machine::disable_interrupts();
  at(register_command_high) = apic_id << 24;
  at(register_command_low) = low;
  await_sent();
  Machine::restore_interrupts(enabled);
}

}  // namespace

std::uint64_t physical_base() noexcept {
  return read_msr(msr_apic_base) & 0x000ffffffffff000;
}

void enable() noexcept {
  constexpr std::uint64_t global_enable = 1u << 11;
  write_msr(msr_apic_base, read_msr(msr_apic_base) | global_enable);
  at(register_line0) = masked;  // the old interrupt controller
  at(register_error) = masked;
  at(register_divide) = divide_by_16;
  at(register_timer) = vector_clock;
  at(register_initial_count) = 0;
  at(register_spurious) = software_enable | vector_spurious;
}

std::uint32_t id() noexcept {
  return at(register_id) >> 24;
}
void end_of_interrupt() noexcept {
  at(register_end_of_interrupt) = 0;
}

void send(std::uint32_t apic_id, std::uint8_t vector) noexcept {
  command(apic_id, level_assert | vector);
}

void send_self(std::uint8_t vector) noexcept {
  at(register_command_low) = to_self | level_assert | vector;  // one store: no destination
  await_sent();
}

void send_nmi(std::uint32_t apic_id) noexcept {
  command(apic_id, level_assert | mode_nmi);
}
void send_init(std::uint32_t apic_id) noexcept {
  command(apic_id, level_assert | mode_init);
}
void send_startup(std::uint32_t apic_id, std::uint64_t address) noexcept {
  command(apic_id, level_assert | mode_startup | static_cast<std::uint32_t>(address >> page_shift));
}

void start_timer(std::uint32_t count) noexcept {
  at(register_initial_count) = count;
}
std::uint32_t timer_count() noexcept {
  return at(register_current_count);
}

}  // namespace mica::hal_x64::apic
