// I2 at a work item: the image of a driver that is unloaded stays until the routine has returned.
#include "conformance/io_support.hpp"
#include "io/driver.hpp"
#include "rig.hpp"

using namespace mica::explore;

namespace {

struct Unloaded {
  std::atomic<int> gone{0};
  KEVENT done;
  char image[16];  // is not code: its address is its name

  Unloaded() noexcept { KeInitializeEvent(&done, NotificationEvent, FALSE); }
};

// The image's beginning says which scenario's it is.
void NTAPI note_gone(mica::io::DriverImage const& image) noexcept {
  ++MICA_CONTAINING(*static_cast<char(*)[16]>(image.start), Unloaded, image).gone;
}

void NTAPI work(PVOID, PVOID context, PIO_WORKITEM item) {
  auto& unloaded = *static_cast<Unloaded*>(context);
  MICA_CHECK(unloaded.gone == 0);
  IoFreeWorkItem(item);
  KeSetEvent(&unloaded.done, 0, FALSE);
  point();
  MICA_CHECK(unloaded.gone == 0);
}

NTSTATUS NTAPI enter(PDRIVER_OBJECT driver, PUNICODE_STRING) {
  driver->DriverUnload = [](PDRIVER_OBJECT self) NTAPI { IoDeleteDevice(self->DeviceObject); };
  PDEVICE_OBJECT device = nullptr;
  return IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
}

}  // namespace

MICA_EXPLORE("I2-work", "I2: a driver is unloaded while its work item is queued, or runs",
             .processors = 2, .bound = 1) {
  Unloaded unloaded;
  mica::io::state().image_gone = note_gone;
  mica::test::Text service{u"MicaWork"};
  PDRIVER_OBJECT driver = nullptr;
  MICA_REQUIRE(mica::io::load_driver(*service, {unloaded.image, sizeof unloaded.image, enter},
                                     driver) == STATUS_SUCCESS);
  PIO_WORKITEM const item = IoAllocateWorkItem(driver->DeviceObject);
  MICA_REQUIRE(item != nullptr);
  auto unloader = [&] {
    IoQueueWorkItemEx(item, work, DelayedWorkQueue, &unloaded);
    MICA_CHECK(mica::io::unload_driver(*driver) == STATUS_SUCCESS);
  };
  {
    Team team{window};
    team.add(unloader, {.processor = 0});
    team.run();
  }
  MICA_CHECK(wait(&unloaded.done) == STATUS_SUCCESS);
  mica::test::until([&] { return unloaded.gone != 0; });
  MICA_CHECK(unloaded.gone == 1);
}
