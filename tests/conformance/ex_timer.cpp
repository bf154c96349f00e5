// EX_TIMER, and timers that may be late.    [MSDN ExSetTimer, ExDeleteTimer, KeSetCoalescableTimer]
#include "support.hpp"

#include <nt/ex.h>

#include <atomic>

using namespace mica::test;

namespace {

struct Calls {
  std::atomic<int> count{0}, gone{0}, before_gone{-1};
  std::atomic<PEX_TIMER> timer{nullptr};
  KIRQL level = 99;

  static void NTAPI call(PEX_TIMER timer, PVOID context) {
    auto& calls = *static_cast<Calls*>(context);
    calls.timer = timer;
    calls.level = KeGetCurrentIrql();
    ++calls.count;
  }
  static void NTAPI deleted(PVOID context) {
    auto& calls = *static_cast<Calls*>(context);
    calls.before_gone = calls.count.load();
    ++calls.gone;
  }
  EXT_DELETE_PARAMETERS parameters() noexcept {
    EXT_DELETE_PARAMETERS result;
    ExInitializeDeleteTimerParameters(&result);
    result.DeleteCallback = deleted;
    result.DeleteContext = this;
    return result;
  }
};

constexpr LONGLONG hour_100ns = 3'600'000 * millisecond_100ns;

PEX_TIMER make(Calls& calls, ULONG attributes = 0) noexcept {
  return ExAllocateTimer(Calls::call, &calls, attributes);
}

void remove(PEX_TIMER timer) noexcept {
  ExDeleteTimer(timer, TRUE, TRUE, nullptr);
}

bool invalid(Bugcheck const& end) noexcept {
  return end.happened && end.code == TIMER_OR_DPC_INVALID && end.parameters[0] == 0;
}

}  // namespace

MICA_CASE("Ex: a timer calls back once at DISPATCH_LEVEL, not before it is due") {
  Calls calls;
  PEX_TIMER const timer = make(calls);
  MICA_REQUIRE(timer != nullptr);
  ULONGLONG const before = KeQueryInterruptTime();
  MICA_CHECK(ExSetTimer(timer, -2 * millisecond_100ns, 0, nullptr) == FALSE);
  MICA_CHECK(wait(timer) == STATUS_SUCCESS);
  MICA_CHECK(KeQueryInterruptTime() >= before + 2 * millisecond_100ns);
  until([&] { return calls.count > 0; });
  sleep(3 * millisecond_100ns);
  MICA_CHECK(calls.count == 1 && calls.level == DISPATCH_LEVEL && calls.timer == timer);
  MICA_CHECK(ExCancelTimer(timer, nullptr) == FALSE);
  remove(timer);
}

MICA_CASE("Ex: a timer is a synchronization timer unless it is made for notification") {
  for (ULONG const attributes : {0u, EX_TIMER_NOTIFICATION | EX_TIMER_HIGH_RESOLUTION}) {
    PEX_TIMER const timer = ExAllocateTimer(nullptr, nullptr, attributes);
    MICA_REQUIRE(timer != nullptr);
    ExSetTimer(timer, -1, 0, nullptr);
    MICA_CHECK(wait(timer) == STATUS_SUCCESS);
    MICA_CHECK(poll(timer) == (attributes == 0 ? STATUS_TIMEOUT : STATUS_SUCCESS));
    remove(timer);
  }
}

MICA_CASE("Ex: setting and cancelling a timer says whether it was set") {
  Calls calls;
  PEX_TIMER const timer = make(calls, EX_TIMER_NO_WAKE);
  EXT_SET_PARAMETERS parameters;
  ExInitializeSetTimerParameters(&parameters);
  MICA_CHECK(parameters.Version == 0 && parameters.NoWakeTolerance == 0);
  parameters.NoWakeTolerance = EX_TIMER_UNLIMITED_TOLERANCE;
  MICA_CHECK(ExSetTimer(timer, -hour_100ns, 0, &parameters) == FALSE);
  MICA_CHECK(ExSetTimer(timer, -hour_100ns, 0, &parameters) == TRUE);
  MICA_CHECK(ExCancelTimer(timer, nullptr) == TRUE);
  MICA_CHECK(ExCancelTimer(timer, nullptr) == FALSE);
  remove(timer);
  MICA_CHECK(calls.count == 0);
}

MICA_CASE("Ex: a periodic timer goes on until it is cancelled, in periods that are whole ticks") {
  Calls calls;
  PEX_TIMER const timer = make(calls);
  ExSetTimer(timer, -1, millisecond_100ns + 1, nullptr);
  until([&] { return calls.count >= 3; });
  MICA_CHECK(ExCancelTimer(timer, nullptr) == TRUE);
  KeFlushQueuedDpcs();
  int const count = calls.count;
  sleep(5 * millisecond_100ns);
  MICA_CHECK(calls.count == count);
  // A millisecond and a little more is two of them.
  ULONGLONG const before = KeQueryInterruptTime();
  ExSetTimer(timer, -1, millisecond_100ns + 1, nullptr);
  until([&] { return calls.count >= count + 3; });
  MICA_CHECK(KeQueryInterruptTime() >= before + 4 * millisecond_100ns);
  remove(timer);
}

