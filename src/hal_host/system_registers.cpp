#if defined(__x86_64__)
#include "hal_host/system_registers.hpp"

#include <sys/auxv.h>

#include <cpuid.h>
#include <x86intrin.h>

#include "hal_host/simulation.hpp"

namespace mica::hal_host {
namespace {

// Protected, with a coprocessor that reports its errors itself; read-only pages hold for the kernel
// too; alignment may be checked; paged.
constexpr std::uint64_t cr0 = 0x80050033;
// Debugging extensions, large and physical address extensions, machine checks, global pages, SSE
// with its exceptions.
constexpr std::uint64_t cr4 = 0x6F8, cr4_fsgsbase = 1 << 16, cr4_osxsave = 1 << 18;
constexpr unsigned long hwcap2_fsgsbase = 2;            // Linux lets programs use it
constexpr std::uint64_t dr6 = 0xFFFF0FF0, dr7 = 0x400;  // as after a reset
// System calls, long mode that is active, pages that are not executed.
constexpr std::uint64_t efer = 0xD01;

// What code may use here, it says that it may.
[[nodiscard]] std::uint64_t features_of_code() noexcept {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  std::uint64_t features = cr4;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_OSXSAVE) != 0)
    features |= cr4_osxsave;
  if ((::getauxval(AT_HWCAP2) & hwcap2_fsgsbase) != 0) features |= cr4_fsgsbase;
  return features;
}

}  // namespace

bool read_system_register(ZydisRegister number, std::uint64_t& value) noexcept {
  switch (number) {
    case ZYDIS_REGISTER_CR0:
      value = cr0;
      return true;
    case ZYDIS_REGISTER_CR4:
      value = features_of_code();
      return true;
    case ZYDIS_REGISTER_DR0:
    case ZYDIS_REGISTER_DR1:
    case ZYDIS_REGISTER_DR2:
    case ZYDIS_REGISTER_DR3:
      value = 0;
      return true;
    case ZYDIS_REGISTER_DR6:
      value = dr6;
      return true;
    case ZYDIS_REGISTER_DR7:
      value = dr7;
      return true;
    default:
      return false;
  }
}

bool read_model_register(std::uint32_t number, std::uint64_t& value) noexcept {
  constexpr std::uint32_t time_stamp_counter = 0x10, extended_features = 0xC0000080,
                          gs_base = 0xC0000101;
  switch (number) {
    case time_stamp_counter:
      value = __rdtsc();
      return true;
    case extended_features:
      value = efer;
      return true;
    case gs_base:
      value = reinterpret_cast<std::uint64_t>(&Machine::current().pcr);
      return true;
    default:
      return false;
  }
}

}  // namespace mica::hal_host

#endif
