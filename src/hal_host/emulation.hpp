// What drivers have inline that a process may not do: instructions of a kernel, and reads of what a
// kernel has at fixed addresses. It is done in their place when they fault.
//
// Rules
//   Called in the signal handler of the fault, which returns to the code: so nothing of it shows,
//   registers of any kind included. Nothing is allocated, locked or a scheduling point; only a
//   change of the level is, which the code goes on in, outside of the handler.
//
// What is there
//   cr8: the processor's level. gs: its KPCR. 0xFFFFF78000000000: the System's shared data.
//   What other system registers say: system_registers.hpp.
//   Interrupts come where the executive is called, so cli and sti change nothing that code between
//   two calls could see. Caches are the host's affair. Ports, and devices' memory:
//   device_access.hpp.
#pragma once

#include <ucontext.h>

#include <cstdint>

namespace mica::hal_host {

struct Decoded;  // decoding.hpp

inline constexpr std::uint64_t shared_data_address = 0xFFFFF78000000000;

// False: it is no such instruction, and nothing has changed.
[[nodiscard]] bool emulate(mcontext_t& machine) noexcept;
// The same of what the instruction was decoded to.
[[nodiscard]] bool emulate(mcontext_t& machine, Decoded const& decoded) noexcept;

}  // namespace mica::hal_host
