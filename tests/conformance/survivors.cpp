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

MICA_CASE("Io: a driver that was deleted leaves its name free") {
  for (int i = 0; i < 2; ++i) {
    Driver const driver;
    MICA_CHECK(driver.get() != nullptr);
  }
}
