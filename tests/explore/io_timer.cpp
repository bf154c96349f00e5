// I2 at a device's timer: when IoStopTimer has returned, its routine does not run.
#include "conformance/io_support.hpp"
#include "rig.hpp"

using namespace mica::explore;

namespace {

struct Ticking {
  bool stopped = false;  // plain: a race says that the routine ran when it was stopped
  std::atomic<int> calls{0};
  KEVENT called;

  Ticking() noexcept { KeInitializeEvent(&called, NotificationEvent, FALSE); }
  static void NTAPI tick(PDEVICE_OBJECT, PVOID context) {
    auto& self = *static_cast<Ticking*>(context);
    MICA_CHECK(KeGetCurrentProcessorNumberEx(nullptr) == 1);
    MICA_CHECK(!self.stopped);
    KeSetEvent(&self.called, 0, FALSE);
    point();
    MICA_CHECK(!self.stopped);
    ++self.calls;
  }
};

}  // namespace

MICA_EXPLORE("I2-timer", "I2: a device's timer is stopped while its routine runs elsewhere",
             .processors = 2, .time_jumps = true, .bound = 1) {
  mica::test::Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  Ticking ticking;
  MICA_CHECK(IoInitializeTimer(device, Ticking::tick, &ticking) == STATUS_SUCCESS);
  // The clock's DPC runs where the clock was set.
  KAFFINITY const before = KeSetSystemAffinityThreadEx(2);
  IoStartTimer(device);
  KeRevertToUserAffinityThreadEx(before);
  auto stopper = [&] {
    MICA_CHECK(wait(&ticking.called) == STATUS_SUCCESS);
    IoStopTimer(device);
    ticking.stopped = true;
  };
  {
    Team team{window};
    team.add(stopper, {.processor = 0});
    team.run();
  }
  MICA_CHECK(ticking.calls >= 1);
}
