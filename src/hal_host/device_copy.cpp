#if defined(__x86_64__)
#include "hal_host/device_copy.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include "hal_host/scratch_code.hpp"
#include "hal_host/sequence.hpp"

// device_access.S
extern "C" void mica_execute_copy(mica::hal_host::AccessFrame* frame, void const* code);

namespace mica::hal_host {
namespace {

constexpr std::size_t widest_part = 8, widest_operand = 64;

using Operand = DeviceInstruction::Operand;

[[gnu::noinline]] MICA_KEEPS_REGISTERS void execute(AccessFrame& frame, void const* code,
                                                    Extended& extended) noexcept {
  std::uint64_t const features = Machine::extended_features();
  Machine::restore_extended(extended.area, features);
  mica_execute_copy(&frame, code);
  Machine::save_extended(extended.area, features);
}

[[nodiscard]] ZydisRegister whole(ZydisRegister number) noexcept {
  return ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, number);
}

[[nodiscard]] bool uses(Decoded const& decoded, ZydisRegister number) noexcept {
  return std::any_of(decoded.operands, decoded.operands + decoded.instruction.operand_count,
                     [&](Operand const& each) {
                       return each.type == ZYDIS_OPERAND_TYPE_REGISTER &&
                              whole(each.reg.value) == number;
                     });
}

[[nodiscard]] ZydisRegister unused_register(Decoded const& decoded) noexcept {
  for (ZydisRegister const each : {ZYDIS_REGISTER_RBX, ZYDIS_REGISTER_RSI, ZYDIS_REGISTER_RDI,
                                   ZYDIS_REGISTER_R10, ZYDIS_REGISTER_R11})
    if (!uses(decoded, each)) return each;
  return ZYDIS_REGISTER_NONE;
}

// Then the bit may be anywhere in memory. [SDM 2, "BT"]
[[nodiscard]] bool chooses_bit(Decoded const& decoded) noexcept {
  switch (decoded.instruction.mnemonic) {
    case ZYDIS_MNEMONIC_BT:
    case ZYDIS_MNEMONIC_BTC:
    case ZYDIS_MNEMONIC_BTR:
    case ZYDIS_MNEMONIC_BTS:
      return decoded.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER;
    default:
      return false;
  }
}

// The one in memory; how many there are to be seen if there is none, or this is not to be done.
[[nodiscard]] unsigned memory_operand(Decoded const& decoded) noexcept {
  ZydisDecodedInstruction const& instruction = decoded.instruction;
  unsigned const none = instruction.operand_count_visible;
  unsigned found = none;
  if (instruction.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE || chooses_bit(decoded)) return none;
  for (unsigned i = 0; i < instruction.operand_count; ++i) {
    Operand const& each = decoded.operands[i];
    if (each.type == ZYDIS_OPERAND_TYPE_REGISTER && whole(each.reg.value) == ZYDIS_REGISTER_RSP)
      return none;
    if (each.type != ZYDIS_OPERAND_TYPE_MEMORY) continue;
    if (found != none || i >= none || each.mem.type != ZYDIS_MEMOP_TYPE_MEM ||
        !DeviceInstruction::is_flat(each))
      return none;
    found = i;
  }
  return found;
}

void read(DeviceInstruction& instruction, std::uint64_t physical,
          std::span<std::byte> copy) noexcept {
  for (std::size_t at = 0; at < copy.size();) {
    std::size_t const part = std::min(widest_part, copy.size() - at);
    std::uint64_t const value =
        instruction.read(BusSpace::memory, physical + at, static_cast<unsigned>(part));
    std::memcpy(&copy[at], &value, part);
    at += part;
  }
}

void write(DeviceInstruction& instruction, std::uint64_t physical,
           std::span<std::byte const> copy) noexcept {
  for (std::size_t at = 0; at < copy.size();) {
    std::size_t const part = std::min(widest_part, copy.size() - at);
    std::uint64_t value = 0;
    std::memcpy(&value, &copy[at], part);
    instruction.write(BusSpace::memory, physical + at, static_cast<unsigned>(part), value);
    at += part;
  }
}

}  // namespace

bool execute_copy(DeviceInstruction& instruction, Extended& extended) noexcept {
  Decoded const& decoded = instruction.decoded();
  AccessFrame& frame = instruction.frame();
  unsigned const memory = memory_operand(decoded);
  ZydisRegister const base = unused_register(decoded);
  if (memory == decoded.instruction.operand_count_visible || base == ZYDIS_REGISTER_NONE)
    return false;
  Operand const& operand = decoded.operands[memory];
  std::uint64_t const address = instruction.address_of(operand);
  std::uint64_t const bytes = DeviceInstruction::bytes_of(operand);
  std::uint64_t physical = 0;
  if (bytes == 0 || bytes > widest_operand || operand.size % 8 != 0 ||
      !instruction.is_device(address, bytes, physical))
    return false;
  ScratchCode& scratch = ScratchCode::own();
  Sequence code{scratch.room()};
  code.encode_elsewhere(decoded, memory, base, 0);
  code.put({0xC3});  // ret
  if (!code.is_right()) return false;
  alignas(widest_operand) std::byte copy[widest_operand] = {};
  if ((operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0)
    read(instruction, physical, {copy, bytes});
  auto const index = static_cast<unsigned>(base - ZYDIS_REGISTER_RAX);
  std::uint64_t const kept = frame.registers[index];
  frame.registers[index] = reinterpret_cast<std::uint64_t>(copy);
  execute(frame, scratch.code(), extended);
  frame.registers[index] = kept;
  if ((operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0)
    write(instruction, physical, {copy, bytes});
  return true;
}

}  // namespace mica::hal_host

#endif
