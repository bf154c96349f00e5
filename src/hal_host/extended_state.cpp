// The seam's extended registers: those of the processor that the process runs on. Linux has
// switched on what XCR0 says.
#include "hal/extended_state.hpp"

#include <machine.hpp>

#if defined(__x86_64__)
#include <cpuid.h>

#include <algorithm>

namespace mica {
namespace {

constexpr unsigned state_leaf = 0xD;

[[nodiscard]] std::uint64_t read_xcr0() noexcept {
  std::uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return std::uint64_t{high} << 32 | low;
}

[[nodiscard]] hal::ExtendedState detect() noexcept {
  constexpr std::size_t legacy = hal::legacy_area_bytes + hal::extended_header_bytes;
  unsigned a = 0, b = 0, c = 0, d = 0;
  bool const enabled = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_OSXSAVE) != 0;
  if (!enabled) return {hal::legacy_features, legacy, false};
  std::uint64_t const features = hal::offered_features(read_xcr0());
  std::size_t bytes = legacy;
  for (unsigned feature = 2; feature < 64; ++feature) {
    if ((features >> feature & 1) == 0) continue;
    __cpuid_count(state_leaf, feature, a, b, c, d);  // its size in eax, its offset in ebx
    bytes = std::max(bytes, std::size_t{a} + b);
  }
  return {features, bytes, true};
}

// Asked before any System is made: a virtual machine answers slowly.
hal::ExtendedState const found = detect();

}  // namespace

std::uint64_t NTAPI Machine::extended_features() noexcept {
  return found.features;
}

std::size_t NTAPI Machine::extended_area_bytes() noexcept {
  return found.area_bytes;
}

// No scheduling point: between one and the registers others would have run.
MICA_KEEPS_REGISTERS void NTAPI Machine::save_extended(void* area,
                                                       std::uint64_t features) noexcept {
  if (found.has_xsave)
    asm volatile("xsave64 (%0)" ::"r"(area), "a"(static_cast<std::uint32_t>(features)),
                 "d"(static_cast<std::uint32_t>(features >> 32))
                 : "memory");
  else
    asm volatile("fxsave64 (%0)" ::"r"(area) : "memory");
}

MICA_KEEPS_REGISTERS void NTAPI Machine::restore_extended(void const* area,
                                                          std::uint64_t features) noexcept {
  if (found.has_xsave)
    asm volatile("xrstor64 (%0)" ::"r"(area), "a"(static_cast<std::uint32_t>(features)),
                 "d"(static_cast<std::uint32_t>(features >> 32))
                 : "memory");
  else
    asm volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
}

}  // namespace mica

#else

namespace mica {

std::uint64_t NTAPI Machine::extended_features() noexcept {
  return 0;
}
std::size_t NTAPI Machine::extended_area_bytes() noexcept {
  return 0;
}
void NTAPI Machine::save_extended(void*, std::uint64_t) noexcept {}
void NTAPI Machine::restore_extended(void const*, std::uint64_t) noexcept {}

}  // namespace mica

#endif
