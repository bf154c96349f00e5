#include <mica/test.hpp>

using namespace mica::test;

namespace {

ULONGLONG tick_count() {
  LARGE_INTEGER count;
  KeQueryTickCount(&count);
  return static_cast<ULONGLONG>(count.QuadPart);
}

LONGLONG system_time() {
  LARGE_INTEGER now;
  KeQuerySystemTime(&now);
  return now.QuadPart;
}

LONGLONG precise_system_time() {
  LARGE_INTEGER now;
  KeQuerySystemTimePrecise(&now);
  return now.QuadPart;
}

}  // namespace

MICA_CASE("Ke: ticks, interrupt time and system time advance together") {
  ULONGLONG const increment = KeQueryTimeIncrement();
  MICA_CHECK(increment > 0 && increment <= 10 * millisecond_100ns);
  ULONGLONG const ticks = tick_count();
  ULONGLONG const interrupt_time = KeQueryInterruptTime();
  LONGLONG const system = system_time();
  sleep(10 * millisecond_100ns);
  ULONGLONG const elapsed = (tick_count() - ticks) * increment;
  MICA_CHECK(elapsed >= 10 * millisecond_100ns);
  MICA_CHECK(KeQueryInterruptTime() - interrupt_time >= 10 * millisecond_100ns);
  MICA_CHECK(system_time() - system >= 10 * millisecond_100ns);
}

MICA_CASE("Ke: interrupt time is whole ticks") {
  KIRQL const old = KfRaiseIrql(HIGH_LEVEL);
  ULONGLONG const before = KeQueryInterruptTime();
  ULONGLONG const ticks = tick_count();
  ULONGLONG const unbiased = KeQueryUnbiasedInterruptTime();
  ULONGLONG const after = KeQueryInterruptTime();
  KeLowerIrql(old);
  MICA_CHECK(before <= ticks * KeQueryTimeIncrement() && ticks * KeQueryTimeIncrement() <= after);
  MICA_CHECK(before <= unbiased && unbiased <= after);
}

MICA_CASE("Ke: precise times are never behind those of the last tick") {
  for (int i = 0; i < 20; ++i) {
    ULONGLONG const interrupt_time = KeQueryInterruptTime();
    ULONG64 counter = 0;
    MICA_CHECK(KeQueryInterruptTimePrecise(&counter) >= interrupt_time);
    MICA_CHECK(counter != 0);
    LONGLONG const system = system_time();
    MICA_CHECK(precise_system_time() >= system);
    KeStallExecutionProcessor(300);
  }
}

MICA_CASE("Ke: system time is after 2020") {
  MICA_CHECK(system_time() > 132'223'104'000'000'000);
}

MICA_CASE("Ke: the performance counter counts at its frequency") {
  LARGE_INTEGER frequency;
  LARGE_INTEGER const begin = KeQueryPerformanceCounter(&frequency);
  MICA_CHECK(frequency.QuadPart >= 1'000'000);
  KeStallExecutionProcessor(2'000);
  LARGE_INTEGER const end = KeQueryPerformanceCounter(nullptr);
  MICA_CHECK(end.QuadPart - begin.QuadPart >= frequency.QuadPart / 1'000);
}

MICA_CASE("Ke: stalling spends the time it says") {
  ULONG64 counter = 0;
  ULONGLONG const begin = KeQueryInterruptTimePrecise(&counter);
  KeStallExecutionProcessor(500);
  MICA_CHECK(KeQueryInterruptTimePrecise(&counter) - begin >= 5'000);
}

MICA_CASE("Ke: time goes on while a thread computes") {
  ULONGLONG const begin = tick_count();
  for (int i = 0; i < 1'000 && tick_count() < begin + 3; ++i) KeStallExecutionProcessor(100);
  MICA_CHECK(tick_count() >= begin + 3);
}

MICA_CASE("Ke: a thread sees time go forward only") {
  ULONGLONG last = KeQueryInterruptTime();
  for (int i = 0; i < 50; ++i) {
    KeStallExecutionProcessor(150);
    ULONGLONG const now = KeQueryInterruptTime();
    MICA_CHECK(now >= last);
    last = now;
  }
}
