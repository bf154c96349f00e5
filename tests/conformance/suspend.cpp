// Suspending, resuming and freezing threads.                              [WI7 p1 ch3, ch5]
#include "apc_support.hpp"
#include "process_support.hpp"

#include "ke/suspend.hpp"

using namespace mica;
using namespace mica::test;

namespace {

// Counts what it does as long as it is let run.
struct Counting {
  std::atomic<bool> over{false};
  std::atomic<ULONG> count{0};
  void operator()() noexcept {
    while (!over.load()) {
      ++count;
      KeStallExecutionProcessor(10);
    }
  }
};

// The thread has come to wait in its suspend APC.
void until_held(KTHREAD& thread) noexcept {
  until_waited_for(thread.goes_on);
}

bool goes_on(Counting const& counting) noexcept {
  ULONG const before = counting.count;
  for (int i = 0; i < 20 && counting.count == before; ++i) sleep(millisecond_100ns);
  return counting.count != before;
}

ULONG suspend(KTHREAD& thread) noexcept {
  ULONG previous = ~0u;
  MICA_CHECK(ke::suspend(thread, &previous) == STATUS_SUCCESS);
  return previous;
}

}  // namespace

MICA_CASE("Ke: a suspended thread stays where it is until it is resumed as often") {
  OwnProcess process;
  Counting counting;
  ProcessThread const thread{process, counting};
  MICA_CHECK(suspend(thread.kernel()) == 0);
  MICA_CHECK(suspend(thread.kernel()) == 1);
  until_held(thread.kernel());
  ULONG const before = counting.count;
  sleep(5 * millisecond_100ns);
  MICA_CHECK(counting.count == before);
  MICA_CHECK(ke::resume(thread.kernel()) == 2);
  sleep(millisecond_100ns);
  MICA_CHECK(counting.count == before);
  MICA_CHECK(ke::resume(thread.kernel()) == 1);
  MICA_CHECK(goes_on(counting));
  MICA_CHECK(ke::resume(thread.kernel()) == 0);
  MICA_CHECK(suspend(thread.kernel()) == 0);
  until_held(thread.kernel());
  counting.over = true;
  MICA_CHECK(ke::resume(thread.kernel()) == 1);
}

MICA_CASE("Ke: a thread is suspended 127 times at most") {
  OwnProcess process;
  Counting counting;
  ProcessThread const thread{process, counting};
  ULONG previous = 0;
  for (ULONG i = 0; i < 127; ++i) MICA_CHECK(suspend(thread.kernel()) == i);
  previous = 7;
  MICA_CHECK(ke::suspend(thread.kernel(), &previous) == STATUS_SUSPEND_COUNT_EXCEEDED);
  MICA_CHECK(previous == 7);
  counting.over = true;
  for (ULONG i = 127; i > 0; --i) MICA_CHECK(ke::resume(thread.kernel()) == i);
}

MICA_CASE("Ke: a thread that suspends itself comes back when another resumes it") {
  OwnProcess process;
  std::atomic<int> stage{0};
  auto body = [&] {
    stage = 1;
    MICA_CHECK(suspend(*KeGetCurrentThread()) == 0);
    stage = 2;
    AtLevel const raised{APC_LEVEL};
    MICA_CHECK(suspend(*KeGetCurrentThread()) == 0);
    stage = 3;  // as soon as its level falls
  };
  ProcessThread const thread{process, body};
  until_held(thread.kernel());
  MICA_CHECK(stage == 1);
  MICA_CHECK(ke::resume(thread.kernel()) == 1);
  until([&] { return stage == 3; });
  until_held(thread.kernel());
  MICA_CHECK(!thread.ended());
  MICA_CHECK(ke::resume(thread.kernel()) == 1);
}

MICA_CASE("Ke: a suspension waits for the end of a critical region") {
  OwnProcess process;
  OwnEvent inside, leave;
  std::atomic<bool> left{false};
  auto body = [&] {
    KeEnterCriticalRegion();
    inside.set();
    wait(&leave.event);
    left = true;
    KeLeaveCriticalRegion();
    left = false;
  };
  ProcessThread const thread{process, body};
  wait(&inside.event);
  MICA_CHECK(suspend(thread.kernel()) == 0);
  leave.set();
  until_held(thread.kernel());
  MICA_CHECK(left);
  MICA_CHECK(ke::resume(thread.kernel()) == 1);
}

MICA_CASE("Ke: a thread that waits is suspended there, and takes nothing meanwhile") {
  OwnProcess process;
  OwnEvent event{SynchronizationEvent};
  NTSTATUS status = STATUS_PENDING;
  auto body = [&] { status = wait(&event.event); };
  {
    ProcessThread const thread{process, body};
    until_waited_for(event.event);
    MICA_CHECK(suspend(thread.kernel()) == 0);
    until_held(thread.kernel());
    event.set();
    sleep(millisecond_100ns);
    MICA_CHECK(KeReadStateEvent(&event.event) != 0 && status == STATUS_PENDING);
    MICA_CHECK(ke::resume(thread.kernel()) == 1);
  }
  MICA_CHECK(status == STATUS_SUCCESS);
}

