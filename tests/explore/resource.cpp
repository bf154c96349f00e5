// L2: of a resource's owners one is alone or all share it; nobody who waits is forgotten.
#include <nt/ex.h>
#include <nt/ntstatus.h>

#include "together.hpp"

using namespace mica::explore;

namespace {

// A word that a resource guards. Its accesses are plain: a race says that two were inside.
class Guarded {
 public:
  Guarded() noexcept {
    resource_.Reserved2 = nullptr;
    static_cast<void>(ExInitializeResourceLite(&resource_));
  }
  ~Guarded() {
    MICA_CHECK(resource_.ActiveEntries == 0 && resource_.NumberOfSharedWaiters == 0 &&
               resource_.NumberOfExclusiveWaiters == 0);
    MICA_CHECK(ExDeleteResourceLite(&resource_) == STATUS_SUCCESS);
  }
  Guarded(Guarded const&) = delete;
  Guarded& operator=(Guarded const&) = delete;

  PERESOURCE get() noexcept { return &resource_; }

  void write() noexcept {
    KeEnterCriticalRegion();
    MICA_CHECK(ExAcquireResourceExclusiveLite(&resource_, TRUE));
    change();
    ExReleaseResourceLite(&resource_);
    KeLeaveCriticalRegion();
  }
  void change() noexcept {
    MICA_CHECK(readers == 0 && ++writers == 1);
    point();
    --writers;
    ++writes;
  }
  void read(BOOLEAN(NTAPI* share)(PERESOURCE, BOOLEAN) = ExAcquireResourceSharedLite) noexcept {
    KeEnterCriticalRegion();
    MICA_CHECK(share(&resource_, TRUE));
    look();
    ExReleaseResourceLite(&resource_);
    KeLeaveCriticalRegion();
  }
  void look() noexcept {
    ++readers;
    MICA_CHECK(writers == 0);
    point();
    ++reads;
    --readers;
  }

  int writers = 0, writes = 0;
  std::atomic<int> readers{0}, reads{0};

 private:
  ERESOURCE resource_;
};

}  // namespace

MICA_EXPLORE("L2-write-read", "L2: a writer and a reader of a resource exclude each other",
             .processors = 2, .bound = 2) {
  Guarded guarded;
  auto program = [&](unsigned number) {
    Passive passive;
    number == 0 ? guarded.write() : guarded.read();
  };
  run_together(window, {2}, program);
  MICA_CHECK(guarded.writes == 1 && guarded.reads == 1);
}

MICA_EXPLORE("L2-write-write", "L2: two writers of a resource exclude each other", .processors = 2,
             .bound = 2) {
  Guarded guarded;
  auto program = [&](unsigned) {
    Passive passive;
    guarded.write();
  };
  run_together(window, {2}, program);
  MICA_CHECK(guarded.writes == 2);
}

MICA_EXPLORE("L2-readers", "L2: two readers share a resource, for which the table of owners grows",
             .processors = 2, .bound = 2) {
  Guarded guarded;
  auto program = [&](unsigned) {
    Passive passive;
    guarded.read();
  };
  run_together(window, {2}, program);
  MICA_CHECK(guarded.reads == 2);
}

MICA_EXPLORE("L2-four", "L2: two writers and two readers of a resource each have their turns",
             .processors = 3) {
  Guarded guarded;
  auto writer = [&] {
    for (int i = 0; i < 2; ++i) guarded.write();
  };
  auto reader = [&] {
    for (int i = 0; i < 2; ++i) guarded.read();
  };
  Team team{window};
  team.add(writer, {.processor = 0});
  team.add(writer, {.processor = 1});
  team.add(reader, {.processor = 1});
  team.add(reader, {.processor = 2});
  team.run();
  MICA_CHECK(guarded.writes == 4 && guarded.reads == 4);
}

MICA_EXPLORE("L2-kinds", "L2: the three ways to share a resource meet a writer", .processors = 3) {
  Guarded guarded;
  auto writer = [&] { guarded.write(); };
  auto again = [&] {
    KeEnterCriticalRegion();
    MICA_CHECK(ExAcquireResourceSharedLite(guarded.get(), TRUE));
    guarded.read();  // granted again, whoever waits
    ExReleaseResourceLite(guarded.get());
    KeLeaveCriticalRegion();
  };
  auto starver = [&] { guarded.read(ExAcquireSharedStarveExclusive); };
  auto waiter = [&] { guarded.read(ExAcquireSharedWaitForExclusive); };
  Team team{window};
  team.add(writer, {.processor = 0});
  team.add(again, {.processor = 1});
  team.add(starver, {.processor = 2});
  team.add(waiter, {.processor = 0});
  team.run();
  MICA_CHECK(guarded.writes == 1 && guarded.reads == 3);
}

MICA_EXPLORE("L2-convert", "L2: a writer that becomes a reader lets readers in, and no writer",
             .processors = 3) {
  Guarded guarded;
  auto converter = [&] {
    KeEnterCriticalRegion();
    MICA_CHECK(ExAcquireResourceExclusiveLite(guarded.get(), TRUE));
    guarded.change();
    ExConvertExclusiveToSharedLite(guarded.get());
    guarded.look();
    ExReleaseResourceLite(guarded.get());
    KeLeaveCriticalRegion();
  };
  auto reader = [&] { guarded.read(); };
  auto writer = [&] { guarded.write(); };
  Team team{window};
  team.add(converter, {.processor = 0});
  team.add(reader, {.processor = 1});
  team.add(writer, {.processor = 2});
  team.run();
  MICA_CHECK(guarded.writes == 2 && guarded.reads == 2);
}

// What one thread acquired another releases, at DISPATCH_LEVEL.
MICA_EXPLORE("L2-hand-over",
             "L2: a resource that was handed over is released once, by its new name",
             .processors = 3) {
  Guarded guarded;
  std::atomic<bool> handed{false};
  ULONG_PTR const owner = reinterpret_cast<ULONG_PTR>(&handed) | 3;
  auto giver = [&] {
    KeEnterCriticalRegion();
    MICA_CHECK(ExAcquireResourceSharedLite(guarded.get(), TRUE));
    ExSetResourceOwnerPointer(guarded.get(), reinterpret_cast<PVOID>(owner));
    handed = true;
    KeLeaveCriticalRegion();
  };
  auto taker = [&] {
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    spin_while(handed, false);
    guarded.look();
    ExReleaseResourceForThreadLite(guarded.get(), owner);
    KeLowerIrql(old);
  };
  auto writer = [&] { guarded.write(); };
  Team team{window};
  team.add(giver, {.processor = 0});
  team.add(taker, {.processor = 1});
  team.add(writer, {.processor = 2});
  team.run();
  MICA_CHECK(guarded.writes == 1 && guarded.reads == 1);
}

// Without memory for one more owner a reader that may wait waits, and one that may not is refused.
MICA_EXPLORE("L2-shortage", "L2: a lack of memory keeps no reader out for ever", .processors = 2,
             .leaks = true, .shortage = true) {
  Guarded guarded;
  auto reader = [&] { guarded.read(); };
  auto impatient = [&] {
    KeEnterCriticalRegion();
    if (ExAcquireResourceSharedLite(guarded.get(), FALSE)) {
      guarded.look();
      ExReleaseResourceLite(guarded.get());
    }
    KeLeaveCriticalRegion();
  };
  Team team{window};
  team.add(reader, {.processor = 0});
  team.add(impatient, {.processor = 1});
  team.add(reader, {.processor = 1});
  team.run();
  MICA_CHECK(guarded.reads >= 2);
}
