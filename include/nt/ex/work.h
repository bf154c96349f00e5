// Work items: routines that a system worker thread calls at PASSIVE_LEVEL.
//   The memory of an item is its owner's, nonpaged; it must stay until its routine is called, which
//   may free it, or queue it again.
#pragma once

#include <nt/ntdef.h>

#ifdef __cplusplus
extern "C" {
#endif

// The priority of the thread that calls the routine, in order: 13, 12, 15, 8, 7, 18, 14.
// CustomPriorityWorkQueue + n: n, 1 to 31.                                   [MSDN WORK_QUEUE_TYPE]
typedef enum _WORK_QUEUE_TYPE {
  CriticalWorkQueue,
  DelayedWorkQueue,
  HyperCriticalWorkQueue,
  NormalWorkQueue,
  BackgroundWorkQueue,
  RealTimeWorkQueue,
  SuperCriticalWorkQueue,
  MaximumWorkQueue,
  CustomPriorityWorkQueue = 32
} WORK_QUEUE_TYPE;

typedef VOID(NTAPI WORKER_THREAD_ROUTINE)(PVOID Parameter);
typedef WORKER_THREAD_ROUTINE* PWORKER_THREAD_ROUTINE;

typedef struct _WORK_QUEUE_ITEM {
  LIST_ENTRY List;
  PWORKER_THREAD_ROUTINE WorkerRoutine;
  volatile PVOID Parameter;
} WORK_QUEUE_ITEM, *PWORK_QUEUE_ITEM;

// Any IRQL; the item is not queued.                                     [MSDN ExInitializeWorkItem]
#define ExInitializeWorkItem(Item, Routine, Context) \
  do {                                               \
    (Item)->WorkerRoutine = (Routine);               \
    (Item)->Parameter = (Context);                   \
    (Item)->List.Flink = NULL;                       \
  } while (0)

// The routine is called once for each time its item is queued; those of one priority begin in the
// order they were queued. It must return at PASSIVE_LEVEL (bugcheck
// WORKER_THREAD_RETURNED_AT_BAD_IRQL) with APCs enabled (APC_INDEX_MISMATCH), and must not end its
// thread (ACTIVE_EX_WORKER_THREAD_TERMINATION). Bugcheck WORKER_INVALID: 1, the item is queued
// already; 6, no such queue; 7, it has no routine. IRQL <= DISPATCH_LEVEL.   [MSDN ExQueueWorkItem]
VOID NTAPI ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType);

#ifdef __cplusplus
}
#endif