MICA_CASE("Ke: special APCs run in a suspended thread, normal ones wait") {
  OwnProcess process;
  Counting counting;
  ProcessThread const thread{process, counting};
  MICA_CHECK(suspend(thread.kernel()) == 0);
  until_held(thread.kernel());
  Diary diary;
  Noted normal{diary, 1, true, &thread.kernel()}, special{diary, 2, false, &thread.kernel()};
  MICA_CHECK(normal.insert() == TRUE && special.insert() == TRUE);
  until([&] { return diary.text != 0; });
  sleep(millisecond_100ns);
  MICA_CHECK(diary.text == 2);
  MICA_CHECK(ke::resume(thread.kernel()) == 1);
  until([&] { return diary.text == 21; });
  counting.over = true;
}

MICA_CASE("Ke: an attached thread is suspended when it is back in its own process") {
  OwnProcess process, other;
  OwnEvent attached, detach;
  std::atomic<int> stage{0};
  auto body = [&] {
    KAPC_STATE state;
    KeStackAttachProcess(&other.kernel(), &state);
    attached.set();
    wait(&detach.event);
    stage = 1;
    KeUnstackDetachProcess(&state);
    stage = 2;
  };
  ProcessThread const thread{process, body};
  wait(&attached.event);
  MICA_CHECK(suspend(thread.kernel()) == 0);
  detach.set();
  until_held(thread.kernel());
  MICA_CHECK(stage == 1);
  MICA_CHECK(ke::resume(thread.kernel()) == 1);
}

MICA_CASE("Ke: a thread that has ended is not suspended") {
  OwnProcess process;
  auto body = [] {};
  ProcessThread const thread{process, body};
  wait(thread.get());
  ULONG previous = 7;
  MICA_CHECK(ke::suspend(thread.kernel(), &previous) == STATUS_THREAD_IS_TERMINATING);
  MICA_CHECK(previous == 7 && ke::resume(thread.kernel()) == 0);
}

MICA_CASE("Ke: freezing a process stops its threads, and those that begin, until it thaws") {
  OwnProcess process;
  Counting first, second;
  ProcessThread const one{process, first};
  MICA_CHECK(goes_on(first));
  ke::freeze_process(process.kernel());
  until_held(one.kernel());
  ProcessThread const two{process, second};
  until_held(two.kernel());
  MICA_CHECK(second.count == 0);
  // It is suspended as well: both have to end.
  MICA_CHECK(suspend(one.kernel()) == 0);
  ke::freeze_process(process.kernel());
  ke::thaw_process(process.kernel());
  sleep(millisecond_100ns);
  MICA_CHECK(second.count == 0);
  ke::thaw_process(process.kernel());
  MICA_CHECK(goes_on(second));
  ULONG const before = first.count;
  sleep(millisecond_100ns);
  MICA_CHECK(first.count == before);
  MICA_CHECK(ke::resume(one.kernel()) == 1);
  MICA_CHECK(goes_on(first));
  first.over = second.over = true;
}

MICA_CASE("Ke: who freezes its own process runs on") {
  OwnProcess process;
  Counting counting;
  ProcessThread const other{process, counting};
  bool held = false;
  auto body = [&] {
    ke::freeze_process(process.kernel());
    until_held(other.kernel());
    held = true;
    ke::thaw_process(process.kernel());
  };
  { ProcessThread const freezer{process, body}; }
  MICA_CHECK(held && goes_on(counting));
  counting.over = true;
}

MICA_CASE("Ke: who thaws its own process can be suspended afterwards") {
  OwnProcess process;
  std::atomic<bool> back{false};
  auto body = [&] {
    ke::freeze_process(process.kernel());
    ke::thaw_process(process.kernel());
    MICA_CHECK(suspend(*KeGetCurrentThread()) == 0);
    back = true;
  };
  ProcessThread const thread{process, body};
  until_held(thread.kernel());
  MICA_CHECK(!back);
  MICA_CHECK(ke::resume(thread.kernel()) == 1);
}

MICA_CASE("Ke: who thaws a process gives way to its threads when that is done") {
  Pinned const self{7};
  OwnProcess process{{.affinity = 1}};
  std::atomic<bool> over{false};
  auto body = [&] {
    MICA_CHECK(suspend(*KeGetCurrentThread()) == 0);
    ke::set_process_priority(process.kernel(), 9);
    over = true;
  };
  ProcessThread const thread{process, body};
  ke::freeze_process(process.kernel());
  MICA_CHECK(ke::resume(thread.kernel()) == 1);
  MICA_CHECK(!over);
  ke::thaw_process(process.kernel());
  MICA_CHECK(over);
}
