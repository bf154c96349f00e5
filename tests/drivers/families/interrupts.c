/* An interrupt's routine, its DPC, and who is kept from running beside it. */
#define FAMILY "interrupts"
#include "expect.h"

#include "interrupts.h"

#define INTERRUPTS_IRQL (INTERRUPTS_VECTOR >> 4)

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD InterruptsUnload;
KSERVICE_ROUTINE InterruptsService;
KSYNCHRONIZE_ROUTINE InterruptsSynchronized;
IO_DPC_ROUTINE InterruptsDpc;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH InterruptsCreateClose;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH InterruptsRead;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, InterruptsUnload)
#pragma alloc_text(PAGE, InterruptsCreateClose)
#endif

typedef struct _DEVICE_EXTENSION {
  PKINTERRUPT Interrupt;
  ULONG Version; /* by which it is disconnected */
  INTERRUPTS_SEEN Seen;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

static UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(L"\\Device\\MicaFamilyInterrupts");

_Use_decl_annotations_ NTSTATUS InterruptsCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DeviceObject);
  Irp->IoStatus.Status = STATUS_SUCCESS;
  Irp->IoStatus.Information = 0;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return STATUS_SUCCESS;
}

_Use_decl_annotations_ BOOLEAN InterruptsService(PKINTERRUPT Interrupt, PVOID ServiceContext) {
  PDEVICE_OBJECT DeviceObject = ServiceContext;
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;

  UNREFERENCED_PARAMETER(Interrupt);
  EXPECT(KeGetCurrentIrql() == INTERRUPTS_IRQL);
  ++Extension->Seen.Interrupts;
  IoRequestDpc(DeviceObject, NULL, Extension);
  return TRUE;
}

_Use_decl_annotations_ VOID InterruptsDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                          PVOID Context) {
  PDEVICE_EXTENSION Extension = Context;

  UNREFERENCED_PARAMETER(Dpc);
  EXPECT(Irp == NULL && Extension == DeviceObject->DeviceExtension);
  ++Extension->Seen.Dpcs;
}

/* Copies what both change. */
typedef struct _COPY {
  PDEVICE_EXTENSION From;
  INTERRUPTS_SEEN To;
} COPY, *PCOPY;

_Use_decl_annotations_ BOOLEAN InterruptsSynchronized(PVOID SynchronizeContext) {
  PCOPY Copy = SynchronizeContext;

  EXPECT(KeGetCurrentIrql() == INTERRUPTS_IRQL);
  Copy->To = Copy->From->Seen;
  return TRUE;
}

_Use_decl_annotations_ NTSTATUS InterruptsRead(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  COPY Copy;
  ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;
  NTSTATUS Status = STATUS_BUFFER_TOO_SMALL;

  Irp->IoStatus.Information = 0;
  if (Length >= sizeof(INTERRUPTS_SEEN)) {
    Copy.From = DeviceObject->DeviceExtension;
    KeSynchronizeExecution(Copy.From->Interrupt, InterruptsSynchronized, &Copy);
    *(PINTERRUPTS_SEEN)Irp->AssociatedIrp.SystemBuffer = Copy.To;
    Irp->IoStatus.Information = sizeof(INTERRUPTS_SEEN);
    Status = Disappointments == 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
  }
  Irp->IoStatus.Status = Status;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

/* The older pair. */
static VOID CheckConnecting(PDEVICE_OBJECT DeviceObject) {
  PKINTERRUPT Interrupt = NULL;

  EXPECT(IoConnectInterrupt(&Interrupt, InterruptsService, DeviceObject, NULL, INTERRUPTS_VECTOR,
                            INTERRUPTS_IRQL + 1, INTERRUPTS_IRQL + 1, Latched, FALSE,
                            KeQueryActiveProcessors(), FALSE) == STATUS_INVALID_PARAMETER);
  if (EXPECT(NT_SUCCESS(IoConnectInterrupt(&Interrupt, InterruptsService, DeviceObject, NULL,
                                           INTERRUPTS_VECTOR, INTERRUPTS_IRQL, INTERRUPTS_IRQL,
                                           Latched, FALSE, KeQueryActiveProcessors(), FALSE)))) {
    IoDisconnectInterrupt(Interrupt);
  }
}

static NTSTATUS Connect(PDEVICE_OBJECT DeviceObject) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  IO_CONNECT_INTERRUPT_PARAMETERS Parameters;
  NTSTATUS Status;

  RtlZeroMemory(&Parameters, sizeof(Parameters));
  Parameters.Version = CONNECT_FULLY_SPECIFIED;
  Parameters.FullySpecified.PhysicalDeviceObject = DeviceObject;
  Parameters.FullySpecified.InterruptObject = &Extension->Interrupt;
  Parameters.FullySpecified.ServiceRoutine = InterruptsService;
  Parameters.FullySpecified.ServiceContext = DeviceObject;
  Parameters.FullySpecified.SynchronizeIrql = INTERRUPTS_IRQL;
  Parameters.FullySpecified.Vector = INTERRUPTS_VECTOR;
  Parameters.FullySpecified.Irql = INTERRUPTS_IRQL;
  Parameters.FullySpecified.InterruptMode = Latched;
  Parameters.FullySpecified.ProcessorEnableMask = KeQueryActiveProcessors();
  Status = IoConnectInterruptEx(&Parameters);
  Extension->Version = Parameters.Version;
  return Status;
}

