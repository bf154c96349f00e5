// Where things are in the x64 machine's address space, and the numbers its parts agree on.
//   Every region is supervisor only. What is not named here is not mapped.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/types.hpp"

namespace mica::hal_x64 {

inline constexpr unsigned maximum_processors = 16;

// The kernel image: linked here, loaded at the same distance from physical 0 (kernel.ld, boot.S).
inline constexpr std::uint64_t kernel_base = 0xffffffff80000000;
// All usable physical memory, writable, not executable.
inline constexpr std::uint64_t direct_base = 0xffff800000000000;
// KUSER_SHARED_DATA, where drivers read it without asking anybody.
inline constexpr std::uint64_t shared_data_base = 0xfffff78000000000;
// What mm hands out: Machine::system_space().
inline constexpr std::uint64_t system_base = 0xfffff88000000000;
inline constexpr std::size_t system_bytes = std::size_t{1} << 30;
// The local APIC's registers.
inline constexpr std::uint64_t apic_base = 0xfffffffffffe0000;

// Below this the firmware lives; only the page where other processors wake up is used.
inline constexpr std::uint64_t low_memory_bytes = 0x100000;
inline constexpr std::uint64_t trampoline_address = 0x8000;

// What boot.S maps at its own address until the final page tables are there.
inline constexpr std::uint64_t boot_window_bytes = std::uint64_t{4} << 30;

// Interrupt vectors: the upper four bits are the IRQL they are delivered at.
//                                                         [SDM 3A, "Task and Processor Priorities"]
enum Vector : std::uint8_t {
  vector_nmi = 2,
  vector_breakpoint = 3,
  vector_invalid_opcode = 6,
  vector_double_fault = 8,
  vector_general_protection = 13,
  vector_page_fault = 14,
  vector_machine_check = 18,
  vector_apc = 0x1f,
  vector_dispatch = 0x2f,
  vector_first_device = 0x30,
  vector_last_device = 0xcf,
  vector_clock = 0xd1,
  vector_ipi = 0xe1,
  vector_flush = 0xe2,  // the machine's own: another processor changed the page tables
  vector_spurious = 0xff,
};

// A stack with an unmapped page under it.
template <std::size_t Bytes>
struct alignas(page_size) GuardedStack {
  std::byte guard[page_size];
  std::byte bytes[Bytes];

  [[nodiscard]] constexpr std::byte* top() noexcept { return bytes + Bytes; }
};

}  // namespace mica::hal_x64
