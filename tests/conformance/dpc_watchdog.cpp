// What is left of the time at DISPATCH_LEVEL.                  [MSDN KeQueryDpcWatchdogInformation]
#include "busy.hpp"

using namespace mica::test;

namespace {

using Information = KDPC_WATCHDOG_INFORMATION;

constexpr Information untouched{1, 2, 3, 4, 5};

bool is_untouched(Information const& information) noexcept {
  return information.DpcTimeLimit == 1 && information.DpcTimeCount == 2 &&
         information.DpcWatchdogLimit == 3 && information.DpcWatchdogCount == 4 &&
         information.Reserved == 5;
}

// NT's 20 seconds and two minutes, in ticks.
constexpr ULONG second_100ns = 10'000'000;
ULONG ticks_of(ULONG seconds) noexcept {
  return static_cast<ULONG>(ULONG64{seconds} * second_100ns / KeQueryTimeIncrement());
}

bool has_limits(Information const& information) noexcept {
  return information.DpcTimeLimit == ticks_of(20) &&
         information.DpcWatchdogLimit == ticks_of(120) && information.Reserved == 0;
}

// What an emulator's clock may tick while little is executed; to the tick: tests/ke.
constexpr ULONG at_once = 500;

// Asks at the beginning, then until time was counted, then once more.
struct Asked {
  NTSTATUS status = -1;
  Information before = untouched, after = untouched;
  std::atomic<int> runs{0};
  bool in_step = true;  // each answer had counted the same ticks for one DPC as for all

  void ask() noexcept {
    status = KeQueryDpcWatchdogInformation(&before);
    for (after = before; after.DpcWatchdogCount + 3 > before.DpcWatchdogCount;) {
      KeStallExecutionProcessor(100);
      KeQueryDpcWatchdogInformation(&after);
      if (before.DpcTimeCount - after.DpcTimeCount !=
          before.DpcWatchdogCount - after.DpcWatchdogCount)
        in_step = false;
    }
  }
  static void NTAPI run(PKDPC, PVOID context, PVOID, PVOID) {
    auto& asked = *static_cast<Asked*>(context);
    asked.ask();
    ++asked.runs;
  }
};

}  // namespace

MICA_CASE("Ke: who asks for the DPC watchdog below DISPATCH_LEVEL is told nothing") {
  Information information = untouched;
  MICA_CHECK(KeQueryDpcWatchdogInformation(&information) == STATUS_UNSUCCESSFUL);
  MICA_CHECK(is_untouched(information));
  AtLevel const raised{APC_LEVEL};
  MICA_CHECK(KeQueryDpcWatchdogInformation(&information) == STATUS_UNSUCCESSFUL);
  MICA_CHECK(is_untouched(information));
}

MICA_CASE("Ke: a thread at DISPATCH_LEVEL uses time for all DPCs, none for one") {
  Asked asked;
  {
    AtLevel const raised{DISPATCH_LEVEL};
    asked.ask();
  }
  MICA_CHECK(asked.status == STATUS_SUCCESS);
  MICA_CHECK(has_limits(asked.before) && has_limits(asked.after));
  MICA_CHECK(asked.after.DpcTimeCount == asked.after.DpcTimeLimit);
  MICA_CHECK(asked.after.DpcWatchdogCount <= asked.before.DpcWatchdogCount - 3);
}

MICA_CASE("Ke: below DISPATCH_LEVEL the time for all DPCs is full again") {
  Pinned const here{8};
  Asked asked;
  {
    AtLevel const raised{DISPATCH_LEVEL};
    asked.ask();
  }
  Information information = untouched;
  do {
    KeStallExecutionProcessor(500);
    AtLevel const raised{DISPATCH_LEVEL};
    KeQueryDpcWatchdogInformation(&information);
  } while (information.DpcWatchdogCount <= asked.after.DpcWatchdogCount);
  MICA_CHECK(information.DpcWatchdogCount + at_once >= information.DpcWatchdogLimit);
}

MICA_CASE("Ke: a DPC routine uses its own time, and each has all of it") {
  Asked first, second;
  for (Asked* asked : {&first, &second}) {
    KDPC dpc;
    KeInitializeDpc(&dpc, Asked::run, asked);
    for (ULONG number = 0; number < processors(); ++number) {
      KeSetTargetProcessorDpc(&dpc, static_cast<CCHAR>(number));
      int const before = asked->runs;
      KeInsertQueueDpc(&dpc, nullptr, nullptr);
      until([&] { return asked->runs > before; });
      MICA_CHECK(asked->status == STATUS_SUCCESS);
      MICA_CHECK(has_limits(asked->before));
      MICA_CHECK(asked->before.DpcTimeCount + at_once >= asked->before.DpcTimeLimit);
      MICA_CHECK(asked->in_step);
    }
  }
}

MICA_CASE("Ke: DPCs in a row share the time for all, and each has its own") {
  Asked first, second;
  KDPC dpcs[2];
  KeInitializeDpc(&dpcs[0], Asked::run, &first);
  KeInitializeDpc(&dpcs[1], Asked::run, &second);
  {
    AtLevel const raised{DISPATCH_LEVEL};
    for (KDPC& dpc : dpcs) KeInsertQueueDpc(&dpc, nullptr, nullptr);
  }
  until([&] { return first.runs == 1 && second.runs == 1; });
  MICA_CHECK(second.before.DpcTimeCount + at_once >= second.before.DpcTimeLimit);
  MICA_CHECK(second.before.DpcWatchdogCount <= first.after.DpcWatchdogCount);
}

MICA_CASE("Ke: a threaded DPC uses the time of one DPC, none for all") {
  struct Threaded {
    NTSTATUS status = -1;
    Information before = untouched, after = untouched;
    std::atomic<bool> ran{false};
    static void NTAPI run(PKDPC, PVOID context, PVOID, PVOID) {
      auto& threaded = *static_cast<Threaded*>(context);
      threaded.status = KeQueryDpcWatchdogInformation(&threaded.before);
      threaded.after = threaded.before;
      while (threaded.after.DpcTimeCount + 3 > threaded.before.DpcTimeCount) {
        KeStallExecutionProcessor(100);
        KeQueryDpcWatchdogInformation(&threaded.after);
      }
      threaded.ran = true;
    }
  };
  for (int round = 0; round < 2; ++round) {
    Threaded threaded;
    KDPC dpc;
    KeInitializeThreadedDpc(&dpc, Threaded::run, &threaded);
    KeInsertQueueDpc(&dpc, nullptr, nullptr);
    until([&] { return threaded.ran.load(); });
    MICA_CHECK(threaded.status == STATUS_SUCCESS);
    MICA_CHECK(has_limits(threaded.before));
    MICA_CHECK(threaded.before.DpcTimeCount + at_once >= threaded.before.DpcTimeLimit);
    MICA_CHECK(threaded.after.DpcTimeCount <= threaded.before.DpcTimeCount - 3);
    MICA_CHECK(threaded.after.DpcWatchdogCount == threaded.after.DpcWatchdogLimit);
  }
}
