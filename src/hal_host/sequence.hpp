// Instructions that are written one after another, for patches (patch_code.hpp).
//
// Rules
//   Any context. What does not fit, or cannot be encoded, is noticed at the end: is_right.
#pragma once

#include <Zydis/Zydis.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "hal_host/decoding.hpp"

namespace mica::hal_host {

void set_memory(ZydisEncoderOperand& operand, ZydisRegister base, std::int64_t offset,
                std::size_t bytes) noexcept;

inline constexpr unsigned char push_flags = 0x9C, pop_flags = 0x9D;

class Sequence {
 public:
  // Fills the room with breakpoints.
  explicit Sequence(std::span<unsigned char> room) noexcept;

  [[nodiscard]] bool is_right() const noexcept { return right_; }
  void give_up() noexcept { right_ = false; }
  // Where the next instruction is going to be.
  [[nodiscard]] std::uint64_t here() const noexcept;

  void put(unsigned char const* bytes, std::size_t count) noexcept;
  void put(std::initializer_list<unsigned char> bytes) noexcept;
  template <class T>
  void put_value(T value) noexcept {
    unsigned char bytes[sizeof value];
    __builtin_memcpy(bytes, &value, sizeof value);
    put(bytes, sizeof bytes);
  }
  void encode(ZydisEncoderRequest const& request) noexcept;
  // The instruction without prefixes, its operand `memory` where the register points to.
  void encode_elsewhere(Decoded const& decoded, unsigned memory, ZydisRegister base,
                        std::int64_t offset) noexcept;

  // Registers are whole general ones.
  void push(ZydisRegister number) noexcept;
  void pop(ZydisRegister number) noexcept;
  void load(ZydisRegister number, std::uint64_t constant) noexcept;
  // Machine::current_processor.
  void load_processor(ZydisRegister number) noexcept;

  void jump(std::uint64_t target) noexcept;
  // Less than 128 bytes onwards, to where `land` is called with what it returns.
  [[nodiscard]] std::size_t jump_if_above() noexcept;
  void land(std::size_t jump) noexcept;

 private:
  // Which it is, as the processor numbers them.
  [[nodiscard]] unsigned index_of(ZydisRegister number) noexcept;

  std::span<unsigned char> room_;
  std::size_t length_ = 0;
  bool right_ = true;
};

}  // namespace mica::hal_host
