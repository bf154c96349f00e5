/* A bus master's adapter: a common buffer, a transfer by packets, a list, and what is had at
   once. */
#define FAMILY "dma"
#include "expect.h"

#define DMA_TAG 'adMF'
#define LARGEST (4 * PAGE_SIZE)
#define SIZE (2 * PAGE_SIZE + 100)

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD DmaUnload;
DRIVER_CONTROL DmaControl;
DRIVER_LIST_CONTROL DmaListControl;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, DmaUnload)
#endif

/* What a routine that was called back was given. */
typedef struct _GIVEN {
  PDMA_ADAPTER Adapter;
  PDEVICE_OBJECT DeviceObject;
  PMDL Mdl;
  PVOID MapRegisterBase;
  PSCATTER_GATHER_LIST List;
  ULONG Mapped;
} GIVEN, *PGIVEN;

/* Maps all of the buffer, piece by piece. */
_Use_decl_annotations_ IO_ALLOCATION_ACTION DmaControl(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                                       PVOID MapRegisterBase, PVOID Context) {
  PGIVEN Given = Context;
  PUCHAR CurrentVa = MmGetMdlVirtualAddress(Given->Mdl);
  PHYSICAL_ADDRESS Logical;
  ULONG Length;

  UNREFERENCED_PARAMETER(Irp);
  EXPECT(KeGetCurrentIrql() == DISPATCH_LEVEL && DeviceObject == Given->DeviceObject);
  Given->MapRegisterBase = MapRegisterBase;
  while (Given->Mapped < SIZE) {
    Length = SIZE - Given->Mapped;
    Logical = IoMapTransfer(Given->Adapter, Given->Mdl, MapRegisterBase, CurrentVa + Given->Mapped,
                            &Length, TRUE);
    if (!EXPECT(Length != 0 && Logical.QuadPart != 0)) break;
    Given->Mapped += Length;
  }
  return DeallocateObjectKeepRegisters;
}

_Use_decl_annotations_ VOID DmaListControl(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                           PSCATTER_GATHER_LIST ScatterGather, PVOID Context) {
  PGIVEN Given = Context;
  ULONG Index;

  UNREFERENCED_PARAMETER(Irp);
  EXPECT(KeGetCurrentIrql() == DISPATCH_LEVEL && DeviceObject == Given->DeviceObject);
  Given->List = ScatterGather;
  for (Index = 0; Index < ScatterGather->NumberOfElements; ++Index)
    Given->Mapped += ScatterGather->Elements[Index].Length;
}

static PDMA_ADAPTER GetAdapter(ULONG Version, PULONG Registers) {
  DEVICE_DESCRIPTION Description;

  RtlZeroMemory(&Description, sizeof(Description));
  Description.Version = Version;
  Description.Master = TRUE;
  Description.ScatterGather = TRUE;
  Description.Dma32BitAddresses = TRUE;
  Description.DmaAddressWidth = 32;
  Description.InterfaceType = PCIBus;
  Description.MaximumLength = LARGEST;
  return IoGetDmaAdapter(NULL, &Description, Registers);
}

static VOID CheckCommonBuffer(PDMA_ADAPTER Adapter) {
  PHYSICAL_ADDRESS Logical;
  PUCHAR Buffer = HalAllocateCommonBuffer(Adapter, SIZE, &Logical, TRUE);

  if (!EXPECT(Buffer != NULL)) return;
  EXPECT(Logical.QuadPart + SIZE <= 0x100000000LL && BYTE_OFFSET(Buffer) == 0);
  EXPECT(Logical.QuadPart == MmGetPhysicalAddress(Buffer).QuadPart);
  RtlFillMemory(Buffer, SIZE, 0x5A);
  HalFreeCommonBuffer(Adapter, SIZE, Logical, Buffer, TRUE);
}

static VOID CheckPackets(PDMA_ADAPTER Adapter, PDEVICE_OBJECT DeviceObject, PMDL Mdl) {
  GIVEN Given = {Adapter, DeviceObject, Mdl, NULL, NULL, 0};
  PVOID Start = MmGetMdlVirtualAddress(Mdl);
  ULONG Registers = ADDRESS_AND_SIZE_TO_SPAN_PAGES(Start, SIZE);
  KIRQL OldIrql;
  NTSTATUS Status;

  KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
  Status = IoAllocateAdapterChannel(Adapter, DeviceObject, Registers, DmaControl, &Given);
  if (EXPECT(NT_SUCCESS(Status) && Given.Mapped == SIZE)) {
    EXPECT(IoFlushAdapterBuffers(Adapter, Mdl, Given.MapRegisterBase, Start, SIZE, TRUE));
    IoFreeMapRegisters(Adapter, Given.MapRegisterBase, Registers);
  }
  KeLowerIrql(OldIrql);
}

