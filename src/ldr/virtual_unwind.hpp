// From a frame that a function of a loaded image has on the stack to its caller's, by what the
// image says of the function.                              [MSDN "x64 exception handling"]
//
// Rules
//   Nothing that an image says is believed, nor anything on the stack: reads are within the image
//   or the bounds given, lists end, and every frame is nearer to the stack's end than the last.
//   Any IRQL.
#pragma once

#include "ldr/loaded_image.hpp"

namespace mica::ldr {

struct StackBounds {
  std::uint64_t low, high;

  // Whether an aligned word there is within.
  [[nodiscard]] bool has(std::uint64_t address, std::uint64_t bytes = 8) const noexcept {
    return address % 8 == 0 && address >= low && address < high && high - address >= bytes;
  }
};

// Why there is no caller.
struct BadFrame {
  NTSTATUS status = STATUS_SUCCESS;  // STATUS_BAD_FUNCTION_TABLE or STATUS_BAD_STACK
  char const* what = "";             // a sentence without its full stop
  std::uint32_t at = 0;              // in the image

  explicit operator bool() const noexcept { return !NT_SUCCESS(status); }
};

// What a frame has besides registers.
struct Frame {
  std::uint64_t establisher;
  std::uint32_t handler;  // in the image; 0: none of the type asked for
  std::uint32_t handler_data;
};

// Where that function's entry is, in the image; 0: it has none, as functions that make no frame.
[[nodiscard]] std::uint32_t NTAPI find_function(LoadedImage const& image,
                                                std::uint32_t at) noexcept;

struct UnwindRequest {
  LoadedImage const& image;
  std::uint32_t at;        // in the image
  std::uint32_t function;  // its entry; 0: it has none
  ULONG handler_type;      // UNW_FLAG_*
  StackBounds stack;
  KNONVOLATILE_CONTEXT_POINTERS* pointers;  // may be null
};

// Makes of `context`, which is in that function, that of its caller. What is refused has left it
// changed in part.
[[nodiscard]] BadFrame NTAPI virtual_unwind(UnwindRequest const& request, CONTEXT& context,
                                            Frame& frame) noexcept;

}  // namespace mica::ldr
