// KQUEUE. Q1: each entry that was inserted is taken once or is left. Q2: no more threads work than
// may, unless they waited for something else meanwhile. Q3: while there is an entry and fewer work,
// a thread that waits is woken. Q4: a queue that was run down is not touched again.
#include "rig.hpp"

using namespace mica::explore;

namespace {

constexpr ULONG plenty = 100;

bool is_status(PLIST_ENTRY entry, NTSTATUS status) noexcept {
  return entry == reinterpret_cast<PLIST_ENTRY>(static_cast<ULONG_PTR>(status));
}

// Entries know how often they were taken.
struct Item {
  LIST_ENTRY link;
  std::atomic<int> taken{0};
};

struct Shared {
  KQUEUE queue;
  Item items[3];
  std::atomic<int> working{0};

  explicit Shared(ULONG limit) noexcept { KeInitializeQueue(&queue, limit); }
  void insert(int item) noexcept { KeInsertQueue(&queue, &items[item].link); }
  PLIST_ENTRY remove(PLARGE_INTEGER timeout = nullptr) noexcept {
    PLIST_ENTRY const entry = KeRemoveQueue(&queue, KernelMode, timeout);
    if (!is_status(entry, STATUS_ABANDONED) && !is_status(entry, STATUS_TIMEOUT))
      ++CONTAINING_RECORD(entry, Item, link)->taken;
    return entry;
  }
  [[nodiscard]] int taken() const noexcept {
    int sum = 0;
    for (Item const& item : items) {
      MICA_CHECK(item.taken <= 1);
      sum += item.taken;
    }
    return sum;
  }
  void check_nobody_waits() const noexcept {
    MICA_CHECK(queue.Header.WaitListHead.Flink == &queue.Header.WaitListHead);
    MICA_CHECK(queue.ThreadListHead.Flink == &queue.ThreadListHead);
    MICA_CHECK(queue.CurrentCount == 0);
  }
};

}  // namespace

MICA_EXPLORE("Q1-entries", "Q1, Q3: every entry is given to one of those who wait or come",
             .processors = 3, .bound = 1) {
  Shared shared{plenty};
  auto taker = [&] { shared.remove(); };
  auto poller = [&] {
    LARGE_INTEGER now = relative(0);
    shared.remove(&now);
  };
  auto inserter = [&] {
    shared.insert(0);
    shared.insert(1);
    shared.insert(2);
  };
  Team team{window};
  team.add(taker, {.processor = 0});
  team.add(taker, {.processor = 1});
  team.add(poller, {.processor = 1});
  team.add(inserter, {.processor = 2});
  team.run();
  MICA_CHECK(shared.taken() + KeReadStateQueue(&shared.queue) == 3);
  shared.check_nobody_waits();
}

MICA_EXPLORE("Q1-batch", "Q1: who takes several entries at once meets who inserts", .processors = 2,
             .bound = 1) {
  Shared shared{plenty};
  shared.insert(0);
  auto taker = [&] {
    PLIST_ENTRY taken[3];
    ULONG const count = KeRemoveQueueEx(&shared.queue, KernelMode, FALSE, nullptr, taken, 3);
    for (ULONG i = 0; i < count; ++i) ++CONTAINING_RECORD(taken[i], Item, link)->taken;
  };
  auto inserter = [&] {
    shared.insert(1);
    shared.insert(2);
  };
  Team team{window};
  meet(team, taker, inserter);
  MICA_CHECK(shared.taken() + KeReadStateQueue(&shared.queue) == 3);
  shared.check_nobody_waits();
}

MICA_EXPLORE("Q2-limit", "Q2, Q3: one thread works at a time, and every entry is worked on",
             .processors = 2, .bound = 1) {
  Shared shared{1};
  auto worker = [&] {
    while (!is_status(shared.remove(), STATUS_ABANDONED)) {
      MICA_CHECK(++shared.working == 1);
      point();
      --shared.working;
      if (shared.taken() == 2) KeRundownQueue(&shared.queue);
    }
  };
  auto inserter = [&] {
    shared.insert(0);
    shared.insert(1);
  };
  Team team{window};
  team.add(worker, {.processor = 0});
  team.add(worker, {.processor = 1});
  team.add(inserter, {.processor = 1});
  team.run();
  MICA_CHECK(shared.taken() == 2);
  shared.check_nobody_waits();
}

