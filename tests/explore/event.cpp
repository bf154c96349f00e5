// W1: a set of a synchronization event wakes at most one waiter, and is never lost while one waits.
#include <nt/mm.h>

#include "together.hpp"

using namespace mica::explore;

namespace {

// Sets that found the event not signalled are the ones that count: each wakes one waiter or is
// still there.
struct Counted {
  KEVENT event;
  std::atomic<int> sets{0};
  std::atomic<int> woken{0};

  explicit Counted(EVENT_TYPE type) noexcept { KeInitializeEvent(&event, type, FALSE); }
  void set() noexcept { sets += KeSetEvent(&event, 0, FALSE) == 0; }
  void take() noexcept { woken += wait(&event) == STATUS_SUCCESS; }
};

}  // namespace

MICA_EXPLORE("W1-event", "W1: each set of a synchronization event wakes one waiter",
             .processors = 2, .bound = 1) {
  Counted shared{SynchronizationEvent};
  auto taker = [&] { shared.take(); };
  auto setter = [&] { shared.set(); };
  Team team{window};
  team.add(taker, {.processor = 0, .finisher = false});
  team.add(taker, {.processor = 1, .finisher = false});
  meet(team, setter, setter);
  MICA_CHECK(shared.woken + KeReadStateEvent(&shared.event) == shared.sets);
  while (shared.woken < 2) {
    shared.set();
    mica::test::sleep(mica::test::millisecond_100ns);
  }
  MICA_CHECK(shared.woken + KeReadStateEvent(&shared.event) == shared.sets);
}

MICA_EXPLORE("W1-ping-pong", "W1: a set that finds its waiter committing is not lost",
             .processors = 3) {
  KEVENT go, back;
  KeInitializeEvent(&go, SynchronizationEvent, FALSE);
  KeInitializeEvent(&back, SynchronizationEvent, FALSE);
  int turns = 0;
  auto first = [&] {
    for (int i = 0; i < 3; ++i) {
      KeSetEvent(&go, 0, FALSE);
      MICA_CHECK(wait(&back) == STATUS_SUCCESS);
      MICA_CHECK(turns == i + 1);
    }
  };
  auto second = [&] {
    for (int i = 0; i < 3; ++i) {
      MICA_CHECK(wait(&go) == STATUS_SUCCESS);
      ++turns;
      KeSetEvent(&back, 0, FALSE);
    }
  };
  Team team{window};
  team.add(first);
  team.add(second);
  team.run();
  MICA_CHECK(turns == 3);
}

MICA_EXPLORE("W1-notification", "W1: a notification event wakes all who wait and all who come",
             .processors = 3) {
  Counted shared{NotificationEvent};
  auto taker = [&] { shared.take(); };
  auto setter = [&] { shared.set(); };
  Team team{window};
  team.add(taker, {.processor = 0});
  team.add(taker, {.processor = 1});
  team.add(taker, {.processor = 2});
  team.add(setter, {.processor = 1});
  team.run();
  MICA_CHECK(shared.woken == 3);
}

MICA_EXPLORE("W1-stack", "W1: nobody touches an event whose waiter has returned", .processors = 2,
             .bound = 1) {
  // The event stands in memory that the waiter overwrites as soon as it returns.
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto* const bytes = reinterpret_cast<unsigned char volatile*>(&event);
  auto owner = [&] {
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    for (std::size_t i = 0; i < sizeof event; ++i) bytes[i] = 0xA5;
  };
  auto setter = [&] { KeSetEvent(&event, 0, FALSE); };
  Team team{window};
  meet(team, owner, setter);
  for (std::size_t i = 0; i < sizeof event; ++i) MICA_CHECK(bytes[i] == 0xA5);
}

MICA_EXPLORE("W1-callout", "W1: who waits on an expanded stack is woken there, and goes back",
             .processors = 2, .bound = 1) {
  struct Waiter {
    KEVENT event;
    int woken = 0;
    static void NTAPI callout(PVOID context) {
      auto& waiter = *static_cast<Waiter*>(context);
      if (wait(&waiter.event) == STATUS_SUCCESS) ++waiter.woken;
    }
    void operator()() {
      int volatile before = 7;
      MICA_CHECK(KeExpandKernelStackAndCallout(callout, this, MAXIMUM_EXPANSION_SIZE) ==
                 STATUS_SUCCESS);
      MICA_CHECK(before == 7 && woken == 1);
    }
  } waiter;
  KeInitializeEvent(&waiter.event, SynchronizationEvent, FALSE);
  mica::test::Thread* const waits = mica::test::start(waiter, {.processor = 1});
  mica::test::until_waiting(waits);
  auto setter = [&] { KeSetEvent(&waiter.event, 0, FALSE); };
  {
    Team team{window};
    team.add(setter, {.processor = 0});
    team.run();
  }
  mica::test::join(waits);
  MICA_CHECK(waiter.woken == 1);
}

MICA_EXPLORE("W1-read", "W1: who reads that an event is set reads what was done before",
             .processors = 2, .loop_free = true) {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  int value = 0;
  auto program = [&](unsigned number) {
    if (number == 0) {
      value = 1;
      KeSetEvent(&event, 0, FALSE);
    } else if (KeReadStateEvent(&event) != 0) {
      MICA_CHECK(value == 1);
    }
  };
  run_together(window, {2}, program);
}
