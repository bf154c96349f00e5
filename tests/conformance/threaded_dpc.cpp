// Threaded DPCs.                                            [MSDN "Introduction to Threaded DPCs"]
#include "busy.hpp"

using namespace mica::test;

namespace {

struct Run {
  KDPC dpc;
  std::atomic<int> count{0};
  KIRQL level = 99;
  ULONG processor = 99;
  KPRIORITY priority = 0;
  PVOID first = nullptr, second = nullptr;

  explicit Run(ULONG target) noexcept {
    KeInitializeThreadedDpc(&dpc, note, this);
    KeSetTargetProcessorDpc(&dpc, static_cast<CCHAR>(target));
  }
  static void NTAPI note(PKDPC, PVOID context, PVOID first, PVOID second) {
    auto& run = *static_cast<Run*>(context);
    run.level = KeGetCurrentIrql();
    run.processor = KeGetCurrentProcessorNumberEx(nullptr);
    run.priority = KeQueryPriorityThread(KeGetCurrentThread());
    run.first = first;
    run.second = second;
    ++run.count;
  }
  BOOLEAN insert(ULONG_PTR argument = 0) noexcept {
    return KeInsertQueueDpc(&dpc, reinterpret_cast<PVOID>(argument), this);
  }
};

}  // namespace

MICA_CASE("Ke: a threaded DPC runs at PASSIVE_LEVEL on its processor, above every thread") {
  for (ULONG i = 0; i < processors(); ++i) {
    Run run{i};
    MICA_CHECK(run.dpc.Type == 24);
    for (int round = 1; round <= 2; ++round) {
      MICA_CHECK(run.insert(7) == TRUE);
      until([&] { return run.count == round; });
      MICA_CHECK(run.level == PASSIVE_LEVEL && run.processor == i);
      MICA_CHECK(run.priority == HIGH_PRIORITY);
      MICA_CHECK(run.first == reinterpret_cast<PVOID>(7) && run.second == &run);
    }
    KeFlushQueuedDpcs();
  }
}

MICA_CASE("Ke: a threaded DPC is queued once, and may be removed") {
  Run run{0};
  run.insert();
  KeFlushQueuedDpcs();
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  Run here{KeGetCurrentProcessorNumberEx(nullptr)};
  BOOLEAN const results[] = {here.insert(), here.insert(), KeRemoveQueueDpc(&here.dpc),
                             KeRemoveQueueDpc(&here.dpc)};
  KeLowerIrql(old);
  MICA_CHECK(results[0] == TRUE && results[1] == FALSE);
  MICA_CHECK(results[2] == TRUE && results[3] == FALSE);
  KeFlushQueuedDpcs();
  MICA_CHECK(here.count == 0 && run.count == 1);
}

MICA_CASE("Ke: KeFlushQueuedDpcs returns after threaded DPCs too") {
  for (ULONG i = 0; i < processors(); ++i) {
    Run run{i};
    for (int round = 1; round <= 3; ++round) {
      MICA_CHECK(run.insert() == TRUE);
      KeFlushQueuedDpcs();
      MICA_CHECK(run.count == round);
    }
  }
}

MICA_CASE("Ke: KeFlushQueuedDpcs returns after a threaded DPC that has begun") {
  struct Long {
    KDPC dpc;
    std::atomic<bool> begun{false}, ended{false};
  } job;
  KeInitializeThreadedDpc(
      &job.dpc,
      [](PKDPC, PVOID context, PVOID, PVOID) NTAPI {
        auto& all = *static_cast<Long*>(context);
        all.begun = true;
        LARGE_INTEGER later = relative(10 * millisecond_100ns);
        KeDelayExecutionThread(KernelMode, FALSE, &later);
        all.ended = true;
      },
      &job);
  KeInsertQueueDpc(&job.dpc, nullptr, nullptr);
  until([&] { return job.begun.load(); });
  KeFlushQueuedDpcs();
  MICA_CHECK(job.ended);
}