MICA_CASE("Ex: a deleted timer is gone when its deletion has waited, and calls back no more") {
  Calls calls;
  PEX_TIMER const timer = make(calls);
  ExSetTimer(timer, -hour_100ns, 0, nullptr);
  EXT_DELETE_PARAMETERS parameters = calls.parameters();
  MICA_CHECK(ExDeleteTimer(timer, TRUE, TRUE, &parameters) == TRUE);
  MICA_CHECK(calls.gone == 1 && calls.count == 0);
  PEX_TIMER const other = make(calls);
  MICA_CHECK(ExDeleteTimer(other, TRUE, FALSE, &parameters) == FALSE);
  KeFlushQueuedDpcs();
  MICA_CHECK(calls.gone == 2 && calls.count == 0);
}

MICA_CASE("Ex: a timer that is deleted but not cancelled expires first, and is set no more") {
  Calls calls;
  PEX_TIMER const timer = make(calls);
  ExSetTimer(timer, -5 * millisecond_100ns, 0, nullptr);
  EXT_DELETE_PARAMETERS parameters = calls.parameters();
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  BOOLEAN const deleted = ExDeleteTimer(timer, FALSE, FALSE, &parameters);
  BOOLEAN const set = ExSetTimer(timer, -hour_100ns, 0, nullptr);
  KeLowerIrql(old);
  MICA_CHECK(deleted == FALSE && set == FALSE);
  until([&] { return calls.gone == 1; });
  MICA_CHECK(calls.before_gone == 1);
}

MICA_CASE("Ex: a callback may delete its timer") {
  struct {
    Calls calls;
    static void NTAPI call(PEX_TIMER timer, PVOID context) {
      auto& calls = *static_cast<Calls*>(context);
      ++calls.count;
      EXT_DELETE_PARAMETERS parameters = calls.parameters();
      ExDeleteTimer(timer, TRUE, FALSE, &parameters);
    }
  } self;
  PEX_TIMER const timer = ExAllocateTimer(self.call, &self.calls, 0);
  ExSetTimer(timer, -1, millisecond_100ns, nullptr);
  until([&] { return self.calls.gone == 1; });
  MICA_CHECK(self.calls.count == 1);
}

MICA_CASE("Ex: what a timer cannot be is bugcheck C7") {
  MICA_CHECK(invalid(bugcheck_of(
      [] { ExAllocateTimer(nullptr, nullptr, EX_TIMER_NO_WAKE | EX_TIMER_HIGH_RESOLUTION); })));
  MICA_CHECK(invalid(bugcheck_of([] { ExAllocateTimer(nullptr, nullptr, 1); })));
  PEX_TIMER const timer = ExAllocateTimer(nullptr, nullptr, EX_TIMER_NO_WAKE);
  auto wrong = [timer](Bugcheck const& end) {
    return invalid(end) && end.parameters[1] == reinterpret_cast<ULONG_PTR>(timer);
  };
  MICA_CHECK(wrong(bugcheck_of([timer] { ExSetTimer(timer, -1, -1, nullptr); })));
  EXT_SET_PARAMETERS parameters{0, 0, -2};
  MICA_CHECK(wrong(bugcheck_of([&] { ExSetTimer(timer, -1, 0, &parameters); })));
  MICA_CHECK(wrong(bugcheck_of([timer] { ExDeleteTimer(timer, FALSE, TRUE, nullptr); })));
  ExSetTimer(timer, -hour_100ns, hour_100ns, nullptr);
  MICA_CHECK(wrong(bugcheck_of([timer] { ExDeleteTimer(timer, FALSE, FALSE, nullptr); })));
  auto const level = bugcheck_of([timer] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    ExDeleteTimer(timer, TRUE, TRUE, nullptr);
  });
  MICA_CHECK(level.happened && level.code == IRQL_NOT_LESS_OR_EQUAL);
  remove(timer);
}

MICA_CASE("Ke: timers that may be late expire together, within what they tolerate") {
  constexpr int count = 4;
  constexpr ULONG tolerance = 40;
  KTIMER timers[count];
  ULONGLONG expired[count]{};
  for (KTIMER& timer : timers) KeInitializeTimer(&timer);
  ULONGLONG const before = KeQueryInterruptTime();
  for (int i = 0; i < count; ++i) {
    LARGE_INTEGER const due = relative((5 + i) * millisecond_100ns);
    MICA_CHECK(KeSetCoalescableTimer(&timers[i], due, 0, tolerance, nullptr) == FALSE);
  }
  for (int i = 0; i < count; ++i) {
    MICA_CHECK(wait(&timers[i]) == STATUS_SUCCESS);
    expired[i] = KeQueryInterruptTime();
    MICA_CHECK(expired[i] >= before + static_cast<ULONGLONG>(5 + i) * millisecond_100ns);
  }
  for (KTIMER& timer : timers) MICA_CHECK(timer.DueTime.QuadPart % 32 == 0);
}

MICA_CASE("Ke: a timer that may not be late is not, and a coalescable one may be periodic") {
  KTIMER timer;
  KeInitializeTimerEx(&timer, SynchronizationTimer);
  LARGE_INTEGER const due = relative(millisecond_100ns);
  KeSetCoalescableTimer(&timer, due, 2, 1, nullptr);
  for (int i = 0; i < 3; ++i) MICA_CHECK(wait(&timer) == STATUS_SUCCESS);
  MICA_CHECK(KeSetCoalescableTimer(&timer, relative(hour_100ns), 0, 0, nullptr) == TRUE);
  MICA_CHECK(KeCancelTimer(&timer) == TRUE);
  auto const end = bugcheck_of([&] {
    static_cast<void>(KfRaiseIrql(HIGH_LEVEL));
    KeSetCoalescableTimer(&timer, due, 0, 0, nullptr);
  });
  MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL);
}
