// What may be done to a timer that is about to go.                           [MSDN ExDeleteTimer]
#include <mica/system.hpp>

#include <nt/ex.h>

#include "catch.hpp"

TEST_CASE("ex: a timer that was deleted and expires later is not deleted again") {
  mica::System system;
  mica::Outcome const end = system.try_run([] {
    constexpr LONGLONG hour_100ns = 36'000'000'000;
    PEX_TIMER const timer = ExAllocateTimer(nullptr, nullptr, 0);
    ExSetTimer(timer, -hour_100ns, 0, nullptr);
    ExDeleteTimer(timer, FALSE, FALSE, nullptr);
    ExDeleteTimer(timer, FALSE, FALSE, nullptr);
  });
  CHECK(end.is_bugcheck(TIMER_OR_DPC_INVALID, 0));
}
