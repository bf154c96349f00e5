#if defined(__x86_64__)
#include "hal_host/patch_code.hpp"

#include "hal_host/emulation.hpp"
#include "hal_host/level_change.h"
#include "hal_host/level_change.hpp"
#include "hal_host/sequence.hpp"
#include "hal_host/simulation.hpp"

namespace mica::hal_host {
namespace {

[[nodiscard]] std::uint64_t address_of(void const* there) noexcept {
  return reinterpret_cast<std::uint64_t>(there);
}

[[nodiscard]] ZydisRegister whole(ZydisRegister number) noexcept {
  return ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, number);
}
[[nodiscard]] bool is_general(ZydisRegister number) noexcept {
  return number >= ZYDIS_REGISTER_RAX && number <= ZYDIS_REGISTER_R15;
}

class Code {
 public:
  Code(Patch& patch, Decoded const& decoded) noexcept
      : patch_{patch}, decoded_{decoded}, out_{patch.code} {}

  [[nodiscard]] bool make() noexcept { return choose() && out_.is_right(); }

 private:
  using Operand = ZydisDecodedOperand;
  using Request = ZydisEncoderRequest;

  [[nodiscard]] bool choose() noexcept {
    Operand const &to = decoded_.operands[0], &from = decoded_.operands[1];
    switch (decoded_.instruction.mnemonic) {
      case ZYDIS_MNEMONIC_MOV:
        if (is_level(from)) return read_level(whole(to.reg.value));
        if (is_level(to)) return change_level(whole(from.reg.value));
        return access(from);
      case ZYDIS_MNEMONIC_MOVZX:
      case ZYDIS_MNEMONIC_MOVSX:
      case ZYDIS_MNEMONIC_MOVSXD:
        return access(from);
      case ZYDIS_MNEMONIC_CMP:
        return access(to.type == ZYDIS_OPERAND_TYPE_MEMORY ? to : from);
      default:
        return false;
    }
  }

  [[nodiscard]] static bool is_level(Operand const& operand) noexcept {
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value == ZYDIS_REGISTER_CR8;
  }

  [[nodiscard]] bool read_level(ZydisRegister to) noexcept {
    if (!is_general(to) || to == ZYDIS_REGISTER_RSP) return false;
    out_.load_processor(to);
    Request request = two_operands(ZYDIS_MNEMONIC_MOVZX, half_of(to));
    set_memory(request.operands[1], to, level_offset, sizeof(KIRQL));
    out_.encode(request);
    go_on();
    return true;
  }

  // level_change.h says how long what follows the call is.
  [[nodiscard]] bool change_level(ZydisRegister from) noexcept {
    if (!is_general(from) || from == ZYDIS_REGISTER_RSP) return false;
#if defined(MICA_TSAN) || defined(MICA_EXPLORED)
    patch_.routine = reinterpret_cast<std::uint64_t>(&mica_change_patched_level);
#else
    patch_.routine = reinterpret_cast<std::uint64_t>(&mica_change_patched_level_quickly);
#endif
    out_.push(from);
    out_.put({0xFF, 0x15});  // call [rip + ...]
    out_.put_value(static_cast<std::int32_t>(address_of(&patch_.routine) - (out_.here() + 4)));
    std::uint64_t const returned = out_.here();
    go_on();
    if (out_.here() - returned != MICA_PATCH_REFUSED) return false;
    do_original();
    return true;
  }

  // An access of memory that a kernel has, and nobody else. By GS the place does not depend on a
  // register, or the instruction stays as it is: KPCRs end somewhere.
  [[nodiscard]] bool access(Operand const& memory) noexcept {
    if (memory.type != ZYDIS_OPERAND_TYPE_MEMORY || uses(ZYDIS_REGISTER_RSP) ||
        memory.mem.base == ZYDIS_REGISTER_RIP || memory.mem.segment == ZYDIS_REGISTER_FS)
      return false;
    bool const fixed =
        memory.mem.base == ZYDIS_REGISTER_NONE && memory.mem.index == ZYDIS_REGISTER_NONE;
    auto const at = static_cast<std::uint64_t>(memory.mem.disp.value);
    if (memory.mem.segment == ZYDIS_REGISTER_GS)
      return fixed && access_fixed(memory, [&](ZydisRegister base) {
               out_.load_processor(base);
               return block_offset + static_cast<std::int64_t>(at);
             });
    if (!fixed) return access_shared(memory);
    return access_fixed(memory, [&](ZydisRegister base) {
      out_.load(base, shared() + (at - shared_data_address));
      return std::int64_t{0};
    });
  }

  // `load_base` has a register point there, and says how far behind.
  template <class LoadBase>
  [[nodiscard]] bool access_fixed(Operand const& memory, LoadBase load_base) noexcept {
    ZydisRegister const into = loaded_whole();
    ZydisRegister const base = into != ZYDIS_REGISTER_NONE ? into : unused();
    bool const saved = into == ZYDIS_REGISTER_NONE;
    if (saved) out_.push(base);
    std::int64_t const offset = load_base(base);
    access_at(memory, base, offset);
    if (saved) out_.pop(base);
    go_on();
    return true;
  }