static VOID Disconnect(PDEVICE_EXTENSION Extension) {
  IO_DISCONNECT_INTERRUPT_PARAMETERS Parameters;

  Parameters.Version = Extension->Version;
  Parameters.ConnectionContext.InterruptObject = Extension->Interrupt;
  IoDisconnectInterruptEx(&Parameters);
}

static VOID CheckSynchronizing(PDEVICE_EXTENSION Extension) {
  IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS State;
  COPY Copy = {Extension, {9, 9}};
  KIRQL OldIrql;

  EXPECT(KeSynchronizeExecution(Extension->Interrupt, InterruptsSynchronized, &Copy));
  EXPECT(Copy.To.Interrupts == 0 && Copy.To.Dpcs == 0);
  OldIrql = KeAcquireInterruptSpinLock(Extension->Interrupt);
  EXPECT(OldIrql == PASSIVE_LEVEL && KeGetCurrentIrql() == INTERRUPTS_IRQL);
  KeReleaseInterruptSpinLock(Extension->Interrupt, OldIrql);
  EXPECT(KeGetCurrentIrql() == PASSIVE_LEVEL);
  State.Version = Extension->Version;
  State.ConnectionContext.InterruptObject = Extension->Interrupt;
  IoReportInterruptInactive(&State);
  IoReportInterruptActive(&State);
}

_Use_decl_annotations_ VOID InterruptsUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  Disconnect(DriverObject->DeviceObject->DeviceExtension);
  KeFlushQueuedDpcs();
  IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  PDEVICE_OBJECT DeviceObject;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = InterruptsUnload;
  DriverObject->MajorFunction[IRP_MJ_CREATE] = InterruptsCreateClose;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = InterruptsCreateClose;
  DriverObject->MajorFunction[IRP_MJ_READ] = InterruptsRead;
  Status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &DeviceName, FILE_DEVICE_UNKNOWN,
                          FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);
  if (!NT_SUCCESS(Status)) return Status;
  DeviceObject->Flags |= DO_BUFFERED_IO;
  IoInitializeDpcRequest(DeviceObject, InterruptsDpc);
  CheckConnecting(DeviceObject);
  Status = Connect(DeviceObject);
  if (NT_SUCCESS(Status)) {
    CheckSynchronizing(DeviceObject->DeviceExtension);
    Status = ExpectationsStatus();
    if (!NT_SUCCESS(Status)) Disconnect(DeviceObject->DeviceExtension);
  }
  if (!NT_SUCCESS(Status)) IoDeleteDevice(DeviceObject);
  return Status;
}
