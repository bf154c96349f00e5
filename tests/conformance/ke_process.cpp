// What the threads of a process are scheduled by: base priority and affinity.  [WI7 p1 ch4, ch5]
#include "process_support.hpp"

using namespace mica;
using namespace mica::test;

namespace {

// A thread that spins, and says where.
struct Spinning {
  std::atomic<bool> over{false};
  std::atomic<ULONG> processor{~0u};
  void operator()() noexcept {
    while (!over.load()) {
      processor = KeGetCurrentProcessorNumberEx(nullptr);
      KeStallExecutionProcessor(10);
    }
  }
};

}  // namespace

MICA_CASE("Ke: a new thread has its process's base priority and affinity") {
  ULONG const last = processors() - 1;
  OwnProcess process{{.base_priority = 6, .affinity = KAFFINITY{1} << last}};
  ULONG processor = ~0u;
  KPRIORITY priority = 0;
  auto body = [&] {
    processor = KeGetCurrentProcessorNumberEx(nullptr);
    priority = KeQueryPriorityThread(KeGetCurrentThread());
  };
  { ProcessThread const thread{process, body}; }
  MICA_CHECK(processor == last && priority == 6);
}

MICA_CASE("Ke: the base priority of a process takes those of its threads along") {
  OwnProcess process;
  Waiting plain{process}, above{process}, highest{process}, lowest{process};
  above.raise(2);
  highest.raise(16);
  lowest.raise(-16);
  MICA_CHECK(ke::set_process_priority(process.kernel(), 10) == 8);
  MICA_CHECK(plain.priority() == 10 && above.priority() == 12);
  MICA_CHECK(highest.priority() == 15 && lowest.priority() == 1);
  // Real-time priorities are a kind of their own.
  MICA_CHECK(ke::set_process_priority(process.kernel(), 24) == 10);
  MICA_CHECK(plain.priority() == 24 && above.priority() == 26);
  MICA_CHECK(highest.priority() == 31 && lowest.priority() == 16);
  MICA_CHECK(ke::set_process_priority(process.kernel(), 14) == 24);
  MICA_CHECK(plain.priority() == 14 && above.priority() == 15);
  MICA_CHECK(highest.priority() == 15 && lowest.priority() == 1);
  ke::set_process_priority(process.kernel(), 4);
  MICA_CHECK(plain.priority() == 4);
}

MICA_CASE("Ke: increments count from the base priority of the process") {
  OwnProcess process{{.base_priority = 4}};
  Waiting thread{process};
  MICA_CHECK(KeSetBasePriorityThread(&thread.kernel(), 3) == 0);
  MICA_CHECK(thread.priority() == 7);
  ke::set_process_priority(process.kernel(), 20);
  MICA_CHECK(thread.priority() == 23);
  MICA_CHECK(KeSetBasePriorityThread(&thread.kernel(), 15) == 3);
  MICA_CHECK(thread.priority() == 31);
  MICA_CHECK(KeSetBasePriorityThread(&thread.kernel(), -15) == 11);
  MICA_CHECK(thread.priority() == 16);
}

MICA_CASE("Ke: a thread among the priorities of the other kind stays where it was put") {
  OwnProcess process;
  Waiting thread{process};
  KeSetPriorityThread(&thread.kernel(), 18);
  ke::set_process_priority(process.kernel(), 10);
  MICA_CHECK(thread.priority() == 18);
  ke::set_process_priority(process.kernel(), 16);
  MICA_CHECK(thread.priority() == 18);
  ke::set_process_priority(process.kernel(), 17);
  MICA_CHECK(thread.priority() == 19);
}

MICA_CASE("Ke: who lowers its own process gives way when that is done") {
  Pinned const self{7};
  OwnProcess process{{.affinity = 1}};
  std::atomic<bool> over{false};
  auto body = [&] {
    static_cast<void>(ke::set_process_priority(process.kernel(), 4));
    over = true;
  };
  {
    ProcessThread const thread{process, body};
    MICA_CHECK(!over);
    MICA_CHECK(ke::set_process_priority(process.kernel(), 6) == 4);
  }
  MICA_CHECK(over);
}

