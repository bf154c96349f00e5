/* Queues that threads take their work from, and the queues of devices. */
#define FAMILY "queues"
#include "threads.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD QueuesUnload;
KSTART_ROUTINE WorkingThread;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, QueuesUnload)
#endif

typedef struct _WORK {
  LIST_ENTRY Entry;
  LONG Number;
} WORK, *PWORK;

typedef struct _DESK {
  KQUEUE Queue;
  KEVENT Done;
  volatile LONG Sum;
} DESK, *PDESK;

/* Until the queue is run down. */
_Use_decl_annotations_ VOID WorkingThread(PVOID Context) {
  PDESK Desk = Context;

  for (;;) {
    PLIST_ENTRY Entry = KeRemoveQueue(&Desk->Queue, KernelMode, NULL);

    if ((NTSTATUS)(LONG_PTR)Entry == STATUS_ABANDONED) break;
    if (InterlockedAdd(&Desk->Sum, CONTAINING_RECORD(Entry, WORK, Entry)->Number) == 6) {
      KeSetEvent(&Desk->Done, IO_NO_INCREMENT, FALSE);
    }
  }
  PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS StatusOf(PLIST_ENTRY Entry) {
  return (NTSTATUS)(LONG_PTR)Entry;
}

static VOID CheckQueueAlone(VOID) {
  KQUEUE Queue;
  WORK Work[3];
  PLIST_ENTRY Entries[4] = {NULL, NULL, NULL, NULL};
  LARGE_INTEGER Soon = Milliseconds(1);

  KeInitializeQueue(&Queue, 0);
  EXPECT(StatusOf(KeRemoveQueue(&Queue, KernelMode, &Soon)) == STATUS_TIMEOUT);
  EXPECT(KeInsertQueue(&Queue, &Work[0].Entry) == 0 && KeInsertQueue(&Queue, &Work[1].Entry) == 1);
  EXPECT(KeInsertHeadQueue(&Queue, &Work[2].Entry) == 2 && KeReadStateQueue(&Queue) == 3);
  EXPECT(KeRemoveQueue(&Queue, KernelMode, NULL) == &Work[2].Entry);
  EXPECT(KeRemoveQueueEx(&Queue, KernelMode, FALSE, NULL, Entries, ARRAYSIZE(Entries)) == 2);
  EXPECT(Entries[0] == &Work[0].Entry && Entries[1] == &Work[1].Entry);
  EXPECT(KeReadStateQueue(&Queue) == 0);
  EXPECT(KeRemoveQueueEx(&Queue, KernelMode, FALSE, &Soon, Entries, 1) == 1);
  EXPECT(StatusOf(Entries[0]) == STATUS_TIMEOUT);
  KeInsertQueue(&Queue, &Work[0].Entry);
  KeInsertQueue(&Queue, &Work[1].Entry);
  EXPECT(KeRundownQueue(&Queue) == &Work[0].Entry);
  EXPECT(Work[0].Entry.Flink == &Work[1].Entry && Work[1].Entry.Flink == &Work[0].Entry);
}

static VOID CheckWorkers(VOID) {
  DESK Desk;
  PETHREAD Threads[2];
  WORK Work[3];

  Desk.Sum = 0;
  KeInitializeQueue(&Desk.Queue, 1);
  KeInitializeEvent(&Desk.Done, NotificationEvent, FALSE);
  Threads[0] = StartThread(WorkingThread, &Desk);
  Threads[1] = StartThread(WorkingThread, &Desk);
  if (Threads[0] != NULL && Threads[1] != NULL) {
    for (LONG Index = 0; Index < 3; ++Index) {
      Work[Index].Number = Index + 1;
      KeInsertQueue(&Desk.Queue, &Work[Index].Entry);
    }
    EXPECT(WaitFor(&Desk.Done, 60000) == STATUS_SUCCESS);
  }
  EXPECT(KeRundownQueue(&Desk.Queue) == NULL);
  JoinThread(Threads[0]);
  JoinThread(Threads[1]);
}

static VOID CheckDeviceQueue(VOID) {
  KDEVICE_QUEUE Queue;
  KDEVICE_QUEUE_ENTRY First, Second, Third, Fourth;
  KIRQL OldIrql;

  KeInitializeDeviceQueue(&Queue);
  KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
  EXPECT(KeRemoveByKeyDeviceQueueIfBusy(&Queue, 0) == NULL);
  EXPECT(!KeInsertDeviceQueue(&Queue, &First)); /* the device is free: it has it */
  EXPECT(KeInsertByKeyDeviceQueue(&Queue, &Second, 20));
  EXPECT(KeInsertByKeyDeviceQueue(&Queue, &Third, 10));
  EXPECT(KeInsertDeviceQueue(&Queue, &Fourth) && Fourth.Inserted);
  EXPECT(KeRemoveEntryDeviceQueue(&Queue, &Fourth) && !KeRemoveEntryDeviceQueue(&Queue, &Fourth));
  EXPECT(KeRemoveByKeyDeviceQueue(&Queue, 15) == &Second);
  EXPECT(KeInsertByKeyDeviceQueue(&Queue, &Second, 20));
  EXPECT(KeRemoveByKeyDeviceQueueIfBusy(&Queue, 30) == &Third); /* none follows: the first */
  EXPECT(KeRemoveDeviceQueue(&Queue) == &Second && Queue.Busy);
  EXPECT(KeRemoveDeviceQueue(&Queue) == NULL && !Queue.Busy);
  EXPECT(!KeInsertByKeyDeviceQueue(&Queue, &First, 5));
  EXPECT(KeRemoveByKeyDeviceQueue(&Queue, 0) == NULL && !Queue.Busy);
  KeLowerIrql(OldIrql);
}

_Use_decl_annotations_ VOID QueuesUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = QueuesUnload;
  CheckQueueAlone();
  CheckWorkers();
  CheckDeviceQueue();
  return ExpectationsStatus();
}
