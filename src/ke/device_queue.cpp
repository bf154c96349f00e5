// Device queues.                         [MSDN KeInsertByKeyDeviceQueue, KeRemoveByKeyDeviceQueue]
//   Everything is guarded by the queue's own spin lock; an entry's Inserted says whether it is in.
//   Sorted by key as far as entries were inserted by key: who inserts without one stands at the
//   end.
#include "ke/kernel_spin_guard.hpp"
#include "ke/object_type.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

using Queue = KDEVICE_QUEUE;
using Entry = KDEVICE_QUEUE_ENTRY;

// The queue becomes busy, or `entry` stands before `place`. Whether it does.
bool NTAPI enter(Queue& queue, Entry& entry, LIST_ENTRY& place) noexcept {
  bool const busy = queue.Busy != FALSE;
  if (busy) list_insert_between(*place.Blink, entry.DeviceListEntry, place);
  queue.Busy = TRUE;
  entry.Inserted = busy ? TRUE : FALSE;
  return busy;
}

// The first of which `holds`; the list's end if there is none.
template <class Condition>
LIST_ENTRY& NTAPI first_of(Queue& queue, Condition holds) noexcept {
  LIST_ENTRY* place = queue.DeviceListHead.Flink;
  while (place != &queue.DeviceListHead &&
         !holds(MICA_CONTAINING(*place, Entry, DeviceListEntry).SortKey))
    place = place->Flink;
  return *place;
}

void NTAPI remove(Entry& entry) noexcept {
  list_remove(entry.DeviceListEntry);
  entry.Inserted = FALSE;
}

// Takes the entry at `place` out, the first if that is the list's end. Null: the queue is empty.
Entry* NTAPI take(Queue& queue, LIST_ENTRY& place) noexcept {
  if (list_empty(queue.DeviceListHead)) {
    queue.Busy = FALSE;
    return nullptr;
  }
  LIST_ENTRY& chosen = &place == &queue.DeviceListHead ? *place.Flink : place;
  Entry& entry = MICA_CONTAINING(chosen, Entry, DeviceListEntry);
  remove(entry);
  return &entry;
}

Entry* NTAPI take_by_key(Queue& queue, ULONG key) noexcept {
  return take(queue, first_of(queue, [key](ULONG other) { return other >= key; }));
}

}  // namespace

void NTAPI KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue) {
  *DeviceQueue = {};
  DeviceQueue->Type = DeviceQueueObject;
  DeviceQueue->Size = sizeof *DeviceQueue;
  list_initialize(DeviceQueue->DeviceListHead);
}

BOOLEAN NTAPI KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue,
                                  PKDEVICE_QUEUE_ENTRY DeviceQueueEntry) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, DeviceQueue);
  KernelSpinGuard guard{DeviceQueue->Lock};
  return enter(*DeviceQueue, *DeviceQueueEntry, DeviceQueue->DeviceListHead) ? TRUE : FALSE;
}

BOOLEAN NTAPI KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue,
                                       PKDEVICE_QUEUE_ENTRY DeviceQueueEntry, ULONG SortKey) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, DeviceQueue);
  KernelSpinGuard guard{DeviceQueue->Lock};
  DeviceQueueEntry->SortKey = SortKey;
  LIST_ENTRY& place = first_of(*DeviceQueue, [SortKey](ULONG other) { return other > SortKey; });
  return enter(*DeviceQueue, *DeviceQueueEntry, place) ? TRUE : FALSE;
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, DeviceQueue);
  KernelSpinGuard guard{DeviceQueue->Lock};
  return take(*DeviceQueue, *DeviceQueue->DeviceListHead.Flink);
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, DeviceQueue);
  KernelSpinGuard guard{DeviceQueue->Lock};
  return take_by_key(*DeviceQueue, SortKey);
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueueIfBusy(PKDEVICE_QUEUE DeviceQueue,
                                                          ULONG SortKey) {
  // One that is not busy is empty, and stays so.
  return KeRemoveByKeyDeviceQueue(DeviceQueue, SortKey);
}

BOOLEAN NTAPI KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue,
                                       PKDEVICE_QUEUE_ENTRY DeviceQueueEntry) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, DeviceQueue);
  KernelSpinGuard guard{DeviceQueue->Lock};
  if (DeviceQueueEntry->Inserted == FALSE) return FALSE;
  remove(*DeviceQueueEntry);
  return TRUE;
}
