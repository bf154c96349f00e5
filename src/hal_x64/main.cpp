// From boot.S to the payload: prepares the machine on processor 0.
#include <machine.hpp>

#include <string_view>

#include "hal_x64/acpi.hpp"
#include "hal_x64/apic.hpp"
#include "hal_x64/boot_info.hpp"
#include "hal_x64/clock.hpp"
#include "hal_x64/console.hpp"
#include "hal_x64/descriptors.hpp"
#include "hal_x64/instructions.hpp"
#include "hal_x64/paging.hpp"
#include "hal_x64/payload.hpp"
#include "hal_x64/processors.hpp"
#include "hal_x64/stacks.hpp"
#include "hal_x64/trap.hpp"

namespace mica {

namespace hal_x64 {

extern "C" {
extern std::byte* const mica_boot_stack_top;
constinit std::byte* const mica_boot_stack_top = boot_stack.top();
extern std::byte __kernel_end[];
}

namespace {

constinit BootInfo boot_info{};

[[noreturn]] void give_up(std::string_view why) noexcept {
  Machine::debug_output(why.data(), why.size());
  Machine::stop(hal::Verdict::failed);
}

// Masks both: what they are wired to comes through the local APIC or not at all.
void silence_old_interrupt_controllers() noexcept {
  out8(0x21, 0xff);
  out8(0xa1, 0xff);
}

}  // namespace

extern "C" [[noreturn]] void mica_boot(std::uint32_t magic, std::uint32_t information) noexcept {
  start_console();
  silence_old_interrupt_controllers();
  // boot.S mapped this much of physical memory at its own addresses.
  FirmwareView const firmware{nullptr, boot_window_bytes};
  if (!read_boot_info(firmware, magic, information, boot_info))
    give_up("mica: unknown boot loader\n");
  Topology const topology = read_topology(firmware, boot_info.acpi_root, processor_tag() - 1);

  // Below 1 MiB the firmware keeps things of its own; above it lies this image.
  boot_info.memory.remove(0, reinterpret_cast<std::uint64_t>(__kernel_end) - kernel_base);
  build_page_tables(boot_info.memory, boot_info.ram_disk, apic::physical_base());
  set_topology(topology);
  fill_interrupt_table();
  set_handlers(payload::prepare(topology.processors));
  set_up_processor(payload::processor_block(0));
  start_clock(payload::time_rate());
  enable_interrupts();
  payload::start();
}

}  // namespace hal_x64

char const* Machine::command_line() noexcept {
  return hal_x64::boot_info.command_line;
}

std::span<std::byte const> Machine::ram_disk() noexcept {
  hal_x64::PhysicalRange const range = hal_x64::boot_info.ram_disk;
  return {reinterpret_cast<std::byte const*>(hal_x64::direct_base + range.base), range.bytes};
}

void Machine::stop(hal::Verdict verdict) noexcept {
  // isa-debug-exit: QEMU ends with twice the value plus one.
  constexpr std::uint16_t debug_exit = 0xf4;
  hal_x64::out32(debug_exit, verdict == hal::Verdict::passed ? 16 : 1);
  hal_x64::halt_for_ever();
}

}  // namespace mica
