// Timers that are set to a time that is over.                                [MSDN KeSetTimerEx]
#include "support.hpp"

using namespace mica::test;

namespace {

LARGE_INTEGER past() noexcept {
  LARGE_INTEGER due;
  due.QuadPart = 1;
  return due;
}

}  // namespace

MICA_CASE("Ke: a timer that is set to a past time wakes who waits for it") {
  KTIMER timer;
  KeInitializeTimer(&timer);
  auto waiter = [&] { MICA_CHECK(wait(&timer) == STATUS_SUCCESS); };
  auto* const thread = start(waiter, {.processor = 1});
  until_waiting(thread);
  MICA_CHECK(KeSetTimer(&timer, past(), nullptr) == FALSE);
  join(thread);
}

MICA_CASE("Ke: the first period of a timer that began in the past is a whole one") {
  KTIMER timer;
  KeInitializeTimerEx(&timer, SynchronizationTimer);
  // An earlier setting, whose due time says nothing of the next.
  static_cast<void>(KeSetTimer(&timer, relative(2 * millisecond_100ns), nullptr));
  MICA_CHECK(wait(&timer, 1'000 * millisecond_100ns) == STATUS_SUCCESS);
  sleep(3 * millisecond_100ns);
  ULONGLONG const begin = KeQueryInterruptTime();
  static_cast<void>(KeSetTimerEx(&timer, past(), 10, nullptr));
  MICA_CHECK(poll(&timer) == STATUS_SUCCESS);
  MICA_CHECK(wait(&timer, 1'000 * millisecond_100ns) == STATUS_SUCCESS);
  MICA_CHECK(KeQueryInterruptTime() - begin >= 10 * millisecond_100ns);
  MICA_CHECK(KeCancelTimer(&timer) == TRUE);
}
