// Exceptions of loaded images: who is asked to handle them, and what happens if nobody does.
//
// Rules
//   Any IRQL; a handler runs at the level of what raised the exception, on its stack.
#pragma once

#include "ldr/frame_walk.hpp"

namespace mica::ldr {

// Where an exception happened.
struct Raised {
  EXCEPTION_RECORD& record;
  CONTEXT& context;
  bool called_nothing;  // as FrameWalk has it
};

// Asks the handlers of the images' frames from there outward. Returns if one says that `context`,
// which it may have changed, is to go on; a handler that takes it goes on by itself. What nobody
// handles is a bugcheck.
void NTAPI dispatch(Raised const& raised) noexcept;

// Goes on there, in an image: what lies inside of it on the stack is over.
[[noreturn]] void NTAPI resume(CONTEXT& context) noexcept;

// Hooks of ke (ke/exception.hpp). Both return if no loaded image is concerned, or none may be
// asked.
void NTAPI raise(EXCEPTION_RECORD& record) noexcept;
void NTAPI take_fault(hal::Fault const& fault) noexcept;

// hal::Handlers::takes_fault.
[[nodiscard]] bool NTAPI takes_fault(std::uint64_t instruction, std::uint64_t stack) noexcept;

}  // namespace mica::ldr
