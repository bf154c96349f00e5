// Cases for routines that were once replaced by a constant without anybody noticing.
//   [MSDN KeQuerySystemTimePrecise, KeQueryUnbiasedInterruptTime, KeSetIdealProcessorThread]
#include "io_support.hpp"
#include "support.hpp"

using namespace mica::test;

MICA_CASE("Ke: the precise system time stands by the ticking one") {
  LARGE_INTEGER ticking{}, precise{};
  KeQuerySystemTime(&ticking);
  KeQuerySystemTimePrecise(&precise);
  MICA_CHECK(precise.QuadPart >= ticking.QuadPart);
  MICA_CHECK(precise.QuadPart - ticking.QuadPart < 100 * millisecond_100ns);
}

MICA_CASE("Ke: unbiased interrupt time passes") {
  ULONGLONG const before = KeQueryUnbiasedInterruptTime();
  sleep(5 * millisecond_100ns);
  MICA_CHECK(KeQueryUnbiasedInterruptTime() >= before + 4 * millisecond_100ns);
}

MICA_CASE("Ke: KeSetIdealProcessorThread says which processor was ideal") {
  if (processors() < 2) return;
  PKTHREAD const thread = KeGetCurrentThread();
  ULONG const first = KeSetIdealProcessorThread(thread, 1);
  MICA_CHECK(KeSetIdealProcessorThread(thread, 0) == 1);
  MICA_CHECK(KeSetIdealProcessorThread(thread, static_cast<UCHAR>(first)) == 0);
}

MICA_CASE("Ke: the ideal processors of new threads are spread over all") {
  KEVENT over;
  KeInitializeEvent(&over, NotificationEvent, FALSE);
  auto body = [&] { wait(&over); };
  mica::test::Thread* threads[8];
  KAFFINITY ideal = 0;
  for (auto& thread : threads) {
    thread = start(body);
    ideal |= KAFFINITY{1} << KeSetIdealProcessorThread(object_of(thread), 0);
  }
  KeSetEvent(&over, 0, FALSE);
  for (auto* const thread : threads) join(thread);
  KAFFINITY const all = KeQueryActiveProcessors();
  MICA_CHECK(processors() > 4 || ideal == all);
}

MICA_CASE("Io: a driver that was deleted leaves its name free") {
  for (int i = 0; i < 2; ++i) {
    Driver const driver;
    MICA_CHECK(driver.get() != nullptr);
  }
}
