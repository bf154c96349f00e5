#include <mica/test.hpp>

#include <atomic>

using namespace mica::test;

namespace {

// What one run of the routine saw.
struct Run {
  std::atomic<int> count;
  KIRQL level;
  ULONG processor;
  PKDPC dpc;
  PVOID first, second;
};

void NTAPI note(PKDPC dpc, PVOID context, PVOID first, PVOID second) {
  auto& run = *static_cast<Run*>(context);
  run.level = KeGetCurrentIrql();
  run.processor = KeGetCurrentProcessorNumberEx(nullptr);
  run.dpc = dpc;
  run.first = first;
  run.second = second;
  ++run.count;
}

struct Order {
  KDPC dpcs[6];
  int ran[6];
  int count;
};

void NTAPI note_order(PKDPC dpc, PVOID context, PVOID, PVOID) {
  auto& order = *static_cast<Order*>(context);
  order.ran[order.count++] = static_cast<int>(dpc - order.dpcs);
}

PVOID value(ULONG_PTR number) {
  return reinterpret_cast<PVOID>(number);
}

}  // namespace

MICA_CASE("Ke: a DPC runs once at DISPATCH_LEVEL with its arguments") {
  Run run{};
  KDPC dpc;
  KeInitializeDpc(&dpc, note, &run);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  ULONG const here = KeGetCurrentProcessorNumberEx(nullptr);
  MICA_CHECK(KeInsertQueueDpc(&dpc, value(11), value(22)) == TRUE);
  MICA_CHECK(run.count == 0);
  KeLowerIrql(old);
  MICA_CHECK(run.count == 1);
  MICA_CHECK(run.level == DISPATCH_LEVEL);
  MICA_CHECK(run.processor == here);
  MICA_CHECK(run.dpc == &dpc);
  MICA_CHECK(run.first == value(11) && run.second == value(22));
}

MICA_CASE("Ke: a queued DPC is not queued again, its first arguments stay") {
  Run run{};
  KDPC dpc;
  KeInitializeDpc(&dpc, note, &run);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  MICA_CHECK(KeInsertQueueDpc(&dpc, value(1), value(2)) == TRUE);
  MICA_CHECK(KeInsertQueueDpc(&dpc, value(3), value(4)) == FALSE);
  KeLowerIrql(old);
  MICA_CHECK(run.count == 1);
  MICA_CHECK(run.first == value(1) && run.second == value(2));
  static_cast<void>(KeInsertQueueDpc(&dpc, value(5), nullptr));
  KeFlushQueuedDpcs();
  MICA_CHECK(run.count == 2);
  MICA_CHECK(run.first == value(5));
}

MICA_CASE("Ke: a removed DPC does not run") {
  Run run{};
  KDPC dpc;
  KeInitializeDpc(&dpc, note, &run);
  MICA_CHECK(KeRemoveQueueDpc(&dpc) == FALSE);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  MICA_CHECK(KeInsertQueueDpc(&dpc, nullptr, nullptr) == TRUE);
  MICA_CHECK(KeRemoveQueueDpc(&dpc) == TRUE);
  MICA_CHECK(KeRemoveQueueDpc(&dpc) == FALSE);
  KeLowerIrql(old);
  KeFlushQueuedDpcs();
  MICA_CHECK(run.count == 0);
}

MICA_CASE("Ke: DPCs run in the order of their inserts, those of high importance first") {
  Order order{};
  for (KDPC& dpc : order.dpcs) KeInitializeDpc(&dpc, note_order, &order);
  KeSetImportanceDpc(&order.dpcs[2], HighImportance);
  KeSetImportanceDpc(&order.dpcs[3], MediumHighImportance);
  KeSetImportanceDpc(&order.dpcs[4], LowImportance);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  for (KDPC& dpc : order.dpcs) static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
  KeLowerIrql(old);
  MICA_REQUIRE(order.count == 6);
  int const expected[] = {2, 0, 1, 3, 4, 5};
  for (int i = 0; i < 6; ++i) MICA_CHECK(order.ran[i] == expected[i]);
}

