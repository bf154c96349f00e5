// Direct memory access: adapters and their operations. docs/dma.md
//   [MSDN IoGetDmaAdapter, DMA_ADAPTER, DMA_OPERATIONS, and the page of each operation]
//   Levels: what gets or frees an adapter, a domain or a common buffer PASSIVE_LEVEL, freeing and
//   putting <= DISPATCH_LEVEL; what asks for a channel or a list DISPATCH_LEVEL, the rest <=
//   DISPATCH_LEVEL. Bugcheck DRIVER_VERIFIER_DMA_VIOLATION above; in a verified System below, too.
#pragma once

#include <nt/io/dma_types.h>
#include <nt/mm/mdl.h>

#ifdef __cplusplus
extern "C" {
#endif

struct _DMA_OPERATIONS;

typedef struct _DMA_ADAPTER {
  USHORT Version;  // 1, whichever operations there are
  USHORT Size;
  struct _DMA_OPERATIONS* DmaOperations;
} DMA_ADAPTER, *PDMA_ADAPTER;
typedef PDMA_ADAPTER PADAPTER_OBJECT;

// Called at DISPATCH_LEVEL with channel and map registers.          [MSDN DRIVER_CONTROL]
typedef IO_ALLOCATION_ACTION(NTAPI DRIVER_CONTROL)(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                                   PVOID MapRegisterBase, PVOID Context);
typedef DRIVER_CONTROL* PDRIVER_CONTROL;
// Called at DISPATCH_LEVEL with a list that is mapped.              [MSDN DRIVER_LIST_CONTROL]
typedef VOID(NTAPI DRIVER_LIST_CONTROL)(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                        PSCATTER_GATHER_LIST ScatterGather, PVOID Context);
typedef DRIVER_LIST_CONTROL* PDRIVER_LIST_CONTROL;
typedef VOID(NTAPI DMA_COMPLETION_ROUTINE)(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                           PVOID CompletionContext, DMA_COMPLETION_STATUS Status);
typedef DMA_COMPLETION_ROUTINE* PDMA_COMPLETION_ROUTINE;

typedef VOID(NTAPI* PPUT_DMA_ADAPTER)(PDMA_ADAPTER DmaAdapter);
typedef PVOID(NTAPI* PALLOCATE_COMMON_BUFFER)(PDMA_ADAPTER DmaAdapter, ULONG Length,
                                              PPHYSICAL_ADDRESS LogicalAddress,
                                              BOOLEAN CacheEnabled);
typedef VOID(NTAPI* PFREE_COMMON_BUFFER)(PDMA_ADAPTER DmaAdapter, ULONG Length,
                                         PHYSICAL_ADDRESS LogicalAddress, PVOID VirtualAddress,
                                         BOOLEAN CacheEnabled);
typedef NTSTATUS(NTAPI* PALLOCATE_ADAPTER_CHANNEL)(PDMA_ADAPTER DmaAdapter,
                                                   PDEVICE_OBJECT DeviceObject,
                                                   ULONG NumberOfMapRegisters,
                                                   PDRIVER_CONTROL ExecutionRoutine, PVOID Context);
typedef BOOLEAN(NTAPI* PFLUSH_ADAPTER_BUFFERS)(PDMA_ADAPTER DmaAdapter, PMDL Mdl,
                                               PVOID MapRegisterBase, PVOID CurrentVa, ULONG Length,
                                               BOOLEAN WriteToDevice);
typedef VOID(NTAPI* PFREE_ADAPTER_CHANNEL)(PDMA_ADAPTER DmaAdapter);
typedef VOID(NTAPI* PFREE_MAP_REGISTERS)(PDMA_ADAPTER DmaAdapter, PVOID MapRegisterBase,
                                         ULONG NumberOfMapRegisters);
typedef PHYSICAL_ADDRESS(NTAPI* PMAP_TRANSFER)(PDMA_ADAPTER DmaAdapter, PMDL Mdl,
                                               PVOID MapRegisterBase, PVOID CurrentVa,
                                               PULONG Length, BOOLEAN WriteToDevice);
typedef ULONG(NTAPI* PGET_DMA_ALIGNMENT)(PDMA_ADAPTER DmaAdapter);
typedef ULONG(NTAPI* PREAD_DMA_COUNTER)(PDMA_ADAPTER DmaAdapter);
typedef NTSTATUS(NTAPI* PGET_SCATTER_GATHER_LIST)(PDMA_ADAPTER DmaAdapter,
                                                  PDEVICE_OBJECT DeviceObject, PMDL Mdl,
                                                  PVOID CurrentVa, ULONG Length,
                                                  PDRIVER_LIST_CONTROL ExecutionRoutine,
                                                  PVOID Context, BOOLEAN WriteToDevice);
typedef VOID(NTAPI* PPUT_SCATTER_GATHER_LIST)(PDMA_ADAPTER DmaAdapter,
                                              PSCATTER_GATHER_LIST ScatterGather,
                                              BOOLEAN WriteToDevice);

// From version 2 on.
typedef NTSTATUS(NTAPI* PCALCULATE_SCATTER_GATHER_LIST_SIZE)(PDMA_ADAPTER DmaAdapter, PMDL Mdl,
                                                             PVOID CurrentVa, ULONG Length,
                                                             PULONG ScatterGatherListSize,
                                                             PULONG pNumberOfMapRegisters);
typedef NTSTATUS(NTAPI* PBUILD_SCATTER_GATHER_LIST)(
    PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PMDL Mdl, PVOID CurrentVa, ULONG Length,
    PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context, BOOLEAN WriteToDevice,
    PVOID ScatterGatherBuffer, ULONG ScatterGatherLength);
typedef NTSTATUS(NTAPI* PBUILD_MDL_FROM_SCATTER_GATHER_LIST)(PDMA_ADAPTER DmaAdapter,
                                                             PSCATTER_GATHER_LIST ScatterGather,
                                                             PMDL OriginalMdl, PMDL* TargetMdl);

// From version 3 on.
typedef NTSTATUS(NTAPI* PGET_DMA_ADAPTER_INFO)(PDMA_ADAPTER DmaAdapter,
                                               PDMA_ADAPTER_INFO AdapterInfo);
typedef NTSTATUS(NTAPI* PGET_DMA_TRANSFER_INFO)(PDMA_ADAPTER DmaAdapter, PMDL Mdl, ULONGLONG Offset,
                                                ULONG Length, BOOLEAN WriteOnly,
                                                PDMA_TRANSFER_INFO TransferInfo);
typedef NTSTATUS(NTAPI* PINITIALIZE_DMA_TRANSFER_CONTEXT)(PDMA_ADAPTER DmaAdapter,
                                                          PVOID DmaTransferContext);
typedef PVOID(NTAPI* PALLOCATE_COMMON_BUFFER_EX)(PDMA_ADAPTER DmaAdapter,
                                                 PPHYSICAL_ADDRESS MaximumAddress, ULONG Length,
                                                 PPHYSICAL_ADDRESS LogicalAddress,
                                                 BOOLEAN CacheEnabled,
                                                 NODE_REQUIREMENT PreferredNode);
typedef NTSTATUS(NTAPI* PALLOCATE_ADAPTER_CHANNEL_EX)(
    PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext,
    ULONG NumberOfMapRegisters, ULONG Flags, PDRIVER_CONTROL ExecutionRoutine,
    PVOID ExecutionContext, PVOID* MapRegisterBase);
typedef NTSTATUS(NTAPI* PCONFIGURE_ADAPTER_CHANNEL)(PDMA_ADAPTER DmaAdapter, ULONG FunctionNumber,
                                                    PVOID Context);
typedef BOOLEAN(NTAPI* PCANCEL_ADAPTER_CHANNEL)(PDMA_ADAPTER DmaAdapter,
                                                PDEVICE_OBJECT DeviceObject,
                                                PVOID DmaTransferContext);
typedef NTSTATUS(NTAPI* PMAP_TRANSFER_EX)(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                          ULONGLONG Offset, ULONG DeviceOffset, PULONG Length,
                                          BOOLEAN WriteToDevice,
                                          PSCATTER_GATHER_LIST ScatterGatherBuffer,
                                          ULONG ScatterGatherBufferLength,
                                          PDMA_COMPLETION_ROUTINE DmaCompletionRoutine,
                                          PVOID CompletionContext);
typedef NTSTATUS(NTAPI* PGET_SCATTER_GATHER_LIST_EX)(
    PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext, PMDL Mdl,
    ULONGLONG Offset, ULONG Length, ULONG Flags, PDRIVER_LIST_CONTROL ExecutionRoutine,
    PVOID Context, BOOLEAN WriteToDevice, PDMA_COMPLETION_ROUTINE DmaCompletionRoutine,
    PVOID CompletionContext, PSCATTER_GATHER_LIST* ScatterGatherList);
typedef NTSTATUS(NTAPI* PBUILD_SCATTER_GATHER_LIST_EX)(
    PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext, PMDL Mdl,
    ULONGLONG Offset, ULONG Length, ULONG Flags, PDRIVER_LIST_CONTROL ExecutionRoutine,
    PVOID Context, BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer, ULONG ScatterGatherLength,
    PDMA_COMPLETION_ROUTINE DmaCompletionRoutine, PVOID CompletionContext, PVOID ScatterGatherList);
typedef NTSTATUS(NTAPI* PFLUSH_ADAPTER_BUFFERS_EX)(PDMA_ADAPTER DmaAdapter, PMDL Mdl,
                                                   PVOID MapRegisterBase, ULONGLONG Offset,
                                                   ULONG Length, BOOLEAN WriteToDevice);
typedef VOID(NTAPI* PFREE_ADAPTER_OBJECT)(PDMA_ADAPTER DmaAdapter,
                                          IO_ALLOCATION_ACTION AllocationAction);
typedef NTSTATUS(NTAPI* PCANCEL_MAPPED_TRANSFER)(PDMA_ADAPTER DmaAdapter, PVOID DmaTransferContext);
typedef NTSTATUS(NTAPI* PALLOCATE_DOMAIN_COMMON_BUFFER)(
    PDMA_ADAPTER DmaAdapter, HANDLE DomainHandle, PPHYSICAL_ADDRESS MaximumAddress, ULONG Length,
    ULONG Flags, MEMORY_CACHING_TYPE* CacheType, NODE_REQUIREMENT PreferredNode,
    PPHYSICAL_ADDRESS LogicalAddress, PVOID* VirtualAddress);
typedef NTSTATUS(NTAPI* PFLUSH_DMA_BUFFER)(PDMA_ADAPTER DmaAdapter, PMDL Mdl,
                                           BOOLEAN ReadOperation);
typedef NTSTATUS(NTAPI* PJOIN_DMA_DOMAIN)(PDMA_ADAPTER DmaAdapter, HANDLE DomainHandle);
typedef NTSTATUS(NTAPI* PLEAVE_DMA_DOMAIN)(PDMA_ADAPTER DmaAdapter);
typedef HANDLE(NTAPI* PGET_DMA_DOMAIN)(PDMA_ADAPTER DmaAdapter);
typedef PVOID(NTAPI* PALLOCATE_COMMON_BUFFER_WITH_BOUNDS)(
    PDMA_ADAPTER DmaAdapter, PPHYSICAL_ADDRESS MinimumAddress, PPHYSICAL_ADDRESS MaximumAddress,
    ULONG Length, ULONG Flags, MEMORY_CACHING_TYPE* CacheType, NODE_REQUIREMENT PreferredNode,
    PPHYSICAL_ADDRESS LogicalAddress);

typedef struct _DMA_OPERATIONS {
  ULONG Size;  // bytes, of those that the adapter's version has
  PPUT_DMA_ADAPTER PutDmaAdapter;
  PALLOCATE_COMMON_BUFFER AllocateCommonBuffer;
  PFREE_COMMON_BUFFER FreeCommonBuffer;
  PALLOCATE_ADAPTER_CHANNEL AllocateAdapterChannel;
  PFLUSH_ADAPTER_BUFFERS FlushAdapterBuffers;
  PFREE_ADAPTER_CHANNEL FreeAdapterChannel;
  PFREE_MAP_REGISTERS FreeMapRegisters;
  PMAP_TRANSFER MapTransfer;
  PGET_DMA_ALIGNMENT GetDmaAlignment;
  PREAD_DMA_COUNTER ReadDmaCounter;
  PGET_SCATTER_GATHER_LIST GetScatterGatherList;
  PPUT_SCATTER_GATHER_LIST PutScatterGatherList;
  // From version 2 on.
  PCALCULATE_SCATTER_GATHER_LIST_SIZE CalculateScatterGatherList;
  PBUILD_SCATTER_GATHER_LIST BuildScatterGatherList;
  PBUILD_MDL_FROM_SCATTER_GATHER_LIST BuildMdlFromScatterGatherList;
  // From version 3 on.
  PGET_DMA_ADAPTER_INFO GetDmaAdapterInfo;
  PGET_DMA_TRANSFER_INFO GetDmaTransferInfo;
  PINITIALIZE_DMA_TRANSFER_CONTEXT InitializeDmaTransferContext;
  PALLOCATE_COMMON_BUFFER_EX AllocateCommonBufferEx;
  PALLOCATE_ADAPTER_CHANNEL_EX AllocateAdapterChannelEx;
  PCONFIGURE_ADAPTER_CHANNEL ConfigureAdapterChannel;
  PCANCEL_ADAPTER_CHANNEL CancelAdapterChannel;
  PMAP_TRANSFER_EX MapTransferEx;
  PGET_SCATTER_GATHER_LIST_EX GetScatterGatherListEx;
  PBUILD_SCATTER_GATHER_LIST_EX BuildScatterGatherListEx;
  PFLUSH_ADAPTER_BUFFERS_EX FlushAdapterBuffersEx;
  PFREE_ADAPTER_OBJECT FreeAdapterObject;
  PCANCEL_MAPPED_TRANSFER CancelMappedTransfer;
  PALLOCATE_DOMAIN_COMMON_BUFFER AllocateDomainCommonBuffer;
  PFLUSH_DMA_BUFFER FlushDmaBuffer;
  PJOIN_DMA_DOMAIN JoinDmaDomain;
  PLEAVE_DMA_DOMAIN LeaveDmaDomain;
  PGET_DMA_DOMAIN GetDmaDomain;
  PALLOCATE_COMMON_BUFFER_WITH_BOUNDS AllocateCommonBufferWithBounds;
} DMA_OPERATIONS, *PDMA_OPERATIONS;

// An adapter for the device, and in *NumberOfMapRegisters how many map registers one transfer may
// have: enough for MaximumLength bytes wherever they begin, or fewer. PutDmaAdapter ends it. NULL:
// a version that is none, an address width that is none, no such channel, no memory.
// IRQL PASSIVE_LEVEL.                                                       [MSDN IoGetDmaAdapter]
PDMA_ADAPTER NTAPI IoGetDmaAdapter(PDEVICE_OBJECT PhysicalDeviceObject,
                                   PDEVICE_DESCRIPTION DeviceDescription,
                                   PULONG NumberOfMapRegisters);

#ifdef __cplusplus
}
#endif

#include <nt/io/dma_calls.h>
