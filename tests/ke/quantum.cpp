// How long a thread keeps its processor from its equals: thirty ticks of the clock.
//   Turns are told in virtual time, in which a run of code takes next to nothing.
#include <mica/system.hpp>

#include <nt/ob.h>
#include <nt/ps.h>
#include <nt/zw.h>

#include <vector>

#include "catch.hpp"
#include "conformance/busy.hpp"

using namespace mica::test;

namespace {

constexpr LONGLONG quantum_100ns = 30 * millisecond_100ns;
// A turn begins between two ticks, and the switch takes a while.
constexpr LONGLONG tolerance_100ns = 2 * millisecond_100ns;

LONGLONG now() noexcept {
  ULONG64 counter;
  return static_cast<LONGLONG>(KeQueryInterruptTimePrecise(&counter));
}

bool about(LONGLONG duration_100ns, LONGLONG expected_100ns) noexcept {
  return duration_100ns > expected_100ns - tolerance_100ns &&
         duration_100ns < expected_100ns + tolerance_100ns;
}

void spin(LONGLONG duration_100ns) noexcept {
  for (LONGLONG const end = now() + duration_100ns; now() < end;) KeStallExecutionProcessor(10);
}

template <class Body>
void run_on_two(Body body) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    mica::System system{{.processors = 2, .seed = seed}};
    mica::Outcome const outcome = system.try_run(body);
    INFO(outcome.report());
    CHECK(outcome.completed());
  }
}

// When it first ran on processor 1, as a thread that spins there until `over`.
struct Runner {
  explicit Runner(std::atomic<bool> const& over, KPRIORITY priority = 8) noexcept : over_{over} {
    KeInitializeEvent(&go_, NotificationEvent, FALSE);
    thread_ = start(body_, {.processor = 1, .priority = priority});
    until_waiting(thread_);
  }
  ~Runner() { join(thread_); }
  void ready() noexcept { static_cast<void>(KeSetEvent(&go_, 0, FALSE)); }
  [[nodiscard]] PKTHREAD object() const noexcept { return object_of(thread_); }

  std::atomic<LONGLONG> began{0};

 private:
  struct Body {
    Runner* self;
    void operator()() const noexcept {
      wait(&self->go_);
      self->began = now();
      spin_until(self->over_);
    }
  };
  std::atomic<bool> const& over_;
  Body body_{this};
  KEVENT go_;
  Thread* thread_;
};

// A thread as PsCreateSystemThread makes it: nobody sets its priority.
void NTAPI plain_thread(void* body) {
  (*static_cast<void (**)()>(body))();
}

}  // namespace

TEST_CASE("ke: equals take turns of a quantum") {
  run_on_two([] {
    Pinned const self{12};
    constexpr int count = 3, turns = 8;
    std::atomic<int> owner{-1}, turn{0};
    LONGLONG began[turns + count] = {};
    std::atomic<bool> over{false};
    KEVENT go;
    KeInitializeEvent(&go, NotificationEvent, FALSE);
    auto const body = [&](int me) {
      wait(&go);
      while (!over) {
        if (owner.exchange(me) != me) {
          began[turn++] = now();
          if (turn == turns) over = true;
        }
        KeStallExecutionProcessor(10);
      }
    };
    auto first = [&] { body(0); };
    auto second = [&] { body(1); };
    auto third = [&] { body(2); };
    Thread* const threads[] = {start(first, {.processor = 1}), start(second, {.processor = 1}),
                               start(third, {.processor = 1})};
    for (Thread* const thread : threads) until_waiting(thread);
    KeSetEvent(&go, 0, FALSE);
    for (Thread* const thread : threads) join(thread);
    for (int i = 1; i < turns; ++i) MICA_CHECK(about(began[i] - began[i - 1], quantum_100ns));
  });
}

