// AVX and its relatives: switched on where a processor has them, saved and restored by name.
#include "hal_x64/extended_state.hpp"

#include <machine.hpp>

#include "hal/extended_state.hpp"
#include "hal_x64/instructions.hpp"

namespace mica {

namespace hal_x64 {

namespace {

constexpr std::uint32_t state_leaf = 0xD;  // [SDM 2A, "CPUID", leaf 0DH]

// The same on every processor.
constinit hal::ExtendedState found{};

[[nodiscard]] hal::ExtendedState detect() noexcept {
  constexpr std::size_t legacy = hal::legacy_area_bytes + hal::extended_header_bytes;
  if ((cpuid(1).ecx >> 26 & 1) == 0) return {hal::legacy_features, legacy, false};
  Cpuid const present = cpuid(state_leaf);
  std::uint64_t const features =
      hal::offered_features(std::uint64_t{present.edx} << 32 | present.eax);
  std::size_t bytes = legacy;
  for (std::uint32_t feature = 2; feature < 64; ++feature) {
    if ((features >> feature & 1) == 0) continue;
    Cpuid const place = cpuid(state_leaf, feature);  // its size in eax, its offset in ebx
    std::size_t const end = std::size_t{place.eax} + place.ebx;
    bytes = end > bytes ? end : bytes;
  }
  return {features, bytes, true};
}

}  // namespace

void enable_extended_state() noexcept {
  if (found.features == 0) found = detect();
  if (!found.has_xsave) return;
  constexpr std::uint64_t os_uses_xsave = 1 << 18;
  write_cr4(read_cr4() | os_uses_xsave);
  write_xcr0(found.features);
}

}  // namespace hal_x64

std::uint64_t Machine::extended_features() noexcept {
  return hal_x64::found.features;
}

std::size_t Machine::extended_area_bytes() noexcept {
  return hal_x64::found.area_bytes;
}

void Machine::save_extended(void* area, std::uint64_t features) noexcept {
  if (hal_x64::found.has_xsave)
    asm volatile("xsave64 (%0)" ::"r"(area), "a"(static_cast<std::uint32_t>(features)),
                 "d"(static_cast<std::uint32_t>(features >> 32))
                 : "memory");
  else
    asm volatile("fxsave64 (%0)" ::"r"(area) : "memory");
}

void Machine::restore_extended(void const* area, std::uint64_t features) noexcept {
  if (hal_x64::found.has_xsave)
    asm volatile("xrstor64 (%0)" ::"r"(area), "a"(static_cast<std::uint32_t>(features)),
                 "d"(static_cast<std::uint32_t>(features >> 32))
                 : "memory");
  else
    asm volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
}

}  // namespace mica
