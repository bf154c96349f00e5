// What include/mica/test.hpp stands on.
#pragma once

#include <mica/test.hpp>

#include <atomic>

namespace mica::init {

struct DriverCases;

struct TestState {
  std::atomic<ULONG> checks;
  std::atomic<ULONG> failures;
  // Where a failed check goes; null: the debugger's console.
  void (*failed)(char const* expression, char const* file, int line);
  std::atomic<PKTHREAD>
      expecting;  // the thread whose bugcheck is taken instead of ending the System
  test::Bugcheck taken;
  DriverCases const*
      driver;  // of a driver that has cases (init/test_driver.hpp); null: there is none
};

// Returns once it waits for something, or has ended.
void until_waiting(_KTHREAD& thread) noexcept;

// ke::BugcheckState::divert.
void NTAPI divert_bugcheck(ULONG code, ULONG_PTR const* parameters, std::uint64_t frame) noexcept;

}  // namespace mica::init
