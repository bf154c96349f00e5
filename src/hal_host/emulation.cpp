#include "hal_host/emulation.hpp"

#if defined(__x86_64__)

#include <algorithm>
#include <cstring>
#include <iterator>

#include "hal_host/decoding.hpp"
#include "hal_host/level_change.hpp"
#include "hal_host/sanitizers.hpp"
#include "hal_host/simulation.hpp"
#include "hal_host/system_registers.hpp"

namespace mica::hal_host {
namespace {

// [SDM 1, "EFLAGS Register"]
constexpr std::uint64_t carry = 0x1, parity = 0x4, adjust = 0x10, zero = 0x40, sign = 0x80,
                        overflow = 0x800;
constexpr std::uint64_t arithmetic = carry | parity | adjust | zero | sign | overflow;

[[nodiscard]] constexpr std::uint64_t sign_extended(std::uint64_t value, unsigned bits) noexcept {
  unsigned const above = 64 - bits;
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(value << above) >> above);
}

// What a comparison leaves of operands of one size.
template <class T>
[[nodiscard]] std::uint64_t flags_of_comparison(T left, T right) noexcept {
  std::uint64_t low = 0;
  unsigned char overflowed = 0;
  asm("cmp %3, %2\n\tseto %1\n\tlahf\n\tmovzbl %%ah, %%eax"
      : "=&a"(low), "=&r"(overflowed)
      : "r"(left), "r"(right)
      : "cc");
  return (low & arithmetic) | (overflowed != 0 ? overflow : 0);
}

[[nodiscard]] std::uint64_t flags_of_comparison(std::uint64_t left, std::uint64_t right,
                                                unsigned bits) noexcept {
  switch (bits) {
    case 8:
      return flags_of_comparison(static_cast<std::uint8_t>(left), static_cast<std::uint8_t>(right));
    case 16:
      return flags_of_comparison(static_cast<std::uint16_t>(left),
                                 static_cast<std::uint16_t>(right));
    case 32:
      return flags_of_comparison(static_cast<std::uint32_t>(left),
                                 static_cast<std::uint32_t>(right));
    default:
      return flags_of_comparison(left, right);
  }
}

// One instruction, and the registers that it finds.
class Emulation {
 public:
  Emulation(mcontext_t& machine, Decoded const& decoded) noexcept
      : machine_{machine}, instruction_{decoded.instruction}, operands_{decoded.operands} {
    std::copy(std::begin(machine.gregs), std::end(machine.gregs), registers_);
  }

  [[nodiscard]] bool run() noexcept {
    if (!execute()) return false;
    if (!elsewhere_) at(REG_RIP) += instruction_.length;
    std::copy(std::begin(registers_), std::end(registers_), machine_.gregs);
    return true;
  }

 private:
  [[nodiscard]] bool execute() noexcept {
    switch (instruction_.mnemonic) {
      case ZYDIS_MNEMONIC_CLI:
      case ZYDIS_MNEMONIC_STI:
      case ZYDIS_MNEMONIC_INVD:
      case ZYDIS_MNEMONIC_INVLPG:
      case ZYDIS_MNEMONIC_WBINVD:
        return true;
      case ZYDIS_MNEMONIC_MOV:
        return move();
      case ZYDIS_MNEMONIC_MOVZX:
        return load(operands_[1].size, false);
      case ZYDIS_MNEMONIC_MOVSX:
      case ZYDIS_MNEMONIC_MOVSXD:
        return load(operands_[1].size, true);
      case ZYDIS_MNEMONIC_CMP:
        return compare();
      case ZYDIS_MNEMONIC_RDMSR:
        return read_model();
      case ZYDIS_MNEMONIC_WRMSR:
        return write_model();
      default:
        return false;
    }
  }

  [[nodiscard]] bool move() noexcept {
    if (is_level(operands_[1])) return write(operands_[0], Machine::irql());
    if (is_level(operands_[0])) return change_level();
    std::uint64_t there = 0, written = 0;
    if (is_system(operands_[1], there)) return write(operands_[0], there);
    if (is_system(operands_[0], there)) return read(operands_[1], written) && written == there;
    return load(operands_[1].size, false);
  }

  [[nodiscard]] bool load(unsigned bits, bool is_signed) noexcept {
    std::uint64_t value = 0;
    if (operands_[1].type != ZYDIS_OPERAND_TYPE_MEMORY || !read_memory(operands_[1], value))
      return false;
    return write(operands_[0], is_signed ? sign_extended(value, bits) : value);
  }

  [[nodiscard]] bool compare() noexcept {
    std::uint64_t left = 0, right = 0;
    if (!read(operands_[0], left) || !read(operands_[1], right)) return false;
    at(REG_EFL) = (at(REG_EFL) & ~arithmetic) | flags_of_comparison(left, right, operands_[0].size);
    return true;
  }

  // Goes on in mica_change_level, with what that wants on the stack: nothing of the code's is below
  // its stack pointer. [MSDN "x64 stack usage"]
  [[nodiscard]] bool change_level() noexcept {
    std::uint64_t level = 0;
    if (!read(operands_[1], level) || level > HIGH_LEVEL) return false;
    auto* const stack = reinterpret_cast<std::uint64_t*>(at(REG_RSP));
    stack[-1] = level;
    stack[-2] = at(REG_RIP) + instruction_.length;
    at(REG_RSP) -= 2 * sizeof *stack;
    at(REG_RIP) = reinterpret_cast<std::uint64_t>(&mica_change_level);
    elsewhere_ = true;
    return true;
  }

