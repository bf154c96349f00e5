// IRQL as a capability of the thread-safety analysis.
//   A function that must run at DISPATCH_LEVEL or above says MICA_REQUIRES(at_dispatch); the
//   guards below provide it.
//   The analysis ends at function pointers: code entered through one says
//   at_dispatch.assert_held() first.
#pragma once

#include <machine.hpp>

#include "base/annotations.hpp"
#include "base/assert.hpp"

namespace mica::ke {

struct MICA_CAPABILITY("irql") DispatchLevel {
  void assert_held() const noexcept MICA_ASSERTS(this) {
    MICA_ASSERT(Machine::irql() >= DISPATCH_LEVEL);
  }
};
inline constexpr DispatchLevel at_dispatch{};

// From DISPATCH_LEVEL or below to DISPATCH_LEVEL, for a scope.
class MICA_SCOPED [[nodiscard]] RaiseToDispatch {
 public:
  RaiseToDispatch() noexcept MICA_ACQUIRES(at_dispatch) : old_{Machine::raise(DISPATCH_LEVEL)} {}
  ~RaiseToDispatch() noexcept MICA_RELEASES() { Machine::lower(old_); }
  RaiseToDispatch(RaiseToDispatch const&) = delete;
  RaiseToDispatch& operator=(RaiseToDispatch const&) = delete;

 private:
  KIRQL const old_;
};

// From any level to HIGH_LEVEL, for a scope: what interrupt handlers share. No capability: the
// caller may hold it already.
class [[nodiscard]] RaiseToHigh {
 public:
  RaiseToHigh() noexcept : old_{Machine::raise(HIGH_LEVEL)} {}
  ~RaiseToHigh() noexcept { Machine::lower(old_); }
  RaiseToHigh(RaiseToHigh const&) = delete;
  RaiseToHigh& operator=(RaiseToHigh const&) = delete;

 private:
  KIRQL const old_;
};

}  // namespace mica::ke
