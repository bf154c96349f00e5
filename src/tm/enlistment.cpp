// Enlistments.                                          [MSDN ZwCreateEnlistment, ZwOpenEnlistment]
#include <nt/ex/uuid.h>
#include <nt/zw/transactions.h>

#include "ke/verifier.hpp"
#include "tm/make.hpp"
#include "tm/step.hpp"

namespace mica::tm {
namespace {

// The transaction belongs to the transaction manager of who enlists first.
[[nodiscard]] NTSTATUS link(Enlistment& enlistment) noexcept {
  Transaction& transaction = *enlistment.transaction;
  ResourceManager& manager = *enlistment.resource_manager;
  if (manager.closed) return STATUS_TRANSACTIONMANAGER_NOT_ONLINE;
  if (transaction.phase != Phase::active) return STATUS_TRANSACTION_NOT_ACTIVE;
  if (transaction.manager == nullptr) {
    transaction.manager = manager.manager;
    ObfReferenceObject(transaction.manager);
  }
  list_append(transaction.enlistments, enlistment.of_transaction);
  list_append(manager.enlistments, enlistment.of_resource_manager);
  enlistment.over = false;
  return STATUS_SUCCESS;
}

}  // namespace

void NTAPI remove_enlistment(void* object) noexcept {
  auto& enlistment = *static_cast<Enlistment*>(object);
  {
    Guard const guard;
    list_remove(enlistment.of_transaction);
    list_remove(enlistment.of_resource_manager);
  }
  ObfDereferenceObject(enlistment.transaction);
  ObfDereferenceObject(enlistment.resource_manager);
}

void NTAPI close_enlistment(void* object, ULONG handles_before) noexcept {
  if (handles_before != 1) return;
  Step step;
  step.leave(*static_cast<Enlistment*>(object));
}

}  // namespace mica::tm

using namespace mica;
using namespace mica::tm;

NTSTATUS NTAPI ZwCreateEnlistment(PHANDLE EnlistmentHandle, ACCESS_MASK DesiredAccess,
                                  HANDLE ResourceManagerHandle, HANDLE TransactionHandle,
                                  POBJECT_ATTRIBUTES ObjectAttributes, ULONG CreateOptions,
                                  NOTIFICATION_MASK NotificationMask, PVOID EnlistmentKey) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EnlistmentHandle);
  *EnlistmentHandle = nullptr;
  State& tm = state();
  Opened<ResourceManager> manager{tm.resource_manager_type};
  Opened<Transaction> transaction{tm.transaction_type};
  NTSTATUS status = manager.open(ResourceManagerHandle, RESOURCEMANAGER_ENLIST);
  if (NT_SUCCESS(status)) status = transaction.open(TransactionHandle, TRANSACTION_ENLIST);
  if (!NT_SUCCESS(status)) return status;
  if ((CreateOptions & ~ULONG{ENLISTMENT_MAXIMUM_OPTION}) != 0 ||
      (NotificationMask & ~ULONG{TRANSACTION_NOTIFY_MASK}) != 0)
    return STATUS_INVALID_PARAMETER;
  if ((CreateOptions & ENLISTMENT_SUPERIOR) != 0) return STATUS_NOT_SUPPORTED;
  Enlistment* enlistment = nullptr;
  status = make(tm.enlistment_type, ObjectAttributes, &enlistment);
  if (!NT_SUCCESS(status)) return status;
  static_cast<void>(ExUuidCreate(&enlistment->id));
  list_initialize(enlistment->of_transaction);
  list_initialize(enlistment->of_resource_manager);
  enlistment->mask = NotificationMask;
  enlistment->key = EnlistmentKey;
  enlistment->over = true;  // until it is one of the transaction's
  enlistment->transaction = &*transaction;
  enlistment->resource_manager = &*manager;
  ObfReferenceObject(enlistment->transaction);
  ObfReferenceObject(enlistment->resource_manager);
  return publish(*enlistment, DesiredAccess, EnlistmentHandle,
                 [enlistment] { return link(*enlistment); });
}

NTSTATUS NTAPI ZwOpenEnlistment(PHANDLE EnlistmentHandle, ACCESS_MASK DesiredAccess,
                                HANDLE RmHandle, LPGUID EnlistmentGuid,
                                POBJECT_ATTRIBUTES ObjectAttributes) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EnlistmentHandle);
  *EnlistmentHandle = nullptr;
  State& tm = state();
  Opened<ResourceManager> manager{tm.resource_manager_type};
  NTSTATUS const status = manager.open(RmHandle, RESOURCEMANAGER_QUERY_INFORMATION);
  if (!NT_SUCCESS(status)) return status;
  if (DesiredAccess == 0 || EnlistmentGuid == nullptr) return STATUS_INVALID_PARAMETER;
  auto* const found =
      find<Enlistment>(manager->enlistments, offsetof(Enlistment, of_resource_manager),
                       [&](Enlistment const& each) { return each.id == *EnlistmentGuid; });
  if (found == nullptr) return STATUS_ENLISTMENT_NOT_FOUND;
  return open_found(found, tm.enlistment_type, DesiredAccess, ObjectAttributes, EnlistmentHandle);
}
