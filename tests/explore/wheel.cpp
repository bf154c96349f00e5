// T1 where timers share a wheel and nothing else: only the wheel's own lock keeps them apart.
#include "rig.hpp"

using namespace mica::explore;

MICA_EXPLORE("T1-wheel", "T1: of two timers in one wheel one is set while the other is cancelled",
             .processors = 2) {
  KTIMER stays, goes;
  KeInitializeTimer(&stays);
  KeInitializeTimer(&goes);
  KAFFINITY const before = KeSetSystemAffinityThreadEx(1);
  MICA_CHECK(KeSetTimer(&goes, relative(100 * tick_100ns), nullptr) == FALSE);
  KeRevertToUserAffinityThreadEx(before);
  auto setter = [&] {
    MICA_CHECK(KeSetTimer(&stays, relative(100 * tick_100ns), nullptr) == FALSE);
  };
  auto canceller = [&] { MICA_CHECK(KeCancelTimer(&goes) == TRUE); };
  {
    Team team{window};
    team.add(setter, {.processor = 0});
    team.add(canceller, {.processor = 1});
    team.run();
  }
  MICA_CHECK(KeCancelTimer(&stays) == TRUE);
  MICA_CHECK(KeCancelTimer(&goes) == FALSE);
}
