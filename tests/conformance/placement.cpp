// Which processor a ready thread gets, and whom it goes before.
//   [WI7 part 1, chapter 4: "Thread selection on multiprocessor systems", "Quantum"]
//   [MSDN KeSetIdealProcessorThread, KeSetSystemAffinityThreadEx]
#include "busy.hpp"

#include <nt/ps.h>
#include <nt/zw.h>

#include <iterator>
#include <new>

using namespace mica::test;

namespace {

constexpr ULONG most = 16;

// Busy processors, from `first` to the last.
class Others {
 public:
  Others(ULONG first, KPRIORITY priority) noexcept {
    for (ULONG i = first; i < processors(); ++i) new (&at(i)) Busy{i, priority};
    first_ = first;
  }
  ~Others() {
    for (ULONG i = first_; i < processors(); ++i) at(i).~Busy();
  }
  Others(Others const&) = delete;
  Others& operator=(Others const&) = delete;

 private:
  Busy& at(ULONG number) noexcept { return reinterpret_cast<Busy*>(memory_)[number]; }
  alignas(Busy) unsigned char memory_[most * sizeof(Busy)];
  ULONG first_;
};

// Until what went before has ended on the other processors: who frees threads, for one. sleep()
// would leave them with the threads of threaded DPCs, which have just told it that they are done.
void rest() noexcept {
  LARGE_INTEGER interval = relative(50 * millisecond_100ns);
  static_cast<void>(KeDelayExecutionThread(KernelMode, FALSE, &interval));
}

// Where a thread runs that has that ideal processor and ran on that one last.
struct Preferences {
  ULONG ideal;
  ULONG last;
};
ULONG runs_on(Preferences wanted) noexcept {
  std::atomic<int> order{0};
  Racer racer{order, {}, static_cast<int>(wanted.last)};
  KeSetIdealProcessorThread(racer.object(), static_cast<UCHAR>(wanted.ideal));
  rest();
  racer.ready();
  wait(racer.object());
  return racer.processor();
}

// Where time is real, a processor that should be idle may have the system's own work just then.
template <class Condition>
bool one_of_few(Condition holds) noexcept {
  return holds() || holds() || holds();
}

}  // namespace

MICA_CASE("Ke: a thread that becomes ready preempts the lowest of those that run") {
  std::atomic<int> order{0};
  Racer here{order, {.priority = 10}};
  Racer there{order, {.priority = 10}};
  {
    Pinned const self{6};
    Others const others{1, 9};
    here.ready();
    MICA_CHECK(here.place() == 1);
    MICA_CHECK(here.processor() == 0);
  }
  if (processors() < 2) return there.ready();
  Pinned const self{9};
  Busy const low{1, 6};
  Others const others{2, 9};
  rest();
  there.ready();
  wait(there.object());
  MICA_CHECK(there.processor() == 1);
}

MICA_CASE("Ke: of idle processors a thread gets its ideal one, else the one it ran on last") {
  ULONG const last = processors() - 1;
  if (last == 0) return;
  Pinned const self{9};
  MICA_CHECK(one_of_few([&] { return runs_on({.ideal = last, .last = 1}) == last; }));
  MICA_CHECK(one_of_few([&] { return runs_on({.ideal = 0, .last = last}) == last; }));
}

MICA_CASE("Ke: a thread that may not run on its ideal processor preempts where it may") {
  Pinned const self{8};
  std::atomic<int> order{0};
  Racer pinned{order, {.processor = 0, .priority = 12}};
  KeSetIdealProcessorThread(pinned.object(), static_cast<UCHAR>(processors() - 1));
  pinned.ready();
  MICA_CHECK(pinned.place() == 1);
  MICA_CHECK(pinned.processor() == 0);
}

MICA_CASE("Ke: a preempted thread goes on before its equals, one that yields after them") {
  Pinned const self{12};
  std::atomic<int> order{0};
  Racer equal{order, {.processor = 0, .priority = 8}};
  Racer urgent{order, {.processor = 0, .priority = 10}};
  int preempted = 0;
  int yielded = 0;
  auto body = [&] {
    equal.ready();
    urgent.ready();
    preempted = ++order;
    MICA_CHECK(ZwYieldExecution() == STATUS_SUCCESS);
    yielded = ++order;
  };
  join(start(body, {.processor = 0, .priority = 8}));
  MICA_CHECK(urgent.place() == 1);
  MICA_CHECK(preempted == 2);
  MICA_CHECK(equal.place() == 3);
  MICA_CHECK(yielded == 4);
}

