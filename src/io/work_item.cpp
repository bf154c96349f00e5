// Work items of devices and drivers: work items (ex/work.cpp) that refer to what they belong to.
//                                                       [MSDN IoQueueWorkItem; MSDN Bug Check 0xE4]
#include <nt/ex.h>

#include "ex/work.hpp"
#include "io/state.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::io;

// What an item is to do: one of the routines is null.
struct Task {
  PIO_WORKITEM_ROUTINE plain;
  PIO_WORKITEM_ROUTINE_EX extended;
  PVOID context;
};

struct _IO_WORKITEM {
  WORK_QUEUE_ITEM item;
  PVOID object;              // a device or a driver
  std::atomic<bool> queued;  // until its routine is about to be called
  Task task;                 // of who queued it last
};

namespace {

enum class Invalid : ULONG_PTR { queued = 1, freed = 2, object = 3, routine = 7 };

void NTAPI require(bool holds, Invalid what, IO_WORKITEM const* item, ULONG_PTR third) noexcept {
  if (!holds) [[unlikely]]
    ke::bugcheck(WORKER_INVALID, static_cast<ULONG_PTR>(what), ke::as_parameter(item), third);
}

ULONG_PTR routine_of(Task const& task) noexcept {
  return task.extended != nullptr ? reinterpret_cast<ULONG_PTR>(task.extended)
                                  : reinterpret_cast<ULONG_PTR>(task.plain);
}

// A worker's routine. The item is the driver's again before the driver is called: it may free the
// item, or queue it again.
void NTAPI perform(PVOID parameter) {
  auto* const item = static_cast<PIO_WORKITEM>(parameter);
  Task const task = item->task;
  PVOID const object = item->object;
  item->queued.store(false, std::memory_order_release);
  if (task.extended != nullptr) {
    task.extended(object, task.context, item);
  } else {
    task.plain(static_cast<PDEVICE_OBJECT>(object), task.context);
  }
  ex::check_work_done(item, routine_of(task), task.context);
  ObfDereferenceObject(object);
}

void NTAPI initialize_item(IO_WORKITEM& item, PVOID object) noexcept {
  CSHORT const type = object != nullptr ? *static_cast<CSHORT*>(object) : CSHORT{0};
  require(type == IO_TYPE_DEVICE || type == IO_TYPE_DRIVER, Invalid::object, &item,
          ke::as_parameter(object));
  ExInitializeWorkItem(&item.item, perform, &item);
  item.queued.store(false, std::memory_order_relaxed);
  item.object = object;
}

void NTAPI require_idle(IO_WORKITEM const& item) noexcept {
  require(!item.queued.load(std::memory_order_acquire), Invalid::freed, &item,
          routine_of(item.task));
}

void NTAPI queue(IO_WORKITEM& item, Task const& task, WORK_QUEUE_TYPE type,
                 void const* caller) noexcept {
  ke::require_irql_at_most(DISPATCH_LEVEL, &item, caller);
  require(routine_of(task) != 0, Invalid::routine, &item, static_cast<ULONG>(type));
  require(!item.queued.exchange(true, std::memory_order_acquire), Invalid::queued, &item,
          static_cast<ULONG>(type));
  item.task = task;  // the last call has begun, and has its own
  ObfReferenceObject(item.object);
  ExQueueWorkItem(&item.item, type);
}

}  // namespace

ULONG NTAPI IoSizeofWorkItem() {
  return sizeof(IO_WORKITEM);
}

VOID NTAPI IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem) {
  initialize_item(*IoWorkItem, IoObject);
}

VOID NTAPI IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem) {
  require_idle(*IoWorkItem);
}

PIO_WORKITEM NTAPI IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject) {
  auto* const item = static_cast<PIO_WORKITEM>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(IO_WORKITEM), tag_work_item));
  if (item != nullptr) initialize_item(*item, DeviceObject);
  return item;
}

VOID NTAPI IoFreeWorkItem(PIO_WORKITEM IoWorkItem) {
  require_idle(*IoWorkItem);
  ExFreePoolWithTag(IoWorkItem, tag_work_item);
}

VOID NTAPI IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine,
                           WORK_QUEUE_TYPE QueueType, PVOID Context) {
  queue(*IoWorkItem, {WorkerRoutine, nullptr, Context}, QueueType, __builtin_return_address(0));
}

VOID NTAPI IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                             WORK_QUEUE_TYPE QueueType, PVOID Context) {
  queue(*IoWorkItem, {nullptr, WorkerRoutine, Context}, QueueType, __builtin_return_address(0));
}
