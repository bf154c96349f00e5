// D1 where a DPC goes from one processor's queue to another's.
#include "together.hpp"

using namespace mica::explore;

namespace {

// A DPC for whichever processor inserts it, with both arguments the same.
struct Wanderer {
  KDPC dpc;
  std::atomic<int> inserted{0}, removed{0}, ran{0};

  Wanderer() noexcept {
    KeInitializeDpc(
        &dpc,
        [](KDPC*, PVOID context, PVOID first, PVOID second) NTAPI {
          MICA_CHECK(first == second);
          ++static_cast<Wanderer*>(context)->ran;
        },
        this);
  }
  void insert(ULONG_PTR argument) noexcept {
    auto const value = reinterpret_cast<PVOID>(argument);
    inserted += KeInsertQueueDpc(&dpc, value, value) != FALSE;
  }
  void remove() noexcept { removed += KeRemoveQueueDpc(&dpc) != FALSE; }
};

}  // namespace

MICA_EXPLORE("D1-removed-here", "D1: a DPC that is removed here is inserted there", .processors = 2,
             .bound = 2) {
  Wanderer wanderer;
  auto program = [&](unsigned number) {
    wanderer.insert(number);
    wanderer.remove();
  };
  run_together(window, {2}, program);
  MICA_CHECK(wanderer.inserted == wanderer.removed);
  MICA_CHECK(wanderer.ran == 0);
}

MICA_EXPLORE("D1-taken-here", "D1: a DPC that runs here is inserted there, each time whole",
             .processors = 2, .bound = 2) {
  Wanderer wanderer;
  auto program = [&](unsigned number) {
    wanderer.insert(number);
    Passive passive;
  };
  run_together(window, {2}, program);
  MICA_CHECK(wanderer.inserted == wanderer.ran);
}

MICA_EXPLORE("D1-told",
             "D1: what was stored before an insertion is read by the routine, refused or not",
             .processors = 2, .bound = 2, .memory = MemoryModel::x86) {
  std::atomic<int> told{0}, read{0};
  struct Words {
    std::atomic<int>*told, *read;
  } words{&told, &read};
  KDPC dpc;
  KeInitializeDpc(
      &dpc,
      [](KDPC*, PVOID context, PVOID, PVOID) NTAPI {
        auto& words = *static_cast<Words*>(context);
        if (words.told->load(std::memory_order_relaxed) != 0) words.read->store(1);
      },
      &words);
  auto program = [&](unsigned number) {
    if (number == 1) told.store(1, std::memory_order_relaxed);
    static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
    Passive passive;
  };
  run_together(window, {2}, program);
  MICA_CHECK(read == 1);
}
