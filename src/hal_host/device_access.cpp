#include "hal_host/device_access.hpp"

#if defined(__x86_64__)

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "hal/extended_state.hpp"
#include "hal_host/bus.hpp"
#include "hal_host/decoding.hpp"
#include "hal_host/scratch_code.hpp"
#include "hal_host/sequence.hpp"
#include "hal_host/simulation.hpp"
#include "hal_host/stack_room.hpp"

using namespace mica;
using namespace mica::hal_host;

extern "C" void mica_access_device();
extern "C" void mica_execute_copy(AccessFrame* frame, void const* code);
extern "C" void mica_perform_access(AccessFrame* frame);

namespace {

// device_access.S knows these.
static_assert(offsetof(AccessFrame, flags) == 128 && offsetof(AccessFrame, instruction) == 136);

constexpr std::uint64_t all_bits = ~std::uint64_t{0}, direction = 0x400;
constexpr unsigned rax = 0, rcx = 1, rdx = 2, rsi = 6, rdi = 7;
constexpr std::size_t widest_part = 8, widest_operand = 64;

using Operand = ZydisDecodedOperand;

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

// Of the calling convention's registers nothing else is there to be kept.
struct Extended {
  alignas(hal::extended_alignment) std::byte area[hal::largest_extended_area];
};

[[gnu::noinline]] MICA_KEEPS_REGISTERS void execute(AccessFrame& frame, void const* code,
                                                    Extended& extended) noexcept {
  std::uint64_t const features = Machine::extended_features();
  Machine::restore_extended(extended.area, features);
  mica_execute_copy(&frame, code);
  Machine::save_extended(extended.area, features);
}

// One instruction that accesses a device.
class Access {
 public:
  Access(AccessFrame& frame, Decoded const& decoded, Extended& extended) noexcept
      : frame_{frame},
        extended_{extended},
        decoded_{decoded},
        instruction_{decoded.instruction},
        simulation_{*Machine::current().core.simulation} {}

  // False: nobody can do it.
  [[nodiscard]] bool run() noexcept {
    if (!perform()) return false;
    frame_.instruction += instruction_.length;
    return true;
  }

 private:
  [[nodiscard]] bool perform() noexcept {
    if (instruction_.address_width != 64) return false;
    switch (instruction_.mnemonic) {
      case ZYDIS_MNEMONIC_IN:
        return write_register(decoded_.operands[0],
                              bus_read(BusSpace::port, port(1), bytes_of(decoded_.operands[0])));
      case ZYDIS_MNEMONIC_OUT:
        bus_write(BusSpace::port, port(0), bytes_of(decoded_.operands[1]), frame_.registers[rax]);
        return true;
      default:
        break;
    }
    if (instruction_.meta.category == ZYDIS_CATEGORY_STRINGOP ||
        instruction_.meta.category == ZYDIS_CATEGORY_IOSTRINGOP)
      return pass_strings();
    return execute_copy();
  }

  // ---- Ports

  [[nodiscard]] std::uint64_t port(unsigned operand) const noexcept {
    Operand const& place = decoded_.operands[operand];
    return place.type == ZYDIS_OPERAND_TYPE_IMMEDIATE ? place.imm.value.u & 0xFF
                                                      : frame_.registers[rdx] & 0xFFFF;
  }

  // ---- Strings

  [[nodiscard]] bool pass_strings() noexcept {
    unsigned bytes = 0;
    for (unsigned i = 0; i < instruction_.operand_count; ++i) {
      Operand const& each = decoded_.operands[i];
      if (each.type != ZYDIS_OPERAND_TYPE_MEMORY) continue;
      if (!is_flat(each)) return false;
      bytes = bytes_of(each);
    }
    bool const repeats = (instruction_.attributes & ZYDIS_ATTRIB_HAS_REP) != 0;
    std::uint64_t const step = (frame_.flags & direction) != 0 ? ~std::uint64_t{bytes} + 1 : bytes;
    while (!repeats || frame_.registers[rcx] != 0) {
      if (!pass_one(bytes, step)) return false;
      if (!repeats) break;
      --frame_.registers[rcx];
    }
    return true;
  }