MICA_CASE("Ke: removing a DPC leaves its neighbours") {
  Order order{};
  for (KDPC& dpc : order.dpcs) KeInitializeDpc(&dpc, note_order, &order);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  for (KDPC& dpc : order.dpcs) static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
  for (int const i : {0, 3, 5}) MICA_CHECK(KeRemoveQueueDpc(&order.dpcs[i]) == TRUE);
  static_cast<void>(KeInsertQueueDpc(&order.dpcs[0], nullptr, nullptr));
  KeLowerIrql(old);
  MICA_REQUIRE(order.count == 4);
  int const expected[] = {1, 2, 4, 0};
  for (int i = 0; i < 4; ++i) MICA_CHECK(order.ran[i] == expected[i]);
}

MICA_CASE("Ke: a DPC of low importance runs by the next tick") {
  Run run{};
  KDPC dpc;
  KeInitializeDpc(&dpc, note, &run);
  KeSetImportanceDpc(&dpc, LowImportance);
  static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
  for (int i = 0; i < 1'000 && run.count == 0; ++i) KeStallExecutionProcessor(100);
  MICA_CHECK(run.count == 1);
}

MICA_CASE("Ke: a DPC of low importance waits, one of medium importance does not") {
  Run run{};
  KDPC dpc;
  KeInitializeDpc(&dpc, note, &run);
  static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
  MICA_CHECK(run.count == 1);
  KeSetImportanceDpc(&dpc, LowImportance);
  // A tick may come just then: once in many times it does not.
  bool waited = false;
  for (int i = 0; i < 100 && !waited; ++i) {
    run.count = 0;
    static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
    waited = run.count == 0;
    KeFlushQueuedDpcs();
    MICA_CHECK(run.count == 1);
  }
  MICA_CHECK(waited);
}

MICA_CASE("Ke: a DPC of high importance runs on a processor whose queue is empty") {
  for (ULONG i = 0; i < processors(); ++i) {
    Run run{};
    KDPC dpc;
    KeInitializeDpc(&dpc, note, &run);
    KeSetImportanceDpc(&dpc, HighImportance);
    KeSetTargetProcessorDpc(&dpc, static_cast<CCHAR>(i));
    MICA_CHECK(KeInsertQueueDpc(&dpc, nullptr, nullptr) == TRUE);
    KeFlushQueuedDpcs();
    MICA_CHECK(run.count == 1 && run.processor == i);
  }
}

MICA_CASE("Ke: four DPCs of low importance are worth an interrupt") {
  Order order{};
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  for (int i = 0; i < 4; ++i) {
    KeInitializeDpc(&order.dpcs[i], note_order, &order);
    KeSetImportanceDpc(&order.dpcs[i], LowImportance);
    static_cast<void>(KeInsertQueueDpc(&order.dpcs[i], nullptr, nullptr));
  }
  KeLowerIrql(old);
  MICA_CHECK(order.count == 4);
}

MICA_CASE("Ke: a DPC runs on its target processor") {
  for (ULONG i = 0; i < processors(); ++i) {
    Run run{};
    KDPC dpc;
    KeInitializeDpc(&dpc, note, &run);
    PROCESSOR_NUMBER name{0, static_cast<UCHAR>(i), 0};
    if (i % 2 == 0)
      KeSetTargetProcessorDpc(&dpc, static_cast<CCHAR>(i));
    else
      MICA_CHECK(KeSetTargetProcessorDpcEx(&dpc, &name) == STATUS_SUCCESS);
    MICA_CHECK(KeInsertQueueDpc(&dpc, nullptr, nullptr) == TRUE);
    KeFlushQueuedDpcs();
    MICA_CHECK(run.count == 1);
    MICA_CHECK(run.processor == i);
    MICA_CHECK(run.level == DISPATCH_LEVEL);
  }
}

MICA_CASE("Ke: KeSetTargetProcessorDpcEx refuses what is no processor") {
  KDPC dpc;
  KeInitializeDpc(&dpc, note, nullptr);
  PROCESSOR_NUMBER const bad[] = {{1, 0, 0},
                                  {0, static_cast<UCHAR>(KeQueryMaximumProcessorCount()), 0},
                                  {0, 255, 0},
                                  {0, 0, 1}};
  for (PROCESSOR_NUMBER name : bad)
    MICA_CHECK(KeSetTargetProcessorDpcEx(&dpc, &name) == STATUS_INVALID_PARAMETER);
}

MICA_CASE("Ke: KeSetTargetProcessorDpc with what is no processor stops") {
  KDPC dpc;
  KeInitializeDpc(&dpc, note, nullptr);
  Bugcheck const end = bugcheck_of([&dpc] { KeSetTargetProcessorDpc(&dpc, 100); });
  MICA_CHECK(end.happened && end.code == TIMER_OR_DPC_INVALID);
  MICA_CHECK(end.parameters[0] == 1 && end.parameters[1] == reinterpret_cast<ULONG_PTR>(&dpc));
}

MICA_CASE("Ke: a DPC may queue itself") {
  struct {
    KDPC dpc;
    std::atomic<int> left;
  } again{};
  again.left = 5;
  auto routine = [](PKDPC dpc, PVOID context, PVOID, PVOID) NTAPI {
    auto& left = *static_cast<std::atomic<int>*>(context);
    if (--left > 0) MICA_CHECK(KeInsertQueueDpc(dpc, nullptr, nullptr) == TRUE);
  };
  KeInitializeDpc(&again.dpc, routine, &again.left);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  static_cast<void>(KeInsertQueueDpc(&again.dpc, nullptr, nullptr));
  KeLowerIrql(old);
  MICA_CHECK(again.left == 0);
}

MICA_CASE("Ke: a DPC is queued and removed at HIGH_LEVEL") {
  Run run{};
  KDPC dpc;
  KeInitializeDpc(&dpc, note, &run);
  KIRQL const old = KfRaiseIrql(HIGH_LEVEL);
  BOOLEAN const queued = KeInsertQueueDpc(&dpc, nullptr, nullptr);
  BOOLEAN const removed = KeRemoveQueueDpc(&dpc);
  BOOLEAN const again = KeInsertQueueDpc(&dpc, nullptr, nullptr);
  KeLowerIrql(old);
  MICA_CHECK(queued == TRUE && removed == TRUE && again == TRUE);
  MICA_CHECK(run.count == 1);
}

MICA_CASE("Ke: KeFlushQueuedDpcs returns after what was queued on every processor") {
  Run runs[16]{};
  KDPC dpcs[16];
  ULONG const count = processors();
  for (ULONG i = 0; i < count; ++i) {
    KeInitializeDpc(&dpcs[i], note, &runs[i]);
    KeSetTargetProcessorDpc(&dpcs[i], static_cast<CCHAR>(i));
    KeSetImportanceDpc(&dpcs[i], LowImportance);
    static_cast<void>(KeInsertQueueDpc(&dpcs[i], nullptr, nullptr));
  }
  KeFlushQueuedDpcs();
  for (ULONG i = 0; i < count; ++i) MICA_CHECK(runs[i].count == 1);
}

MICA_CASE("Ke: KeFlushQueuedDpcs above PASSIVE_LEVEL stops") {
  Bugcheck const end = bugcheck_of([] {
    static_cast<void>(KfRaiseIrql(APC_LEVEL));
    KeFlushQueuedDpcs();
  });
  MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL && end.parameters[1] == APC_LEVEL);
}

