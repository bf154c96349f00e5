// W5: whoever makes a thread ready and whoever gives way see each other, whatever else is changed
// meanwhile. Small: two processors, and nothing in the window but what meets.
#include "candidate.hpp"
#include "ke/books.hpp"

#include <algorithm>

using namespace mica::explore;

namespace {

constexpr ULONGLONG soon_100ns = 2 * tick_100ns;  // a quantum is fifteen times as long

}  // namespace

MICA_EXPLORE("W5-idle-crew", "W5: a thread made ready runs where another begins to wait",
             .processors = 2, .bound = 1) {
  Candidate candidate{0, 0};
  KEVENT free;
  KeInitializeEvent(&free, NotificationEvent, FALSE);
  auto program = [&](unsigned number) {
    if (number == 1) {
      Passive passive;
      wait(&free);
      return;
    }
    candidate.ready();
    candidate.await_run();
    KeSetEvent(&free, 0, FALSE);
  };
  run_together(window, {.count = 2, .leaves = true}, program);
}

MICA_EXPLORE("W5-lower-crew", "W5: a thread made ready runs before a lower one that is switched to",
             .processors = 2, .bound = 1) {
  Candidate candidate{0, 0};
  KEVENT free, low_may;
  KeInitializeEvent(&free, NotificationEvent, FALSE);
  KeInitializeEvent(&low_may, NotificationEvent, FALSE);
  auto low = [&] {
    wait(&low_may);
    spin_while(candidate.ran, 0);
  };
  auto* const lower = mica::test::start(low, {.processor = 1, .priority = 2});
  mica::test::until_waiting(lower);
  ULONGLONG made_ready = 0;
  auto program = [&](unsigned number) {
    if (number == 1) {
      KeSetEvent(&low_may, 0, FALSE);
      Passive passive;
      wait(&free);
      return;
    }
    candidate.ready();
    made_ready = now();
    candidate.await_run();
    KeSetEvent(&free, 0, FALSE);
  };
  run_together(window, {.count = 2, .leaves = true}, program);
  MICA_CHECK(candidate.ran <= made_ready + soon_100ns);
  mica::test::join(lower);
}

MICA_EXPLORE("W5-lowered-crew", "W5: a thread made ready runs where the running one is lowered",
             .processors = 2, .bound = 1) {
  Candidate candidate{0, 0};
  ULONGLONG made_ready = 0;
  std::atomic<ULONGLONG> lowered{0};
  auto program = [&](unsigned number) {
    if (number == 1) {
      KeSetPriorityThread(KeGetCurrentThread(), 2);
      lowered = now();
      Passive passive;
      spin_while(candidate.ran, 0);
      return;
    }
    candidate.ready();
    made_ready = now();
    candidate.await_run();
  };
  run_together(window, {.count = 2, .leaves = true}, program);
  MICA_CHECK(candidate.ran <= std::max(made_ready, lowered.load()) + soon_100ns);
}

MICA_EXPLORE("W5-two-priorities",
             "W5: of two that set a ready thread's priority each is told the other's or the first",
             .processors = 2, .bound = 2) {
  Candidate candidate{0, 1};
  Finish finish;
  KPRIORITY old[2] = {};
  auto program = [&](unsigned number) {
    if (number == 0) candidate.ready();
    old[number] = KeSetPriorityThread(candidate.object(), number == 0 ? 5 : 6);
    if (number == 1) {
      finish.there = 1;
      return;
    }
    finish.await();
    mica::ke::audit();
  };
  run_together(window, {.count = 2, .leaves = true}, program);
  KPRIORITY const last = KeQueryPriorityThread(candidate.object());
  MICA_CHECK(last == 5 ? old[1] == 4 && old[0] == 6 : old[0] == 4 && old[1] == 5 && last == 6);
  // The base is what was set last, too: that is what a boost is reckoned from.
  MICA_CHECK(candidate.object()->base_priority == last);
}

MICA_EXPLORE("W5-queued", "W5: a thread whose priority is set while it is queued stands by it",
             .processors = 2, .bound = 2) {
  Candidate candidate{0, 1};
  Finish finish;
  auto program = [&](unsigned number) {
    if (number == 1) {
      KeSetPriorityThread(candidate.object(), 6);
      finish.there = 1;
      return;
    }
    candidate.ready();
    finish.await();
    mica::ke::audit();
  };
  run_together(window, {.count = 2, .leaves = true}, program);
}

MICA_EXPLORE("W5-stolen",
             "W5: a thread whose priority is set while a processor takes it stands there",
             .processors = 2, .bound = 1) {
  Candidate candidate{0, 0};
  Finish finish;
  KEVENT free;
  KeInitializeEvent(&free, NotificationEvent, FALSE);
  candidate.held = 1;
  auto program = [&](unsigned number) {
    if (number == 1) {
      {
        Passive passive;
        wait(&free);
      }
      finish.there = 1;
      return;
    }
    candidate.ready();
    KeSetPriorityThread(candidate.object(), 6);
    candidate.await_run();
    MICA_CHECK(mica::ke::state().processors[1].ready.effective == 6);
    candidate.held = 0;
    KeSetEvent(&free, 0, FALSE);
    finish.await();
    mica::ke::audit();
  };
  run_together(window, {.count = 2, .leaves = true}, program);
}

MICA_EXPLORE("W5-told", "W5: a thread whose priority is set while it is to run next stands there",
             .processors = 2, .bound = 1) {
  Candidate candidate{0, 0};
  Finish finish;
  auto program = [&](unsigned number) {
    if (number == 1) {
      KeSetPriorityThread(KeGetCurrentThread(), 2);
      {
        Passive passive;
        spin_while(candidate.ran, 0);
      }
      KeSetPriorityThread(KeGetCurrentThread(), 8);
      finish.there = 1;
      return;
    }
    candidate.ready();
    KeSetPriorityThread(candidate.object(), 6);
    candidate.await_run();
    finish.await();
    mica::ke::audit();
  };
  run_together(window, {.count = 2, .leaves = true}, program);
}

MICA_EXPLORE("W5-three", "W5: two threads that are made ready for one processor both get to run",
             .processors = 3, .bound = 1) {
  Candidate first{0, 0}, second{2, 2};
  KEVENT free;
  KeInitializeEvent(&free, NotificationEvent, FALSE);
  auto program = [&](unsigned number) {
    if (number == 1) {
      Passive passive;
      wait(&free);
      return;
    }
    Candidate& mine = number == 0 ? first : second;
    if (number == 2) KeSetPriorityThread(mine.object(), 6);
    mine.ready();
    mine.await_run();
    if (number == 2) return;
    second.await_run();
    KeSetEvent(&free, 0, FALSE);
  };
  run_together(window, {.count = 3, .leaves = true}, program);
}

MICA_EXPLORE("W3-thread", "W3: who waits for a thread that ends is woken once", .processors = 2,
             .bound = 1) {
  Candidate candidate{1, 1};
  KeSetEvent(&candidate.end, 0, FALSE);
  std::atomic<int> woken{0};
  auto program = [&](unsigned number) {
    if (number == 0) {
      candidate.ready();
      Passive passive;
      MICA_CHECK(wait(candidate.object()) == STATUS_SUCCESS);
      woken = 1;
      return;
    }
    Passive passive;
    MICA_CHECK(wait(candidate.object()) == STATUS_SUCCESS);
  };
  run_together(window, {.count = 2, .leaves = true}, program);
  MICA_CHECK(woken == 1);
}
