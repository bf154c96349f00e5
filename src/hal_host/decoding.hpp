// An instruction as it stands in memory.
#pragma once

#include <Zydis/Zydis.h>

#include <cstddef>
#include <cstdint>

namespace mica::hal_host {

struct Decoded {
  ZydisDecodedInstruction instruction;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  unsigned char code[ZYDIS_MAX_INSTRUCTION_LENGTH];  // the instruction and what follows...
  std::size_t code_bytes;                            // ...as far as there is any
};

// Which general register, as the processor numbers them, and which bits of it: ah and its kind
// begin at 8.
struct RegisterPlace {
  unsigned index, first, bits;
};
// False: it is no general register.
[[nodiscard]] bool find_register(ZydisRegister number, RegisterPlace& place) noexcept;

// What an instruction leaves in a register: half of it clears the other half, less leaves the rest.
[[nodiscard]] std::uint64_t merged(RegisterPlace const& place, std::uint64_t before,
                                   std::uint64_t value) noexcept;

[[nodiscard]] constexpr std::uint64_t low_bits(std::uint64_t value, unsigned bits) noexcept {
  return bits >= 64 ? value : value & ((std::uint64_t{1} << bits) - 1);
}

// False: no code is there, or no instruction. Any context, a signal handler's too.
[[nodiscard]] bool decode(unsigned char const* code, std::size_t bytes, Decoded& decoded) noexcept;
[[nodiscard]] bool decode(std::uint64_t address, Decoded& decoded) noexcept;

}  // namespace mica::hal_host
