#if defined(__x86_64__)
#include "hal_host/device_strings.hpp"

namespace mica::hal_host {
namespace {

using Operand = DeviceInstruction::Operand;

constexpr std::uint64_t direction = 0x400;  // the flag

// False: another kind of string instruction.
[[nodiscard]] bool pass_one(DeviceInstruction& instruction, unsigned bytes,
                            std::uint64_t step) noexcept {
  constexpr unsigned rax = DeviceInstruction::rax, rsi = DeviceInstruction::rsi,
                     rdi = DeviceInstruction::rdi;
  std::uint64_t(&registers)[16] = instruction.frame().registers;
  std::uint64_t const port_number = instruction.port_of_strings();
  switch (instruction.decoded().instruction.mnemonic) {
    case ZYDIS_MNEMONIC_INSB:
    case ZYDIS_MNEMONIC_INSW:
    case ZYDIS_MNEMONIC_INSD:
      instruction.store(registers[rdi], bytes,
                        instruction.read(BusSpace::port, port_number, bytes));
      break;
    case ZYDIS_MNEMONIC_OUTSB:
    case ZYDIS_MNEMONIC_OUTSW:
    case ZYDIS_MNEMONIC_OUTSD:
      instruction.write(BusSpace::port, port_number, bytes,
                        instruction.load(registers[rsi], bytes));
      registers[rsi] += step;
      return true;
    case ZYDIS_MNEMONIC_MOVSB:
    case ZYDIS_MNEMONIC_MOVSW:
    case ZYDIS_MNEMONIC_MOVSD:
    case ZYDIS_MNEMONIC_MOVSQ:
      instruction.store(registers[rdi], bytes, instruction.load(registers[rsi], bytes));
      registers[rsi] += step;
      break;
    case ZYDIS_MNEMONIC_STOSB:
    case ZYDIS_MNEMONIC_STOSW:
    case ZYDIS_MNEMONIC_STOSD:
    case ZYDIS_MNEMONIC_STOSQ:
      instruction.store(registers[rdi], bytes, registers[rax]);
      break;
    case ZYDIS_MNEMONIC_LODSB:
    case ZYDIS_MNEMONIC_LODSW:
    case ZYDIS_MNEMONIC_LODSD:
    case ZYDIS_MNEMONIC_LODSQ:
      registers[rax] =
          merged({rax, 0, 8 * bytes}, registers[rax], instruction.load(registers[rsi], bytes));
      registers[rsi] += step;
      return true;
    default:
      return false;
  }
  registers[rdi] += step;
  return true;
}

}  // namespace

bool pass_strings(DeviceInstruction& instruction) noexcept {
  Decoded const& decoded = instruction.decoded();
  AccessFrame& frame = instruction.frame();
  std::uint64_t& count = frame.registers[DeviceInstruction::rcx];
  unsigned bytes = 0;
  for (unsigned i = 0; i < decoded.instruction.operand_count; ++i) {
    Operand const& each = decoded.operands[i];
    if (each.type != ZYDIS_OPERAND_TYPE_MEMORY) continue;
    if (!DeviceInstruction::is_flat(each)) return false;
    bytes = DeviceInstruction::bytes_of(each);
  }
  bool const repeats = (decoded.instruction.attributes & ZYDIS_ATTRIB_HAS_REP) != 0;
  std::uint64_t const step = (frame.flags & direction) != 0 ? ~std::uint64_t{bytes} + 1 : bytes;
  while (!repeats || count != 0) {
    if (!pass_one(instruction, bytes, step)) return false;
    if (!repeats) break;
    --count;
  }
  return true;
}

}  // namespace mica::hal_host

#endif
