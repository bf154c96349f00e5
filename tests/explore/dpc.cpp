// D1: each successful insertion runs once or is removed. D2: routines run at DISPATCH_LEVEL on
// their target.
#include "rig.hpp"

using namespace mica::explore;

namespace {

struct Job {
  KDPC dpc;
  std::atomic<int> runs{0};
  std::atomic<int> inserted{0};
  std::atomic<int> removed{0};
  ULONG target = 0;

  explicit Job(ULONG processor) noexcept : target{processor} {
    KeInitializeDpc(
        &dpc, [](KDPC*, PVOID context, PVOID, PVOID) NTAPI { static_cast<Job*>(context)->run(); },
        this);
    KeSetTargetProcessorDpc(&dpc, static_cast<CCHAR>(processor));
  }
  void run() noexcept {
    MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    MICA_CHECK(KeGetCurrentProcessorNumberEx(nullptr) == target);
    ++runs;
    point();
    MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  }
  void insert() noexcept { inserted += KeInsertQueueDpc(&dpc, nullptr, nullptr) != FALSE; }
  void remove() noexcept { removed += KeRemoveQueueDpc(&dpc) != FALSE; }
};

}  // namespace

MICA_EXPLORE("D1-once", "D1: an inserted DPC runs once or is removed, never both",
             .processors = 3) {
  Job job{1};
  auto inserter = [&] {
    for (int i = 0; i < 3; ++i) job.insert();
  };
  auto remover = [&] {
    for (int i = 0; i < 3; ++i) job.remove();
  };
  Team team{window};
  team.add(inserter, {.processor = 0});
  team.add(inserter, {.processor = 1});
  team.add(remover, {.processor = 2});
  team.run();
  MICA_CHECK(job.runs + job.removed == job.inserted);
}

// Inserted it was; whether it was taken only the queue says.
MICA_EXPLORE("D1-not-queued", "D1: a DPC that is in no queue is its owner's, though it runs",
             .processors = 2, .bound = 1) {
  KDPC dpc;
  std::atomic<int> inserted{0};
  auto const nothing = [](PKDPC, PVOID, PVOID, PVOID) NTAPI {};
  KeInitializeDpc(&dpc, nothing, nullptr);
  KeSetTargetProcessorDpc(&dpc, 1);
  auto inserter = [&] {
    mica::test::AtLevel const raised{DISPATCH_LEVEL};
    MICA_CHECK(KeInsertQueueDpc(&dpc, nullptr, nullptr) == TRUE);
    inserted.store(1, std::memory_order_release);
  };
  auto owner = [&] {
    spin_while(inserted, 0);
    static_cast<void>(KeRemoveQueueDpc(&dpc));
    dpc = {};
  };
  Team team{window};
  meet(team, owner, inserter);
}

MICA_EXPLORE("D1-flush", "D1: a flush returns after all DPCs that were queued before it ended",
             .processors = 3) {
  Job near{0}, far{1};
  std::atomic<int> flushed{0};
  auto flusher = [&] {
    near.insert();
    far.insert();
    KeFlushQueuedDpcs();
    MICA_CHECK(near.runs >= 1);
    MICA_CHECK(far.runs >= 1);
    ++flushed;
  };
  auto inserter = [&] {
    far.insert();
    near.insert();
  };
  Team team{window};
  team.add(flusher, {.processor = 2});
  team.add(inserter, {.processor = 1});
  team.run();
  MICA_CHECK(flushed == 1);
  MICA_CHECK(near.runs == near.inserted);
  MICA_CHECK(far.runs == far.inserted);
}

MICA_EXPLORE(
    "D2-level",
    "D2: a DPC runs on its target at DISPATCH_LEVEL, and its interrupted thread goes on at its own",
    .processors = 2, .bound = 1) {
  Job first{0}, second{1};
  auto inserter = [&] {
    for (int i = 0; i < 2; ++i) {
      first.insert();
      MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
      second.insert();
      MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    }
  };
  Team team{window};
  meet(team, inserter, inserter);
  MICA_CHECK(first.runs == first.inserted);
  MICA_CHECK(second.runs == second.inserted);
}
