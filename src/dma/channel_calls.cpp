// Asking for a channel, taking that back, and giving back what was given.
//   [MSDN AllocateAdapterChannelEx, CancelAdapterChannel, FreeAdapterChannel, FreeAdapterObject,
//   FreeMapRegisters]
#include "dma/operations.hpp"

namespace mica::dma {

NTSTATUS NTAPI allocate_channel(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, ULONG registers,
                                PDRIVER_CONTROL routine, PVOID context) {
  Adapter& object = adapter_of(adapter);
  require_dispatch();
  return ask(object, {device->Queue.Wcb, nullptr, routine, context, registers, device, false},
             nullptr);
}

NTSTATUS NTAPI allocate_channel_ex(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context,
                                   ULONG registers, ULONG flags, PDRIVER_CONTROL routine,
                                   PVOID routine_context, PVOID* base) {
  Adapter& object = adapter_of(adapter);
  require_dispatch();
  bool const synchronous = (flags & DMA_SYNCHRONOUS_CALLBACK) != 0;
  if ((flags & ~ULONG{DMA_SYNCHRONOUS_CALLBACK}) != 0 || context == nullptr)
    return STATUS_INVALID_PARAMETER;
  if (synchronous ? routine == nullptr && base == nullptr : routine == nullptr || base != nullptr)
    return STATUS_INVALID_PARAMETER;
  TransferContext& transfer = context_of(context);
  MapRegister* run = nullptr;
  NTSTATUS const status = ask(
      object, {transfer.wait, &transfer, routine, routine_context, registers, device, synchronous},
      &run);
  if (NT_SUCCESS(status) && base != nullptr) *base = run;
  return status;
}

NTSTATUS NTAPI initialize_context(PDMA_ADAPTER adapter, PVOID context) {
  require_adapter(adapter, DISPATCH_LEVEL);
  if (context == nullptr) return STATUS_INVALID_PARAMETER;
  context_of(context) = {};
  return STATUS_SUCCESS;
}

BOOLEAN NTAPI cancel_channel(PDMA_ADAPTER adapter, PDEVICE_OBJECT, PVOID context) {
  Adapter& object = adapter_of(adapter);
  require_at_most(DISPATCH_LEVEL);
  TransferContext& transfer = context_of(context);
  bool serves = false;
  Cancelled const cancelled = take_out(object, transfer, serves);
  if (cancelled != Cancelled::waiting) return cancelled == Cancelled::early ? TRUE : FALSE;
  WAIT_CONTEXT_BLOCK const& wait = transfer.wait;
  if (reinterpret_cast<PDRIVER_CONTROL>(wait.DeviceRoutine) == list_control)
    abandon(*static_cast<List*>(wait.DeviceContext));
  serve(object, serves);
  return TRUE;
}

VOID NTAPI free_object(PDMA_ADAPTER adapter, IO_ALLOCATION_ACTION action) {
  Adapter& object = adapter_of(adapter);
  require_at_most(DISPATCH_LEVEL);
  if (action == KeepObject) return;
  bool serves = false;
  if (!give_back(object, action, serves)) [[unlikely]]
    violation(Violation::free_channel, 1);
  serve(object, serves);
}

VOID NTAPI free_channel(PDMA_ADAPTER adapter) {
  free_object(adapter, DeallocateObject);
}

VOID NTAPI free_registers(PDMA_ADAPTER adapter, PVOID base, ULONG count) {
  Adapter& object = adapter_of(adapter);
  require_at_most(DISPATCH_LEVEL);
  if (base == nullptr && count == 0) return;
  MapRegister& run = run_of(object, base);
  if (run.run != count) [[unlikely]]
    violation(Violation::free_map_registers, count - run.run);
  if (run.mapped != 0 && ke::state().verified) [[unlikely]]
    violation(Violation::free_mapped, run.mapped);
  serve(object, give_back(object, run));
}

}  // namespace mica::dma
