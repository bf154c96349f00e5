// Work items of devices and drivers.
//   What an item belongs to is referenced from the time it is queued until its routine has
//   returned: a driver's image stays that long.
#pragma once

#include <nt/ex/work.h>
#include <nt/io/objects.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _IO_WORKITEM IO_WORKITEM, *PIO_WORKITEM;

typedef VOID(NTAPI IO_WORKITEM_ROUTINE)(PDEVICE_OBJECT DeviceObject, PVOID Context);
typedef IO_WORKITEM_ROUTINE* PIO_WORKITEM_ROUTINE;
typedef VOID(NTAPI IO_WORKITEM_ROUTINE_EX)(PVOID IoObject, PVOID Context, PIO_WORKITEM IoWorkItem);
typedef IO_WORKITEM_ROUTINE_EX* PIO_WORKITEM_ROUTINE_EX;

// An item of the device, or the driver; null without memory. Bugcheck WORKER_INVALID with 3 for
// another object. IRQL <= DISPATCH_LEVEL.                               [MSDN IoAllocateWorkItem]
PIO_WORKITEM NTAPI IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject);
// Not while it is queued: bugcheck WORKER_INVALID with 2. Its routine may free it. IRQL <=
// DISPATCH_LEVEL.                                                           [MSDN IoFreeWorkItem]
VOID NTAPI IoFreeWorkItem(PIO_WORKITEM IoWorkItem);

// The same for an item in the caller's own memory, nonpaged, of that many bytes: IoObject is a
// device or a driver. IRQL: the first any, the others <= DISPATCH_LEVEL.
//                          [MSDN IoSizeofWorkItem, IoInitializeWorkItem, IoUninitializeWorkItem]
ULONG NTAPI IoSizeofWorkItem(void);
VOID NTAPI IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem);
VOID NTAPI IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem);

// A system worker thread calls the routine once, as one of ExQueueWorkItem. It may free the item or
// queue it again. Bugcheck WORKER_INVALID: 1, the item is queued already; 6, no such queue; 7, no
// routine. IRQL <= DISPATCH_LEVEL.                      [MSDN IoQueueWorkItem, IoQueueWorkItemEx]
VOID NTAPI IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine,
                           WORK_QUEUE_TYPE QueueType, PVOID Context);
VOID NTAPI IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                             WORK_QUEUE_TYPE QueueType, PVOID Context);

#ifdef __cplusplus
}
#endif