MICA_EXPLORE("Q3-rest", "Q3: who waits for another's work lets it work", .processors = 2,
             .bound = 1) {
  Shared shared{1};
  KEVENT done;
  KeInitializeEvent(&done, SynchronizationEvent, FALSE);
  // Whoever comes first waits for the second, which may work only then.
  std::atomic<int> order{0};
  auto worker = [&] {
    shared.remove();
    if (++order == 1)
      MICA_CHECK(wait(&done) == STATUS_SUCCESS);
    else
      KeSetEvent(&done, 0, FALSE);
  };
  auto inserter = [&] {
    shared.insert(0);
    shared.insert(1);
  };
  Team team{window};
  team.add(worker, {.processor = 0});
  team.add(worker, {.processor = 1});
  team.add(inserter, {.processor = 0});
  team.run();
  MICA_CHECK(shared.taken() == 2);
  shared.check_nobody_waits();
}

MICA_EXPLORE("Q3-end", "Q3: who ends, or turns to another queue, lets others work", .processors = 2,
             .bound = 1) {
  Shared first{1}, second{1};
  second.insert(0);
  auto ends = [&] { first.remove(); };
  auto turns = [&] {
    first.remove();
    second.remove();
  };
  auto inserter = [&] {
    first.insert(0);
    first.insert(1);
  };
  Team team{window};
  team.add(ends, {.processor = 0});
  team.add(turns, {.processor = 1});
  team.add(inserter, {.processor = 0});
  team.run();
  MICA_CHECK(first.taken() == 2 && second.taken() == 1);
  first.check_nobody_waits();
  second.check_nobody_waits();
}

MICA_EXPLORE("Q3-timeout", "Q3: an entry that meets a timeout is not lost", .processors = 2,
             .time_jumps = true, .bound = 1) {
  Shared shared{plenty};
  auto taker = [&] {
    LARGE_INTEGER soon = relative(1);
    shared.remove(&soon);
  };
  auto inserter = [&] { shared.insert(0); };
  Team team{window};
  meet(team, taker, inserter);
  MICA_CHECK(shared.taken() + KeReadStateQueue(&shared.queue) == 1);
  shared.check_nobody_waits();
}

MICA_EXPLORE("Q4-rundown", "Q4: a thread that rests, returns or ends does not touch a gone queue",
             .processors = 2, .bound = 1) {
  alignas(KQUEUE) unsigned char memory[sizeof(KQUEUE)];
  auto& queue = *reinterpret_cast<KQUEUE*>(memory);
  KeInitializeQueue(&queue, 1);
  LIST_ENTRY entry;
  KeInsertQueue(&queue, &entry);
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  std::atomic<int> has{0};
  auto worker = [&] {
    MICA_CHECK(KeRemoveQueue(&queue, KernelMode, nullptr) == &entry);
    has = 1;
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
  };
  auto owner = [&] {
    spin_while(has, 0);
    KeSetEvent(&event, 0, FALSE);
    MICA_CHECK(KeRundownQueue(&queue) == nullptr);
    for (unsigned char& byte : memory) byte = 0xA5;
  };
  Team team{window};
  meet(team, worker, owner);
  for (unsigned char const byte : memory) MICA_CHECK(byte == 0xA5);
}

MICA_EXPLORE("Q4-timeout", "Q4: a rundown or a timeout ends a wait, and leaves nobody in the queue",
             .processors = 2, .time_jumps = true, .bound = 1) {
  Shared shared{plenty};
  auto taker = [&] {
    LARGE_INTEGER soon = relative(1);
    PLIST_ENTRY const answer = shared.remove(&soon);
    MICA_CHECK(is_status(answer, STATUS_ABANDONED) || is_status(answer, STATUS_TIMEOUT));
  };
  auto owner = [&] { MICA_CHECK(KeRundownQueue(&shared.queue) == nullptr); };
  Team team{window};
  meet(team, taker, owner);
  shared.check_nobody_waits();
}
