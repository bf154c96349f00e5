// Base priorities, run time, group affinities.
//        [MSDN KeSetBasePriorityThread, KeQueryRuntimeThread, KeSetSystemGroupAffinityThread]
#include "busy.hpp"

using namespace mica::test;

MICA_CASE("Ke: KeSetBasePriorityThread is reckoned from the process, and stays below real time") {
  struct Row {
    LONG increment;
    KPRIORITY priority;
    LONG told;  // by the next call
  };
  constexpr Row rows[] = {{2, 10, 2},   {-3, 5, -3},   {7, 15, 7},   {8, 15, 7},
                          {-8, 1, -7},  {15, 15, 7},   {16, 15, 16}, {-16, 1, -16},
                          {99, 15, 16}, {-99, 1, -16}, {0, 8, 0}};
  auto body = [&] {
    PKTHREAD const self = KeGetCurrentThread();
    LONG before = KeSetBasePriorityThread(self, 0);
    MICA_CHECK(before == 12 - 8);
    before = 0;
    for (Row const& row : rows) {
      MICA_CHECK(KeSetBasePriorityThread(self, row.increment) == before);
      MICA_CHECK(KeQueryPriorityThread(self) == row.priority);
      before = row.told;
    }
    KeSetBasePriorityThread(self, 16);
    KeSetPriorityThread(self, 9);
    MICA_CHECK(KeSetBasePriorityThread(self, 0) == 1);
  };
  join(start(body, {.priority = 12}));
}

MICA_CASE("Ke: who lowers its own priority gives way when that is done") {
  Pinned const self{12};
  PKTHREAD const lowered = KeGetCurrentThread();
  std::atomic<bool> ran{false};
  auto body = [&] { ran = KeSetBasePriorityThread(lowered, 2) == -2; };
  auto* const better = start(body, {.processor = 0, .priority = 10});
  MICA_CHECK(!ran);
  static_cast<void>(KeSetBasePriorityThread(lowered, -2));
  spin_until(ran);
  MICA_CHECK(KeQueryPriorityThread(lowered) == 10);
  join(better);
}

MICA_CASE("Ke: KeSetBasePriorityThread above DISPATCH_LEVEL stops") {
  auto const end = bugcheck_of([] {
    static_cast<void>(KfRaiseIrql(HIGH_LEVEL));
    KeSetBasePriorityThread(KeGetCurrentThread(), 0);
  });
  MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL && end.parameters[1] == HIGH_LEVEL);
}

MICA_CASE("Ke: a thread's run time is the ticks that found it running") {
  ULONG user = 99;
  PKTHREAD const self = KeGetCurrentThread();
  ULONG const before = KeQueryRuntimeThread(self, &user);
  MICA_CHECK(user == 0);
  ULONG ticks = before;
  for (int i = 0; i < 100'000 && ticks < before + 3; ++i) {
    KeStallExecutionProcessor(100);
    ticks = KeQueryRuntimeThread(self, &user);
  }
  MICA_CHECK(ticks >= before + 3);
  KEVENT never;
  KeInitializeEvent(&never, NotificationEvent, FALSE);
  auto sleeper = [&] { wait(&never); };
  auto* const thread = start(sleeper, {.processor = 1});
  until_waiting(thread);
  ULONG const slept = KeQueryRuntimeThread(object_of(thread), &user);
  sleep(5 * millisecond_100ns);
  MICA_CHECK(KeQueryRuntimeThread(object_of(thread), &user) == slept);
  KeSetEvent(&never, 0, FALSE);
  join(thread);
}

MICA_CASE("Ke: group affinities are affinities of group 0") {
  ULONG const last = processors() - 1;
  GROUP_AFFINITY affinity{KAFFINITY{1} << last, 0, {}};
  GROUP_AFFINITY none{1, 1, {}}, before{};
  KeSetSystemGroupAffinityThread(&affinity, &none);
  MICA_CHECK(none.Mask == 0 && none.Group == 0);
  MICA_CHECK(KeGetCurrentProcessorNumberEx(nullptr) == last);
  GROUP_AFFINITY first{1, 0, {}};
  KeSetSystemGroupAffinityThread(&first, &before);
  MICA_CHECK(before.Mask == affinity.Mask && before.Group == 0);
  MICA_CHECK(KeGetCurrentProcessorNumberEx(nullptr) == 0);
  KeRevertToUserGroupAffinityThread(&before);
  MICA_CHECK(KeGetCurrentProcessorNumberEx(nullptr) == last);
  KeSetSystemGroupAffinityThread(&first, nullptr);
  KeRevertToUserGroupAffinityThread(&none);
  MICA_CHECK(KeSetSystemAffinityThreadEx(1) == 0);
  KeRevertToUserAffinityThreadEx(0);
}

MICA_CASE("Ke: a group affinity that is not valid changes nothing") {
  KAFFINITY const active = KeQueryActiveProcessors();
  KAFFINITY const old = KeSetSystemAffinityThreadEx(1);
  GROUP_AFFINITY const bad[] = {
      {active, 1, {}}, {0, 0, {}}, {active | (active + 1), 0, {}}, {active, 0, {0, 0, 1}}};
  for (GROUP_AFFINITY affinity : bad) {
    GROUP_AFFINITY previous{9, 9, {9, 9, 9}};
    KeSetSystemGroupAffinityThread(&affinity, &previous);
    MICA_CHECK(previous.Mask == 0 && previous.Group == 0 && previous.Reserved[2] == 0);
  }
  MICA_CHECK(KeSetSystemAffinityThreadEx(1) == 1);
  KeRevertToUserAffinityThreadEx(old);
}
