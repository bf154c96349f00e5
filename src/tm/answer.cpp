// What enlistments answer to what they are told.
//   [MSDN ZwPrePrepareComplete, ZwPrepareComplete, ZwCommitComplete, ZwRollbackComplete,
//    ZwReadOnlyEnlistment, ZwSinglePhaseReject, ZwRollbackEnlistment]
#include <nt/zw/transactions.h>

#include "ke/verifier.hpp"
#include "tm/step.hpp"

namespace mica::tm {
namespace {

// Each of them, with the lock held. What an answer is to must have been asked, and taken.
using Answer = NTSTATUS(Step& step, Enlistment& enlistment) noexcept;

[[nodiscard]] bool is_asked(Enlistment const& enlistment, NOTIFICATION_MASK what) noexcept {
  return (enlistment.asked & what) != 0 && (enlistment.due & enlistment.asked) == 0;
}

void answered(Step& step, Enlistment& enlistment) noexcept {
  enlistment.asked = 0;
  --enlistment.transaction->awaited;
  step.advance(*enlistment.transaction);
}

NTSTATUS pre_prepared(Step& step, Enlistment& enlistment) noexcept {
  if (!is_asked(enlistment, TRANSACTION_NOTIFY_PREPREPARE)) return STATUS_TRANSACTION_NOT_REQUESTED;
  answered(step, enlistment);
  return STATUS_SUCCESS;
}

NTSTATUS prepared(Step& step, Enlistment& enlistment) noexcept {
  if (!is_asked(enlistment, TRANSACTION_NOTIFY_PREPARE)) return STATUS_TRANSACTION_NOT_REQUESTED;
  enlistment.prepared = true;
  answered(step, enlistment);
  return STATUS_SUCCESS;
}

NTSTATUS committed(Step& step, Enlistment& enlistment) noexcept {
  constexpr NOTIFICATION_MASK commits =
      TRANSACTION_NOTIFY_COMMIT | TRANSACTION_NOTIFY_SINGLE_PHASE_COMMIT;
  if (!is_asked(enlistment, commits)) return STATUS_TRANSACTION_NOT_REQUESTED;
  enlistment.over = true;
  answered(step, enlistment);
  return STATUS_SUCCESS;
}

NTSTATUS rolled_back(Step& step, Enlistment& enlistment) noexcept {
  if (!is_asked(enlistment, TRANSACTION_NOTIFY_ROLLBACK)) return STATUS_TRANSACTION_NOT_REQUESTED;
  enlistment.over = true;
  answered(step, enlistment);
  return STATUS_SUCCESS;
}

// Whether the enlistment may still say how it ends.
[[nodiscard]] bool is_open(Enlistment const& enlistment) noexcept {
  return !enlistment.over && !enlistment.apart && !enlistment.prepared &&
         !is_decided(*enlistment.transaction);
}

NTSTATUS read_only(Step& step, Enlistment& enlistment) noexcept {
  if (!is_open(enlistment)) return STATUS_TRANSACTION_NOT_REQUESTED;
  enlistment.apart = true;
  step.forget(enlistment);
  if (enlistment.asked != 0) answered(step, enlistment);
  return STATUS_SUCCESS;
}

NTSTATUS reject(Step& step, Enlistment& enlistment) noexcept {
  if (!is_asked(enlistment, TRANSACTION_NOTIFY_SINGLE_PHASE_COMMIT))
    return STATUS_TRANSACTION_NOT_REQUESTED;
  enlistment.asked = 0;
  --enlistment.transaction->awaited;
  step.begin_phases(*enlistment.transaction);
  return STATUS_SUCCESS;
}

NTSTATUS roll_back(Step& step, Enlistment& enlistment) noexcept {
  if (!is_open(enlistment)) return STATUS_TRANSACTION_REQUEST_NOT_VALID;
  step.roll_back(*enlistment.transaction);
  return STATUS_SUCCESS;
}

[[nodiscard]] NTSTATUS give(Enlistment& enlistment, LARGE_INTEGER const* clock,
                            Answer& answer) noexcept {
  Step step;
  NTSTATUS const status = answer(step, enlistment);
  if (NT_SUCCESS(status)) set_clock(*enlistment.resource_manager->manager, clock);
  return status;
}

[[nodiscard]] NTSTATUS give(HANDLE handle, LARGE_INTEGER const* clock, Answer& answer) noexcept {
  Opened<Enlistment> enlistment{state().enlistment_type};
  NTSTATUS const status = enlistment.open(handle, ENLISTMENT_SUBORDINATE_RIGHTS);
  return NT_SUCCESS(status) ? give(*enlistment, clock, answer) : status;
}

}  // namespace
}  // namespace mica::tm

