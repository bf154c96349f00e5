// Semaphores.                                                        [MSDN KeInitializeSemaphore,
// KeReleaseSemaphore]
#include "support.hpp"

#include <atomic>

using namespace mica::test;

MICA_CASE("Ke: a semaphore satisfies as many waits as it counts") {
  KSEMAPHORE semaphore;
  KeInitializeSemaphore(&semaphore, 2, 5);
  MICA_CHECK(KeReadStateSemaphore(&semaphore) == 2);
  MICA_CHECK(poll(&semaphore) == STATUS_SUCCESS);
  MICA_CHECK(poll(&semaphore) == STATUS_SUCCESS);
  MICA_CHECK(poll(&semaphore) == STATUS_TIMEOUT);
  MICA_CHECK(KeReadStateSemaphore(&semaphore) == 0);
}

MICA_CASE("Ke: KeReleaseSemaphore returns the count before and adds to it") {
  KSEMAPHORE semaphore;
  KeInitializeSemaphore(&semaphore, 1, 5);
  MICA_CHECK(KeReleaseSemaphore(&semaphore, 0, 3, FALSE) == 1);
  MICA_CHECK(KeReleaseSemaphore(&semaphore, 0, 1, FALSE) == 4);
  MICA_CHECK(KeReadStateSemaphore(&semaphore) == 5);
}

MICA_CASE("Ke: one release of two units wakes two of three waiters") {
  KSEMAPHORE semaphore;
  std::atomic<int> woken{0};
  KeInitializeSemaphore(&semaphore, 0, 3);
  auto waiter = [&] {
    MICA_CHECK(wait(&semaphore) == STATUS_SUCCESS);
    ++woken;
  };
  mica::test::Thread* threads[3];
  for (int i = 0; i < 3; ++i) threads[i] = start(waiter, {.processor = i});
  for (auto* thread : threads) until_waiting(thread);
  MICA_CHECK(KeReleaseSemaphore(&semaphore, 0, 2, FALSE) == 0);
  until([&] { return woken >= 2; });
  sleep(2 * millisecond_100ns);  // time in which the third may not wake
  MICA_CHECK(woken == 2);
  KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
  for (auto* thread : threads) join(thread);
  MICA_CHECK(KeReadStateSemaphore(&semaphore) == 0);
}

MICA_CASE("Ke: releasing a semaphore above its limit raises STATUS_SEMAPHORE_LIMIT_EXCEEDED") {
  KSEMAPHORE semaphore;
  KeInitializeSemaphore(&semaphore, 1, 2);
  auto const end = bugcheck_of([&] { KeReleaseSemaphore(&semaphore, 0, 2, FALSE); });
  MICA_CHECK(end.happened && end.code == unhandled);
  MICA_CHECK(static_cast<NTSTATUS>(end.parameters[0]) == STATUS_SEMAPHORE_LIMIT_EXCEEDED);
  MICA_CHECK(KeReadStateSemaphore(&semaphore) == 1);
}

MICA_CASE("Ke: a release that does not add raises STATUS_SEMAPHORE_LIMIT_EXCEEDED") {
  KSEMAPHORE semaphore;
  KeInitializeSemaphore(&semaphore, 1, 2);
  auto const end = bugcheck_of([&] { KeReleaseSemaphore(&semaphore, 0, 0, FALSE); });
  MICA_CHECK(end.happened &&
             static_cast<NTSTATUS>(end.parameters[0]) == STATUS_SEMAPHORE_LIMIT_EXCEEDED);
}
