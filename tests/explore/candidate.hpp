// A thread that programs which begin together (crew.hpp) make ready.
#pragma once

#include "together.hpp"

namespace mica::explore {

inline ULONGLONG now() noexcept {
  ULONG64 counter;
  return KeQueryInterruptTimePrecise(&counter);
}

// A thread that may run on any processor, and waits to be made ready; of a priority below that of
// the programs.
struct Candidate {
  KEVENT go, end;
  ULONG last;
  std::atomic<ULONGLONG> ran{0};
  std::atomic<int> held{0};  // 1: it runs on where it runs
  test::Thread* thread;

  Candidate(ULONG ideal_processor, ULONG last_processor) noexcept : last{last_processor} {
    KeInitializeEvent(&go, NotificationEvent, FALSE);
    KeInitializeEvent(&end, NotificationEvent, FALSE);
    thread = test::start(*this, {.priority = 4});
    KeSetIdealProcessorThread(object(), static_cast<UCHAR>(ideal_processor));
    test::until_waiting(thread);
  }
  ~Candidate() {
    KeSetEvent(&go, 0, FALSE);
    KeSetEvent(&end, 0, FALSE);
    test::join(thread);
  }
  void operator()() noexcept {
    KeSetSystemAffinityThread(KAFFINITY{1} << last);
    KeRevertToUserAffinityThread();
    wait(&go);
    ran = now();
    spin_while(held, 1);
    wait(&end);
  }
  void ready() noexcept { KeSetEvent(&go, 0, FALSE); }
  [[nodiscard]] PKTHREAD object() const noexcept { return test::object_of(thread); }
  // At HIGH_LEVEL: if it never runs nothing happens any more.
  void await_run() const noexcept {
    KIRQL const old = KfRaiseIrql(HIGH_LEVEL);
    spin_while(ran, 0);
    KeLowerIrql(old);
  }
};

// One of the programs has come to its end, and stays at DISPATCH_LEVEL.
struct Finish {
  std::atomic<int> there{0};
  void await() const noexcept {
    KIRQL const old = KfRaiseIrql(HIGH_LEVEL);
    spin_while(there, 0);
    KeLowerIrql(old);
  }
};

}  // namespace mica::explore
