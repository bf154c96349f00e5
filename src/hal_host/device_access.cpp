#include "hal_host/device_access.hpp"

#if defined(__x86_64__)

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "hal/extended_state.hpp"
#include "hal_host/bus.hpp"
#include "hal_host/decoding.hpp"
#include "hal_host/device_copy.hpp"
#include "hal_host/device_instruction.hpp"
#include "hal_host/device_strings.hpp"
#include "hal_host/simulation.hpp"
#include "hal_host/stack_room.hpp"

using namespace mica;
using namespace mica::hal_host;

extern "C" void mica_access_device();
extern "C" void mica_perform_access(AccessFrame* frame);

namespace {

// device_access.S knows these.
static_assert(offsetof(AccessFrame, flags) == 128 && offsetof(AccessFrame, instruction) == 136);

[[nodiscard]] bool is_port_access(ZydisDecodedInstruction const& instruction) noexcept {
  switch (instruction.mnemonic) {
    case ZYDIS_MNEMONIC_IN:
    case ZYDIS_MNEMONIC_OUT:
    case ZYDIS_MNEMONIC_INSB:
    case ZYDIS_MNEMONIC_INSW:
    case ZYDIS_MNEMONIC_INSD:
    case ZYDIS_MNEMONIC_OUTSB:
    case ZYDIS_MNEMONIC_OUTSW:
    case ZYDIS_MNEMONIC_OUTSD:
      return true;
    default:
      return false;
  }
}

// False: nobody can do it.
[[nodiscard]] bool run(DeviceInstruction& instruction, Extended& extended) noexcept {
  ZydisDecodedInstruction const& what = instruction.decoded().instruction;
  ZydisDecodedOperand const* const operands = instruction.decoded().operands;
  if (what.address_width != 64) return false;
  switch (what.mnemonic) {
    case ZYDIS_MNEMONIC_IN:
      return instruction.write_register(
          operands[0], instruction.read(BusSpace::port, instruction.port(operands[1]),
                                        DeviceInstruction::bytes_of(operands[0])));
    case ZYDIS_MNEMONIC_OUT:
      instruction.write(BusSpace::port, instruction.port(operands[0]),
                        DeviceInstruction::bytes_of(operands[1]),
                        instruction.frame().registers[DeviceInstruction::rax]);
      return true;
    default:
      break;
  }
  if (what.meta.category == ZYDIS_CATEGORY_STRINGOP ||
      what.meta.category == ZYDIS_CATEGORY_IOSTRINGOP)
    return pass_strings(instruction);
  return execute_copy(instruction, extended);
}

// What is done ends here; never comes back.
[[noreturn]] void refuse(AccessFrame const& frame, Decoded const& decoded) noexcept {
  Simulation& simulation = *Machine::current().core.simulation;
  char text[96] = "?";
  ZydisFormatter formatter;
  if (ZYAN_SUCCESS(ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL)))
    static_cast<void>(ZydisFormatterFormatInstruction(
        &formatter, &decoded.instruction, decoded.operands,
        decoded.instruction.operand_count_visible, text, sizeof text, frame.instruction, nullptr));
  if (Bus* const bus = simulation.bus()) bus->refuse(frame.instruction, text);
  simulation.violation("an instruction accesses a device, and cannot be done in its place");
}

[[gnu::noinline]] void perform(AccessFrame& frame, Extended& extended) noexcept {
  Decoded decoded;
  if (!decode(frame.code, sizeof frame.code, decoded)) __builtin_trap();  // begin_access did
  DeviceInstruction instruction{frame, decoded};
  if (!run(instruction, extended)) refuse(frame, decoded);
  frame.instruction += decoded.instruction.length;
  Machine::point();
}

}  // namespace

MICA_KEEPS_REGISTERS void mica_perform_access(AccessFrame* frame) {
  Extended extended;
  for (std::size_t i = 0; i < hal::extended_header_bytes; i += sizeof(std::uint64_t))
    *reinterpret_cast<std::uint64_t volatile*>(extended.area + hal::legacy_area_bytes + i) = 0;
  std::uint64_t const features = Machine::extended_features();
  Machine::save_extended(extended.area, features);
  perform(*frame, extended);
  Machine::restore_extended(extended.area, features);
}

namespace mica::hal_host {

bool begin_access(mcontext_t& machine, Decoded const& decoded, void const* address) noexcept {
  constexpr std::size_t where_it_goes_on = 64;  // device_access.S
  constexpr int general[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                             REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                             REG_R12, REG_R13, REG_R14, REG_R15};
  std::uint64_t physical = 0;
  bool const write = (machine.gregs[REG_ERR] & 2) != 0;
  Region const& region = Machine::current().core.simulation->region();
  if (!is_port_access(decoded.instruction) &&
      !region.device_at(reinterpret_cast<std::uint64_t>(address), 1, physical, write))
    return false;
  auto const stack = static_cast<std::uint64_t>(machine.gregs[REG_RSP]);
  std::byte* const room = room_on_stack(stack, sizeof(AccessFrame) + where_it_goes_on);
  if (room == nullptr) return false;
  auto& frame = *reinterpret_cast<AccessFrame*>(room);
  for (std::size_t i = 0; i < std::size(general); ++i)
    frame.registers[i] = static_cast<std::uint64_t>(machine.gregs[general[i]]);
  frame.flags = static_cast<std::uint64_t>(machine.gregs[REG_EFL]);
  frame.instruction = static_cast<std::uint64_t>(machine.gregs[REG_RIP]);
  std::memset(frame.code, 0, sizeof frame.code);
  std::copy_n(decoded.code, decoded.code_bytes, frame.code);
  constexpr greg_t direction_and_step = 0x500;
  machine.gregs[REG_RDI] = machine.gregs[REG_RSP] = reinterpret_cast<greg_t>(&frame);
  machine.gregs[REG_RIP] = reinterpret_cast<greg_t>(&mica_access_device);
  machine.gregs[REG_EFL] &= ~direction_and_step;
  return true;
}

}  // namespace mica::hal_host

#else

namespace mica::hal_host {

bool begin_access(mcontext_t&, Decoded const&, void const*) noexcept {
  return false;
}

}  // namespace mica::hal_host

#endif
