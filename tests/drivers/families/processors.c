/* Which processors there are, on which a thread runs and how important it is; their extended
   registers, and stacks. */
#define FAMILY "processors"
#include "expect.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD ProcessorsUnload;
PROCESSOR_CALLBACK_FUNCTION ProcessorAdded;
EXPAND_STACK_CALLOUT DeepCallout;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, ProcessorsUnload)
#pragma alloc_text(PAGE, ProcessorAdded)
#endif

typedef struct _ADDED {
  ULONG Started;
  ULONG Completed;
} ADDED, *PADDED;

_Use_decl_annotations_ VOID ProcessorAdded(PVOID CallbackContext,
                                           PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT ChangeContext,
                                           PNTSTATUS OperationStatus) {
  PADDED Added = CallbackContext;

  PAGED_CODE();
  EXPECT(KeGetProcessorIndexFromNumber(&ChangeContext->ProcNumber) == ChangeContext->NtNumber);
  if (ChangeContext->State == KeProcessorAddStartNotify) {
    ++Added->Started;
    *OperationStatus = STATUS_SUCCESS;
  } else if (ChangeContext->State == KeProcessorAddCompleteNotify) {
    ++Added->Completed;
  }
}

static VOID CheckCounts(VOID) {
  KAFFINITY Active = 0;
  ULONG Count = KeQueryActiveProcessorCount(&Active);
  GROUP_AFFINITY Node;
  PROCESSOR_NUMBER Number;
  USHORT NodeCount = 0;

  EXPECT(Count > 0 && Count == PopulationCount64(Active) && Count == (ULONG)KeNumberProcessors);
  EXPECT(Active == KeQueryActiveProcessors() && Active == KeQueryGroupAffinity(0));
  EXPECT(KeQueryActiveGroupCount() == 1 && KeQueryMaximumGroupCount() >= 1);
  EXPECT(KeQueryActiveProcessorCountEx(0) == Count && KeQueryActiveProcessorCountEx(7) == 0);
  EXPECT(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS) == Count);
  EXPECT(KeQueryMaximumProcessorCount() >= Count && KeQueryMaximumProcessorCountEx(0) >= Count);
  EXPECT(KeQueryGroupAffinity(1) == 0);
  for (ULONG Index = 0; Index < Count; ++Index) {
    EXPECT(KeGetProcessorNumberFromIndex(Index, &Number) == STATUS_SUCCESS);
    EXPECT(Number.Group == 0 && Number.Number == Index && Number.Reserved == 0);
    EXPECT(KeGetProcessorIndexFromNumber(&Number) == Index);
  }
  EXPECT(KeGetProcessorNumberFromIndex(Count, &Number) == STATUS_INVALID_PARAMETER);
  Number.Group = 1;
  Number.Number = 0;
  EXPECT(KeGetProcessorIndexFromNumber(&Number) == INVALID_PROCESSOR_INDEX);
  EXPECT(KeGetCurrentNodeNumber() <= KeQueryHighestNodeNumber());
  KeQueryNodeActiveAffinity(KeGetCurrentNodeNumber(), &Node, &NodeCount);
  EXPECT(Node.Group == 0 && NodeCount == PopulationCount64(Node.Mask) && NodeCount > 0);
  EXPECT(KeQueryNodeMaximumProcessorCount(KeGetCurrentNodeNumber()) >= NodeCount);
}

static VOID CheckAffinity(VOID) {
  ULONG Count = KeQueryActiveProcessorCount(NULL);
  GROUP_AFFINITY Affinity, Previous;
  PROCESSOR_NUMBER Number;
  KAFFINITY Old;

  for (ULONG Index = 0; Index < Count; ++Index) {
    Old = KeSetSystemAffinityThreadEx((KAFFINITY)1 << Index);
    EXPECT(Old == 0 && KeGetCurrentProcessorNumber() == Index);
    EXPECT(KeSetSystemAffinityThreadEx(1) == (KAFFINITY)1 << Index);
    EXPECT(KeGetCurrentProcessorNumberEx(&Number) == 0 && Number.Number == 0);
    KeRevertToUserAffinityThreadEx((KAFFINITY)1 << Index);
    EXPECT(KeGetCurrentProcessorNumber() == Index);
    KeRevertToUserAffinityThreadEx(Old);

    RtlZeroMemory(&Affinity, sizeof(Affinity));
    Affinity.Mask = (KAFFINITY)1 << Index;
    KeSetSystemGroupAffinityThread(&Affinity, &Previous);
    EXPECT(Previous.Mask == 0 && KeGetCurrentProcessorNumberEx(&Number) == Index);
    EXPECT(Number.Group == 0 && Number.Number == Index);
    KeRevertToUserGroupAffinityThread(&Previous);

    KeSetSystemAffinityThread((KAFFINITY)1 << Index);
    EXPECT(KeGetCurrentProcessorNumber() == Index);
    KeRevertToUserAffinityThread();
  }
}