  [[nodiscard]] bool pass_one(unsigned bytes, std::uint64_t step) noexcept {
    std::uint64_t(&registers)[16] = frame_.registers;
    std::uint64_t const port_number = registers[rdx] & 0xFFFF;
    switch (instruction_.mnemonic) {
      case ZYDIS_MNEMONIC_INSB:
      case ZYDIS_MNEMONIC_INSW:
      case ZYDIS_MNEMONIC_INSD:
        store(registers[rdi], bytes, bus_read(BusSpace::port, port_number, bytes));
        break;
      case ZYDIS_MNEMONIC_OUTSB:
      case ZYDIS_MNEMONIC_OUTSW:
      case ZYDIS_MNEMONIC_OUTSD:
        bus_write(BusSpace::port, port_number, bytes, load(registers[rsi], bytes));
        registers[rsi] += step;
        return true;
      case ZYDIS_MNEMONIC_MOVSB:
      case ZYDIS_MNEMONIC_MOVSW:
      case ZYDIS_MNEMONIC_MOVSD:
      case ZYDIS_MNEMONIC_MOVSQ:
        store(registers[rdi], bytes, load(registers[rsi], bytes));
        registers[rsi] += step;
        break;
      case ZYDIS_MNEMONIC_STOSB:
      case ZYDIS_MNEMONIC_STOSW:
      case ZYDIS_MNEMONIC_STOSD:
      case ZYDIS_MNEMONIC_STOSQ:
        store(registers[rdi], bytes, registers[rax]);
        break;
      case ZYDIS_MNEMONIC_LODSB:
      case ZYDIS_MNEMONIC_LODSW:
      case ZYDIS_MNEMONIC_LODSD:
      case ZYDIS_MNEMONIC_LODSQ:
        registers[rax] = merged({rax, 0, 8 * bytes}, registers[rax], load(registers[rsi], bytes));
        registers[rsi] += step;
        return true;
      default:
        return false;
    }
    registers[rdi] += step;
    return true;
  }

  // ---- Whatever else has an operand in memory

