// Events, semaphores, mutants, timers, and waiting for them.
//   A caller that breaks a level rule gets the bugcheck Driver Verifier gives:
//   DRIVER_VERIFIER_DETECTED_VIOLATION.
//   The caller provides the object's memory, nonpaged, and keeps it until nobody waits on it.
#pragma once

#include <nt/ke/dispatcher.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IO_NO_INCREMENT 0
#define EVENT_INCREMENT 1
#define SEMAPHORE_INCREMENT 1
#define MUTANT_INCREMENT 1

// ---- Events
// A notification event stays signaled until reset; a synchronization event until one wait is
// satisfied.
// Any IRQL; nobody may use the event meanwhile.                            [MSDN KeInitializeEvent]
VOID NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State);

// Signals; wakes one waiter (synchronization) or all. Increment is added to their priority.
// Returns the state before, 0 or not 0. Wait TRUE: IRQL stays raised for the wait that must follow
// at once (then IRQL <= APC_LEVEL).
// IRQL <= DISPATCH_LEVEL.                                                         [MSDN KeSetEvent]
LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait);

// As KeSetEvent for who waits now, wait-all included; satisfies no wait that begins later, and the
// event is not signaled when the call returns. Returns the state before. IRQL <= DISPATCH_LEVEL.
//                                                                              [MSDN KePulseEvent]
LONG NTAPI KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait);

// Unsignals; KeResetEvent returns the state before. IRQL <= DISPATCH_LEVEL.   [MSDN KeResetEvent]
LONG NTAPI KeResetEvent(PRKEVENT Event);
VOID NTAPI KeClearEvent(PRKEVENT Event);

// Not 0 if signaled. IRQL <= DISPATCH_LEVEL.                              [MSDN KeReadStateEvent]
LONG NTAPI KeReadStateEvent(PRKEVENT Event);

// ---- Semaphores
// Count units now, 0 <= Count <= Limit, Limit > 0. Any IRQL.        [MSDN KeInitializeSemaphore]
VOID NTAPI KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit);

// Adds Adjustment units and returns the count before. Past the limit, or Adjustment <= 0: raises
// STATUS_SEMAPHORE_LIMIT_EXCEEDED. Wait as in KeSetEvent. IRQL <= DISPATCH_LEVEL.
//                                                                      [MSDN KeReleaseSemaphore]
LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment,
                              BOOLEAN Wait);

// The number of units. Any IRQL.                                     [MSDN KeReadStateSemaphore]
LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE Semaphore);

// ---- Mutexes and mutants
// A mutex is a mutant whose owner runs with kernel APCs disabled and must not own it when it ends:
// bugcheck THREAD_TERMINATE_HELD_MUTEX. Level is reserved: 0. Starts free.
// Any IRQL.
//                                                                       [MSDN KeInitializeMutex]
VOID NTAPI KeInitializeMutex(PRKMUTEX Mutex, ULONG Level);

// Undoes one acquisition; returns the state before: 0 when that freed it, negative when it was held
// recursively. By another than the owner: raises STATUS_MUTANT_NOT_OWNED (STATUS_ABANDONED if
// abandoned). Wait as in KeSetEvent.
// IRQL <= DISPATCH_LEVEL.                                                     [MSDN KeReleaseMutex]
LONG NTAPI KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait);

// 1 if free, else how often it is held as 1 - depth. IRQL <= DISPATCH_LEVEL.
//                                                                           [MSDN KeReadStateMutex]
LONG NTAPI KeReadStateMutex(PRKMUTEX Mutex);

// InitialOwner TRUE: held by the calling thread from the start. IRQL <= DISPATCH_LEVEL.
VOID NTAPI KeInitializeMutant(PRKMUTANT Mutant, BOOLEAN InitialOwner);

// As KeReleaseMutex; Abandoned TRUE frees it whoever owns it, and the next wait reports
// STATUS_ABANDONED.
LONG NTAPI KeReleaseMutant(PRKMUTANT Mutant, KPRIORITY Increment, BOOLEAN Abandoned, BOOLEAN Wait);

// ---- Timers
// Not signaled, not set. KeInitializeTimer makes a notification timer. Any IRQL.
//                                                                       [MSDN KeInitializeTimerEx]
VOID NTAPI KeInitializeTimer(PKTIMER Timer);
VOID NTAPI KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type);

// Signals the timer and queues Dpc (may be null) at DueTime: in 100 ns, negative from now, else
// since 1601. With a Period (milliseconds) then again and again. TRUE if the timer was set before.
// IRQL <= DISPATCH_LEVEL.                                                       [MSDN KeSetTimerEx]
BOOLEAN NTAPI KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc);
BOOLEAN NTAPI KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc);

// The same, but each time up to TolerableDelay milliseconds later, together with others if it can
// be.
//                                                                      [MSDN KeSetCoalescableTimer]
BOOLEAN NTAPI KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period,
                                    ULONG TolerableDelay, PKDPC Dpc);

// TRUE if the timer was set. A DPC that is queued already still runs. IRQL <= DISPATCH_LEVEL.
//                                                                            [MSDN KeCancelTimer]
BOOLEAN NTAPI KeCancelTimer(PKTIMER Timer);

// TRUE if signaled. Any IRQL.                                             [MSDN KeReadStateTimer]
BOOLEAN NTAPI KeReadStateTimer(PKTIMER Timer);

// ---- Waits
// Timeout: null waits for ever; *Timeout in 100 ns, negative from now, 0 polls, positive since
// 1601.
// IRQL <= APC_LEVEL, with a zero timeout <= DISPATCH_LEVEL. Returns STATUS_SUCCESS,
// STATUS_ABANDONED (mutant of a dead owner, now ours), STATUS_TIMEOUT, STATUS_ALERTED (only if
// Alertable), STATUS_USER_APC.                                         [MSDN KeWaitForSingleObject]
NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason,
                                     KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                     PLARGE_INTEGER Timeout);
#define KeWaitForMutexObject KeWaitForSingleObject

// Count objects, at most THREAD_WAIT_OBJECTS without a WaitBlockArray, else MAXIMUM_WAIT_OBJECTS:
// more is bugcheck MAXIMUM_WAIT_OBJECTS_EXCEEDED. WaitAny: STATUS_WAIT_0 + index; WaitAll:
// STATUS_SUCCESS, all at one instant;
// STATUS_ABANDONED_WAIT_0 + index; else as above.                   [MSDN KeWaitForMultipleObjects]
NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType,
                                        KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                                        BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                        PKWAIT_BLOCK WaitBlockArray);

// Waits for an interval (as Timeout above). STATUS_SUCCESS when it has passed, STATUS_ALERTED,
// STATUS_USER_APC.
// IRQL <= APC_LEVEL.                                                  [MSDN KeDelayExecutionThread]
NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                      PLARGE_INTEGER Interval);

#ifdef __cplusplus
}
#endif