static VOID CheckPriority(VOID) {
  PKTHREAD Thread = KeGetCurrentThread();
  KPRIORITY Priority = KeQueryPriorityThread(Thread);
  NTSTATUS Raised = STATUS_SUCCESS;
  ULONG KernelTime, LaterKernelTime, UserTime = 99;
  LONG Increment;
  UCHAR Ideal;

  EXPECT(KeSetPriorityThread(Thread, LOW_REALTIME_PRIORITY) == Priority);
  EXPECT(KeQueryPriorityThread(Thread) == LOW_REALTIME_PRIORITY);
  __try {
    KeSetPriorityThread(Thread, HIGH_PRIORITY + 1);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    Raised = GetExceptionCode();
  }
  EXPECT(!NT_SUCCESS(Raised) && KeSetPriorityThread(Thread, Priority) == LOW_REALTIME_PRIORITY);
  Increment = KeSetBasePriorityThread(Thread, 1);
  EXPECT(KeSetBasePriorityThread(Thread, Increment) == 1);
  KeSetPriorityThread(Thread, Priority);
  Ideal = KeSetIdealProcessorThread(Thread, 0);
  EXPECT(KeSetIdealProcessorThread(Thread, Ideal) == 0);
  KernelTime = KeQueryRuntimeThread(Thread, &UserTime);
  LaterKernelTime = KeQueryRuntimeThread(Thread, &UserTime);
  EXPECT(UserTime == 0 && LaterKernelTime >= KernelTime);
}

static VOID CheckChanges(VOID) {
  ADDED Added = {0, 0};
  PVOID Handle =
      KeRegisterProcessorChangeCallback(ProcessorAdded, &Added, KE_PROCESSOR_CHANGE_ADD_EXISTING);

  if (!EXPECT(Handle != NULL)) return;
  EXPECT(Added.Started == KeQueryActiveProcessorCount(NULL) && Added.Completed == Added.Started);
  KeDeregisterProcessorChangeCallback(Handle);
}

static VOID CheckExtendedState(VOID) {
  ULONG64 Enabled = RtlGetEnabledExtendedFeatures(~0ull);
  XSTATE_SAVE Save, Inner;
  KFLOATING_SAVE Floating;

  EXPECT((Enabled & XSTATE_MASK_LEGACY) == XSTATE_MASK_LEGACY);
  EXPECT(RtlGetEnabledExtendedFeatures(XSTATE_MASK_LEGACY) == XSTATE_MASK_LEGACY);
  if (EXPECT(NT_SUCCESS(KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY, &Save)))) {
    if (EXPECT(NT_SUCCESS(KeSaveExtendedProcessorState(Enabled & XSTATE_MASK_GSSE, &Inner)))) {
      KeRestoreExtendedProcessorState(&Inner);
    }
    KeRestoreExtendedProcessorState(&Save);
  }
  if (EXPECT(NT_SUCCESS(KeSaveFloatingPointState(&Floating)))) {
    EXPECT(NT_SUCCESS(KeRestoreFloatingPointState(&Floating)));
  }
}

typedef struct _DEPTH {
  ULONG_PTR Remaining;
  ULONG Calls;
} DEPTH, *PDEPTH;

_Use_decl_annotations_ VOID DeepCallout(PVOID Parameter) {
  PDEPTH Depth = Parameter;

  Depth->Remaining = IoGetRemainingStackSize();
  ++Depth->Calls;
}

static VOID CheckStacks(VOID) {
  DEPTH Depth = {0, 0};
  ULONG_PTR Low, High;

  IoGetStackLimits(&Low, &High);
  EXPECT(Low < (ULONG_PTR)&Low && (ULONG_PTR)&Low < High);
  EXPECT(IoGetRemainingStackSize() > 0 && IoGetRemainingStackSize() < High - Low);
  EXPECT(NT_SUCCESS(
      KeExpandKernelStackAndCallout(DeepCallout, &Depth, MAXIMUM_EXPANSION_SIZE - PAGE_SIZE)));
  EXPECT(Depth.Remaining >= MAXIMUM_EXPANSION_SIZE - 2 * PAGE_SIZE);
  EXPECT(NT_SUCCESS(KeExpandKernelStackAndCalloutEx(
      DeepCallout, &Depth, MAXIMUM_EXPANSION_SIZE - PAGE_SIZE, TRUE, NULL)));
  EXPECT(Depth.Calls == 2);
  EXPECT(KeExpandKernelStackAndCalloutEx(DeepCallout, &Depth, MAXIMUM_EXPANSION_SIZE + 1, FALSE,
                                         NULL) == STATUS_INVALID_PARAMETER_3);
  EXPECT(Depth.Calls == 2);
}

_Use_decl_annotations_ VOID ProcessorsUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = ProcessorsUnload;
  CheckCounts();
  CheckAffinity();
  CheckPriority();
  CheckChanges();
  CheckExtendedState();
  CheckStacks();
  return ExpectationsStatus();
}