  [[nodiscard]] bool execute_copy() noexcept {
    unsigned const memory = memory_operand();
    ZydisRegister const base = unused_register();
    if (memory == instruction_.operand_count_visible || base == ZYDIS_REGISTER_NONE) return false;
    Operand const& operand = decoded_.operands[memory];
    std::uint64_t const address = address_of(operand), bytes = bytes_of(operand);
    std::uint64_t physical = 0;
    if (bytes == 0 || bytes > widest_operand || operand.size % 8 != 0 ||
        !simulation_.region().device_at(address, bytes, physical))
      return false;
    ScratchCode& scratch = ScratchCode::own();
    Sequence code{scratch.room()};
    code.encode_elsewhere(decoded_, memory, base, 0);
    code.put({0xC3});  // ret
    if (!code.is_right()) return false;
    alignas(widest_operand) std::byte copy[widest_operand] = {};
    if ((operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0) read(physical, {copy, bytes});
    auto const index = static_cast<unsigned>(base - ZYDIS_REGISTER_RAX);
    std::uint64_t const kept = frame_.registers[index];
    frame_.registers[index] = reinterpret_cast<std::uint64_t>(copy);
    execute(frame_, scratch.code(), extended_);
    frame_.registers[index] = kept;
    if ((operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0) write(physical, {copy, bytes});
    return true;
  }

  // The one in memory; how many there are to be seen if there is none, or this is not to be done.
  [[nodiscard]] unsigned memory_operand() const noexcept {
    unsigned const none = instruction_.operand_count_visible;
    unsigned found = none;
    if (instruction_.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE || chooses_bit()) return none;
    for (unsigned i = 0; i < instruction_.operand_count; ++i) {
      Operand const& each = decoded_.operands[i];
      if (each.type == ZYDIS_OPERAND_TYPE_REGISTER && whole(each.reg.value) == ZYDIS_REGISTER_RSP)
        return none;
      if (each.type != ZYDIS_OPERAND_TYPE_MEMORY) continue;
      if (found != none || i >= none || each.mem.type != ZYDIS_MEMOP_TYPE_MEM || !is_flat(each))
        return none;
      found = i;
    }
    return found;
  }

  // Then the bit may be anywhere in memory. [SDM 2, "BT"]
  [[nodiscard]] bool chooses_bit() const noexcept {
    switch (instruction_.mnemonic) {
      case ZYDIS_MNEMONIC_BT:
      case ZYDIS_MNEMONIC_BTC:
      case ZYDIS_MNEMONIC_BTR:
      case ZYDIS_MNEMONIC_BTS:
        return decoded_.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER;
      default:
        return false;
    }
  }

  [[nodiscard]] ZydisRegister unused_register() const noexcept {
    for (ZydisRegister const each : {ZYDIS_REGISTER_RBX, ZYDIS_REGISTER_RSI, ZYDIS_REGISTER_RDI,
                                     ZYDIS_REGISTER_R10, ZYDIS_REGISTER_R11})
      if (!uses(each)) return each;
    return ZYDIS_REGISTER_NONE;
  }
  [[nodiscard]] bool uses(ZydisRegister number) const noexcept {
    return std::any_of(decoded_.operands, decoded_.operands + instruction_.operand_count,
                       [&](Operand const& each) {
                         return each.type == ZYDIS_OPERAND_TYPE_REGISTER &&
                                whole(each.reg.value) == number;
                       });
  }

  void read(std::uint64_t physical, std::span<std::byte> copy) noexcept {
    for (std::size_t at = 0; at < copy.size();) {
      std::size_t const part = std::min(widest_part, copy.size() - at);
      std::uint64_t const value =
          bus_read(BusSpace::memory, physical + at, static_cast<unsigned>(part));
      std::memcpy(&copy[at], &value, part);
      at += part;
    }
  }
  void write(std::uint64_t physical, std::span<std::byte const> copy) noexcept {
    for (std::size_t at = 0; at < copy.size();) {
      std::size_t const part = std::min(widest_part, copy.size() - at);
      std::uint64_t value = 0;
      std::memcpy(&value, &copy[at], part);
      bus_write(BusSpace::memory, physical + at, static_cast<unsigned>(part), value);
      at += part;
    }
  }

  // ---- Operands

  [[nodiscard]] static ZydisRegister whole(ZydisRegister number) noexcept {
    return ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, number);
  }
  [[nodiscard]] static unsigned bytes_of(Operand const& operand) noexcept {
    return operand.size / 8u;
  }
  [[nodiscard]] static bool is_flat(Operand const& memory) noexcept {
    return memory.mem.segment != ZYDIS_REGISTER_FS && memory.mem.segment != ZYDIS_REGISTER_GS;
  }
  [[nodiscard]] std::uint64_t address_of(Operand const& memory) const noexcept {
    return address_part(memory.mem.base) + address_part(memory.mem.index) * memory.mem.scale +
           static_cast<std::uint64_t>(memory.mem.disp.value);
  }
  [[nodiscard]] std::uint64_t address_part(ZydisRegister number) const noexcept {
    if (number == ZYDIS_REGISTER_RIP) return frame_.instruction + instruction_.length;
    RegisterPlace place;
    return find_register(number, place) ? frame_.registers[place.index] : 0;
  }
  [[nodiscard]] bool write_register(Operand const& operand, std::uint64_t value) noexcept {
    RegisterPlace place;
    if (!find_register(operand.reg.value, place)) return false;
    std::uint64_t& there = frame_.registers[place.index];
    there = merged(place, there, value);
    return true;
  }

  // ---- Devices, and what is none: that is accessed as the code would, and may fault.

  [[nodiscard]] std::uint64_t load(std::uint64_t address, unsigned bytes) noexcept {
    std::uint64_t physical = 0, value = 0;
    if (simulation_.region().device_at(address, bytes, physical))
      return bus_read(BusSpace::memory, physical, bytes);
    std::memcpy(&value, reinterpret_cast<void const*>(address), bytes);
    return value;
  }
  void store(std::uint64_t address, unsigned bytes, std::uint64_t value) noexcept {
    std::uint64_t physical = 0;
    if (simulation_.region().device_at(address, bytes, physical))
      return bus_write(BusSpace::memory, physical, bytes, value);
    std::memcpy(reinterpret_cast<void*>(address), &value, bytes);
  }

  [[nodiscard]] BusAccess access(BusSpace space, std::uint64_t address,
                                 unsigned bytes) const noexcept {
    return {space, static_cast<std::uint8_t>(bytes), address, frame_.instruction};
  }
  [[nodiscard]] std::uint64_t bus_read(BusSpace space, std::uint64_t address,
                                       unsigned bytes) noexcept {
    Bus* const bus = simulation_.bus();
    return bus == nullptr ? all_bits : bus->read(access(space, address, bytes));
  }
  void bus_write(BusSpace space, std::uint64_t address, unsigned bytes,
                 std::uint64_t value) noexcept {
    if (Bus* const bus = simulation_.bus())
      bus->write(access(space, address, bytes), low_bits(value, 8 * bytes));
  }

  AccessFrame& frame_;
  Extended& extended_;
  Decoded const& decoded_;
  ZydisDecodedInstruction const& instruction_;
  Simulation& simulation_;
};

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
  if (!Access{frame, decoded, extended}.run()) refuse(frame, decoded);
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
