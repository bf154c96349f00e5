// V1: a request that comes to a device queue is worked on at once or stands in it, and whoever
// makes the queue idle left nobody in it.
#include "together.hpp"

using namespace mica::explore;

namespace {

struct Device {
  KDEVICE_QUEUE queue;
  KDEVICE_QUEUE_ENTRY entries[3]{};
  std::atomic<int> working{0}, done{0};

  Device() noexcept { KeInitializeDeviceQueue(&queue); }
  // Works on its own request, if the device is idle, and on what comes meanwhile.
  void start(unsigned number) noexcept {
    BOOLEAN const queued = number == 0 ? KeInsertDeviceQueue(&queue, &entries[number])
                                       : KeInsertByKeyDeviceQueue(&queue, &entries[number], number);
    if (queued) return;
    PKDEVICE_QUEUE_ENTRY request = &entries[number];
    do {
      MICA_CHECK(++working == 1);
      ++done;
      --working;
      request =
          number == 0 ? KeRemoveDeviceQueue(&queue) : KeRemoveByKeyDeviceQueue(&queue, number);
    } while (request != nullptr);
  }
};

}  // namespace

MICA_EXPLORE("V1-two", "V1: one request is worked on at a time, and none is left", .processors = 2,
             .loop_free = true, .bound = 3) {
  Device device;
  auto program = [&](unsigned number) { device.start(number); };
  run_together(window, {2}, program);
  MICA_CHECK(device.done == 2 && device.queue.Busy == FALSE);
}

MICA_EXPLORE("V1-three", "V1: three requests are worked on, one at a time", .processors = 3,
             .bound = 2) {
  Device device;
  auto program = [&](unsigned number) { device.start(number); };
  run_together(window, {3}, program);
  MICA_CHECK(device.done == 3 && device.queue.Busy == FALSE);
}

MICA_EXPLORE("V1-cancel", "V1: a request is taken out by who cancels it or by who works on it",
             .processors = 2, .bound = 3) {
  Device device;
  MICA_CHECK(KeInsertDeviceQueue(&device.queue, &device.entries[0]) == FALSE);
  MICA_CHECK(KeInsertDeviceQueue(&device.queue, &device.entries[1]) == TRUE);
  int taken = 0, cancelled = 0;
  auto program = [&](unsigned number) {
    if (number == 0)
      cancelled += KeRemoveEntryDeviceQueue(&device.queue, &device.entries[1]) != FALSE;
    else
      taken += KeRemoveDeviceQueue(&device.queue) != nullptr;
  };
  run_together(window, {2}, program);
  MICA_CHECK(taken + cancelled == 1);
  MICA_CHECK(device.queue.Busy == (taken == 1));
}