using namespace mica;
using namespace mica::tm;

NTSTATUS NTAPI ZwPrePrepareComplete(HANDLE EnlistmentHandle, PLARGE_INTEGER TmVirtualClock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EnlistmentHandle);
  return give(EnlistmentHandle, TmVirtualClock, pre_prepared);
}

NTSTATUS NTAPI TmPrePrepareComplete(PKENLISTMENT Enlistment, PLARGE_INTEGER TmVirtualClock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, Enlistment);
  return give(*Enlistment, TmVirtualClock, pre_prepared);
}

NTSTATUS NTAPI ZwPrepareComplete(HANDLE EnlistmentHandle, PLARGE_INTEGER TmVirtualClock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EnlistmentHandle);
  return give(EnlistmentHandle, TmVirtualClock, prepared);
}

NTSTATUS NTAPI TmPrepareComplete(PKENLISTMENT Enlistment, PLARGE_INTEGER TmVirtualClock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, Enlistment);
  return give(*Enlistment, TmVirtualClock, prepared);
}

NTSTATUS NTAPI ZwCommitComplete(HANDLE EnlistmentHandle, PLARGE_INTEGER TmVirtualClock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EnlistmentHandle);
  return give(EnlistmentHandle, TmVirtualClock, committed);
}

NTSTATUS NTAPI TmCommitComplete(PKENLISTMENT Enlistment, PLARGE_INTEGER TmVirtualClock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, Enlistment);
  return give(*Enlistment, TmVirtualClock, committed);
}

NTSTATUS NTAPI ZwRollbackComplete(HANDLE EnlistmentHandle, PLARGE_INTEGER TmVirtualClock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EnlistmentHandle);
  return give(EnlistmentHandle, TmVirtualClock, rolled_back);
}

NTSTATUS NTAPI TmRollbackComplete(PKENLISTMENT Enlistment, PLARGE_INTEGER TmVirtualClock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, Enlistment);
  return give(*Enlistment, TmVirtualClock, rolled_back);
}

NTSTATUS NTAPI ZwReadOnlyEnlistment(HANDLE EnlistmentHandle, PLARGE_INTEGER TmVirtualClock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EnlistmentHandle);
  return give(EnlistmentHandle, TmVirtualClock, read_only);
}

NTSTATUS NTAPI TmReadOnlyEnlistment(PKENLISTMENT Enlistment, PLARGE_INTEGER TmVirtualClock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, Enlistment);
  return give(*Enlistment, TmVirtualClock, read_only);
}

NTSTATUS NTAPI ZwSinglePhaseReject(HANDLE EnlistmentHandle, PLARGE_INTEGER TmVirtualClock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EnlistmentHandle);
  return give(EnlistmentHandle, TmVirtualClock, reject);
}

NTSTATUS NTAPI TmSinglePhaseReject(PKENLISTMENT Enlistment, PLARGE_INTEGER TmVirtualClock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, Enlistment);
  return give(*Enlistment, TmVirtualClock, reject);
}

NTSTATUS NTAPI ZwRollbackEnlistment(HANDLE EnlistmentHandle, PLARGE_INTEGER TmVirtualClock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EnlistmentHandle);
  return give(EnlistmentHandle, TmVirtualClock, roll_back);
}

NTSTATUS NTAPI TmRollbackEnlistment(PKENLISTMENT Enlistment, PLARGE_INTEGER TmVirtualClock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, Enlistment);
  return give(*Enlistment, TmVirtualClock, roll_back);
}