static VOID CheckList(PDMA_ADAPTER Adapter, PDEVICE_OBJECT DeviceObject, PMDL Mdl) {
  PDMA_OPERATIONS Operations = Adapter->DmaOperations;
  GIVEN Given = {Adapter, DeviceObject, Mdl, NULL, NULL, 0};
  KIRQL OldIrql;
  NTSTATUS Status;

  KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
  Status = Operations->GetScatterGatherList(Adapter, DeviceObject, Mdl, MmGetMdlVirtualAddress(Mdl),
                                            SIZE, DmaListControl, &Given, FALSE);
  if (EXPECT(NT_SUCCESS(Status) && Given.List != NULL && Given.Mapped == SIZE))
    Operations->PutScatterGatherList(Adapter, Given.List, FALSE);
  KeLowerIrql(OldIrql);
}

static VOID CheckAtOnce(PDMA_ADAPTER Adapter, PDEVICE_OBJECT DeviceObject, PMDL Mdl) {
  PDMA_OPERATIONS Operations = Adapter->DmaOperations;
  CHAR Transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
  DMA_TRANSFER_INFO Info = {DMA_TRANSFER_INFO_VERSION1, {{0, 0, 0}}};
  PSCATTER_GATHER_LIST List;
  PVOID Base = NULL;
  ULONG Length = SIZE;
  KIRQL OldIrql;

  EXPECT(NT_SUCCESS(Operations->InitializeDmaTransferContext(Adapter, Transfer)));
  EXPECT(NT_SUCCESS(Operations->GetDmaTransferInfo(Adapter, Mdl, 0, SIZE, TRUE, &Info)));
  List = ExAllocatePool2(POOL_FLAG_NON_PAGED, Info.V1.ScatterGatherListSize, DMA_TAG);
  if (!EXPECT(List != NULL)) return;
  KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
  if (EXPECT(NT_SUCCESS(Operations->AllocateAdapterChannelEx(
          Adapter, DeviceObject, Transfer, Info.V1.MapRegisterCount, DMA_SYNCHRONOUS_CALLBACK, NULL,
          NULL, &Base)))) {
    EXPECT(NT_SUCCESS(Operations->MapTransferEx(Adapter, Mdl, Base, 0, 0, &Length, TRUE, List,
                                                Info.V1.ScatterGatherListSize, NULL, NULL)));
    EXPECT(Length == SIZE && List->NumberOfElements >= 1);
    EXPECT(NT_SUCCESS(Operations->FlushAdapterBuffersEx(Adapter, Mdl, Base, 0, SIZE, TRUE)));
    Operations->FreeAdapterObject(Adapter, DeallocateObject);
  }
  KeLowerIrql(OldIrql);
  ExFreePoolWithTag(List, DMA_TAG);
}

static VOID CheckTransfers(PDMA_ADAPTER Adapter, PDEVICE_OBJECT DeviceObject) {
  PUCHAR Buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, SIZE, DMA_TAG);
  PMDL Mdl;

  if (!EXPECT(Buffer != NULL)) return;
  Mdl = IoAllocateMdl(Buffer, SIZE, FALSE, FALSE, NULL);
  if (EXPECT(Mdl != NULL)) {
    MmBuildMdlForNonPagedPool(Mdl);
    CheckPackets(Adapter, DeviceObject, Mdl);
    CheckList(Adapter, DeviceObject, Mdl);
    CheckAtOnce(Adapter, DeviceObject, Mdl);
    IoFreeMdl(Mdl);
  }
  ExFreePoolWithTag(Buffer, DMA_TAG);
}

_Use_decl_annotations_ VOID DmaUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  PDEVICE_OBJECT DeviceObject;
  PDMA_ADAPTER Adapter;
  ULONG Registers = 0;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = DmaUnload;
  Status = IoCreateDevice(DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                          FALSE, &DeviceObject);
  if (!NT_SUCCESS(Status)) return Status;
  Adapter = GetAdapter(DEVICE_DESCRIPTION_VERSION3, &Registers);
  if (EXPECT(Adapter != NULL)) {
    EXPECT(Registers == BYTES_TO_PAGES(LARGEST) + 1 && HalGetDmaAlignment(Adapter) == 1);
    CheckCommonBuffer(Adapter);
    CheckTransfers(Adapter, DeviceObject);
    Adapter->DmaOperations->PutDmaAdapter(Adapter);
  }
  IoDeleteDevice(DeviceObject);
  return ExpectationsStatus();
}
