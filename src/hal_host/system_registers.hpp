// Control, debug and model specific registers of a simulated processor: what they say to a driver
// that reads them inline.
//
// Rules
//   In the signal handler of the instruction. What is not here a driver does not get: the
//   instruction's fault is then its exception. Nothing can be switched: only what a register says
//   already may be written to it.
#pragma once

#include <Zydis/Zydis.h>

#include <cstdint>

namespace mica::hal_host {

// A control or debug register, but for CR8. False: it is none of these, or says nothing here.
//   CR0, CR4: how the processor runs code. CR2, CR3: there are no page tables. DR0 to DR3, DR6,
//   DR7: no breakpoint is set.                                    [SDM 3A, "Control Registers"]
[[nodiscard]] bool read_system_register(ZydisRegister number, std::uint64_t& value) noexcept;

// By its number. False: there is none.
//   IA32_EFER; IA32_GS_BASE, the KPCR; IA32_TIME_STAMP_COUNTER, as rdtsc has it.
//                                                        [SDM 4, "Architectural MSRs"]
[[nodiscard]] bool read_model_register(std::uint32_t number, std::uint64_t& value) noexcept;

}  // namespace mica::hal_host
