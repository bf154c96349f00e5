// Threads: regions, priority, affinity, alerts. Processors: who is there.
//   A caller that breaks a level rule gets the bugcheck Driver Verifier gives:
//   DRIVER_VERIFIER_DETECTED_VIOLATION.
#pragma once

#include <nt/ke/dispatcher.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LOW_PRIORITY 0
#define LOW_REALTIME_PRIORITY 16
#define HIGH_PRIORITY 31
#define MAXIMUM_PRIORITY 32
#define ALL_PROCESSOR_GROUPS 0xffff

// The calling thread. Any IRQL.                                        [MSDN KeGetCurrentThread]
PKTHREAD NTAPI KeGetCurrentThread(void);

// Until as many leaves as enters, no normal kernel APC interrupts the thread. IRQL <= APC_LEVEL.
// Leaving one that was not entered is bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION, 0x3E.
//                                                                    [MSDN KeEnterCriticalRegion]
VOID NTAPI KeEnterCriticalRegion(void);
VOID NTAPI KeLeaveCriticalRegion(void);
// TRUE inside a critical or a guarded region. IRQL <= DISPATCH_LEVEL.
//                                                                       [MSDN KeAreApcsDisabled]
BOOLEAN NTAPI KeAreApcsDisabled(void);

// Until as many leaves as enters, no APC at all interrupts the thread. IRQL <= APC_LEVEL. Leaving
// one that was not entered is bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION, 0x4000E.
//                                                                     [MSDN KeEnterGuardedRegion]
VOID NTAPI KeEnterGuardedRegion(void);
VOID NTAPI KeLeaveGuardedRegion(void);
// TRUE inside a guarded region, and at APC_LEVEL and above. IRQL <= DISPATCH_LEVEL.
//                                                                    [MSDN KeAreAllApcsDisabled]
BOOLEAN NTAPI KeAreAllApcsDisabled(void);

// Priority 1 to 31; outside them STATUS_INVALID_PARAMETER_2 is raised. Returns the one before.
// IRQL <= DISPATCH_LEVEL.                                             [MSDN KeSetPriorityThread]
KPRIORITY NTAPI KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority);
// Any IRQL.                                                         [MSDN KeQueryPriorityThread]
KPRIORITY NTAPI KeQueryPriorityThread(PKTHREAD Thread);

// Base and current priority become that of the process, 8 for the System process, plus Increment,
// kept within 1 to 15; an Increment of 16 or more, or -16 or less, means the highest and the
// lowest. Returns the increment before: 16 or -16 if it was such a one. IRQL <= DISPATCH_LEVEL.
//                                                                   [MSDN KeSetBasePriorityThread]
LONG NTAPI KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment);

// Clock ticks that found the thread running: in the kernel, and in *UserTime outside of it.
// IRQL <= DISPATCH_LEVEL.                                             [MSDN KeQueryRuntimeThread]
ULONG NTAPI KeQueryRuntimeThread(PKTHREAD Thread, PULONG UserTime);

// The calling thread runs only on these processors until reverted; it is on one of them when the
// call returns, if IRQL <= APC_LEVEL, else once the level falls. A mask without an active processor
// changes nothing. Returns the system affinity before, 0 if there was none, for
// KeRevertToUserAffinityThreadEx. IRQL <= DISPATCH_LEVEL.        [MSDN KeSetSystemAffinityThreadEx]
VOID NTAPI KeSetSystemAffinityThread(KAFFINITY Affinity);
KAFFINITY NTAPI KeSetSystemAffinityThreadEx(KAFFINITY Affinity);
VOID NTAPI KeRevertToUserAffinityThread(void);
VOID NTAPI KeRevertToUserAffinityThreadEx(KAFFINITY Affinity);

// The same with a group, which must be 0, and a mask of active processors only; else nothing
// changes and *PreviousAffinity (may be null) is zero, as it is when there was no system affinity
// before. Reverting to zero is reverting to the thread's own. IRQL <= DISPATCH_LEVEL.
//                                                            [MSDN KeSetSystemGroupAffinityThread]
VOID NTAPI KeSetSystemGroupAffinityThread(PGROUP_AFFINITY Affinity,
                                          PGROUP_AFFINITY PreviousAffinity);
VOID NTAPI KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY PreviousAffinity);

// The processor to prefer; one that does not exist changes nothing. Returns the one before.
//                                                               [MSDN KeSetIdealProcessorThread]
UCHAR NTAPI KeSetIdealProcessorThread(PKTHREAD Thread, UCHAR Processor);

