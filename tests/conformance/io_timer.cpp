// Timers of devices: IoInitializeTimer, IoStartTimer, IoStopTimer.
#include "io_support.hpp"

using namespace mica::test;

namespace {

struct Ticks {
  std::atomic<int> count{0};
  KIRQL level = PASSIVE_LEVEL;
  PDEVICE_OBJECT device = nullptr;
  PDEVICE_OBJECT stops = nullptr;
};

void NTAPI note(PDEVICE_OBJECT device, PVOID context) {
  auto& ticks = *static_cast<Ticks*>(context);
  ticks.level = KeGetCurrentIrql();
  ticks.device = device;
  if (ticks.stops != nullptr) IoStopTimer(ticks.stops);
  ++ticks.count;  // at the end: who waits for it finds the timer stopped
}

constexpr LONGLONG half_second_100ns = 5'000'000;

}  // namespace

MICA_CASE("Io: a device's timer calls its routine once a second at DISPATCH_LEVEL") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  Ticks ticks;
  MICA_CHECK(device->Timer == nullptr);
  MICA_CHECK(IoInitializeTimer(device, note, &ticks) == STATUS_SUCCESS);
  MICA_CHECK(device->Timer != nullptr);
  sleep(3 * half_second_100ns);
  MICA_CHECK(ticks.count == 0);
  ULONG64 const begin_100ns = KeQueryInterruptTime();
  IoStartTimer(device);
  until([&] { return ticks.count == 3; });
  ULONG64 const passed_100ns = KeQueryInterruptTime() - begin_100ns;
  MICA_CHECK(passed_100ns >= 29'000'000 && passed_100ns < 40'000'000);
  MICA_CHECK(ticks.level == DISPATCH_LEVEL && ticks.device == device);
  IoStopTimer(device);
  int const seen = ticks.count;
  sleep(3 * half_second_100ns);
  MICA_CHECK(ticks.count == seen);
  IoStartTimer(device);
  until([&] { return ticks.count > seen; });
  IoStopTimer(device);
}

MICA_CASE("Io: the timers of several devices run and stop each for itself") {
  Driver driver;
  PDEVICE_OBJECT const first = driver.make(), second = driver.make();
  Ticks of_first, of_second;
  IoInitializeTimer(first, note, &of_first);
  IoInitializeTimer(second, note, &of_second);
  IoStartTimer(first);
  IoStartTimer(first);  // it runs already
  IoStartTimer(second);
  until([&] { return of_first.count >= 2 && of_second.count >= 2; });
  MICA_CHECK(of_first.count == of_second.count);
  IoStopTimer(first);
  IoStopTimer(first);
  int const seen = of_first.count;
  int const next = of_second.count + 2;
  until([&] { return of_second.count >= next; });
  MICA_CHECK(of_first.count == seen);
  IoStopTimer(second);
}

MICA_CASE("Io: a device that is deleted has no timer any more") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  ObReferenceObject(device);
  Ticks ticks;
  IoInitializeTimer(device, note, &ticks);
  IoStartTimer(device);
  IoDeleteDevice(device);
  sleep(3 * half_second_100ns);
  MICA_CHECK(ticks.count == 0);
  ObDereferenceObject(device);
}

MICA_CASE("Io: a timer's routine may stop its own timer and another's") {
  Driver driver;
  PDEVICE_OBJECT const first = driver.make(), second = driver.make();
  Ticks of_first, of_second;
  of_first.stops = of_second.stops = first;
  IoInitializeTimer(first, note, &of_first);
  IoInitializeTimer(second, note, &of_second);
  IoStartTimer(first);
  until([&] { return of_first.count == 1; });
  IoStartTimer(first);
  IoStartTimer(second);
  until([&] { return of_second.count >= 2; });
  MICA_CHECK(of_first.count == 2);
  IoStopTimer(second);
}
