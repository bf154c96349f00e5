// Operations of adapters by the names that they had before there were tables of them.
//   [MSDN IoAllocateAdapterChannel, IoMapTransfer, HalAllocateCommonBuffer, and their relatives]
#pragma once

#include <nt/io/dma.h>

#define DMA_MACROS_DEFINED

FORCEINLINE NTSTATUS IoAllocateAdapterChannel(PADAPTER_OBJECT DmaAdapter,
                                              PDEVICE_OBJECT DeviceObject,
                                              ULONG NumberOfMapRegisters,
                                              PDRIVER_CONTROL ExecutionRoutine, PVOID Context) {
  return DmaAdapter->DmaOperations->AllocateAdapterChannel(
      DmaAdapter, DeviceObject, NumberOfMapRegisters, ExecutionRoutine, Context);
}

FORCEINLINE BOOLEAN IoFlushAdapterBuffers(PADAPTER_OBJECT DmaAdapter, PMDL Mdl,
                                          PVOID MapRegisterBase, PVOID CurrentVa, ULONG Length,
                                          BOOLEAN WriteToDevice) {
  return DmaAdapter->DmaOperations->FlushAdapterBuffers(DmaAdapter, Mdl, MapRegisterBase, CurrentVa,
                                                        Length, WriteToDevice);
}

FORCEINLINE VOID IoFreeAdapterChannel(PADAPTER_OBJECT DmaAdapter) {
  DmaAdapter->DmaOperations->FreeAdapterChannel(DmaAdapter);
}

FORCEINLINE VOID IoFreeMapRegisters(PADAPTER_OBJECT DmaAdapter, PVOID MapRegisterBase,
                                    ULONG NumberOfMapRegisters) {
  DmaAdapter->DmaOperations->FreeMapRegisters(DmaAdapter, MapRegisterBase, NumberOfMapRegisters);
}

FORCEINLINE PHYSICAL_ADDRESS IoMapTransfer(PADAPTER_OBJECT DmaAdapter, PMDL Mdl,
                                           PVOID MapRegisterBase, PVOID CurrentVa, PULONG Length,
                                           BOOLEAN WriteToDevice) {
  return DmaAdapter->DmaOperations->MapTransfer(DmaAdapter, Mdl, MapRegisterBase, CurrentVa, Length,
                                                WriteToDevice);
}

FORCEINLINE PVOID HalAllocateCommonBuffer(PADAPTER_OBJECT DmaAdapter, ULONG Length,
                                          PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled) {
  return DmaAdapter->DmaOperations->AllocateCommonBuffer(DmaAdapter, Length, LogicalAddress,
                                                         CacheEnabled);
}

FORCEINLINE VOID HalFreeCommonBuffer(PADAPTER_OBJECT DmaAdapter, ULONG Length,
                                     PHYSICAL_ADDRESS LogicalAddress, PVOID VirtualAddress,
                                     BOOLEAN CacheEnabled) {
  DmaAdapter->DmaOperations->FreeCommonBuffer(DmaAdapter, Length, LogicalAddress, VirtualAddress,
                                              CacheEnabled);
}

FORCEINLINE ULONG HalReadDmaCounter(PADAPTER_OBJECT DmaAdapter) {
  return DmaAdapter->DmaOperations->ReadDmaCounter(DmaAdapter);
}

FORCEINLINE ULONG HalGetDmaAlignment(PADAPTER_OBJECT DmaAdapter) {
  return DmaAdapter->DmaOperations->GetDmaAlignment(DmaAdapter);
}
