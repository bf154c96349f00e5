// Where a thread's control passed between a loaded image and the executive, whose frames no image
// describes: what walks the stack for an exception goes on from one boundary to the next.
//
// Rules
//   Boundaries lie on the thread's stack, the innermost first in Thread::boundaries; each is made
//   and unmade by its own thread, or by an interrupt that nests in it. Any IRQL.
#pragma once

#include "ke/thread.hpp"

namespace mica::ke {

enum class BoundaryKind : std::uint32_t {
  import,     // a loaded image called the executive (ldr/import_stub.hpp)
  exception,  // the executive asks an image's handler about an exception (ldr/walk.hpp)...
  unwind,     // ...or has it leave a frame
  barrier,    // nothing inside is handled outside
};

struct Boundary {
  Boundary* outer;
  BoundaryKind kind;
  ULONG apc_disable;  // import: apc_disable_count of the thread then (ke/apc_disable.hpp)
};

// An interrupt leaves what it found before anybody else goes on, so it is no race.
class [[nodiscard]] BoundaryScope {
 public:
  __attribute__((no_sanitize("thread"))) explicit BoundaryScope(Boundary& boundary) noexcept
      : thread_{current_thread()}, outer_{thread_.boundaries} {
    boundary.outer = outer_;
    thread_.boundaries = &boundary;
  }
  __attribute__((no_sanitize("thread"))) ~BoundaryScope() { thread_.boundaries = outer_; }
  BoundaryScope(BoundaryScope const&) = delete;
  BoundaryScope& operator=(BoundaryScope const&) = delete;

 private:
  Thread& thread_;
  Boundary* const outer_;
};

// While it stands, an exception that is raised inside is not handled outside: of interrupts and
// DPCs, which came between two instructions of somebody else, and of routines that are called while
// the executive holds what nobody else would release.
class [[nodiscard]] ExceptionBarrier {
 public:
  ExceptionBarrier() noexcept : boundary_{nullptr, BoundaryKind::barrier, 0}, scope_{boundary_} {}

 private:
  Boundary boundary_;
  BoundaryScope scope_;
};

}  // namespace mica::ke
