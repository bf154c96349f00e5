// G1: a generic call runs once on each processor, and its caller goes on when all are done; a
// barrier lets nobody on before all have come. D1, D2: of threaded DPCs.
#include "rig.hpp"

using namespace mica::explore;

namespace {

struct Calls {
  std::atomic<int> ran[2]{};
  std::atomic<int> arrived{0}, chosen{0};

  void note() noexcept { ++ran[KeGetCurrentProcessorNumber()]; }
  void check(int each, int processors) const noexcept {
    for (int i = 0; i < processors; ++i) MICA_CHECK(ran[i] == each);
  }
};

void NTAPI meet(PKDPC, PVOID context, PVOID first, PVOID second) {
  auto& calls = *static_cast<Calls*>(context);
  calls.note();
  ++calls.arrived;
  calls.chosen += KeSignalCallDpcSynchronize(second) != FALSE;
  MICA_CHECK(calls.arrived >= 2);
  KeSignalCallDpcDone(first);
}

ULONG_PTR NTAPI broadcast(ULONG_PTR argument) {
  reinterpret_cast<Calls*>(argument)->note();
  MICA_CHECK(KeGetCurrentIrql() == IPI_LEVEL);
  return KeGetCurrentProcessorNumber();
}

}  // namespace

MICA_EXPLORE("G1-dpc", "G1: a generic DPC call runs on each processor, and they meet",
             .processors = 2, .bound = 2) {
  Calls calls;
  auto caller = [&] {
    KeGenericCallDpc(meet, &calls);
    calls.check(1, 2);
  };
  Team team{window};
  team.add(caller, {.processor = 0});
  team.run();
  MICA_CHECK(calls.chosen == 1);
}

MICA_EXPLORE("G1-seen",
             "G1: what was done before a meeting is seen after it, and by the caller at the end",
             .processors = 2, .bound = 1) {
  struct Plain {
    int told[2]{}, seen[2]{};
  } plain;
  auto caller = [&] {
    KeGenericCallDpc(
        [](PKDPC, PVOID context, PVOID first, PVOID second) NTAPI {
          auto& plain = *static_cast<Plain*>(context);
          ULONG const number = KeGetCurrentProcessorNumber();
          plain.told[number] = 1;
          static_cast<void>(KeSignalCallDpcSynchronize(second));
          plain.seen[number] = plain.told[1 - number];
          KeSignalCallDpcDone(first);
        },
        &plain);
    for (int const seen : plain.seen) MICA_CHECK(seen == 1);
  };
  Team team{window};
  team.add(caller, {.processor = 0});
  team.run();
}

MICA_EXPLORE("G1-dpc-two", "G1: two generic DPC calls do not wait for each other", .processors = 2,
             .bound = 1) {
  Calls calls[2];
  auto first = [&] { KeGenericCallDpc(meet, &calls[0]); };
  auto second = [&] { KeGenericCallDpc(meet, &calls[1]); };
  Team team{window};
  meet(team, first, second);
  for (Calls const& one : calls) one.check(1, 2);
}

MICA_EXPLORE("G1-ipi", "G1: two broadcasts run on each processor, at any two times",
             .processors = 2, .bound = 1) {
  Calls calls[2];
  auto first = [&] {
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    MICA_CHECK(KeIpiGenericCall(broadcast, reinterpret_cast<ULONG_PTR>(&calls[0])) == 0);
    calls[0].check(1, 2);
    KeLowerIrql(old);
  };
  auto second = [&] {
    MICA_CHECK(KeIpiGenericCall(broadcast, reinterpret_cast<ULONG_PTR>(&calls[1])) == 1);
    calls[1].check(1, 2);
  };
  Team team{window};
  meet(team, first, second);
}

// Its interrupt may come as soon as the call is to be seen: for the DPC.
MICA_EXPLORE("G1-ipi-early", "G1: who is asked for something else finds a broadcast whole",
             .processors = 2, .bound = 1) {
  Calls calls;
  KDPC dpc;
  KeInitializeDpc(
      &dpc, [](PKDPC, PVOID, PVOID, PVOID) NTAPI {}, nullptr);
  KeSetTargetProcessorDpc(&dpc, 1);
  auto caller = [&] {
    KeInsertQueueDpc(&dpc, nullptr, nullptr);
    KeIpiGenericCall(broadcast, reinterpret_cast<ULONG_PTR>(&calls));
    calls.check(1, 2);
  };
  Team team{window};
  team.add(caller, {.processor = 0});
  team.run();
}

MICA_EXPLORE("D1-threaded", "D1, D2: a threaded DPC runs once for each insert, the first one too",
             .processors = 2, .bound = 1) {
  struct Job {
    KDPC dpc;
    std::atomic<int> runs{0};
  } job;
  KeInitializeThreadedDpc(
      &job.dpc,
      [](PKDPC, PVOID context, PVOID, PVOID) NTAPI {
        MICA_CHECK(KeGetCurrentProcessorNumber() == 1);
        MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
        ++static_cast<Job*>(context)->runs;
      },
      &job);
  KeSetTargetProcessorDpc(&job.dpc, 1);
  std::atomic<int> inserted{0};
  auto inserter = [&] {
    for (int i = 0; i < 2; ++i) inserted += KeInsertQueueDpc(&job.dpc, nullptr, nullptr) != FALSE;
    KeFlushQueuedDpcs();
    MICA_CHECK(job.runs == inserted);
  };
  Team team{window};
  team.add(inserter, {.processor = 0});
  team.run();
}

// The flush looks at the queue and at the thread without the lock.
MICA_EXPLORE("D1-threaded-taken", "D1: a flush waits for a threaded DPC that was taken already",
             .processors = 2, .memory = MemoryModel::cxx20) {
  struct Job {
    KDPC dpc;
    std::atomic<int> begun{0}, ended{0};
  } job;
  KeInitializeThreadedDpc(
      &job.dpc,
      [](PKDPC, PVOID context, PVOID, PVOID) NTAPI {
        auto& job = *static_cast<Job*>(context);
        job.begun.store(1, std::memory_order_relaxed);
        LARGE_INTEGER soon = relative(tick_100ns);
        KeDelayExecutionThread(KernelMode, FALSE, &soon);
        job.ended = 1;
      },
      &job);
  KeSetTargetProcessorDpc(&job.dpc, 1);
  auto flusher = [&] {
    KeInsertQueueDpc(&job.dpc, nullptr, nullptr);
    do mica::Machine::await(job.begun, 0);
    while (job.begun.load(std::memory_order_relaxed) == 0);
    KeFlushQueuedDpcs();
    MICA_CHECK(job.ended == 1);
  };
  Team team{window};
  team.add(flusher, {.processor = 0});
  team.run();
}

MICA_EXPLORE("D2-threaded-shortage", "D2: a threaded DPC without a thread runs at DISPATCH_LEVEL",
             .processors = 2, .shortage = true) {
  struct Job {
    KDPC dpc;
    std::atomic<int> runs{0};
  } job;
  KeInitializeThreadedDpc(
      &job.dpc,
      [](PKDPC, PVOID context, PVOID, PVOID) NTAPI {
        MICA_CHECK(KeGetCurrentProcessorNumber() == 1);
        ++static_cast<Job*>(context)->runs;
      },
      &job);
  KeSetTargetProcessorDpc(&job.dpc, 1);
  window.open();
  for (int i = 1; i <= 2; ++i) {
    KeInsertQueueDpc(&job.dpc, nullptr, nullptr);
    KeFlushQueuedDpcs();
    MICA_CHECK(job.runs == i);
  }
  window.close();
}
