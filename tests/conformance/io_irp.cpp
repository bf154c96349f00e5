// IRPs: memory, the way down a stack, completion routines on the way up, and every misuse that is a
// bugcheck.
#include "io_support.hpp"

using namespace mica::test;

namespace {

struct Visit {
  PDEVICE_OBJECT device;
  int order;
  BOOLEAN pending;
};
struct Trip {
  int count;
  Visit visits[8];
  NTSTATUS answer = STATUS_SUCCESS;  // what the routine returns
};

NTSTATUS NTAPI note(PDEVICE_OBJECT device, PIRP irp, PVOID context) {
  Trip& trip = *static_cast<Trip*>(context);
  trip.visits[trip.count] = {device, trip.count, irp->PendingReturned};
  ++trip.count;
  return trip.answer;
}

struct Layer {
  PDEVICE_OBJECT lower;
  Trip* trip;       // null: no completion routine
  NTSTATUS status;  // of the lowest device
  bool pends;       // the lowest device marks the IRP pending before it completes it
};

NTSTATUS NTAPI pass_down(PDEVICE_OBJECT device, PIRP irp) {
  Layer const& layer = *static_cast<Layer*>(device->DeviceExtension);
  if (layer.lower == nullptr) {
    if (!layer.pends) return complete(irp, layer.status);
    IoMarkIrpPending(irp);
    complete(irp, layer.status);
    return STATUS_PENDING;
  }
  if (layer.trip == nullptr) {
    IoSkipCurrentIrpStackLocation(irp);
  } else {
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, note, layer.trip, TRUE, TRUE, TRUE);
  }
  return IoCallDriver(layer.lower, irp);
}

// Three devices, the upper two of which note completion.
struct Stack {
  Driver driver;
  Trip trip{};
  PDEVICE_OBJECT devices[3];

  Stack() {
    for (auto& slot : driver->MajorFunction) slot = pass_down;
    for (int i = 0; i < 3; ++i) {
      devices[i] = driver.make<Layer>();
      layer(i) = {i > 0 ? devices[i - 1] : nullptr, &trip, STATUS_SUCCESS, false};
      if (i > 0)
        MICA_REQUIRE(IoAttachDeviceToDeviceStack(devices[i], devices[0]) == devices[i - 1]);
    }
  }
  ~Stack() {
    IoDetachDevice(devices[1]);
    IoDetachDevice(devices[0]);
  }
  Layer& layer(int i) { return *static_cast<Layer*>(devices[i]->DeviceExtension); }
  PIRP make_irp() {
    PIRP const irp = IoAllocateIrp(devices[2]->StackSize, FALSE);
    MICA_REQUIRE(irp != nullptr);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_WRITE;
    return irp;
  }
};

}  // namespace

MICA_CASE("Io: IoAllocateIrp gives an empty IRP at its top") {
  PIRP const irp = IoAllocateIrp(3, FALSE);
  MICA_REQUIRE(irp != nullptr);
  MICA_CHECK(irp->Type == IO_TYPE_IRP);
  MICA_CHECK(irp->Size == IoSizeOfIrp(3));
  MICA_CHECK(irp->StackCount == 3);
  MICA_CHECK(irp->CurrentLocation == 4);
  MICA_CHECK(irp->Tail.Overlay.CurrentStackLocation ==
             reinterpret_cast<PIO_STACK_LOCATION>(irp + 1) + 3);
  MICA_CHECK(irp->CancelRoutine == nullptr && irp->UserEvent == nullptr &&
             irp->UserIosb == nullptr);
  MICA_CHECK(IoGetNextIrpStackLocation(irp)->CompletionRoutine == nullptr);
  irp->IoStatus.Status = STATUS_UNSUCCESSFUL;
  irp->Cancel = TRUE;
  UCHAR const allocation = irp->AllocationFlags;
  irp->AllocationFlags |= 0x20;
  IoReuseIrp(irp, STATUS_CANCELLED);
  MICA_CHECK(irp->AllocationFlags == (allocation | 0x20));  // it is freed as what it was made
  irp->AllocationFlags = allocation;
  MICA_CHECK(irp->IoStatus.Status == STATUS_CANCELLED);
  MICA_CHECK(irp->Cancel == FALSE);
  MICA_CHECK(irp->StackCount == 3 && irp->CurrentLocation == 4 && irp->Size == IoSizeOfIrp(3));
  MICA_CHECK(IoCancelIrp(irp) == FALSE && irp->Cancel != FALSE);  // nobody has it yet
  IoFreeIrp(irp);
}

MICA_CASE("Io: IoInitializeIrp makes an IRP of the caller's memory") {
  union {
    IRP irp;
    unsigned char bytes[sizeof(IRP) + 2 * sizeof(IO_STACK_LOCATION)];
  } memory;
  for (auto& byte : memory.bytes) byte = 0xAA;
  IoInitializeIrp(&memory.irp, sizeof memory, 2);
  MICA_CHECK(memory.irp.Type == IO_TYPE_IRP);
  MICA_CHECK(memory.irp.Size == sizeof memory);
  MICA_CHECK(memory.irp.StackCount == 2 && memory.irp.CurrentLocation == 3);
  MICA_CHECK(memory.irp.ThreadListEntry.Flink == &memory.irp.ThreadListEntry);
  MICA_CHECK(memory.bytes[sizeof memory - 1] == 0);
}

