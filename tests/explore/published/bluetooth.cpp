// A driver counts requests in flight and stops when there are none. A request that has looked at
// the flag and has not counted itself yet works on a device that is gone. The correction counts
// first and looks then.
//   Qadeer, Wu, "KISS: keep it simple and sequential", PLDI 2004, where the driver is figure 2.
#include "parts.hpp"

using namespace mica::explore;

namespace {

struct Device {
  std::atomic<int> pending{1};  // one more than requests, until it is stopped
  std::atomic<int> stopping{0}, drained{0}, stopped{0};

  void release() noexcept {
    if (pending.fetch_sub(1) == 1) drained = 1;
  }
  template <bool mended>
  bool begin() noexcept {
    if (!mended && stopping == 1) return false;
    ++pending;
    if (!mended || stopping == 0) return true;
    release();
    return false;
  }
  void stop() noexcept {
    stopping = 1;
    release();
    spin_while(drained, 0);
    stopped = 1;
  }
};

template <bool mended>
void request_and_stop(Window& window) {
  Device device;
  auto program = [&](unsigned number) {
    if (number == 0) return device.stop();
    if (!device.begin<mended>()) return;
    MICA_CHECK(device.stopped == 0);
    device.release();
  };
  run_high(window, 2, program);
}

}  // namespace

MICA_PUBLISHED("Published: a request of the Bluetooth driver works on a device that is gone",
               request_and_stop, .id = "bluetooth", .system = "Windows Bluetooth driver",
               .bug = "a request looks whether the device stops before it counts itself",
               .described = "Qadeer, Wu, PLDI 2004",
               .address = "https://doi.org/10.1145/996841.996845", .verdict = Verdict::assertion)
