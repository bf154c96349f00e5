// Transactions: made, opened, committed, rolled back.
//       [MSDN ZwCreateTransaction, ZwOpenTransaction, ZwCommitTransaction, ZwRollbackTransaction]
#include <nt/ex/uuid.h>
#include <nt/zw/transactions.h>

#include "ke/verifier.hpp"
#include "tm/make.hpp"
#include "tm/step.hpp"

namespace mica::tm {
namespace {

// What a commit or a rollback answers to who asks once more.
[[nodiscard]] NTSTATUS refusal(Transaction const& transaction) noexcept {
  switch (transaction.phase) {
    case Phase::committed:
      return STATUS_TRANSACTION_ALREADY_COMMITTED;
    case Phase::rolling_back:
    case Phase::rolled_back:
      return STATUS_TRANSACTION_ALREADY_ABORTED;
    default:
      return STATUS_TRANSACTION_REQUEST_NOT_VALID;
  }
}

[[nodiscard]] NTSTATUS begin(Transaction& transaction, bool commits) noexcept {
  Step step;
  if (transaction.phase != Phase::active) return refusal(transaction);
  if (commits)
    step.begin_commit(transaction);
  else
    step.roll_back(transaction);
  return STATUS_SUCCESS;
}

[[nodiscard]] Phase phase_of(Transaction& transaction) noexcept {
  Guard const guard;
  return transaction.phase;
}

[[nodiscard]] NTSTATUS end(Transaction& transaction, bool commits, bool wait) noexcept {
  NTSTATUS const status = begin(transaction, commits);
  if (!NT_SUCCESS(status)) return status;
  if (wait)
    static_cast<void>(
        KeWaitForSingleObject(&transaction.over, Executive, KernelMode, FALSE, nullptr));
  switch (phase_of(transaction)) {
    case Phase::committed:
      return STATUS_SUCCESS;
    case Phase::rolled_back:
      return commits ? STATUS_TRANSACTION_ALREADY_ABORTED : STATUS_SUCCESS;
    default:
      return STATUS_PENDING;
  }
}

[[nodiscard]] NTSTATUS end_of(HANDLE handle, ACCESS_MASK access, bool commits, bool wait) noexcept {
  Opened<Transaction> transaction{state().transaction_type};
  NTSTATUS const status = transaction.open(handle, access);
  return NT_SUCCESS(status) ? end(*transaction, commits, wait) : status;
}

struct Wanted {
  GUID const* id;
  Manager* manager;
  LARGE_INTEGER timeout;
  Description description;
};

[[nodiscard]] NTSTATUS create(OBJECT_ATTRIBUTES* attributes, ACCESS_MASK access,
                              Wanted const& wanted, HANDLE* handle) noexcept {
  Transaction* made = nullptr;
  NTSTATUS status = make(state().transaction_type, attributes, &made);
  if (!NT_SUCCESS(status)) return status;
  Transaction& transaction = *made;
  KeInitializeEvent(&transaction.over, NotificationEvent, FALSE);
  for (LIST_ENTRY* list :
       {&transaction.of_all, &transaction.enlistments, &transaction.participants})
    list_initialize(*list);
  transaction.description = wanted.description;
  transaction.manager = wanted.manager;
  if (wanted.manager != nullptr) ObfReferenceObject(wanted.manager);
  if (wanted.id != nullptr)
    transaction.id = *wanted.id;
  else
    static_cast<void>(ExUuidCreate(&transaction.id));
  return publish(transaction, access, handle, [&] {
    if (is_taken<Transaction>(state().transactions, transaction.id))
      return STATUS_OBJECT_NAME_COLLISION;
    list_append(state().transactions, transaction.of_all);
    return start_timeout(transaction, wanted.timeout);
  });
}

}  // namespace

void NTAPI remove_transaction(void* object) noexcept {
  auto& transaction = *static_cast<Transaction*>(object);
  {
    Guard const guard;
    list_remove(transaction.of_all);
  }
  if (transaction.manager != nullptr) ObfDereferenceObject(transaction.manager);
}

void NTAPI close_transaction(void* object, ULONG handles_before) noexcept {
  if (handles_before == 1) static_cast<void>(begin(*static_cast<Transaction*>(object), false));
}

}  // namespace mica::tm