MICA_CASE("Io: completion routines run once each, from the lowest driver upward") {
  Stack stack;
  Trip own{};
  own.answer = STATUS_MORE_PROCESSING_REQUIRED;
  PIRP const irp = stack.make_irp();
  IoSetCompletionRoutine(irp, note, &own, TRUE, TRUE, TRUE);
  MICA_CHECK(IoCallDriver(stack.devices[2], irp) == STATUS_SUCCESS);
  MICA_REQUIRE(stack.trip.count == 2);
  MICA_CHECK(stack.trip.visits[0].device == stack.devices[1]);
  MICA_CHECK(stack.trip.visits[1].device == stack.devices[2]);
  MICA_CHECK(own.count == 1);
  MICA_CHECK(own.visits[0].device == nullptr);
  IoFreeIrp(irp);
}

MICA_CASE("Io: a completion routine is called for the results it asked for") {
  struct {
    NTSTATUS status;
    BOOLEAN success, error, cancel, cancelled;
    int calls;
  } constexpr rows[] = {
      {STATUS_SUCCESS, TRUE, FALSE, FALSE, FALSE, 1},
      {STATUS_SUCCESS, FALSE, TRUE, TRUE, FALSE, 0},
      {STATUS_UNSUCCESSFUL, FALSE, TRUE, FALSE, FALSE, 1},
      {STATUS_UNSUCCESSFUL, TRUE, FALSE, TRUE, FALSE, 0},
      {STATUS_CANCELLED, FALSE, FALSE, TRUE, TRUE, 1},
      {STATUS_CANCELLED, TRUE, FALSE, FALSE, TRUE, 0},
      {STATUS_BUFFER_OVERFLOW, FALSE, TRUE, FALSE, FALSE, 1},
  };
  Stack stack;
  for (auto const& row : rows) {
    Trip own{};
    stack.trip.count = 0;
    stack.layer(0).status = row.status;
    PIRP const irp = stack.make_irp();
    IoSetCompletionRoutine(irp, note, &own, row.success, row.error, row.cancel);
    irp->Cancel = row.cancelled;
    MICA_CHECK(IoCallDriver(stack.devices[2], irp) == row.status);
    MICA_CHECK(own.count == row.calls);
    IoFreeIrp(irp);
  }
}

MICA_CASE("Io: STATUS_MORE_PROCESSING_REQUIRED stops completion until it is asked for again") {
  Stack stack;
  Trip own{};
  own.answer = STATUS_MORE_PROCESSING_REQUIRED;
  stack.trip.answer = STATUS_MORE_PROCESSING_REQUIRED;
  PIRP const irp = stack.make_irp();
  IoSetCompletionRoutine(irp, note, &own, TRUE, TRUE, TRUE);
  IoCallDriver(stack.devices[2], irp);
  MICA_CHECK(stack.trip.count == 1);
  MICA_CHECK(own.count == 0);
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  MICA_CHECK(stack.trip.count == 2);
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  MICA_CHECK(stack.trip.count == 2);
  MICA_CHECK(own.count == 1);
  IoFreeIrp(irp);
}

MICA_CASE("Io: a pending mark is seen by the routine above and handed on where there is none") {
  Stack stack;
  stack.layer(0).pends = true;
  stack.layer(1).trip = nullptr;
  stack.layer(2).trip = nullptr;
  Trip own{};
  own.answer = STATUS_MORE_PROCESSING_REQUIRED;
  PIRP irp = stack.make_irp();
  IoSetCompletionRoutine(irp, note, &own, TRUE, TRUE, TRUE);
  MICA_CHECK(IoCallDriver(stack.devices[2], irp) == STATUS_PENDING);
  MICA_CHECK(own.count == 1 && own.visits[0].pending != FALSE);
  IoFreeIrp(irp);

  // A routine that is called must hand the mark on itself.
  stack.layer(2).trip = &stack.trip;
  own.count = 0;
  irp = stack.make_irp();
  IoSetCompletionRoutine(irp, note, &own, TRUE, TRUE, TRUE);
  IoCallDriver(stack.devices[2], irp);
  MICA_CHECK(stack.trip.count == 1 && stack.trip.visits[0].pending != FALSE);
  MICA_CHECK(own.count == 1 && own.visits[0].pending == FALSE);
  IoFreeIrp(irp);
}

MICA_CASE("Io: a location without a called routine hands the pending mark to the one above") {
  Stack stack;
  // A driver above forwards in its own location but sets no routine.
  stack.driver->MajorFunction[IRP_MJ_READ] = [](PDEVICE_OBJECT device, PIRP irp) NTAPI -> NTSTATUS {
    Layer const& layer = *static_cast<Layer*>(device->DeviceExtension);
    if (layer.lower == nullptr) return pass_down(device, irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    return IoCallDriver(layer.lower, irp);
  };
  for (bool const pends : {false, true}) {
    for (PDEVICE_OBJECT const top : {stack.devices[1], stack.devices[2]}) {
      stack.layer(0).pends = pends;
      Trip own{};
      own.answer = STATUS_MORE_PROCESSING_REQUIRED;
      PIRP const irp = stack.make_irp();
      IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
      IoSetCompletionRoutine(irp, note, &own, TRUE, TRUE, TRUE);
      IoCallDriver(top, irp);
      MICA_CHECK(own.count == 1 && (own.visits[0].pending != FALSE) == pends);
      IoFreeIrp(irp);
    }
  }
}

MICA_CASE("Io: IRPs go down and up at DISPATCH_LEVEL") {
  Stack stack;
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  PIRP const irp = stack.make_irp();
  MICA_CHECK(IoCallDriver(stack.devices[2], irp) == STATUS_SUCCESS);
  IoFreeIrp(irp);
  KeLowerIrql(old);
  MICA_CHECK(stack.trip.count == 2);
}