MICA_CASE("Ke: who takes its own processor from its process leaves it when that is done") {
  if (processors() == 1) return;
  Pinned const self{7};
  OwnProcess process{{.affinity = 1}};
  std::atomic<bool> over{false};
  auto body = [&] {
    MICA_CHECK(ke::set_process_affinity(process.kernel(), 2));
    over = true;
  };
  Busy const busy{1, 12};
  {
    ProcessThread const thread{process, body};
    MICA_CHECK(!over);
    MICA_CHECK(ke::set_process_affinity(process.kernel(), 1));
    spin_until(over);
  }
}

MICA_CASE("Ke: the ideal processors of new threads take turns") {
  auto ideal_of_new = [](KAFFINITY affinity) {
    OwnProcess const process{{.affinity = affinity}};
    auto body = [] {};
    ProcessThread const thread{process, body};
    return KAFFINITY{1} << KeSetIdealProcessorThread(&thread.kernel(), 64);
  };
  KAFFINITY const last = KAFFINITY{1} << (processors() - 1);
  KAFFINITY const all = KeQueryActiveProcessors();
  KAFFINITY seen = 0;
  for (ULONG i = 0; i < 2 * processors(); ++i) seen |= ideal_of_new(all);
  MICA_CHECK(seen == all);
  for (int i = 0; i < 2; ++i) MICA_CHECK(ideal_of_new(last) == last);
}

MICA_CASE("Ke: a running thread leaves a processor that its process may not use any more") {
  ULONG const last = processors() - 1;
  Pinned const self{12};
  constexpr LONG minute_100ns = 60'000 * millisecond_100ns;
  OwnProcess process{{.quantum_100ns = minute_100ns}};  // it leaves before its quantum ends
  Spinning spinning;
  {
    ProcessThread const thread{process, spinning};
    for (ULONG const number : {0u, last}) {
      MICA_CHECK(ke::set_process_affinity(process.kernel(), KAFFINITY{1} << number));
      until([&] { return spinning.processor == number; });
    }
    MICA_CHECK(ke::set_process_affinity(process.kernel(), 1));
    // Nobody sleeps here, so it runs nowhere until the end. In which queue it waits is not said:
    // whoever took its processor from it before may have left it in that one's.
    auto runs = [&] { return thread.kernel().scheduling == ke::Scheduling::running; };
    ULONGLONG const began = KeQueryInterruptTime();
    while (runs() && KeQueryInterruptTime() - began < minute_100ns / 4)
      KeStallExecutionProcessor(10);
    MICA_CHECK(!runs());
    MICA_CHECK(!ke::set_process_affinity(process.kernel(), KAFFINITY{1} << processors()));
    MICA_CHECK(process.kernel().affinity == 1);
    spinning.over = true;
  }
}

MICA_CASE("Ke: a thread that is queued where its process may not run any more goes elsewhere") {
  if (processors() == 1) return;
  Pinned const self{12};
  OwnProcess process{{.affinity = 1}};
  std::atomic<bool> ran{false};
  auto body = [&] { ran = true; };
  ProcessThread const thread{process, body};
  MICA_CHECK(!ran);
  MICA_CHECK(ke::set_process_affinity(process.kernel(), 2));
  spin_until(ran);
}

MICA_CASE("Ke: a thread that waits runs where its process may run when it goes on") {
  ULONG const last = processors() - 1;
  OwnProcess process;
  OwnEvent go;
  ULONG processor = ~0u;
  auto body = [&] {
    wait(&go.event);
    processor = KeGetCurrentProcessorNumberEx(nullptr);
  };
  {
    ProcessThread const thread{process, body};
    MICA_CHECK(ke::set_process_affinity(process.kernel(), 1));
    MICA_CHECK(ke::set_process_affinity(process.kernel(), KAFFINITY{1} << last));
    go.set();
  }
  MICA_CHECK(processor == last);
}

MICA_CASE("Ke: a system affinity is stronger than that of the process, until it ends") {
  ULONG const last = processors() - 1;
  OwnProcess process;
  OwnEvent set, go;
  ULONG with_system = ~0u, without = ~0u;
  auto body = [&] {
    KeSetSystemAffinityThread(1);
    set.set();
    wait(&go.event);
    with_system = KeGetCurrentProcessorNumberEx(nullptr);
    KeRevertToUserAffinityThread();
    without = KeGetCurrentProcessorNumberEx(nullptr);
  };
  {
    ProcessThread const thread{process, body};
    wait(&set.event);
    MICA_CHECK(ke::set_process_affinity(process.kernel(), KAFFINITY{1} << last));
    go.set();
  }
  MICA_CHECK(with_system == 0 && without == last);
}
