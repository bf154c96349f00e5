// A routine on every processor.                                             [MSDN KeIpiGenericCall]
#include "busy.hpp"

using namespace mica::test;

namespace {

constexpr int most = 64;

struct Seen {
  std::atomic<int> calls[most]{};
  std::atomic<int> wrong_level{0};
  std::atomic<int> arrived{0}, early{0}, chosen{0}, rounds{0};
  ULONG_PTR values[most]{};

  void note(KIRQL level) noexcept {
    ++calls[KeGetCurrentProcessorNumberEx(nullptr)];
    wrong_level += KeGetCurrentIrql() != level;
  }
  void check_each_once() const noexcept {
    for (ULONG i = 0; i < processors(); ++i) MICA_CHECK(calls[i] == 1);
    MICA_CHECK(wrong_level == 0);
  }
};

}  // namespace

MICA_CASE("Ke: KeGenericCallDpc calls once on every processor at DISPATCH_LEVEL, then returns") {
  Seen seen;
  KeGenericCallDpc(
      [](PKDPC, PVOID context, PVOID first, PVOID) NTAPI {
        static_cast<Seen*>(context)->note(DISPATCH_LEVEL);
        KeSignalCallDpcDone(first);
      },
      &seen);
  seen.check_each_once();
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

MICA_CASE("Ke: KeGenericCallDpc comes before DPCs that are queued already") {
  if (processors() < 2) return;
  struct Order {
    KDPC dpc;
    std::atomic<int> turn{0}, ordinary{0}, generic{0};
  } order;
  KeInitializeDpc(
      &order.dpc,
      [](PKDPC, PVOID context, PVOID, PVOID) NTAPI {
        auto& all = *static_cast<Order*>(context);
        all.ordinary = ++all.turn;
      },
      &order);
  KeSetTargetProcessorDpc(&order.dpc, 1);
  {
    Pinned const pinned{8};
    Busy busy{1, 8, DISPATCH_LEVEL};
    KeInsertQueueDpc(&order.dpc, nullptr, nullptr);
    struct Call {
      Order* order;
      Busy* busy;
    } call{&order, &busy};
    // Both are queued there once the routine runs here.
    KeGenericCallDpc(
        [](PKDPC, PVOID context, PVOID first, PVOID) NTAPI {
          auto& all = *static_cast<Call*>(context);
          if (KeGetCurrentProcessorNumberEx(nullptr) == 1) all.order->generic = ++all.order->turn;
          if (KeGetCurrentProcessorNumberEx(nullptr) == 0) all.busy->let_go();
          KeSignalCallDpcDone(first);
        },
        &call);
  }
  KeFlushQueuedDpcs();
  MICA_CHECK(order.generic == 1 && order.ordinary == 2);
}

MICA_CASE("Ke: KeSignalCallDpcSynchronize lets nobody on before all have come, and chooses one") {
  Seen seen;
  KeGenericCallDpc(
      [](PKDPC, PVOID context, PVOID first, PVOID second) NTAPI {
        auto& all = *static_cast<Seen*>(context);
        int const count = static_cast<int>(KeQueryActiveProcessorCount(nullptr));
        for (int round = 1; round <= 3; ++round) {
          ++all.arrived;
          all.chosen += KeSignalCallDpcSynchronize(second) != FALSE;
          all.early += all.arrived < round * count;
        }
        KeSignalCallDpcDone(first);
      },
      &seen);
  MICA_CHECK(seen.early == 0);
  MICA_CHECK(seen.chosen == 3);
}

MICA_CASE("Ke: two generic DPC calls at the same time do not wait for each other's processors") {
  auto caller = [] {
    for (int i = 0; i < 10; ++i)
      KeGenericCallDpc(
          [](PKDPC, PVOID, PVOID first, PVOID second) NTAPI {
            static_cast<void>(KeSignalCallDpcSynchronize(second));
            KeSignalCallDpcDone(first);
          },
          nullptr);
  };
  auto* const thread = start(caller, {.processor = 1});
  caller();
  join(thread);
}

MICA_CASE(
    "Ke: KeIpiGenericCall calls on all processors at IPI_LEVEL and returns what its own said") {
  Seen seen;
  ULONG_PTR const result = KeIpiGenericCall(
      [](ULONG_PTR argument) NTAPI -> ULONG_PTR {
        auto& all = *reinterpret_cast<Seen*>(argument);
        all.note(IPI_LEVEL);
        // All at the same time: nobody leaves before everybody came.
        ++all.arrived;
        while (all.arrived < static_cast<int>(KeQueryActiveProcessorCount(nullptr)))
          KeStallExecutionProcessor(1);
        return 1000 + KeGetCurrentProcessorNumberEx(nullptr);
      },
      reinterpret_cast<ULONG_PTR>(&seen));
  seen.check_each_once();
  MICA_CHECK(result >= 1000 && result < 1000 + processors());
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

MICA_CASE("Ke: KeIpiGenericCall returns the value of the processor that called it") {
  for (ULONG i = 0; i < processors(); ++i) {
    ULONG_PTR result = ~ULONG_PTR{0};
    auto caller = [&] {
      result = KeIpiGenericCall(
          [](ULONG_PTR context)
              NTAPI -> ULONG_PTR { return context + KeGetCurrentProcessorNumberEx(nullptr); },
          50);
    };
    join(start(caller, {.processor = static_cast<int>(i)}));
    MICA_CHECK(result == 50 + i);
  }
}

MICA_CASE("Ke: KeIpiGenericCall may be called at DISPATCH_LEVEL, from two processors at once") {
  std::atomic<int> calls{0};
  auto caller = [&] {
    for (int i = 0; i < 20; ++i) {
      KIRQL const old = KeRaiseIrqlToDpcLevel();
      KeIpiGenericCall(
          [](ULONG_PTR argument) NTAPI -> ULONG_PTR {
            ++*reinterpret_cast<std::atomic<int>*>(argument);
            return 0;
          },
          reinterpret_cast<ULONG_PTR>(&calls));
      MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
      KeLowerIrql(old);
    }
  };
  auto* const thread = start(caller, {.processor = 1});
  caller();
  join(thread);
  MICA_CHECK(calls == 40 * static_cast<int>(processors()));
}

MICA_CASE("Ke: generic calls at too high a level stop") {
  auto const dpc = bugcheck_of([] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    KeGenericCallDpc([](PKDPC, PVOID, PVOID first, PVOID) NTAPI { KeSignalCallDpcDone(first); },
                     nullptr);
  });
  MICA_CHECK(dpc.happened && dpc.code == IRQL_NOT_LESS_OR_EQUAL);
  MICA_CHECK(dpc.parameters[1] == DISPATCH_LEVEL);
  auto const ipi = bugcheck_of([] {
    static_cast<void>(KfRaiseIrql(HIGH_LEVEL));
    KeIpiGenericCall([](ULONG_PTR) NTAPI -> ULONG_PTR { return 0; }, 0);
  });
  MICA_CHECK(ipi.happened && ipi.code == IRQL_NOT_LESS_OR_EQUAL);
  MICA_CHECK(ipi.parameters[1] == HIGH_LEVEL);
}
