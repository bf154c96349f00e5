// I1: an IRP completes once, its completion routines run once each from the lowest driver upward,
// and of its cancel and its completion one wins.
#include "conformance/io_support.hpp"
#include "rig.hpp"

using namespace mica::explore;

namespace {

struct Request {
  PIRP irp = nullptr;
  std::atomic<int> cancelled{0};
  std::atomic<int> completed{0};
  std::atomic<int> finished{0};
  KEVENT done;
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

NTSTATUS NTAPI finished(PDEVICE_OBJECT, PIRP, PVOID context) {
  auto& request = *static_cast<Request*>(context);
  ++request.finished;
  KeSetEvent(&request.done, 0, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

}  // namespace

MICA_EXPLORE("I1-cancel", "I1: of a cancel and a completion one wins, and the IRP completes once",
             .processors = 3) {
  mica::test::Driver driver;
  driver->MajorFunction[IRP_MJ_READ] = hold;
  PDEVICE_OBJECT const device = driver.make();
  Request request;
  KeInitializeEvent(&request.done, NotificationEvent, FALSE);
  request.irp = IoAllocateIrp(2, FALSE);
  MICA_REQUIRE(request.irp != nullptr);
  request.irp->Tail.Overlay.DriverContext[0] = &request;
  IoSetNextIrpStackLocation(request.irp);
  IoGetNextIrpStackLocation(request.irp)->MajorFunction = IRP_MJ_READ;
  IoSetCompletionRoutine(request.irp, finished, &request, TRUE, TRUE, TRUE);
  MICA_CHECK(IoCallDriver(device, request.irp) == STATUS_PENDING);

  auto completer = [&] {
    if (IoSetCancelRoutine(request.irp, nullptr) == nullptr) return;
    ++request.completed;
    mica::test::complete(request.irp, STATUS_SUCCESS);
  };
  auto canceller = [&] { static_cast<void>(IoCancelIrp(request.irp)); };
  auto waiter = [&] { MICA_CHECK(wait(&request.done) == STATUS_SUCCESS); };
  {
    Team team{window};
    team.add(completer, {.processor = 0});
    team.add(canceller, {.processor = 1});
    team.add(waiter, {.processor = 2});
    team.run();
  }
  MICA_CHECK(request.finished == 1);
  MICA_CHECK(request.completed + request.cancelled == 1);
  MICA_CHECK(request.irp->IoStatus.Status ==
             (request.completed == 1 ? STATUS_SUCCESS : STATUS_CANCELLED));
  IoFreeIrp(request.irp);
}
