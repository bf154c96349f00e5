// T1: a deleted timer calls back no more than it expired, and is gone once, after its last
// callback.
#include <nt/ex.h>

#include "rig.hpp"

using namespace mica::explore;

namespace {

struct Calls {
  std::atomic<int> count{0}, gone{0};

  static void NTAPI call(PEX_TIMER, PVOID context) {
    auto& calls = *static_cast<Calls*>(context);
    MICA_CHECK(calls.gone == 0);
    ++calls.count;
  }
  static void NTAPI deleted(PVOID context) { ++static_cast<Calls*>(context)->gone; }
};

}  // namespace

MICA_EXPLORE("T1-delete", "T1: a timer that is cancelled and deleted is gone when that has waited",
             .processors = 2, .time_jumps = true, .bound = 1, .leaks = true) {
  Calls calls;
  PEX_TIMER const timer = ExAllocateTimer(Calls::call, &calls, 0);
  BOOLEAN cancelled = FALSE;
  auto setter = [&] { ExSetTimer(timer, -1, 0, nullptr); };
  auto deleter = [&] {
    EXT_DELETE_PARAMETERS parameters{0, 0, Calls::deleted, &calls};
    KeStallExecutionProcessor(tick_100ns / 10);
    cancelled = ExDeleteTimer(timer, TRUE, TRUE, &parameters);
    MICA_CHECK(calls.gone == 1);
  };
  Team team{window};
  setter();
  team.add(deleter, {.processor = 1});
  team.run();
  MICA_CHECK(calls.count == (cancelled ? 0 : 1));
}

MICA_EXPLORE("T1-delete-last",
             "T1: a timer that is deleted but not cancelled calls back, then goes", .processors = 2,
             .time_jumps = true, .bound = 1, .leaks = true) {
  Calls calls;
  PEX_TIMER const timer = ExAllocateTimer(Calls::call, &calls, 0);
  ExSetTimer(timer, -1, 0, nullptr);
  auto deleter = [&] {
    EXT_DELETE_PARAMETERS parameters{0, 0, Calls::deleted, &calls};
    MICA_CHECK(ExDeleteTimer(timer, FALSE, FALSE, &parameters) == FALSE);
  };
  Team team{window};
  team.add(deleter, {.processor = 1});
  team.run();
  mica::test::sleep(3 * tick_100ns);
  MICA_CHECK(calls.count == 1 && calls.gone == 1);
}
