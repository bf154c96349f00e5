// What an image says of a function for unwinding, as it stands there.
//                                                         [MSDN "x64 exception handling"]
#pragma once

#include "ldr/loaded_image.hpp"

namespace mica::ldr {

enum class UnwindCode : std::uint8_t {
  push_register = 0,
  allocate_large = 1,
  allocate_small = 2,
  set_frame_register = 3,
  save_register = 4,
  save_register_far = 5,
  epilog = 6,  // version 2: where its epilogs are
  spare = 7,
  save_vector = 8,
  save_vector_far = 9,
  push_machine_frame = 10,
};

// Slots that a code takes, itself included; 0: there is no such code.
[[nodiscard]] constexpr unsigned slots_of(UnwindCode code, unsigned information) noexcept {
  switch (code) {
    case UnwindCode::push_register:
    case UnwindCode::allocate_small:
    case UnwindCode::set_frame_register:
    case UnwindCode::push_machine_frame:
    case UnwindCode::epilog:
      return 1;
    case UnwindCode::allocate_large:
      return information == 0 ? 2 : information == 1 ? 3 : 0;
    case UnwindCode::save_register:
    case UnwindCode::save_vector:
      return 2;
    case UnwindCode::save_register_far:
    case UnwindCode::save_vector_far:
    case UnwindCode::spare:
      return 3;
  }
  return 0;
}

// UNWIND_INFO.
struct UnwindInfo {
  std::uint8_t version_and_flags;
  std::uint8_t prolog_bytes;
  std::uint8_t slot_count;
  std::uint8_t frame;

  [[nodiscard]] unsigned version() const noexcept { return version_and_flags & 7; }
  [[nodiscard]] unsigned flags() const noexcept { return version_and_flags >> 3; }
  [[nodiscard]] unsigned frame_register() const noexcept { return frame & 15; }  // 0: none
  [[nodiscard]] unsigned frame_offset() const noexcept { return (frame >> 4) * 16u; }
  // What follows the codes, which are an even number of slots, from where the information is.
  [[nodiscard]] std::uint32_t bytes() const noexcept {
    return 4 + ((slot_count + 1u) & ~1u) * sizeof(USHORT);
  }
};
static_assert(sizeof(UnwindInfo) == 4);

// A slot.
struct UnwindSlot {
  std::uint8_t offset;  // of the end of the instruction, in the prolog
  std::uint8_t code_and_information;

  [[nodiscard]] UnwindCode code() const noexcept {
    return static_cast<UnwindCode>(code_and_information & 15);
  }
  [[nodiscard]] unsigned information() const noexcept { return code_and_information >> 4; }
};
static_assert(sizeof(UnwindSlot) == 2);

}  // namespace mica::ldr