MICA_CASE("Ke: equals of one processor take turns, whichever they would rather run on") {
  Pinned const self{12};
  ULONG const last = processors() - 1;
  constexpr int count = 3;
  std::atomic<int> ran{0};
  std::atomic<bool> all{false};
  auto body = [&] {
    if (++ran == count) all = true;
    spin_until(all);
  };
  mica::test::Thread* threads[count];
  for (int i = 0; i < count; ++i) {
    threads[i] = start(body, {.processor = static_cast<int>(last), .priority = 8});
    KeSetIdealProcessorThread(object_of(threads[i]), static_cast<UCHAR>(i < 2 ? last : 0));
  }
  for (auto* const thread : threads) join(thread);
  MICA_CHECK(ran == count);
}

MICA_CASE("Ke: a thread that moves to a busy processor gets its turn there") {
  Pinned const self{12};
  ULONG const last = processors() - 1;
  std::atomic<bool> moved{false};
  auto spinner = [&] { spin_until(moved); };
  mica::test::Thread* const equals[] = {start(spinner, {.processor = static_cast<int>(last)}),
                                        start(spinner, {.processor = static_cast<int>(last)})};
  auto mover = [&] {
    KeSetIdealProcessorThread(KeGetCurrentThread(), 0);
    KeSetSystemAffinityThread(KAFFINITY{1} << last);
    MICA_CHECK(KeGetCurrentProcessorNumberEx(nullptr) == last);
    moved = true;
  };
  join(start(mover, {.processor = 0}));
  for (auto* const thread : equals) join(thread);
}

MICA_CASE("Ke: a better thread takes the place of the one that was to run next") {
  if (processors() < 2) return;
  Pinned const self{12};
  std::atomic<int> order{0};
  Racer first{order, {.processor = 1, .priority = 8}};
  Racer equal{order, {.processor = 1, .priority = 8}};
  Racer better{order, {.processor = 1, .priority = 10}};
  Racer worse{order, {.processor = 1, .priority = 6}};
  {
    Busy held{1, 4, DISPATCH_LEVEL};
    for (Racer* const racer : {&first, &equal, &worse, &better}) racer->ready();
    MICA_CHECK(order == 0);
  }
  until([&] { return order == 4; });
  MICA_CHECK(better.place() == 1);
  MICA_CHECK(first.place() == 2);
  MICA_CHECK(equal.place() == 3);
  MICA_CHECK(worse.place() == 4);
}

MICA_CASE("Ke: a thread that was to run next and is lowered runs where something lower does") {
  if (processors() < 2) return;
  Pinned const self{12};
  std::atomic<int> order{0};
  Racer lowered{order, {.priority = 8}};
  KeSetIdealProcessorThread(lowered.object(), 1);
  Others const others{2, 9};
  Busy held{1, 4, DISPATCH_LEVEL};
  lowered.ready();
  KeSetPriorityThread(lowered.object(), 2);
  auto let_go = [&] { held.let_go(); };
  // This processor is free before the other looks what it was told to run.
  KTIMER timer;
  KDPC dpc;
  KeInitializeTimer(&timer);
  KeInitializeDpc(
      &dpc,
      [](PKDPC, PVOID context, PVOID, PVOID)
          NTAPI { (*static_cast<decltype(let_go)*>(context))(); },
      &let_go);
  KeSetTimer(&timer, relative(5 * millisecond_100ns), &dpc);
  wait(lowered.object());
  MICA_CHECK(lowered.place() == 1);
  MICA_CHECK(lowered.processor() == 0);
}

MICA_CASE("Ke: a boost is reckoned from the base that KeSetPriorityThread set, and ends below 16") {
  struct {
    KPRIORITY base;
    KPRIORITY increment;
    KPRIORITY boosted;
  } constexpr rows[] = {{4, 3, 7}, {12, 1, 13}, {14, 6, 15}, {4, 0, 4}, {15, 1, 15}, {17, 2, 17}};
  KEVENT go, told;
  KeInitializeEvent(&go, SynchronizationEvent, FALSE);
  KeInitializeEvent(&told, SynchronizationEvent, FALSE);
  KPRIORITY seen = 0;
  auto body = [&] {
    for (std::size_t i = 0; i < std::size(rows); ++i) {
      wait(&go);
      seen = KeQueryPriorityThread(KeGetCurrentThread());
      KeSetEvent(&told, 0, FALSE);
    }
  };
  auto* const thread = start(body);
  for (auto const& row : rows) {
    until_waiting(thread);
    KeSetPriorityThread(object_of(thread), row.base);
    KeSetEvent(&go, row.increment, FALSE);
    wait(&told);
    MICA_CHECK(seen == row.boosted);
  }
  join(thread);
}
