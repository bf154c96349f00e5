// Device queues.
//   A device queue is busy while its device works at a request, and holds the requests that came
//   meanwhile. The caller provides queue and entries, nonpaged. All at IRQL <= DISPATCH_LEVEL; none
//   waits.
//                                                                     [MSDN "Device Queue Objects"]
#pragma once

#include <nt/ke/dispatcher.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _KDEVICE_QUEUE {
  CSHORT Type;
  CSHORT Size;
  LIST_ENTRY DeviceListHead;
  KSPIN_LOCK Lock;
  union {
    BOOLEAN Busy;
    struct {
      LONG64 Reserved : 8;
      LONG64 Hint : 56;
    };
  };
} KDEVICE_QUEUE, *PKDEVICE_QUEUE, *PRKDEVICE_QUEUE;

typedef struct _KDEVICE_QUEUE_ENTRY {
  LIST_ENTRY DeviceListEntry;
  ULONG SortKey;
  BOOLEAN Inserted;
} KDEVICE_QUEUE_ENTRY, *PKDEVICE_QUEUE_ENTRY, *PRKDEVICE_QUEUE_ENTRY;

// Not busy, empty. Nobody may use it meanwhile.                      [MSDN KeInitializeDeviceQueue]
VOID NTAPI KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue);

// FALSE if the queue was not busy: it is now, and the entry is not in it: the caller goes on with
// the request. TRUE: the entry is in the queue, at its end, or behind those whose key is not
// greater than SortKey.
//                                              [MSDN KeInsertDeviceQueue, KeInsertByKeyDeviceQueue]
BOOLEAN NTAPI KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue,
                                  PKDEVICE_QUEUE_ENTRY DeviceQueueEntry);
BOOLEAN NTAPI KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue,
                                       PKDEVICE_QUEUE_ENTRY DeviceQueueEntry, ULONG SortKey);

// Takes out the first entry, or the first whose key is not less than SortKey, and if there is none
// such the first. Null if the queue is empty: it is no longer busy. IfBusy: does nothing with a
// queue that is not busy.
//                                              [MSDN KeRemoveDeviceQueue, KeRemoveByKeyDeviceQueue]
PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue);
PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey);
PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueueIfBusy(PKDEVICE_QUEUE DeviceQueue,
                                                          ULONG SortKey);

// Takes that entry out. FALSE if it is not in the queue.            [MSDN KeRemoveEntryDeviceQueue]
BOOLEAN NTAPI KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue,
                                       PKDEVICE_QUEUE_ENTRY DeviceQueueEntry);

#ifdef __cplusplus
}
#endif