TEST_CASE("ke: a new thread has a whole quantum") {
  run_on_two([] {
    Pinned const self{12};
    std::atomic<bool> over{false};
    static std::atomic<bool> const* stop;
    static std::atomic<LONGLONG> plain_began;
    stop = &over;
    plain_began = 0;
    void (*body)() = [] {
      KeSetSystemAffinityThread(2);
      plain_began = now();
      spin_until(*stop);
    };
    Runner equal{over};
    HANDLE handle = nullptr;
    MICA_REQUIRE(NT_SUCCESS(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr,
                                                 nullptr, plain_thread, &body)));
    spin_until(plain_began);
    equal.ready();
    spin_until(equal.began);
    MICA_CHECK(about(equal.began - plain_began, quantum_100ns));
    over = true;
    void* thread = nullptr;
    MICA_REQUIRE(NT_SUCCESS(
        ObReferenceObjectByHandle(handle, SYNCHRONIZE, nullptr, KernelMode, &thread, nullptr)));
    wait(thread);
    ObDereferenceObject(thread);
    MICA_CHECK(NT_SUCCESS(ZwClose(handle)));
  });
}

TEST_CASE("ke: who is alone has one quantum after the other, an equal waits for its end") {
  run_on_two([] {
    Pinned const self{12};
    std::atomic<bool> over{false};
    Runner alone{over}, equal{over};
    alone.ready();
    spin(40 * millisecond_100ns);
    equal.ready();
    // A dispatch interrupt is no end of a quantum.
    KDPC dpc;
    KeInitializeDpc(
        &dpc, [](PKDPC, PVOID, PVOID, PVOID) NTAPI {}, nullptr);
    KeSetTargetProcessorDpc(&dpc, 1);
    KeInsertQueueDpc(&dpc, nullptr, nullptr);
    spin_until(equal.began);
    MICA_CHECK(about(equal.began - alone.began, 2 * quantum_100ns));
    over = true;
  });
}

TEST_CASE("ke: KeSetPriorityThread renews the quantum") {
  run_on_two([] {
    Pinned const self{12};
    std::atomic<bool> over{false};
    Runner running{over}, equal{over};
    running.ready();
    spin_until(running.began);
    equal.ready();
    spin(20 * millisecond_100ns);
    KeSetPriorityThread(running.object(), 8);
    spin_until(equal.began);
    MICA_CHECK(about(equal.began - running.began, 20 * millisecond_100ns + quantum_100ns));
    over = true;
  });
}

TEST_CASE("ke: a boost fades by one with each quantum, down to the base") {
  run_on_two([] {
    KEVENT go;
    KeInitializeEvent(&go, SynchronizationEvent, FALSE);
    auto body = [&] {
      wait(&go);
      LONGLONG last = now();
      for (KPRIORITY priority = 12; priority > 8; --priority) {
        MICA_CHECK(KeQueryPriorityThread(KeGetCurrentThread()) == priority);
        while (KeQueryPriorityThread(KeGetCurrentThread()) == priority)
          KeStallExecutionProcessor(10);
        MICA_CHECK(about(now() - last, quantum_100ns));
        last = now();
      }
      spin(2 * quantum_100ns);
      MICA_CHECK(KeQueryPriorityThread(KeGetCurrentThread()) == 8);
    };
    auto* const thread = start(body, {.processor = 1, .priority = 8});
    until_waiting(thread);
    KeSetEvent(&go, 4, FALSE);
    join(thread);
  });
}

TEST_CASE("ke: a quantum that ended while its thread went to wait is not the next one's") {
  run_on_two([] {
    Pinned const self{12};
    std::atomic<bool> over{false};
    Runner next{over}, last{over};
    KEVENT told, never;
    KeInitializeEvent(&told, NotificationEvent, FALSE);
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    std::atomic<bool> spinning{false};
    // Its quantum ends at DISPATCH_LEVEL, and it waits before it is looked at.
    auto body = [&] {
      KeSetEvent(&told, 0, TRUE);
      spinning = true;
      spin(quantum_100ns + 5 * millisecond_100ns);
      wait(&never);
    };
    auto* const thread = start(body, {.processor = 1, .priority = 10});
    spin_until(spinning);
    next.ready();
    last.ready();
    spin_until(last.began);
    MICA_CHECK(about(last.began - next.began, quantum_100ns));
    over = true;
    KeSetEvent(&never, 0, FALSE);
    join(thread);
  });
}
