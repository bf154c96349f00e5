// The frames that loaded images have on the calling thread's stack, from the innermost outward:
// over those of the executive one goes by boundaries (ke/boundary.hpp).
//
// Rules
//   Any IRQL. Of an image that lies, or a stack that is no stack, walking ends in a bugcheck that
//   names the image and the place.
#pragma once

#include "ldr/import_stub.hpp"
#include "ldr/virtual_unwind.hpp"

namespace mica::ldr {

// Of the stack that the calling thread stands on.
[[nodiscard]] StackBounds current_stack() noexcept;

// An exception whose handlers are being asked: who goes past this goes on where it happened.
struct ExceptionBoundary {
  ke::Boundary boundary;
  CONTEXT const* context;
  bool called_nothing;        // as FrameWalk has it
  std::uint64_t establisher;  // of the frame that is asked
};

// A frame that is being left: who goes past this goes on with it, behind the handlers that ran.
struct UnwindBoundary {
  ke::Boundary boundary;
  DISPATCHER_CONTEXT const* dispatcher;
  CONTEXT const* context;
  ke::Boundary* outside;
};

enum class WalkEnd : std::uint8_t { none, thread, barrier };

class FrameWalk {
 public:
  // From a context, whose thread has these boundaries outside of it. `called_nothing`: it got there
  // by a call to where no code is, which has no frame yet but its return address.
  FrameWalk(CONTEXT const& context, ke::Boundary* outside, bool called_nothing) noexcept;
  // From whoever called the executive.
  explicit FrameWalk(ke::Boundary* outside) noexcept;

  // To the next frame of an image, if it is not on one. Whether there is one; else end() says why.
  [[nodiscard]] bool find() noexcept;
  [[nodiscard]] WalkEnd end() const noexcept { return end_; }
  // Tells the watches of import calls that find() leaves behind.
  void leave_calls() noexcept { leaves_ = true; }

  // ---- Of the frame.
  [[nodiscard]] CONTEXT& context() noexcept { return context_; }
  [[nodiscard]] LoadedImage const& image() const noexcept { return *image_; }
  // What is outside of it.
  [[nodiscard]] ke::Boundary* outside() const noexcept { return outside_; }
  // It is what a dispatch on the way here asked, or lies inside of that.
  [[nodiscard]] std::uint64_t asked_frame() const noexcept { return asked_frame_; }
  // It was being left: which of its handlers is next.
  [[nodiscard]] bool collided() const noexcept { return collided_; }
  // Describes it for a handler of that type, `dispatcher.LanguageHandler` null if there is none;
  // `caller` becomes the context of its caller.
  void describe(ULONG handler_type, DISPATCHER_CONTEXT& dispatcher, CONTEXT& caller) noexcept;
  // On to its caller.
  void step(CONTEXT const& caller) noexcept {
    context_ = caller;
    after_call_ = true;
    collided_ = false;
    scope_index_ = 0;
  }

 private:
  [[nodiscard]] bool pass_boundary() noexcept;
  void take(CONTEXT const& context, bool called_nothing) noexcept;

  CONTEXT context_;
  ke::Boundary* outside_;
  LoadedImage const* image_ = nullptr;
  StackBounds const stack_ = current_stack();
  std::uint64_t asked_frame_ = 0;
  ULONG scope_index_ = 0;
  bool after_call_ = false;  // it goes on behind a call
  bool collided_ = false;
  bool leaves_ = false;
  WalkEnd end_ = WalkEnd::none;
};

// DISPATCHER_CONTEXT::Fill0 of a frame that goes on behind a call: what is asked of where it is
// concerns the call, though the next instruction may belong elsewhere.
inline constexpr ULONG after_call = 1;

// The registers of the caller of an import, where it goes on.
void context_of(ImportCall const& call, CONTEXT& context) noexcept;

// What every image lies about ends so: names it and the place.
[[noreturn]] void NTAPI stop_for(BadFrame const& bad, LoadedImage const& image,
                                 std::uint64_t address) noexcept;

// Return addresses from that context outward, the executive's routines among them by where they
// begin. How many.
[[nodiscard]] std::size_t NTAPI trace(CONTEXT const& context, ke::Boundary* outside,
                                      bool called_nothing, std::uint64_t* addresses,
                                      std::size_t capacity) noexcept;

}  // namespace mica::ldr
