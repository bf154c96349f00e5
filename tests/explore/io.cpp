// I1: an IRP completes once, its completion routines run once each from the lowest driver upward,
// and of its cancel and its completion one wins.
#include "conformance/io_support.hpp"
#include "crew.hpp"
#include "io/driver.hpp"
#include "rig.hpp"

using namespace mica::explore;

namespace {

struct Request {
  PIRP irp = nullptr;
  std::atomic<int> cancelled{0};
  std::atomic<int> completed{0};
  std::atomic<int> finished{0};
  KEVENT done;

  void send_to(PDEVICE_OBJECT device) noexcept;
  void complete() noexcept {
    if (IoSetCancelRoutine(irp, nullptr) == nullptr) return;
    ++completed;
    mica::test::complete(irp, STATUS_SUCCESS);
  }
  void check_and_free() noexcept {
    MICA_CHECK(finished == 1);
    MICA_CHECK(completed + cancelled == 1);
    MICA_CHECK(irp->IoStatus.Status == (completed == 1 ? STATUS_SUCCESS : STATUS_CANCELLED));
    IoFreeIrp(irp);
  }
};

Request& request_of(PIRP irp) noexcept {
  return *static_cast<Request*>(irp->Tail.Overlay.DriverContext[0]);
}

void NTAPI cancel(PDEVICE_OBJECT, PIRP irp) {
  Request& request = request_of(irp);
  IoReleaseCancelSpinLock(irp->CancelIrql);
  ++request.cancelled;
  mica::test::complete(irp, STATUS_CANCELLED);
}

// Keeps the IRP until somebody completes or cancels it.
NTSTATUS NTAPI hold(PDEVICE_OBJECT, PIRP irp) {
  IoMarkIrpPending(irp);
  IoSetCancelRoutine(irp, cancel);
  return STATUS_PENDING;
}

NTSTATUS NTAPI completed_by_driver(PDEVICE_OBJECT, PIRP, PVOID context) {
  auto& request = *static_cast<Request*>(context);
  ++request.finished;
  KeSetEvent(&request.done, 0, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

void Request::send_to(PDEVICE_OBJECT device) noexcept {
  KeInitializeEvent(&done, NotificationEvent, FALSE);
  irp = IoAllocateIrp(2, FALSE);
  MICA_REQUIRE(irp != nullptr);
  irp->Tail.Overlay.DriverContext[0] = this;
  IoSetNextIrpStackLocation(irp);
  IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
  IoSetCompletionRoutine(irp, completed_by_driver, this, TRUE, TRUE, TRUE);
  MICA_CHECK(IoCallDriver(device, irp) == STATUS_PENDING);
}

}  // namespace

MICA_EXPLORE("I1-cancel", "I1: of a cancel and a completion one wins, and the IRP completes once",
             .processors = 3) {
  mica::test::Driver driver;
  driver->MajorFunction[IRP_MJ_READ] = hold;
  Request request;
  request.send_to(driver.make());
  auto completer = [&] { request.complete(); };
  auto canceller = [&] { static_cast<void>(IoCancelIrp(request.irp)); };
  auto waiter = [&] { MICA_CHECK(wait(&request.done) == STATUS_SUCCESS); };
  {
    Team team{window};
    team.add(completer, {.processor = 0});
    team.add(canceller, {.processor = 1});
    team.add(waiter, {.processor = 2});
    team.run();
  }
  request.check_and_free();
}

MICA_EXPLORE("I1-cancel-two", "I1: of two cancels and a completion at DISPATCH_LEVEL one wins",
             .processors = 3, .loop_free = true) {
  mica::test::Driver driver;
  driver->MajorFunction[IRP_MJ_READ] = hold;
  Request request;
  request.send_to(driver.make());
  auto program = [&](unsigned number) {
    number == 0 ? request.complete() : static_cast<void>(IoCancelIrp(request.irp));
  };
  run_together(window, {3}, program);
  request.check_and_free();
}

namespace {

// A request in two parts, whose drivers leave what they find for who has the whole.
struct Parts {
  PIRP whole = IoAllocateIrp(2, FALSE);
  PIRP parts[2];
  int found[2] = {};  // plain: a race says that the whole was complete too soon
  int sum = 0;
  std::atomic<int> finished{0};

  Parts() noexcept {
    MICA_REQUIRE(whole != nullptr);
    IoSetNextIrpStackLocation(whole);
    IoSetCompletionRoutine(whole, add_up, this, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(whole);
    whole->AssociatedIrp.IrpCount = 2;
    whole->IoStatus.Status = STATUS_SUCCESS;
    for (PIRP& part : parts) {
      part = IoMakeAssociatedIrp(whole, 1);
      MICA_REQUIRE(part != nullptr);
      IoSetNextIrpStackLocation(part);
    }
  }
  static NTSTATUS NTAPI add_up(PDEVICE_OBJECT, PIRP, PVOID context) {
    auto& self = *static_cast<Parts*>(context);
    ++self.finished;
    self.sum = self.found[0] + self.found[1];
    return STATUS_MORE_PROCESSING_REQUIRED;
  }
};

}  // namespace

MICA_EXPLORE("I1-parts",
             "I1: of two parts the last completes the whole, and that finds what both did",
             .processors = 2, .bound = 2) {
  Parts parts;
  auto program = [&](unsigned number) {
    parts.found[number] = static_cast<int>(number) + 1;
    mica::test::complete(parts.parts[number], STATUS_SUCCESS);
  };
  run_together(window, {2}, program);
  MICA_CHECK(parts.finished == 1 && parts.sum == 3);
  IoFreeIrp(parts.whole);
}

namespace {

// A driver whose device is open when somebody unloads it.
struct Unloaded {
  KEVENT event;
  std::atomic<int> times{0};
  std::atomic<int> closes{0};
};

Unloaded& unloaded_of(PDEVICE_OBJECT device) noexcept {
  return **static_cast<Unloaded**>(device->DeviceExtension);
}

NTSTATUS NTAPI open_or_close(PDEVICE_OBJECT device, PIRP irp) {
  if (IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_CLOSE)
    ++unloaded_of(device).closes;
  return mica::test::complete(irp, STATUS_SUCCESS);
}

void NTAPI note_unload(PDRIVER_OBJECT driver) {
  Unloaded& unloaded = unloaded_of(driver->DeviceObject);
  MICA_CHECK(unloaded.closes == 1);
  ++unloaded.times;
  IoDeleteDevice(driver->DeviceObject);
  KeSetEvent(&unloaded.event, 0, FALSE);
}

NTSTATUS NTAPI enter_unloaded(PDRIVER_OBJECT driver, PUNICODE_STRING) {
  for (UCHAR const major : {IRP_MJ_CREATE, IRP_MJ_CLEANUP, IRP_MJ_CLOSE})
    driver->MajorFunction[major] = open_or_close;
  driver->DriverUnload = note_unload;
  mica::test::Text name{u"\\Device\\MicaUnload"};
  PDEVICE_OBJECT device = nullptr;
  return IoCreateDevice(driver, sizeof(Unloaded*), name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
}

}  // namespace

MICA_EXPLORE("I2-unload", "I2: a driver is unloaded once, after the last file on it is closed",
             .processors = 2, .bound = 1) {
  mica::test::Text service{u"MicaUnload"}, name{u"\\Device\\MicaUnload"};
  PDRIVER_OBJECT driver = nullptr;
  MICA_REQUIRE(mica::io::load_driver(*service, {nullptr, 0, enter_unloaded}, driver) ==
               STATUS_SUCCESS);
  Unloaded unloaded;
  KeInitializeEvent(&unloaded.event, NotificationEvent, FALSE);
  *static_cast<Unloaded**>(driver->DeviceObject->DeviceExtension) = &unloaded;
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoGetDeviceObjectPointer(name, FILE_READ_DATA, &file, &device) == STATUS_SUCCESS);
  auto closer = [&] { ObDereferenceObject(file); };
  auto unloader = [&] { MICA_CHECK(mica::io::unload_driver(*driver) == STATUS_SUCCESS); };
  {
    Team team{window};
    team.add(closer, {.processor = 0});
    team.add(unloader, {.processor = 1});
    team.run();
  }
  MICA_CHECK(wait(&unloaded.event) == STATUS_SUCCESS);
  MICA_CHECK(unloaded.times == 1);
}