using namespace mica;
using namespace mica::tm;

NTSTATUS NTAPI ZwCreateTransaction(PHANDLE TransactionHandle, ACCESS_MASK DesiredAccess,
                                   POBJECT_ATTRIBUTES ObjectAttributes, LPGUID Uow, HANDLE TmHandle,
                                   ULONG CreateOptions, ULONG IsolationLevel, ULONG IsolationFlags,
                                   PLARGE_INTEGER Timeout, PUNICODE_STRING Description) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, TransactionHandle);
  *TransactionHandle = nullptr;
  if (DesiredAccess == 0 || (CreateOptions & ~ULONG{TRANSACTION_MAXIMUM_OPTION}) != 0 ||
      IsolationLevel != 0 || IsolationFlags != 0)
    return STATUS_INVALID_PARAMETER;
  Wanted wanted{Uow, nullptr, {}, {}};
  NTSTATUS status = wanted.description.set(Description);
  if (!NT_SUCCESS(status)) return status;
  if (Timeout != nullptr) wanted.timeout = *Timeout;
  if (TmHandle == nullptr)
    return create(ObjectAttributes, DesiredAccess, wanted, TransactionHandle);
  Opened<Manager> manager{state().manager_type};
  status = manager.open(TmHandle, TRANSACTIONMANAGER_QUERY_INFORMATION);
  if (!NT_SUCCESS(status)) return status;
  wanted.manager = &*manager;
  return create(ObjectAttributes, DesiredAccess, wanted, TransactionHandle);
}

NTSTATUS NTAPI ZwOpenTransaction(PHANDLE TransactionHandle, ACCESS_MASK DesiredAccess,
                                 POBJECT_ATTRIBUTES ObjectAttributes, LPGUID Uow, HANDLE TmHandle) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, TransactionHandle);
  *TransactionHandle = nullptr;
  if (DesiredAccess == 0 || Uow == nullptr) return STATUS_INVALID_PARAMETER;
  State& tm = state();
  Opened<Manager> manager{tm.manager_type};
  if (TmHandle != nullptr) {
    NTSTATUS const status = manager.open(TmHandle, TRANSACTIONMANAGER_QUERY_INFORMATION);
    if (!NT_SUCCESS(status)) return status;
  }
  auto* const found = find<Transaction>(
      tm.transactions, offsetof(Transaction, of_all), [&](Transaction const& each) {
        return each.id == *Uow && (TmHandle == nullptr || each.manager == &*manager);
      });
  if (found == nullptr) return STATUS_TRANSACTION_NOT_FOUND;
  return open_found(found, tm.transaction_type, DesiredAccess, ObjectAttributes, TransactionHandle);
}

NTSTATUS NTAPI ZwCommitTransaction(HANDLE TransactionHandle, BOOLEAN Wait) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, TransactionHandle);
  return end_of(TransactionHandle, TRANSACTION_COMMIT, true, Wait != FALSE);
}

NTSTATUS NTAPI ZwRollbackTransaction(HANDLE TransactionHandle, BOOLEAN Wait) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, TransactionHandle);
  return end_of(TransactionHandle, TRANSACTION_ROLLBACK, false, Wait != FALSE);
}

NTSTATUS NTAPI TmCommitTransaction(PKTRANSACTION Transaction, BOOLEAN Wait) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, Transaction);
  return end(*Transaction, true, Wait != FALSE);
}

NTSTATUS NTAPI TmRollbackTransaction(PKTRANSACTION Transaction, BOOLEAN Wait) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, Transaction);
  return end(*Transaction, false, Wait != FALSE);
}

VOID NTAPI TmGetTransactionId(PKTRANSACTION Transaction, PUOW TransactionId) {
  *TransactionId = Transaction->id;
}

BOOLEAN NTAPI TmIsTransactionActive(PKTRANSACTION Transaction) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, Transaction);
  return phase_of(*Transaction) == Phase::active ? TRUE : FALSE;
}
