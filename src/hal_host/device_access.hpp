// Accesses of devices: instructions of ports, and any that read or write memory where a device is
// mapped.
//
// Rules
//   They fault. The signal handler has the code go on in mica_access_device (device_access.S), on
//   its own stack, with all registers kept: there the access is made and the rest of the
//   instruction done, then the code goes on behind it. So a device is asked outside of the handler,
//   and its interrupt may come at once: an access is a scheduling point.
//
// What is done
//   in, out; their string forms, and movs, stos and lods of memory (device_strings.hpp); of all
//   else that has one operand in memory a copy is executed, with that operand elsewhere
//   (device_copy.hpp). What it reads is read from the device before, and what it writes is written
//   to the device after it, in parts of 8 bytes at most, the lowest first. What jumps, uses the
//   stack or names RSP is not done, nor are bits that a register chooses, nor a part of memory that
//   is not the device's: that ends the run and says so.
#pragma once

#include <ucontext.h>

#include <cstdint>

namespace mica::hal_host {

struct Decoded;  // decoding.hpp

// What the code has when it faults, and has back when it goes on.
struct AccessFrame {
  std::uint64_t registers[16];  // as the processor numbers them
  std::uint64_t flags;
  std::uint64_t instruction;  // then: the next one
  unsigned char code[16];     // what stands there, or would if it were not patched
};

// In the handler of the fault, which was at `address`. False: it is no such access, or there is no
// room on the stack, and nothing has changed.
[[nodiscard]] bool begin_access(mcontext_t& machine, Decoded const& decoded,
                                void const* address) noexcept;

}  // namespace mica::hal_host
