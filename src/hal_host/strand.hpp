// A strand: what a sanitizer and the C++ runtime must know about one flow of control on a stack of
// its own.
//   begin_jump() right before the jump to `to`, end_jump() first thing where it lands. Between the
//   two nothing instrumented may run. The caller is MICA_RAW; no strand lives on a stack that is
//   being left for good.
#pragma once

#include <cxxabi.h>
#include <cstddef>

#include "hal_host/sanitizers.hpp"

namespace mica::hal_host {

// The C++ runtime's per-thread exception state: the layout is part of the Itanium C++ ABI.
struct ExceptionState {
  void* caught;
  unsigned uncaught;
};

// Zero-filled is valid.
struct Strand {
  ExceptionState exceptions;
  void* fake_stack;  // AddressSanitizer
  // Of the stack that it is on.
  void const* bottom;
  std::size_t bytes;
  Strand const* outer;  // the stack that it was called from onto this one, null if it was not
  void* tsan_fiber;  // ThreadSanitizer
};

// The calling OS thread's own exception state.
[[nodiscard]] inline ExceptionState* thread_exceptions() noexcept {
  return reinterpret_cast<ExceptionState*>(::abi::__cxa_get_globals());
}

// A strand for a fresh stack; drop() gives back what it holds, and the strand is never continued.
void prepare_strand(Strand& strand, void* base, std::size_t bytes) noexcept;
void drop_strand(Strand& strand) noexcept;
// The strand of the calling OS thread's own stack.
void adopt_strand(Strand& strand) noexcept;

#if defined(MICA_ASAN) || defined(MICA_TSAN)
MICA_RAW void begin_jump_annotated(Strand& from, Strand const& to) noexcept;
MICA_RAW void end_jump_annotated(Strand& here, Strand* unknown_bounds) noexcept;
#endif

MICA_RAW inline void begin_jump([[maybe_unused]] Strand& from,
                                [[maybe_unused]] Strand const& to) noexcept {
#if defined(MICA_ASAN) || defined(MICA_TSAN)
  begin_jump_annotated(from, to);
#endif
}

// `unknown_bounds`: the strand that was left, when its stack bounds are still to be learnt; else
// null.
MICA_RAW inline void end_jump([[maybe_unused]] Strand& here,
                              [[maybe_unused]] Strand* unknown_bounds) noexcept {
#if defined(MICA_ASAN) || defined(MICA_TSAN)
  end_jump_annotated(here, unknown_bounds);
#endif
}

}  // namespace mica::hal_host