  // Wherever the registers lead: the shared data, or what is there.
  [[nodiscard]] bool access_shared(Operand const& memory) noexcept {
    ZydisRegister const place = unused(), other = unused(place);
    out_.push(place);
    out_.push(other);
    out_.put({push_flags});
    Request address = two_operands(ZYDIS_MNEMONIC_LEA, place);
    address.operands[1] = encoded(memory);
    address.operands[1].mem.size = 8;
    out_.encode(address);
    out_.load(other, ~shared_data_address + 1);
    out_.encode(two_operands(ZYDIS_MNEMONIC_ADD, place, other));
    Request compare = two_operands(ZYDIS_MNEMONIC_CMP, place);
    compare.operands[1].type = ZYDIS_OPERAND_TYPE_IMMEDIATE;
    compare.operands[1].imm.u = page_size - memory.size / 8u;
    out_.encode(compare);
    std::size_t const elsewhere = out_.jump_if_above();
    out_.load(other, shared());
    out_.encode(two_operands(ZYDIS_MNEMONIC_ADD, place, other));
    out_.put({pop_flags});
    access_at(memory, place, 0);
    out_.pop(other);
    out_.pop(place);
    go_on();
    out_.land(elsewhere);
    out_.put({pop_flags});
    out_.pop(other);
    out_.pop(place);
    do_original();
    go_on();
    return true;
  }

  // The instruction, of memory elsewhere.
  void access_at(Operand const& memory, ZydisRegister base, std::int64_t offset) noexcept {
    out_.encode_elsewhere(decoded_, static_cast<unsigned>(&memory - decoded_.operands), base,
                          offset);
  }

  // The register that a load sets the whole of, which is free until then; none: there is none.
  [[nodiscard]] ZydisRegister loaded_whole() const noexcept {
    Operand const& to = decoded_.operands[0];
    bool const loads = decoded_.instruction.mnemonic != ZYDIS_MNEMONIC_CMP;
    return loads && to.size >= 32 ? whole(to.reg.value) : ZYDIS_REGISTER_NONE;
  }
  [[nodiscard]] bool uses(ZydisRegister number) const noexcept {
    for (unsigned i = 0; i < decoded_.instruction.operand_count_visible; ++i) {
      Operand const& each = decoded_.operands[i];
      if (each.type == ZYDIS_OPERAND_TYPE_REGISTER && whole(each.reg.value) == number) return true;
      if (each.type == ZYDIS_OPERAND_TYPE_MEMORY &&
          (whole(each.mem.base) == number || whole(each.mem.index) == number))
        return true;
    }
    return false;
  }
  // An instruction has three registers at most.
  [[nodiscard]] ZydisRegister unused(ZydisRegister but = ZYDIS_REGISTER_NONE) const noexcept {
    for (ZydisRegister const each : {ZYDIS_REGISTER_RAX, ZYDIS_REGISTER_RCX, ZYDIS_REGISTER_RDX,
                                     ZYDIS_REGISTER_RSI, ZYDIS_REGISTER_RDI})
      if (each != but && !uses(each)) return each;
    return ZYDIS_REGISTER_NONE;
  }

  [[nodiscard]] static std::uint64_t shared() noexcept {
    return address_of(Machine::current().core.simulation->shared_data());
  }
  [[nodiscard]] static ZydisRegister half_of(ZydisRegister number) noexcept {
    return static_cast<ZydisRegister>(ZYDIS_REGISTER_EAX + (number - ZYDIS_REGISTER_RAX));
  }

  // ---- Requests
  [[nodiscard]] static Request two_operands(ZydisMnemonic mnemonic, ZydisRegister to,
                                            ZydisRegister from = ZYDIS_REGISTER_NONE) noexcept {
    Request request{};
    request.machine_mode = ZYDIS_MACHINE_MODE_LONG_64;
    request.mnemonic = mnemonic;
    request.operand_count = 2;
    request.operands[0].type = request.operands[1].type = ZYDIS_OPERAND_TYPE_REGISTER;
    request.operands[0].reg.value = to;
    request.operands[1].reg.value = from;
    return request;
  }
  [[nodiscard]] static ZydisEncoderOperand encoded(Operand const& memory) noexcept {
    ZydisEncoderOperand operand;
    set_memory(operand, memory.mem.base, memory.mem.disp.value, memory.size / 8u);
    operand.mem.index = memory.mem.index;
    operand.mem.scale = memory.mem.index == ZYDIS_REGISTER_NONE ? ZyanU8{0} : memory.mem.scale;
    return operand;
  }

  // What stands in the place of the instruction itself.
  void do_original() noexcept {
    out_.put(patch_.original, patch_.length);
  }
  void go_on() noexcept {
    out_.jump(patch_.next);
  }

  static constexpr std::int64_t level_offset = MICA_PROCESSOR_LEVEL;
  static constexpr std::int64_t block_offset = offsetof(Machine::Processor, pcr);

  Patch& patch_;
  Decoded const& decoded_;
  Sequence out_;
};

}  // namespace

bool make_code(Patch& patch, Decoded const& decoded) noexcept {
  return Code{patch, decoded}.make();
}

std::uint64_t saved_before(Patch const& patch, std::uint64_t at) noexcept {
  std::uint64_t saved = 0;
  unsigned char const* code = patch.code;
  for (; address_of(code) < at; ++code) {
    if (*code == 0x41) ++code;
    if ((*code & 0xF8) != 0x50 && *code != push_flags) break;
    saved += sizeof(std::uint64_t);
  }
  return address_of(code) == at ? saved : 0;
}

}  // namespace mica::hal_host

#endif
