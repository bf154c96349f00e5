#if defined(__x86_64__)
#include "hal_host/sequence.hpp"

#include <algorithm>
#include <cstring>

namespace mica::hal_host {
namespace {

constexpr unsigned char breakpoint = 0xCC, wide = 0x48, wide_high = 0x49, high = 0x41;

// Where current_processor is, from the thread's pointer in FS. [ELF TLS, "Initial Exec Model"]
[[nodiscard]] std::int64_t processor_offset() noexcept {
  std::int64_t offset = 0;
  asm("movq _ZN4mica7Machine17current_processorE@gottpoff(%%rip), %0" : "=r"(offset));
  return offset;
}

[[nodiscard]] unsigned char with(unsigned opcode, unsigned index) noexcept {
  return static_cast<unsigned char>(opcode + index % 8);
}

}  // namespace

void set_memory(ZydisEncoderOperand& operand, ZydisRegister base, std::int64_t offset,
                std::size_t bytes) noexcept {
  operand = {};
  operand.type = ZYDIS_OPERAND_TYPE_MEMORY;
  operand.mem.base = base;
  operand.mem.displacement = offset;
  operand.mem.size = static_cast<ZyanU16>(bytes);
}

Sequence::Sequence(std::span<unsigned char> room) noexcept : room_{room} {
  std::ranges::fill(room, breakpoint);
}

std::uint64_t Sequence::here() const noexcept {
  return reinterpret_cast<std::uint64_t>(room_.data()) + length_;
}

unsigned Sequence::index_of(ZydisRegister number) noexcept {
  auto const index = static_cast<unsigned>(number - ZYDIS_REGISTER_RAX);
  right_ = right_ && index < 16;
  return index;
}

void Sequence::put(unsigned char const* bytes, std::size_t count) noexcept {
  right_ = right_ && count <= room_.size() - length_;
  if (!right_) return;
  std::memcpy(room_.data() + length_, bytes, count);
  length_ += count;
}

void Sequence::put(std::initializer_list<unsigned char> bytes) noexcept {
  put(bytes.begin(), bytes.size());
}

void Sequence::encode(ZydisEncoderRequest const& request) noexcept {
  unsigned char bytes[ZYDIS_MAX_INSTRUCTION_LENGTH];
  ZyanUSize count = sizeof bytes;
  right_ = right_ && ZYAN_SUCCESS(ZydisEncoderEncodeInstruction(&request, bytes, &count));
  if (right_) put(bytes, count);
}

void Sequence::encode_elsewhere(Decoded const& decoded, unsigned memory, ZydisRegister base,
                                std::int64_t offset) noexcept {
  ZydisEncoderRequest request;
  if (!ZYAN_SUCCESS(ZydisEncoderDecodedInstructionToEncoderRequest(
          &decoded.instruction, decoded.operands, decoded.instruction.operand_count_visible,
          &request)))
    return give_up();
  request.prefixes = 0;
  request.branch_type = ZYDIS_BRANCH_TYPE_NONE;
  set_memory(request.operands[memory], base, offset, decoded.operands[memory].size / 8u);
  encode(request);
}

void Sequence::push(ZydisRegister number) noexcept {
  unsigned const index = index_of(number);
  if (index >= 8) put({high});
  put({with(0x50, index)});
}

void Sequence::pop(ZydisRegister number) noexcept {
  unsigned const index = index_of(number);
  if (index >= 8) put({high});
  put({with(0x58, index)});
}

// mov number, constant
void Sequence::load(ZydisRegister number, std::uint64_t constant) noexcept {
  unsigned const index = index_of(number);
  put({index >= 8 ? wide_high : wide, with(0xB8, index)});
  put_value(constant);
}

// mov number, fs:[current_processor]
void Sequence::load_processor(ZydisRegister number) noexcept {
  constexpr unsigned char by_fs = 0x64, wide_into_high = 0x4C, move = 0x8B, no_base = 0x25;
  unsigned const index = index_of(number);
  auto const operands = static_cast<unsigned char>(4 + index % 8 * 8);
  put({by_fs, index >= 8 ? wide_into_high : wide, move, operands, no_base});
  put_value(static_cast<std::int32_t>(processor_offset()));
}

void Sequence::jump(std::uint64_t target) noexcept {
  put({0xE9});
  auto const distance = static_cast<std::int64_t>(target - (here() + sizeof(std::int32_t)));
  right_ = right_ && distance == static_cast<std::int32_t>(distance);
  put_value(static_cast<std::int32_t>(distance));
}

std::size_t Sequence::jump_if_above() noexcept {
  put({0x77, 0});
  return length_;
}

void Sequence::land(std::size_t jump) noexcept {
  std::size_t const distance = length_ - jump;
  right_ = right_ && distance < 128;
  if (right_) room_[jump - 1] = static_cast<unsigned char>(distance);
}

}  // namespace mica::hal_host

#endif
