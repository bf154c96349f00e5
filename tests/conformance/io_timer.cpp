// Timers of devices: IoInitializeTimer, IoStartTimer, IoStopTimer.
#include "busy.hpp"
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

// A device whose timer counts.
class Ticker {
 public:
  explicit Ticker(Driver const& driver) noexcept : device_{driver.make<Ticks>()} {
    MICA_CHECK(IoInitializeTimer(device_, note, new (device_->DeviceExtension) Ticks{}) ==
               STATUS_SUCCESS);
  }
  operator PDEVICE_OBJECT() const noexcept { return device_; }
  Ticks* operator->() const noexcept { return static_cast<Ticks*>(device_->DeviceExtension); }

 private:
  PDEVICE_OBJECT device_;
};

constexpr LONGLONG half_second_100ns = 5'000'000;

}  // namespace

MICA_CASE("Io: a device's timer calls its routine once a second at DISPATCH_LEVEL") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  Ticks ticks;
  MICA_CHECK(device->Timer == nullptr);
  MICA_CHECK(IoInitializeTimer(device, note, &ticks) == STATUS_SUCCESS);
  MICA_REQUIRE(device->Timer != nullptr);
  MICA_CHECK(*reinterpret_cast<CSHORT const*>(device->Timer) == IO_TYPE_TIMER);
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
  Ticker const first{driver}, second{driver};
  IoStartTimer(first);
  IoStartTimer(first);  // it runs already
  IoStartTimer(second);
  until([&] { return first->count >= 2 && second->count >= 2; });
  MICA_CHECK(first->count == second->count);
  IoStopTimer(first);
  IoStopTimer(first);
  int const seen = first->count;
  int const next = second->count + 2;
  until([&] { return second->count >= next; });
  MICA_CHECK(first->count == seen);
  IoStopTimer(second);
}

MICA_CASE("Io: a device that is deleted has no timer any more") {
  Driver driver;
  Ticker const device{driver};
  ObReferenceObject(PDEVICE_OBJECT{device});
  IoStartTimer(device);
  IoDeleteDevice(device);
  sleep(3 * half_second_100ns);
  MICA_CHECK(device->count == 0);
  ObDereferenceObject(PDEVICE_OBJECT{device});
}

MICA_CASE("Io: a timer's routine may stop its own timer and another's") {
  Driver driver;
  Ticker first{driver}, second{driver};
  first->stops = second->stops = first;
  IoStartTimer(first);
  until([&] { return first->count == 1; });
  IoStartTimer(first);
  IoStartTimer(second);
  until([&] { return second->count >= 2; });
  MICA_CHECK(first->count == 2);
  IoStopTimer(second);
}

MICA_CASE("Io: a timer that starts while others run leaves them their second") {
  Driver driver;
  Ticker const first{driver}, second{driver};
  IoStartTimer(first);
  until([&] {
    IoStartTimer(second);
    IoStopTimer(second);
    return first->count >= 2;
  });
  IoStopTimer(first);
}

namespace {

struct Relay {
  PDEVICE_OBJECT first, second;
  ULONG64 first_100ns = 0, second_100ns = 0;  // when they were called
  std::atomic<bool> over{false};
};

}  // namespace

MICA_CASE("Io: a timer that another's routine starts in its place is called a second later") {
  Driver driver;
  Relay relay{.first = driver.make(), .second = driver.make()};
  IoInitializeTimer(
      relay.first,
      [](PDEVICE_OBJECT self, PVOID context) NTAPI {
        auto& to = *static_cast<Relay*>(context);
        to.first_100ns = KeQueryInterruptTime();
        IoStopTimer(self);
        IoStartTimer(to.second);
      },
      &relay);
  IoInitializeTimer(
      relay.second,
      [](PDEVICE_OBJECT self, PVOID context) NTAPI {
        auto& to = *static_cast<Relay*>(context);
        to.second_100ns = KeQueryInterruptTime();
        IoStopTimer(self);
        to.over = true;
      },
      &relay);
  IoStartTimer(relay.first);
  until([&] { return relay.over.load(); });
  MICA_CHECK(relay.second_100ns - relay.first_100ns >= half_second_100ns);
}

namespace {

// A routine that takes its time, or until somebody says that it was stopped.
struct Lasting {
  std::atomic<bool> entered{false}, left{false}, stopped{false};
  static void NTAPI call(PDEVICE_OBJECT, PVOID context) {
    auto& self = *static_cast<Lasting*>(context);
    self.entered = true;
    for (int i = 0; i < 500 && !self.stopped; ++i) KeStallExecutionProcessor(10);
    MICA_CHECK(!self.stopped);
    self.left = true;
  }
};

}  // namespace

MICA_CASE("Io: who stops a timer waits for its routine, if that runs on another processor") {
  if (processors() < 2) return;
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  Lasting lasting;
  IoInitializeTimer(device, Lasting::call, &lasting);
  // The clock's DPC runs where the clock was set.
  auto starter = [&] { IoStartTimer(device); };
  join(start(starter, {.processor = 1}));
  Pinned const elsewhere{LOW_REALTIME_PRIORITY};
  spin_until(lasting.entered);
  IoStopTimer(device);
  lasting.stopped = true;
  MICA_CHECK(lasting.left);
}