MICA_CASE("Ke: an ordinary DPC interrupts a threaded one") {
  struct {
    KDPC threaded, ordinary;
    std::atomic<bool> inside{false}, over{false}, interrupted{false};
  } both;
  KeInitializeThreadedDpc(
      &both.threaded,
      [](PKDPC, PVOID context, PVOID, PVOID) NTAPI {
        auto& all = *static_cast<decltype(both)*>(context);
        all.inside = true;
        KeInsertQueueDpc(&all.ordinary, nullptr, nullptr);
        all.inside = false;
        all.over = true;
      },
      &both);
  KeInitializeDpc(
      &both.ordinary,
      [](PKDPC, PVOID context, PVOID, PVOID) NTAPI {
        auto& all = *static_cast<decltype(both)*>(context);
        all.interrupted = all.inside.load();
      },
      &both);
  KeInsertQueueDpc(&both.threaded, nullptr, nullptr);
  until([&] { return both.over.load(); });
  KeFlushQueuedDpcs();
  MICA_CHECK(both.interrupted);
}

MICA_CASE("Ke: threaded DPCs run in order, those of high importance first") {
  // A thread of the highest priority keeps the processor until all are queued.
  struct Order {
    KDPC dpcs[4];
    int ran[4], count = 0;
  } order;
  for (KDPC& dpc : order.dpcs) {
    KeInitializeThreadedDpc(
        &dpc,
        [](PKDPC which, PVOID context, PVOID, PVOID) NTAPI {
          auto& all = *static_cast<Order*>(context);
          all.ran[all.count++] = static_cast<int>(which - all.dpcs);
        },
        &order);
    KeSetTargetProcessorDpc(&dpc, 0);
  }
  KeSetImportanceDpc(&order.dpcs[2], HighImportance);
  Run warm{0};
  warm.insert();
  KeFlushQueuedDpcs();
  {
    Pinned pinned{8};
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    for (KDPC& dpc : order.dpcs) KeInsertQueueDpc(&dpc, nullptr, nullptr);
    KeLowerIrql(old);
  }
  KeFlushQueuedDpcs();
  MICA_REQUIRE(order.count == 4);
  int const expected[] = {2, 0, 1, 3};
  for (int i = 0; i < 4; ++i) MICA_CHECK(order.ran[i] == expected[i]);
}

MICA_CASE("Ke: DPC routines of either kind take a spin lock and leave the level as it was") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  constexpr KIRQL levels[] = {PASSIVE_LEVEL, APC_LEVEL, DISPATCH_LEVEL};
  for (KIRQL const level : levels) {
    KIRQL const before = KfRaiseIrql(level);
    KIRQL const old = KeAcquireSpinLockForDpc(&lock);
    MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL && KeTestSpinLock(&lock) == FALSE);
    KeReleaseSpinLockForDpc(&lock, old);
    MICA_CHECK(old == level && KeGetCurrentIrql() == level && KeTestSpinLock(&lock) == TRUE);
    KeLowerIrql(before);
  }
  auto const end = bugcheck_of([&] {
    static_cast<void>(KfRaiseIrql(HIGH_LEVEL));
    static_cast<void>(KeAcquireSpinLockForDpc(&lock));
  });
  MICA_CHECK(end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION);
  MICA_CHECK(end.parameters[0] == 0x42 && end.parameters[1] == HIGH_LEVEL);
}

MICA_CASE("Ke: a timer may have a threaded DPC") {
  Run run{0};
  KTIMER timer;
  KeInitializeTimer(&timer);
  LARGE_INTEGER const soon = relative(millisecond_100ns);
  KeSetTimer(&timer, soon, &run.dpc);
  until([&] { return run.count == 1; });
  KeFlushQueuedDpcs();
  MICA_CHECK(run.level == PASSIVE_LEVEL && run.processor == 0);
}
