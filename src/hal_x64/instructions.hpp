// The processor's instructions that C++ has no words for.
#pragma once

#include <cstdint>

namespace mica::hal_x64 {

inline void out8(std::uint16_t port, std::uint8_t value) noexcept {
  asm volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}
inline void out32(std::uint16_t port, std::uint32_t value) noexcept {
  asm volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}
[[nodiscard]] inline std::uint8_t in8(std::uint16_t port) noexcept {
  std::uint8_t value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

[[nodiscard]] inline std::uint64_t read_msr(std::uint32_t index) noexcept {
  std::uint32_t low, high;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
  return low | (std::uint64_t{high} << 32);
}
inline void write_msr(std::uint32_t index, std::uint64_t value) noexcept {
  asm volatile("wrmsr" ::"c"(index), "a"(static_cast<std::uint32_t>(value)),
               "d"(static_cast<std::uint32_t>(value >> 32))
               : "memory");
}
inline constexpr std::uint32_t msr_apic_base = 0x1b;
inline constexpr std::uint32_t msr_gs_base = 0xc0000101;

// Not before the instructions that stand before it. [SDM 2B, "RDTSC"]
[[nodiscard]] inline std::uint64_t read_tsc() noexcept {
  std::uint32_t low, high;
  asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
  return low | (std::uint64_t{high} << 32);
}

struct Cpuid {
  std::uint32_t eax, ebx, ecx, edx;
};
[[nodiscard]] inline Cpuid cpuid(std::uint32_t leaf, std::uint32_t subleaf = 0) noexcept {
  Cpuid result;
  asm volatile("cpuid"
               : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
               : "a"(leaf), "c"(subleaf));
  return result;
}

[[nodiscard]] inline std::uint64_t read_cr2() noexcept {
  std::uint64_t value;
  asm volatile("mov %%cr2, %0" : "=r"(value));
  return value;
}
inline void write_cr3(std::uint64_t value) noexcept {
  asm volatile("mov %0, %%cr3" ::"r"(value) : "memory");
}
[[nodiscard]] inline std::uint64_t read_cr4() noexcept {
  std::uint64_t value;
  asm volatile("mov %%cr4, %0" : "=r"(value));
  return value;
}
inline void write_xcr0(std::uint64_t value) noexcept {
  asm volatile("xsetbv" ::"c"(0), "a"(static_cast<std::uint32_t>(value)),
               "d"(static_cast<std::uint32_t>(value >> 32)));
}
inline void write_cr4(std::uint64_t value) noexcept {
  asm volatile("mov %0, %%cr4" ::"r"(value) : "memory");
}
[[nodiscard]] inline std::uint64_t read_cr8() noexcept {
  std::uint64_t value;
  asm volatile("mov %%cr8, %0" : "=r"(value)::"memory");
  return value;
}
inline void write_cr8(std::uint64_t value) noexcept {
  asm volatile("mov %0, %%cr8" ::"r"(value) : "memory");
}

inline void invalidate_page(void const* address) noexcept {
  asm volatile("invlpg (%0)" ::"r"(address) : "memory");
}
inline void pause() noexcept {
  asm volatile("pause" ::: "memory");
}
inline void enable_interrupts() noexcept {
  asm volatile("sti" ::: "memory");
}
inline void mask_interrupts() noexcept {
  asm volatile("cli" ::: "memory");
}

[[noreturn]] inline void halt_for_ever() noexcept {
  for (;;) asm volatile("cli; hlt");
}

}  // namespace mica::hal_x64
