// Objects to wait for, and waits.
//   A caller that breaks a level rule gets the bugcheck Driver Verifier gives: DRIVER_VERIFIER_DETECTED_VIOLATION.
#pragma once

#include <nt/ke/dispatcher.h>
#include <nt/ntstatus.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Events. IRQL <= DISPATCH_LEVEL; with Wait = TRUE, which leaves the level raised for the wait that must follow,
// <= APC_LEVEL. Set, reset and read return the signal state before; `Increment` boosts the threads that are woken.
// [MSDN KeInitializeEvent] [MSDN KeSetEvent] [MSDN KeResetEvent] [MSDN KeClearEvent] [MSDN KeReadStateEvent]
VOID NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State);
LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait);
LONG NTAPI KeResetEvent(PRKEVENT Event);
VOID NTAPI KeClearEvent(PRKEVENT Event);
LONG NTAPI KeReadStateEvent(PRKEVENT Event);

// ---- Semaphores. Levels as for events. A release returns the count before; one that would exceed the limit, or does not
// add, raises STATUS_SEMAPHORE_LIMIT_EXCEEDED.              [MSDN KeInitializeSemaphore] [MSDN KeReleaseSemaphore]
VOID NTAPI KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit);
LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment, BOOLEAN Wait);
LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE Semaphore);

// ---- Mutexes and mutants. Levels as for events. SignalState: 1 free, 0 owned, below that owned again. A release
// returns the state before; one by another thread raises STATUS_MUTANT_NOT_OWNED, of an abandoned one STATUS_ABANDONED.
// A mutex keeps its owner in a critical region, and must not be owned when its owner ends.
// [MSDN KeInitializeMutex] [MSDN KeReleaseMutex] [MSDN KeReadStateMutex]
VOID NTAPI KeInitializeMutex(PRKMUTEX Mutex, ULONG Level);
LONG NTAPI KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait);
LONG NTAPI KeReadStateMutex(PRKMUTEX Mutex);
VOID NTAPI KeInitializeMutant(PRKMUTANT Mutant, BOOLEAN InitialOwner);
LONG NTAPI KeReleaseMutant(PRKMUTANT Mutant, KPRIORITY Increment, BOOLEAN Abandoned, BOOLEAN Wait);

// ---- Waits. IRQL <= APC_LEVEL; with a zero timeout <= DISPATCH_LEVEL. `Timeout` in 100 ns: negative relative, else a system
// time; null waits for ever. STATUS_SUCCESS (plus the index for WaitAny), STATUS_TIMEOUT, STATUS_ALERTED when `Alertable`,
// STATUS_ABANDONED_WAIT_0 (plus the index) for an abandoned mutant.                    [MSDN KeWaitForSingleObject]
NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                     PLARGE_INTEGER Timeout);
// More than THREAD_WAIT_OBJECTS need WaitBlockArray; none, or more than MAXIMUM_WAIT_OBJECTS, is bugcheck
// MAXIMUM_WAIT_OBJECTS_EXCEEDED. WaitAll takes all objects at one instant.          [MSDN KeWaitForMultipleObjects]
NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType, KWAIT_REASON WaitReason,
                                        KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                        PKWAIT_BLOCK WaitBlockArray);
// STATUS_SUCCESS once the interval is over, or STATUS_ALERTED. IRQL <= APC_LEVEL.      [MSDN KeDelayExecutionThread]
NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Interval);
// Ends the thread's alertable wait, or its next one. Whether an alert was waiting already. IRQL <= DISPATCH_LEVEL.
// [WI7 p1 ch4]
BOOLEAN NTAPI KeAlertThread(PKTHREAD Thread, KPROCESSOR_MODE AlertMode);

// ---- Critical regions: normal kernel APCs of the thread wait. IRQL <= APC_LEVEL. Leaving one that was not entered is
// bugcheck 0xC4, 0x3E.                      [MSDN KeEnterCriticalRegion] [MSDN KeLeaveCriticalRegion] [MSDN KeAreApcsDisabled]
VOID NTAPI KeEnterCriticalRegion(void);
VOID NTAPI KeLeaveCriticalRegion(void);
BOOLEAN NTAPI KeAreApcsDisabled(void);

#ifdef __cplusplus
}
#endif