MICA_CASE("Ke: each successful insert is one call or one removal") {
  struct {
    KDPC dpc;
    std::atomic<int> inserted, removed, ran;
  } shared{};
  auto routine = [](PKDPC, PVOID context, PVOID, PVOID)
                     NTAPI { ++*static_cast<std::atomic<int>*>(context); };
  KeInitializeDpc(&shared.dpc, routine, &shared.ran);
  KeSetTargetProcessorDpc(&shared.dpc, 0);
  auto inserter = [&shared] {
    for (int i = 0; i < 300; ++i) {
      if (KeInsertQueueDpc(&shared.dpc, nullptr, nullptr) == TRUE) ++shared.inserted;
      if (i % 3 == 0) KeStallExecutionProcessor(1);
    }
  };
  auto remover = [&shared] {
    for (int i = 0; i < 300; ++i)
      if (KeRemoveQueueDpc(&shared.dpc) == TRUE) ++shared.removed;
  };
  Thread* const threads[] = {start(inserter, {.processor = 1}), start(inserter, {.processor = 2}),
                             start(remover, {.processor = 3})};
  for (Thread* thread : threads) join(thread);
  KeFlushQueuedDpcs();
  MICA_CHECK(shared.inserted > 0);
  MICA_CHECK(shared.ran + shared.removed == shared.inserted);
}
