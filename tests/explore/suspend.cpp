// S1: a suspended thread goes on when it was resumed as often, and not before.
#include "rig.hpp"

#include "conformance/process_support.hpp"
#include "ke/suspend.hpp"

using namespace mica::explore;
using mica::test::OwnProcess;
using mica::test::ProcessThread;
using mica::test::Waiting;

namespace {

// Whether it was suspended: it may have ended.
bool suspend(KTHREAD& thread) noexcept {
  ULONG previous = 0;
  NTSTATUS const status = mica::ke::suspend(thread, &previous);
  MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_THREAD_IS_TERMINATING);
  return status == STATUS_SUCCESS;
}

void suspend_and_resume(KTHREAD& thread) noexcept {
  if (suspend(thread)) MICA_CHECK(mica::ke::resume(thread) != 0);
}

}  // namespace

MICA_EXPLORE("S1-end", "S1: a thread that ends is suspended before, or not at all", .processors = 2,
             .bound = 1) {
  Team team{window};
  auto thread = [] {};
  auto other = [&] { suspend_and_resume(*team.thread(0)); };
  meet(team, thread, other);
}

MICA_EXPLORE("S1-wait", "S1: a suspension meets a wait and its end", .processors = 2, .bound = 1) {
  Team team{window};
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto thread = [&] { MICA_CHECK(wait(&event) == STATUS_SUCCESS); };
  auto other = [&] {
    MICA_CHECK(suspend(*team.thread(0)));
    KeSetEvent(&event, 0, FALSE);
    MICA_CHECK(mica::ke::resume(*team.thread(0)) == 1);
  };
  meet(team, thread, other);
  MICA_CHECK(KeReadStateEvent(&event) == 0);
}

MICA_EXPLORE("S1-again", "S1: a thread that is suspended again is held again", .processors = 2,
             .bound = 1) {
  Team team{window};
  std::atomic<int> passed{0};
  auto thread = [&] {
    // Where it may be held.
    for (int i = 0; i < 2; ++i) {
      point();
      ++passed;
    }
  };
  auto other = [&] {
    KTHREAD& held = *team.thread(0);
    suspend_and_resume(held);
    if (!suspend(held)) return;
    mica::test::sleep(tick_100ns);  // by then it is held, or has passed
    int const before = passed;
    mica::test::sleep(tick_100ns);
    MICA_CHECK(passed == before);
    MICA_CHECK(mica::ke::resume(held) == 1);
  };
  meet(team, thread, other);
  MICA_CHECK(passed == 2);
}

MICA_EXPLORE("S1-two", "S1: two who suspend and resume one thread leave it running",
             .processors = 2, .bound = 1) {
  Team team{window};
  auto thread = [] { point(); };
  auto other = [&] { suspend_and_resume(*team.thread(0)); };
  auto third = other;
  team.add(thread, {.processor = 0});
  team.add(other, {.processor = 1});
  team.add(third, {.processor = 0});
  team.run();
}

MICA_EXPLORE("S1-self", "S1: who suspends itself is resumed by another, whenever that comes",
             .processors = 2, .bound = 1) {
  Team team{window};
  std::atomic<bool> held{false};
  auto thread = [&] {
    mica::test::AtLevel const raised{APC_LEVEL};
    held = suspend(*KeGetCurrentThread());
  };
  auto other = [&] {
    spin_while(held, false);
    MICA_CHECK(mica::ke::resume(*team.thread(0)) == 1);
  };
  meet(team, thread, other);
}

MICA_EXPLORE("S1-both", "S1: who is suspended by one and frozen by another goes on after both",
             .processors = 2, .bound = 1) {
  Team team{window};
  OwnProcess process;
  Waiting const thread{process};
  auto freezer = [&] {
    mica::ke::freeze_process(process.kernel());
    mica::ke::thaw_process(process.kernel());
  };
  auto suspender = [&] { suspend_and_resume(thread.kernel()); };
  meet(team, freezer, suspender);
}

MICA_EXPLORE("S1-freeze", "S1: a process that thaws runs on, with those that began meanwhile",
             .processors = 2) {
  Team team{window};
  OwnProcess process;
  bool ran = false;
  auto body = [&] { ran = true; };
  auto maker = [&] { ProcessThread const thread{process, body}; };
  auto freezer = [&] {
    mica::ke::freeze_process(process.kernel());
    point();
    mica::ke::thaw_process(process.kernel());
  };
  meet(team, maker, freezer);
  MICA_CHECK(ran);
}