  [[nodiscard]] bool read(ZydisDecodedOperand const& operand, std::uint64_t& value) const noexcept {
    switch (operand.type) {
      case ZYDIS_OPERAND_TYPE_IMMEDIATE:
        value = low_bits(operand.imm.value.u, operand.size);
        return true;
      case ZYDIS_OPERAND_TYPE_MEMORY:
        return read_memory(operand, value);
      case ZYDIS_OPERAND_TYPE_REGISTER:
        return read_register(operand.reg.value, value);
      default:
        return false;
    }
  }

  // What a kernel has there; false: nothing.
  [[nodiscard]] bool read_memory(ZydisDecodedOperand const& operand,
                                 std::uint64_t& value) const noexcept {
    std::uint64_t base = 0, index = 0;
    if (!read_address_part(operand.mem.base, base) || !read_address_part(operand.mem.index, index))
      return false;
    std::uint64_t const address =
        base + index * operand.mem.scale + static_cast<std::uint64_t>(operand.mem.disp.value);
    if (operand.mem.segment == ZYDIS_REGISTER_GS)
      return copy(&Machine::current().pcr, sizeof(KPCR), address, operand.size, value);
    KUSER_SHARED_DATA const* const shared = Machine::current().core.simulation->shared_data();
    return copy(shared, 4096, address - shared_data_address, operand.size, value);
  }
  [[nodiscard]] static bool copy(void const* memory, std::uint64_t bytes, std::uint64_t offset,
                                 unsigned bits, std::uint64_t& value) noexcept {
    std::uint64_t const size = bits / 8;
    if (size > sizeof value || offset >= bytes || bytes - offset < size) return false;
    std::memcpy(&value, static_cast<std::byte const*>(memory) + offset, size);
    return true;
  }
  [[nodiscard]] bool read_address_part(ZydisRegister number, std::uint64_t& value) const noexcept {
    if (number == ZYDIS_REGISTER_RIP) value = at(REG_RIP) + instruction_.length;
    return number == ZYDIS_REGISTER_NONE || number == ZYDIS_REGISTER_RIP ||
           read_register(number, value);
  }

  [[nodiscard]] static bool is_level(ZydisDecodedOperand const& operand) noexcept {
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value == ZYDIS_REGISTER_CR8;
  }

  [[nodiscard]] static bool is_system(ZydisDecodedOperand const& operand,
                                      std::uint64_t& value) noexcept {
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER &&
           read_system_register(operand.reg.value, value);
  }

  [[nodiscard]] bool read_model() noexcept {
    std::uint64_t value = 0;
    if (!read_model_register(static_cast<std::uint32_t>(at(REG_RCX)), value)) return false;
    at(REG_RAX) = low_bits(value, 32);
    at(REG_RDX) = value >> 32;
    return true;
  }
  [[nodiscard]] bool write_model() const noexcept {
    std::uint64_t there = 0;
    return read_model_register(static_cast<std::uint32_t>(at(REG_RCX)), there) &&
           there == (at(REG_RDX) << 32 | low_bits(at(REG_RAX), 32));
  }

  // Where a general register is in the context.
  [[nodiscard]] static bool find(ZydisRegister number, RegisterPlace& place, int& index) noexcept {
    constexpr int general[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                               REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                               REG_R12, REG_R13, REG_R14, REG_R15};
    if (!find_register(number, place)) return false;
    index = general[place.index];
    return true;
  }
  [[nodiscard]] bool read_register(ZydisRegister number, std::uint64_t& value) const noexcept {
    RegisterPlace place;
    int index = 0;
    if (!find(number, place, index)) return false;
    value = low_bits(at(index) >> place.first, place.bits);
    return true;
  }
  [[nodiscard]] bool write(ZydisDecodedOperand const& operand, std::uint64_t value) noexcept {
    RegisterPlace place;
    int index = 0;
    if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER || !find(operand.reg.value, place, index))
      return false;
    at(index) = merged(place, at(index), value);
    return true;
  }

  [[nodiscard]] std::uint64_t& at(int index) noexcept { return registers_[index]; }
  [[nodiscard]] std::uint64_t at(int index) const noexcept { return registers_[index]; }

  mcontext_t& machine_;
  std::uint64_t registers_[std::size(gregset_t{})];
  ZydisDecodedInstruction const& instruction_;
  ZydisDecodedOperand const (&operands_)[ZYDIS_MAX_OPERAND_COUNT];
  bool elsewhere_ = false;
};

}  // namespace

// The signal's stack is the OS thread's, whichever simulated one was interrupted.
bool emulate(mcontext_t& machine, Decoded const& decoded) noexcept {
  LookAway const away;
  return Emulation{machine, decoded}.run();
}

bool emulate(mcontext_t& machine) noexcept {
  Decoded decoded;
  return decode(static_cast<std::uint64_t>(machine.gregs[REG_RIP]), decoded) &&
         emulate(machine, decoded);
}

}  // namespace mica::hal_host

#endif
