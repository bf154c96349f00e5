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

// False: no code is there, or no instruction. Any context, a signal handler's too.
[[nodiscard]] bool decode(unsigned char const* code, std::size_t bytes, Decoded& decoded) noexcept;
[[nodiscard]] bool decode(std::uint64_t address, Decoded& decoded) noexcept;

}  // namespace mica::hal_host
