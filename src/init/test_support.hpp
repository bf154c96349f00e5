// What include/mica/test.hpp stands on.
#pragma once

#include <mica/test.hpp>

#include <atomic>

namespace mica::init {

struct TestState {
  std::atomic<ULONG> checks;
  std::atomic<ULONG> failures;
  // Where a failed check goes; null: the debugger's console.
  void (*failed)(char const* expression, char const* file, int line);
  std::atomic<PKTHREAD>
      expecting;  // the thread whose bugcheck is taken instead of ending the System
  test::Bugcheck taken;
};

// ke::BugcheckState::divert.
void NTAPI divert_bugcheck(ULONG code, ULONG_PTR const* parameters, std::uint64_t frame) noexcept;

}  // namespace mica::init
