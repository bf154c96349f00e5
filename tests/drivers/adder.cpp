// A driver in C++: a thread adds up what is written, reads wait for it and get the sum.
#include <ntddk.h>

extern "C" DRIVER_INITIALIZE DriverEntry;

namespace {

class SpinLockGuard {
 public:
  _IRQL_saves_global_(OldIrql, level_) explicit SpinLockGuard(KSPIN_LOCK& lock) : lock_{lock} {
    KeAcquireSpinLock(&lock_, &level_);
  }
  SpinLockGuard(SpinLockGuard const&) = delete;
  SpinLockGuard& operator=(SpinLockGuard const&) = delete;
  ~SpinLockGuard() { KeReleaseSpinLock(&lock_, level_); }

 private:
  KSPIN_LOCK& lock_;
  KIRQL level_;
};

// Adds up what is written, in a thread of its own. Lives in a device's extension, which the I/O
// manager gave as zeroes.
class Adder {
 public:
  NTSTATUS start() {
    KeInitializeSpinLock(&lock_);
    InitializeListHead(&writes_);
    KeInitializeSemaphore(&wanted_, 0, MAXLONG);
    KeInitializeEvent(&idle_, NotificationEvent, TRUE);
    HANDLE handle = nullptr;
    NTSTATUS status =
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, work, this);
    if (!NT_SUCCESS(status)) return status;
    status = ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode,
                                       &thread_, nullptr);
    NT_VERIFY(NT_SUCCESS(status));
    ZwClose(handle);
    return status;
  }

  // When it returns the thread has left the driver's code.
  void stop() {
    PAGED_CODE();
    stopping_ = true;
    KeReleaseSemaphore(&wanted_, IO_NO_INCREMENT, 1, FALSE);
    KeWaitForSingleObject(thread_, Executive, KernelMode, FALSE, nullptr);
    ObDereferenceObject(thread_);
  }

  void queue(PIRP irp) {
    SpinLockGuard const guard{lock_};
    IoMarkIrpPending(irp);
    InsertTailList(&writes_, &irp->Tail.Overlay.ListEntry);
    KeClearEvent(&idle_);
    KeReleaseSemaphore(&wanted_, SEMAPHORE_INCREMENT, 1, FALSE);
  }

  // Of all that was written before.
  LONGLONG sum() {
    KeWaitForSingleObject(&idle_, Executive, KernelMode, FALSE, nullptr);
    return sum_;
  }

 private:
  static KSTART_ROUTINE work;

  // Null, and idle, if there is none.
  PIRP next() {
    SpinLockGuard const guard{lock_};
    if (!IsListEmpty(&writes_)) {
      return CONTAINING_RECORD(RemoveHeadList(&writes_), IRP, Tail.Overlay.ListEntry);
    }
    KeSetEvent(&idle_, IO_NO_INCREMENT, FALSE);
    return nullptr;
  }

  KSPIN_LOCK lock_;
  LIST_ENTRY writes_;
  KSEMAPHORE wanted_;
  KEVENT idle_;
  PVOID thread_;
  LONGLONG volatile sum_;
  bool volatile stopping_;
};

NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information = 0) {
  irp->IoStatus.Status = status;
  irp->IoStatus.Information = information;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return status;
}

_Use_decl_annotations_ VOID Adder::work(PVOID context) {
  auto& adder = *static_cast<Adder*>(context);
  while (!adder.stopping_) {
    KeWaitForSingleObject(&adder.wanted_, Executive, KernelMode, FALSE, nullptr);
    while (PIRP const irp = adder.next()) {
      adder.sum_ = adder.sum_ + *static_cast<LONG*>(irp->AssociatedIrp.SystemBuffer);
      complete(irp, STATUS_SUCCESS, sizeof(LONG));
    }
  }
  PsTerminateSystemThread(STATUS_SUCCESS);
}

Adder& adder_of(PDEVICE_OBJECT device) {
  return *static_cast<Adder*>(device->DeviceExtension);
}

DRIVER_DISPATCH create_close, read, write;
DRIVER_UNLOAD unload;

_Use_decl_annotations_ NTSTATUS create_close(PDEVICE_OBJECT, PIRP irp) {
  return complete(irp, STATUS_SUCCESS);
}

_Use_decl_annotations_ NTSTATUS read(PDEVICE_OBJECT device, PIRP irp) {
  if (IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length < sizeof(LONGLONG)) {
    return complete(irp, STATUS_BUFFER_TOO_SMALL);
  }
  *static_cast<LONGLONG*>(irp->AssociatedIrp.SystemBuffer) = adder_of(device).sum();
  return complete(irp, STATUS_SUCCESS, sizeof(LONGLONG));
}

_Use_decl_annotations_ NTSTATUS write(PDEVICE_OBJECT device, PIRP irp) {
  if (IoGetCurrentIrpStackLocation(irp)->Parameters.Write.Length != sizeof(LONG)) {
    return complete(irp, STATUS_INVALID_PARAMETER);
  }
  adder_of(device).queue(irp);
  return STATUS_PENDING;
}

_Use_decl_annotations_ VOID unload(PDRIVER_OBJECT driver) {
  adder_of(driver->DeviceObject).stop();
  IoDeleteDevice(driver->DeviceObject);
}

}  // namespace

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING) {
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, L"\\Device\\Adder");
  PDEVICE_OBJECT device = nullptr;
  NTSTATUS status = IoCreateDevice(driver, sizeof(Adder), &name, FILE_DEVICE_UNKNOWN,
                                   FILE_DEVICE_SECURE_OPEN, FALSE, &device);
  if (!NT_SUCCESS(status)) return status;
  status = adder_of(device).start();
  if (!NT_SUCCESS(status)) {
    IoDeleteDevice(device);
    return status;
  }
  driver->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_CLOSE] = create_close;
  driver->MajorFunction[IRP_MJ_READ] = read;
  driver->MajorFunction[IRP_MJ_WRITE] = write;
  driver->DriverUnload = unload;
  device->Flags |= DO_BUFFERED_IO;
  return STATUS_SUCCESS;
}
