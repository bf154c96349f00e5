// Who takes part in a transaction: resource managers that ask what they are told.
#include "tm_support.hpp"

using namespace mica::test;

namespace {

constexpr ULONG pre_prepare = TRANSACTION_NOTIFY_PREPREPARE, prepare = TRANSACTION_NOTIFY_PREPARE,
                commit = TRANSACTION_NOTIFY_COMMIT, roll_back = TRANSACTION_NOTIFY_ROLLBACK,
                single = TRANSACTION_NOTIFY_SINGLE_PHASE_COMMIT,
                disconnected = TRANSACTION_NOTIFY_RM_DISCONNECTED;
constexpr NTSTATUS not_requested = STATUS_TRANSACTION_NOT_REQUESTED;

NTSTATUS begin_commit(HANDLE transaction) {
  return ZwCommitTransaction(transaction, FALSE);
}

}  // namespace

MICA_CASE("Tm: a commit goes through its phases when all have answered each") {
  OwnResource one, two;
  TransactionHandle transaction;
  EnlistmentHandle first{one.resource, transaction}, second{two.resource, transaction};
  MICA_CHECK(one.resource.next(&first) == 0);
  MICA_CHECK(ZwPrePrepareComplete(first, nullptr) == not_requested);
  MICA_CHECK(begin_commit(transaction) == STATUS_PENDING);
  MICA_CHECK(begin_commit(transaction) == STATUS_TRANSACTION_REQUEST_NOT_VALID);
  MICA_CHECK(ZwRollbackTransaction(transaction, FALSE) == STATUS_TRANSACTION_REQUEST_NOT_VALID);
  MICA_CHECK(ZwPrePrepareComplete(first, nullptr) == not_requested);  // it was not told yet
  MICA_CHECK(one.resource.next(&first) == pre_prepare && one.resource.next(&first) == 0);
  MICA_CHECK(ZwPrepareComplete(first, nullptr) == not_requested);
  MICA_CHECK(ZwPrePrepareComplete(first, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(one.resource.next(&first) == 0);
  MICA_CHECK(two.resource.next(&second) == pre_prepare);
  MICA_CHECK(TmPrePrepareComplete(second.object(), nullptr) == STATUS_SUCCESS);
  MICA_CHECK(one.resource.next(&first) == prepare && two.resource.next(&second) == prepare);
  MICA_CHECK(ZwPrepareComplete(first, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(transaction.outcome() == TransactionOutcomeUndetermined);
  MICA_CHECK(TmPrepareComplete(second.object(), nullptr) == STATUS_SUCCESS);
  MICA_CHECK(transaction.outcome() == TransactionOutcomeCommitted && !transaction.is_over());
  MICA_CHECK(one.resource.next(&first) == commit && two.resource.next(&second) == commit);
  MICA_CHECK(ZwCommitComplete(first, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(ZwRollbackEnlistment(second, nullptr) == STATUS_TRANSACTION_REQUEST_NOT_VALID);
  MICA_CHECK(!transaction.is_over());
  MICA_CHECK(TmCommitComplete(second.object(), nullptr) == STATUS_SUCCESS);
  MICA_CHECK(transaction.is_over());
  MICA_CHECK(ZwCommitComplete(first, nullptr) == not_requested);
  MICA_CHECK(TmPrepareComplete(first.object(), nullptr) == not_requested);
}

MICA_CASE("Tm: a rollback asks all who take part") {
  OwnResource one;
  TransactionHandle transaction;
  EnlistmentHandle first{one.resource, transaction}, silent{one.resource, transaction, commit};
  MICA_CHECK(ZwRollbackTransaction(transaction, FALSE) == STATUS_PENDING);
  MICA_CHECK(transaction.outcome() == TransactionOutcomeAborted && !transaction.is_over());
  MICA_CHECK(one.resource.next(&first) == roll_back && one.resource.next(&first) == 0);
  MICA_CHECK(ZwCommitComplete(first, nullptr) == not_requested);
  MICA_CHECK(ZwRollbackComplete(silent, nullptr) == not_requested);
  MICA_CHECK(ZwRollbackComplete(first, nullptr) == STATUS_SUCCESS && transaction.is_over());
  MICA_CHECK(TmRollbackComplete(first.object(), nullptr) == not_requested);
}

MICA_CASE("Tm: who is not prepared may roll the transaction back") {
  OwnResource one, two;
  TransactionHandle transaction;
  EnlistmentHandle first{one.resource, transaction}, second{two.resource, transaction};
  MICA_CHECK(begin_commit(transaction) == STATUS_PENDING);
  MICA_CHECK(one.resource.next(&first) == pre_prepare && two.resource.next(&second) == pre_prepare);
  MICA_CHECK(ZwPrePrepareComplete(first, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(ZwPrePrepareComplete(second, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(one.resource.next(&first) == prepare);
  MICA_CHECK(ZwPrepareComplete(first, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(ZwRollbackEnlistment(first, nullptr) == STATUS_TRANSACTION_REQUEST_NOT_VALID);
  // It was not told yet that it is to prepare, and is not told any more.
  MICA_CHECK(TmRollbackEnlistment(second.object(), nullptr) == STATUS_SUCCESS);
  MICA_CHECK(one.resource.next(&first) == roll_back && two.resource.next(&second) == roll_back);
  MICA_CHECK(ZwRollbackComplete(first, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(TmRollbackComplete(second.object(), nullptr) == STATUS_SUCCESS);
  MICA_CHECK(transaction.is_over() && transaction.outcome() == TransactionOutcomeAborted);
  MICA_CHECK(TmRollbackEnlistment(second.object(), nullptr) ==
             STATUS_TRANSACTION_REQUEST_NOT_VALID);
}

MICA_CASE("Tm: who is read-only is asked nothing") {
  OwnResource one;
  TransactionHandle transaction, other;
  EnlistmentHandle first{one.resource, transaction}, second{one.resource, transaction},
      third{one.resource, other};
  MICA_CHECK(ZwReadOnlyEnlistment(first, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(ZwReadOnlyEnlistment(first, nullptr) == not_requested);
  MICA_CHECK(begin_commit(transaction) == STATUS_PENDING);
  MICA_CHECK(one.resource.next(&second) == pre_prepare && one.resource.next(nullptr) == 0);
  MICA_CHECK(TmReadOnlyEnlistment(second.object(), nullptr) == STATUS_SUCCESS);
  MICA_CHECK(transaction.is_over() && transaction.outcome() == TransactionOutcomeCommitted);
  MICA_CHECK(begin_commit(other) == STATUS_PENDING);
  MICA_CHECK(one.resource.next(&third) == pre_prepare);
  MICA_CHECK(ZwPrePrepareComplete(third, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(one.resource.next(&third) == prepare);
  MICA_CHECK(ZwPrepareComplete(third, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(TmReadOnlyEnlistment(third.object(), nullptr) == not_requested);
  MICA_CHECK(one.resource.next(&third) == commit);
  MICA_CHECK(ZwCommitComplete(third, nullptr) == STATUS_SUCCESS);
}

MICA_CASE("Tm: the only one that takes part may commit in one phase, or will not") {
  OwnResource one;
  TransactionHandle transaction, other;
  EnlistmentHandle alone{one.resource, transaction, all_phases | single},
      watches{one.resource, transaction}, rejects{one.resource, other, all_phases | single};
  MICA_CHECK(ZwReadOnlyEnlistment(watches, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(begin_commit(transaction) == STATUS_PENDING);
  MICA_CHECK(one.resource.next(&alone) == single);
  MICA_CHECK(transaction.outcome() == TransactionOutcomeUndetermined);
  MICA_CHECK(ZwCommitComplete(alone, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(transaction.is_over() && transaction.outcome() == TransactionOutcomeCommitted);
  MICA_CHECK(ZwSinglePhaseReject(rejects, nullptr) == not_requested);
  MICA_CHECK(begin_commit(other) == STATUS_PENDING);
  MICA_CHECK(one.resource.next(&rejects) == single);
  MICA_CHECK(TmSinglePhaseReject(rejects.object(), nullptr) == STATUS_SUCCESS);
  MICA_CHECK(ZwSinglePhaseReject(rejects, nullptr) == not_requested);
  MICA_CHECK(one.resource.next(&rejects) == pre_prepare);
  MICA_CHECK(ZwRollbackEnlistment(rejects, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(one.resource.next(&rejects) == roll_back);
  MICA_CHECK(ZwRollbackComplete(rejects, nullptr) == STATUS_SUCCESS && other.is_over());
}

MICA_CASE("Tm: of two that take part nobody commits in one phase") {
  OwnResource one;
  TransactionHandle transaction;
  EnlistmentHandle first{one.resource, transaction, all_phases | single},
      second{one.resource, transaction, 0};
  MICA_CHECK(begin_commit(transaction) == STATUS_PENDING);
  MICA_CHECK(one.resource.next(&first) == pre_prepare);
  MICA_CHECK(ZwReadOnlyEnlistment(first, nullptr) == STATUS_SUCCESS && transaction.is_over());
}

MICA_CASE("Tm: an enlistment that is closed before the decision rolls the transaction back") {
  OwnResource one;
  TransactionHandle active, alone, decided;
  EnlistmentHandle first{one.resource, active}, second{one.resource, active},
      single_phase{one.resource, alone, all_phases | single},
      watches{one.resource, alone, all_phases | disconnected}, late{one.resource, decided, commit},
      early{one.resource, decided, commit};
  first.close();
  MICA_CHECK(one.resource.next(&second) == roll_back && !active.is_over());
  second.close();
  MICA_CHECK(active.is_over() && active.outcome() == TransactionOutcomeAborted);
  MICA_CHECK(ZwReadOnlyEnlistment(watches, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(begin_commit(alone) == STATUS_PENDING && one.resource.next(&single_phase) == single);
  single_phase.close();
  MICA_CHECK(one.resource.next(&watches) == disconnected && alone.is_over());
  MICA_CHECK(alone.outcome() == TransactionOutcomeAborted);
  MICA_CHECK(begin_commit(decided) == STATUS_PENDING);
  MICA_CHECK(one.resource.next(&late) == commit && one.resource.next(&early) == commit);
  MICA_CHECK(ZwCommitComplete(early, nullptr) == STATUS_SUCCESS);
  late.close();
  MICA_CHECK(decided.is_over() && decided.outcome() == TransactionOutcomeCommitted);
}

MICA_CASE("Tm: a resource manager that is closed leaves its transactions") {
  OwnResource one, two;
  TransactionHandle transaction;
  EnlistmentHandle gone{one.resource, transaction}, other{two.resource, transaction};
  one.resource.close();
  MICA_CHECK(two.resource.next(&other) == roll_back);
  MICA_CHECK(TmRollbackComplete(gone.object(), nullptr) == not_requested);
  MICA_CHECK(ZwRollbackComplete(other, nullptr) == STATUS_SUCCESS && transaction.is_over());
}

MICA_CASE("Tm: nobody enlists in what is not active, nor with what is not known") {
  OwnResource one;
  TransactionHandle transaction, over;
  KeyHandle none;
  auto const enlist = [&](HANDLE resource, HANDLE in, ULONG options, ULONG mask) {
    return ZwCreateEnlistment(none.out(), ENLISTMENT_ALL_ACCESS, resource, in, nullptr, options,
                              mask, nullptr);
  };
  MICA_REQUIRE(ZwCommitTransaction(over, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(enlist(one.resource, over, 0, all_phases) == STATUS_TRANSACTION_NOT_ACTIVE);
  MICA_CHECK(enlist(one.resource, transaction, 2, all_phases) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(enlist(one.resource, transaction, 0, 0x8000'0000) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(enlist(one.resource, transaction, ENLISTMENT_SUPERIOR, all_phases) ==
             STATUS_NOT_SUPPORTED);
  MICA_CHECK(enlist(transaction, transaction, 0, all_phases) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(enlist(one.resource, one.resource, 0, all_phases) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(none == nullptr && ZwCommitTransaction(transaction, TRUE) == STATUS_SUCCESS);
}

MICA_CASE("Tm: a notification waits for a buffer that holds it") {
  OwnResource one;
  TransactionHandle transaction;
  EnlistmentHandle enlistment{one.resource, transaction};
  MICA_CHECK(ZwRollbackTransaction(transaction, FALSE) == STATUS_PENDING);
  TRANSACTION_NOTIFICATION told;
  ULONG needed = 0;
  LARGE_INTEGER soon{.QuadPart = -2 * millisecond_100ns};
  auto const next = [&](ULONG length, ULONG asynchronous) {
    return ZwGetNotificationResourceManager(one.resource, &told, length, &soon, &needed,
                                            asynchronous, 0);
  };
  MICA_CHECK(next(sizeof told - 1, 0) == STATUS_BUFFER_TOO_SMALL && needed == sizeof told);
  MICA_CHECK(next(sizeof told, 1) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(next(sizeof told, 0) == STATUS_SUCCESS && told.TransactionNotification == roll_back);
  MICA_CHECK(next(sizeof told, 0) == STATUS_TIMEOUT);
  MICA_CHECK(ZwRollbackComplete(enlistment, nullptr) == STATUS_SUCCESS);
}

MICA_CASE("Tm: a virtual clock counts commits, and follows who knows a later time") {
  OwnResource one;
  TransactionHandle transaction{nullptr, one.manager}, other{nullptr, one.manager};
  EnlistmentHandle first{one.resource, transaction}, second{one.resource, transaction};
  MICA_CHECK(begin_commit(transaction) == STATUS_PENDING);
  MICA_CHECK(one.manager.basic().VirtualClock.QuadPart == 2);
  MICA_CHECK(one.resource.next(&first) == pre_prepare);
  LARGE_INTEGER later{.QuadPart = 50}, earlier{.QuadPart = 3};
  MICA_CHECK(ZwPrePrepareComplete(first, &later) == STATUS_SUCCESS);
  MICA_CHECK(one.manager.basic().VirtualClock.QuadPart == 50);
  MICA_CHECK(ZwRollbackEnlistment(second, &earlier) == STATUS_SUCCESS);
  MICA_CHECK(one.manager.basic().VirtualClock.QuadPart == 50);
  MICA_CHECK(one.resource.next(&first) == roll_back && one.resource.next(&second) == roll_back);
  MICA_CHECK(ZwRollbackComplete(first, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(ZwRollbackComplete(second, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(ZwCommitTransaction(other, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(one.manager.basic().VirtualClock.QuadPart == 51);
}