// Ends an alertable wait of the thread (STATUS_ALERTED), or the next one. TRUE if an alert was
// waiting already. Alerts of both modes are one: AlertMode changes nothing. IRQL <= DISPATCH_LEVEL.
//                                                                                  [WI7 p1 ch4]
BOOLEAN NTAPI KeAlertThread(PKTHREAD Thread, KPROCESSOR_MODE AlertMode);
// Whether an alert is waiting for the calling thread; it is taken back. IRQL <= DISPATCH_LEVEL.
BOOLEAN NTAPI KeTestAlertThread(KPROCESSOR_MODE AlertMode);

// ---- Stacks
#define KERNEL_STACK_SIZE 0x6000
#define KERNEL_LARGE_STACK_SIZE 0x12000
#define MAXIMUM_EXPANSION_SIZE (KERNEL_LARGE_STACK_SIZE - (PAGE_SIZE / 2))

// Calls Callout(Parameter) with at least Size bytes of stack before it, on another stack if this
// one has less left, and returns when it has. Callout leaves the IRQL as it found it; its thread
// must not end in it (bugcheck KERNEL_EXPAND_STACK_ACTIVE). IRQL <= APC_LEVEL.
// STATUS_INVALID_PARAMETER_3: Size is more than MAXIMUM_EXPANSION_SIZE. STATUS_NO_MEMORY.
// STATUS_STACK_OVERFLOW: the thread stands in eight such calls already, each on another stack.
//                                                            [MSDN KeExpandKernelStackAndCallout]
typedef VOID(NTAPI EXPAND_STACK_CALLOUT)(PVOID Parameter);
typedef EXPAND_STACK_CALLOUT* PEXPAND_STACK_CALLOUT;
NTSTATUS NTAPI KeExpandKernelStackAndCallout(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter,
                                             SIZE_T Size);
// The same at IRQL <= DISPATCH_LEVEL. With Wait it waits for memory, a tenth of a second at most:
// STATUS_INVALID_PARAMETER_4 at DISPATCH_LEVEL. Context is reserved.
//                                                          [MSDN KeExpandKernelStackAndCalloutEx]
NTSTATUS NTAPI KeExpandKernelStackAndCalloutEx(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter,
                                               SIZE_T Size, BOOLEAN Wait, PVOID Context);

// ---- Processors: any IRQL
// The processor the caller runs on when it is asked; below DISPATCH_LEVEL it may have moved since.
// Inline in the DDK.
//                                                               [MSDN KeGetCurrentProcessorNumber]
ULONG NTAPI KeGetCurrentProcessorNumber(void);
// The number, and in *ProcNumber (may be null) group and number.
//                                                              [MSDN KeGetCurrentProcessorNumberEx]
ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber);
// How many run, in *ActiveProcessors (may be null) which.      [MSDN KeQueryActiveProcessorCount]
ULONG NTAPI KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors);
// The same as data, of which there is one for each System; older drivers look at it.    [ntddk.h]
#ifdef _WIN32
extern DECLSPEC_IMPORT CCHAR KeNumberProcessors;
#else
CCHAR* NTAPI MicaCellKeNumberProcessors(void);
#define KeNumberProcessors MicaCellKeNumberProcessors()[0]
#endif
// GroupNumber 0 or ALL_PROCESSOR_GROUPS; another has none: 0. [MSDN KeQueryActiveProcessorCountEx]
ULONG NTAPI KeQueryActiveProcessorCountEx(USHORT GroupNumber);
KAFFINITY NTAPI KeQueryActiveProcessors(void);
ULONG NTAPI KeQueryMaximumProcessorCount(void);
ULONG NTAPI KeQueryMaximumProcessorCountEx(USHORT GroupNumber);
USHORT NTAPI KeQueryActiveGroupCount(void);  // there is one group
USHORT NTAPI KeQueryMaximumGroupCount(void);
// The active processors of a group; 0 if there is no such group.        [MSDN KeQueryGroupAffinity]
KAFFINITY NTAPI KeQueryGroupAffinity(USHORT GroupNumber);

// Between an index, counted over all groups, and group and number. STATUS_INVALID_PARAMETER, or
// INVALID_PROCESSOR_INDEX, for what is no processor.          [MSDN KeGetProcessorNumberFromIndex]
#define INVALID_PROCESSOR_INDEX 0xffffffff
NTSTATUS NTAPI KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber);
ULONG NTAPI KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber);

// There is one node, number 0, with every processor. Of another node the affinity is zero, and so
// is each count.
//                                                                  [MSDN KeQueryNodeActiveAffinity]
USHORT NTAPI KeQueryHighestNodeNumber(void);
USHORT NTAPI KeGetCurrentNodeNumber(void);
VOID NTAPI KeQueryNodeActiveAffinity(USHORT NodeNumber, PGROUP_AFFINITY Affinity, PUSHORT Count);
USHORT NTAPI KeQueryNodeMaximumProcessorCount(USHORT NodeNumber);

#ifdef __cplusplus
}
#endif
