// Which tick of the clock does what, to the tick: virtual time does not come late.
#include <mica/system.hpp>
#include <mica/test.hpp>

#include <atomic>

#include "catch.hpp"
#include "conformance/support.hpp"

namespace {

using mica::test::millisecond_100ns;
using mica::test::relative;

ULONGLONG ticks() {
  LARGE_INTEGER count;
  KeQueryTickCount(&count);
  return static_cast<ULONGLONG>(count.QuadPart);
}

// Spends time at the caller's level until that tick.
void compute_until(ULONGLONG tick) {
  while (ticks() < tick) KeStallExecutionProcessor(100);
}

struct Fired {
  KDPC dpc;
  std::atomic<ULONGLONG> tick{0};

  Fired() {
    KeInitializeDpc(
        &dpc,
        [](KDPC*, PVOID context, PVOID, PVOID)
            NTAPI { static_cast<Fired*>(context)->tick = ticks(); },
        this);
  }
};

}  // namespace

TEST_CASE("ke: a timer fires with the tick it is due at, whatever its processor does") {
  mica::System system{{.processors = 1}};
  system.run([] {
    KTIMER timer;
    Fired fired;
    KeInitializeTimer(&timer);
    ULONGLONG const begin = ticks();
    KeSetTimer(&timer, relative(5 * millisecond_100ns), &fired.dpc);
    compute_until(begin + 8);
    MICA_CHECK(fired.tick == begin + 5);
    ULONGLONG const idle = ticks();
    KeSetTimer(&timer, relative(5 * millisecond_100ns), &fired.dpc);
    mica::test::wait(&timer);
    MICA_CHECK(fired.tick == idle + 5);
  });
}

TEST_CASE("ke: a periodic timer that fires late stays on its grid") {
  mica::System system{{.processors = 1}};
  system.run([] {
    KTIMER timer;
    Fired fired;
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    ULONGLONG const begin = ticks();
    KeSetTimerEx(&timer, relative(2 * millisecond_100ns), 10, &fired.dpc);
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    compute_until(begin + 27);
    KeLowerIrql(old);
    MICA_CHECK(fired.tick == begin + 27);
    mica::test::wait(&timer);
    mica::test::wait(&timer);
    MICA_CHECK(fired.tick == begin + 32);
    MICA_CHECK(KeCancelTimer(&timer) == TRUE);
  });
}

TEST_CASE("ke: time goes on at DISPATCH_LEVEL while a timer is due") {
  mica::System system{{.processors = 1}};
  system.run([] {
    KTIMER timer;
    KeInitializeTimer(&timer);
    KeSetTimer(&timer, relative(millisecond_100ns), nullptr);
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    ULONGLONG const begin = ticks();
    KeStallExecutionProcessor(8'000);
    MICA_CHECK(ticks() >= begin + 7);
    MICA_CHECK(KeReadStateTimer(&timer) == FALSE);
    KeLowerIrql(old);
    MICA_CHECK(KeReadStateTimer(&timer) == TRUE);
  });
}

TEST_CASE("ke: a DPC of low importance runs with the next tick") {
  mica::System system{{.processors = 1}};
  system.run([] {
    Fired fired;
    KeSetImportanceDpc(&fired.dpc, LowImportance);
    ULONGLONG const begin = ticks();
    static_cast<void>(KeInsertQueueDpc(&fired.dpc, nullptr, nullptr));
    compute_until(begin + 3);
    MICA_CHECK(fired.tick == begin + 1);
  });
}

TEST_CASE("ke: a quantum is thirty ticks") {
  mica::System system{{.processors = 1}};
  system.run([] {
    std::atomic<ULONGLONG> first{0}, second{0};
    auto spinner = [&] {
      first = ticks();
      while (second == 0) KeStallExecutionProcessor(100);
    };
    auto next = [&] { second = ticks(); };
    mica::test::Thread* const threads[] = {mica::test::start(spinner), mica::test::start(next)};
    for (mica::test::Thread* thread : threads) mica::test::join(thread);
    MICA_CHECK(second == first + 30);
  });
}
