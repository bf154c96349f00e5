#include "ldr/epilog.hpp"

namespace mica::ldr {
namespace {

constexpr unsigned rsp_number = 4;
constexpr std::uint8_t rex_w = 0x48, rex_b = 1;

// Instructions, one after another. [SDM 2]
class Code {
 public:
  Code(LoadedImage const& image, std::uint32_t at) noexcept : image_{image}, at_{at} {}

  [[nodiscard]] std::uint32_t at() const noexcept { return at_; }
  // 0, which begins no epilog's instruction, where there is nothing.
  [[nodiscard]] std::uint8_t byte(unsigned ahead) const noexcept {
    std::uint8_t value = 0;
    return image_.read(std::uint64_t{at_} + ahead, value) ? value : std::uint8_t{0};
  }
  template <class T>
  [[nodiscard]] T value(unsigned ahead) const noexcept {
    T value{};
    static_cast<void>(image_.read(std::uint64_t{at_} + ahead, value));
    return value;
  }
  void skip(unsigned bytes) noexcept { at_ += bytes; }
  // Whether the image has that place.
  [[nodiscard]] bool has(std::int64_t place) const noexcept {
    return place >= 0 && static_cast<std::uint64_t>(place) < image_.bytes;
  }

 private:
  LoadedImage const& image_;
  std::uint32_t at_;
};

// add rsp, constant; lea rsp, constant[frame register]
void read_stack_change(Code& code, unsigned frame_register, Epilog& epilog) noexcept {
  std::uint8_t const prefix = code.byte(0), opcode = code.byte(1), operands = code.byte(2);
  bool const small = opcode == 0x83, large = opcode == 0x81;
  if (prefix == rex_w && (small || large) && operands == 0xC4) {
    epilog.sets_stack = true;
    epilog.base = rsp_number;
    epilog.displacement = small ? code.value<std::int8_t>(3) : code.value<std::int32_t>(3);
    code.skip(small ? 4 : 7);
    return;
  }
  unsigned const base = (operands & 7u) | ((prefix & rex_b) != 0 ? 8u : 0u);
  bool const loads = (prefix & ~rex_b) == rex_w && opcode == 0x8D && (operands >> 3 & 7) == 4;
  if (!loads || frame_register == 0 || base != frame_register) return;
  unsigned const mode = operands >> 6;
  if (mode != 1 && mode != 2) return;
  unsigned const index_byte = (operands & 7) == 4 ? 1 : 0;  // r12 as a base takes one
  epilog.sets_stack = true;
  epilog.base = base;
  epilog.displacement = mode == 1 ? std::int64_t{code.value<std::int8_t>(3 + index_byte)}
                                  : std::int64_t{code.value<std::int32_t>(3 + index_byte)};
  code.skip(3 + index_byte + (mode == 1 ? 1 : 4));
}

void read_pops(Code& code, Epilog& epilog) noexcept {
  while (epilog.pop_count < sizeof epilog.pops) {
    unsigned const prefix = code.byte(0) == 0x41 ? 1 : 0;
    std::uint8_t const opcode = code.byte(prefix);
    unsigned const number = (opcode & 7u) + 8 * prefix;
    if ((opcode & ~7) != 0x58 || number == rsp_number) return;
    epilog.pops[epilog.pop_count++] = static_cast<std::uint8_t>(number);
    code.skip(prefix + 1);
  }
}

// A jump that stays in the function is none that leaves it. Nor is one out of the image, which no
// linker makes: a machine has it in the place of an instruction that it does itself.
[[nodiscard]] bool leaves(Code const& code, std::int64_t target,
                          RUNTIME_FUNCTION const& function) noexcept {
  return code.has(target) && (target < function.BeginAddress || target >= function.EndAddress);
}

[[nodiscard]] bool read_end(Code const& code, RUNTIME_FUNCTION const& function,
                            Epilog& epilog) noexcept {
  std::uint8_t const first = code.byte(0), second = code.byte(1);
  std::int64_t const at = code.at();
  switch (first) {
    case 0xC3:  // ret
      return true;
    case 0xC2:  // ret n
      epilog.returned_bytes = code.value<USHORT>(1);
      return true;
    case 0xF3:  // rep ret
      return second == 0xC3;
    case 0xEB:  // jmp, near
      return leaves(code, at + 2 + code.value<std::int8_t>(1), function);
    case 0xE9:  // jmp
      return leaves(code, at + 5 + code.value<std::int32_t>(1), function);
    case 0xFF:  // jmp [rip + n]
      return second == 0x25;
    case rex_w:  // jmp [...] or jmp register, with the prefix that marks it as the function's end
      return second == 0xFF && (code.byte(2) >> 3 & 7) == 4;
    case rex_w | rex_b:
      return second == 0xFF && (code.byte(2) >> 3 & 7) == 4;
    default:
      return false;
  }
}

}  // namespace

bool NTAPI read_epilog(LoadedImage const& image, std::uint32_t at, RUNTIME_FUNCTION const& function,
                       unsigned frame_register, Epilog& epilog) noexcept {
  epilog = {};
  Code code{image, at};
  read_stack_change(code, frame_register, epilog);
  read_pops(code, epilog);
  return read_end(code, function, epilog);
}

}  // namespace mica::ldr
