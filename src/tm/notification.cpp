// What resource managers are told: by their routine, or one after the other when they ask.
//           [MSDN "Transaction Notifications", TmEnableCallbacks, ZwGetNotificationResourceManager]
#include <nt/zw/transactions.h>

#include <bit>

#include "base/list.hpp"
#include "ke/thread.hpp"
#include "ke/verifier.hpp"
#include "tm/call.hpp"
#include "tm/step.hpp"

namespace mica::tm {
namespace {

[[nodiscard]] Enlistment& told_of(LIST_ENTRY& entry) noexcept {
  return MICA_CONTAINING(entry, Enlistment, told);
}

// What a routine is called with.
struct Notice {
  NOTIFICATION_MASK what;
  PTM_RM_NOTIFICATION routine;
  void* context;
  LARGE_INTEGER clock;
};

// False: there is nothing more, and the enlistment stands in no list any longer.
[[nodiscard]] bool begin(Enlistment& enlistment, Call& call, Notice& notice) noexcept {
  Guard const guard;
  ResourceManager& manager = *enlistment.resource_manager;
  notice.what = take_notification(enlistment);
  if (notice.what == 0) {
    enlistment.place = Place::nowhere;
    return false;
  }
  notice.routine = manager.routine;
  notice.context = manager.context;
  notice.clock.QuadPart = manager.manager->clock;
  call.thread = &ke::current_thread();
  list_append(manager.calls, call.entry);
  return true;
}

void end(Enlistment& enlistment, Call& call, Notice const& notice) noexcept {
  Guard const guard;
  ResourceManager& manager = *enlistment.resource_manager;
  list_remove(call.entry);
  set_clock(*manager.manager, &notice.clock);
  if (manager.closed) KeSetEvent(&manager.call_ended, 0, FALSE);
}

// Calls the routine with all that the enlistment is to be told, one after another.
void call_routine(Enlistment& enlistment) noexcept {
  Call call;
  Notice notice;
  while (begin(enlistment, call, notice)) {
    static_cast<void>(notice.routine(&enlistment, notice.context, enlistment.key, notice.what,
                                     &notice.clock, 0, nullptr));
    end(enlistment, call, notice);
  }
  ObfDereferenceObject(&enlistment);
}

// Null: there are no more. Others may have taken some out, to tell them something after all.
[[nodiscard]] Enlistment* pop_dropped(LIST_ENTRY& dropped) noexcept {
  Guard const guard;
  LIST_ENTRY* const entry = list_pop_front(dropped);
  if (entry == nullptr) return nullptr;
  told_of(*entry).place = Place::nowhere;
  return &told_of(*entry);
}

}  // namespace

Step::Step() noexcept {
  list_initialize(called_);
  list_initialize(dropped_);
  list_initialize(left_);
  acquire_lock();
}

Step::~Step() {
  bool const drops = !list_empty(dropped_);
  release_lock();
  while (LIST_ENTRY* const entry = list_pop_front(left_)) {
    Participant& participant = MICA_CONTAINING(*entry, Participant, of_transaction);
    participant.left(participant);
  }
  while (Enlistment* const enlistment = drops ? pop_dropped(dropped_) : nullptr)
    ObfDereferenceObject(enlistment);
  while (LIST_ENTRY* const entry = list_pop_front(called_)) call_routine(told_of(*entry));
  if (timed_ != nullptr) ObfDereferenceObject(timed_);
}

bool NTAPI Step::tell(Enlistment& enlistment, NOTIFICATION_MASK what) noexcept {
  ResourceManager& manager = *enlistment.resource_manager;
  if (enlistment.place == Place::nowhere || enlistment.place == Place::dropped) {
    if (enlistment.place == Place::dropped)
      list_remove(enlistment.told);  // with its reference
    else if (!ob::reference_live(ob::header_of(&enlistment)))
      return false;
    bool const calls = manager.routine != nullptr;
    enlistment.place = calls ? Place::called : Place::queued;
    list_append(calls ? called_ : manager.queue, enlistment.told);
  }
  enlistment.due |= what;
  if (enlistment.place == Place::queued) KeSetEvent(&manager.arrived, 0, FALSE);
  return true;
}

// Who calls it looks again, and finds nothing.
void NTAPI Step::forget(Enlistment& enlistment) noexcept {
  enlistment.due = 0;
  if (enlistment.place != Place::queued) return;
  list_remove(enlistment.told);
  enlistment.place = Place::dropped;
  list_append(dropped_, enlistment.told);
}

void NTAPI Step::call_queued(ResourceManager& manager) noexcept {
  while (LIST_ENTRY* const entry = list_pop_front(manager.queue)) {
    told_of(*entry).place = Place::called;
    list_append(called_, *entry);
  }
}

// In the order of the phases, which is that of the bits, but for the one of a single phase, after
// which there may be others.
NOTIFICATION_MASK NTAPI take_notification(Enlistment& enlistment) noexcept {
  if (enlistment.due == 0) return 0;
  NOTIFICATION_MASK const what = 1u << std::countr_zero(enlistment.due);
  enlistment.due &= ~what;
  return what;
}

void NTAPI set_clock(Manager& manager, LARGE_INTEGER const* clock) noexcept {
  if (clock != nullptr && clock->QuadPart > manager.clock) manager.clock = clock->QuadPart;
}

namespace {

// One attempt. STATUS_TIMEOUT: there is nothing.
[[nodiscard]] NTSTATUS take_next(ResourceManager& manager,
                                 TRANSACTION_NOTIFICATION& notification) noexcept {
  Enlistment* done = nullptr;
  {
    Guard const guard;
    if (list_empty(manager.queue)) return STATUS_TIMEOUT;
    Enlistment& enlistment = told_of(*manager.queue.Flink);
    notification.TransactionKey = enlistment.key;
    notification.TransactionNotification = take_notification(enlistment);
    notification.TmVirtualClock.QuadPart = manager.manager->clock;
    notification.ArgumentLength = 0;
    if (enlistment.due == 0) {
      list_remove(enlistment.told);
      enlistment.place = Place::nowhere;
      done = &enlistment;
    }
    // The event wakes one who waits; there may be something for another.
    if (!list_empty(manager.queue)) KeSetEvent(&manager.arrived, 0, FALSE);
  }
  if (done != nullptr) ObfDereferenceObject(done);
  return STATUS_SUCCESS;
}

// What is left of a relative time-out since `begin_100ns`; an absolute one stays.
[[nodiscard]] LARGE_INTEGER remaining(LARGE_INTEGER timeout, ULONGLONG begin_100ns) noexcept {
  if (timeout.QuadPart >= 0) return timeout;
  auto const passed = static_cast<LONGLONG>(KeQueryInterruptTime() - begin_100ns);
  timeout.QuadPart = passed < -timeout.QuadPart ? timeout.QuadPart + passed : 0;
  return timeout;
}

[[nodiscard]] NTSTATUS wait_for_next(ResourceManager& manager, LARGE_INTEGER const* timeout,
                                     TRANSACTION_NOTIFICATION& notification) noexcept {
  ULONGLONG const begin_100ns = KeQueryInterruptTime();
  for (;;) {
    NTSTATUS const status = take_next(manager, notification);
    if (status != STATUS_TIMEOUT) return status;
    LARGE_INTEGER left{};
    if (timeout != nullptr) left = remaining(*timeout, begin_100ns);
    if (KeWaitForSingleObject(&manager.arrived, Executive, KernelMode, FALSE,
                              timeout != nullptr ? &left : nullptr) == STATUS_TIMEOUT)
      return STATUS_TIMEOUT;
  }
}

}  // namespace
}  // namespace mica::tm

using namespace mica;
using namespace mica::tm;

NTSTATUS NTAPI ZwGetNotificationResourceManager(HANDLE ResourceManagerHandle,
                                                PTRANSACTION_NOTIFICATION TransactionNotification,
                                                ULONG NotificationLength, PLARGE_INTEGER Timeout,
                                                PULONG ReturnLength, ULONG Asynchronous,
                                                ULONG_PTR AsynchronousContext) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, ResourceManagerHandle);
  Opened<ResourceManager> manager{state().resource_manager_type};
  NTSTATUS const status = manager.open(ResourceManagerHandle, RESOURCEMANAGER_GET_NOTIFICATION);
  if (!NT_SUCCESS(status)) return status;
  if (Asynchronous != 0 || AsynchronousContext != 0) return STATUS_INVALID_PARAMETER;
  if (ReturnLength != nullptr) *ReturnLength = sizeof(TRANSACTION_NOTIFICATION);
  if (NotificationLength < sizeof(TRANSACTION_NOTIFICATION)) return STATUS_BUFFER_TOO_SMALL;
  return wait_for_next(*manager, Timeout, *TransactionNotification);
}
