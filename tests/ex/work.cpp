// Who calls work items, and in which order: on one processor, where nothing else decides.
#include <mica/system.hpp>

#include <nt/ex.h>

#include <vector>

#include "catch.hpp"

namespace {

struct Journal;

struct Entry {
  WORK_QUEUE_ITEM item;
  Journal* journal;
  int name;
};

// What was called, in order, and by which threads.
struct Journal {
  int names[16];
  PKTHREAD threads[16];
  int count = 0;
  Entry entries[16];

  void queue(int name, WORK_QUEUE_TYPE type) noexcept {
    Entry& entry = entries[name];
    entry.journal = this;
    entry.name = name;
    ExInitializeWorkItem(&entry.item, note, &entry);
    ExQueueWorkItem(&entry.item, type);
  }
  static VOID NTAPI note(PVOID parameter) {
    auto const& entry = *static_cast<Entry*>(parameter);
    Journal& journal = *entry.journal;
    journal.threads[journal.count] = KeGetCurrentThread();
    journal.names[journal.count++] = entry.name;
  }
  std::vector<int> order() const { return {names, names + count}; }
};

void rest() noexcept {
  LARGE_INTEGER second;
  second.QuadPart = -10'000'000;
  KeDelayExecutionThread(KernelMode, FALSE, &second);
}

}  // namespace

TEST_CASE("ex: work items of one queue are called in the order they were queued") {
  mica::System system{{.processors = 1}};
  Journal journal;
  system.run([&] {
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    for (int name = 0; name < 6; ++name) journal.queue(name, DelayedWorkQueue);
    KeLowerIrql(old);
    rest();
  });
  CHECK(journal.order() == std::vector<int>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("ex: a work item of a higher priority is called first") {
  mica::System system{{.processors = 1}};
  Journal journal;
  system.run([&] {
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    journal.queue(0, BackgroundWorkQueue);
    journal.queue(1, NormalWorkQueue);
    journal.queue(2, RealTimeWorkQueue);
    journal.queue(3, HyperCriticalWorkQueue);
    journal.queue(4, RealTimeWorkQueue);
    KeLowerIrql(old);
    rest();
  });
  CHECK(journal.order() == std::vector<int>{2, 4, 3, 1, 0});
}

TEST_CASE("ex: the worker that was busy last is given the next work item") {
  mica::System system{{.processors = 1}};
  Journal journal;
  system.run([&] {
    for (int name = 0; name < 4; ++name) {
      journal.queue(name, DelayedWorkQueue);
      rest();
    }
  });
  REQUIRE(journal.count == 4);
  for (int i = 1; i < 4; ++i) CHECK(journal.threads[i] == journal.threads[0]);
}

TEST_CASE("ex: items that can all run have as many workers as there are processors") {
  mica::System system{{.processors = 1}};
  Journal journal;
  system.run([&] {
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    for (int name = 0; name < 8; ++name) journal.queue(name, DelayedWorkQueue);
    KeLowerIrql(old);
    rest();
  });
  REQUIRE(journal.count == 8);
  for (int i = 1; i < 8; ++i) CHECK(journal.threads[i] == journal.threads[0]);
}
