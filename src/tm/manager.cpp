// Transaction managers.                 [MSDN ZwCreateTransactionManager, ZwOpenTransactionManager]
#include <nt/ex/uuid.h>
#include <nt/zw/transactions.h>

#include "ke/verifier.hpp"
#include "tm/make.hpp"

namespace mica::tm {

void NTAPI remove_manager(void* object) noexcept {
  Guard const guard;
  list_remove(static_cast<Manager*>(object)->of_all);
}

}  // namespace mica::tm

using namespace mica;
using namespace mica::tm;

NTSTATUS NTAPI ZwCreateTransactionManager(PHANDLE TmHandle, ACCESS_MASK DesiredAccess,
                                          POBJECT_ATTRIBUTES ObjectAttributes,
                                          PUNICODE_STRING LogFileName, ULONG CreateOptions,
                                          ULONG CommitStrength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, TmHandle);
  *TmHandle = nullptr;
  if (CreateOptions != TRANSACTION_MANAGER_VOLATILE || LogFileName != nullptr ||
      CommitStrength != 0)
    return STATUS_INVALID_PARAMETER;
  Manager* manager = nullptr;
  NTSTATUS const status = make(state().manager_type, ObjectAttributes, &manager);
  if (!NT_SUCCESS(status)) return status;
  static_cast<void>(ExUuidCreate(&manager->id));
  manager->clock = 1;
  list_initialize(manager->of_all);
  return publish(*manager, DesiredAccess, TmHandle, [manager] {
    list_append(state().managers, manager->of_all);
    return STATUS_SUCCESS;
  });
}

NTSTATUS NTAPI ZwOpenTransactionManager(PHANDLE TmHandle, ACCESS_MASK DesiredAccess,
                                        POBJECT_ATTRIBUTES ObjectAttributes,
                                        PUNICODE_STRING LogFileName, LPGUID TmIdentity,
                                        ULONG OpenOptions) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, TmHandle);
  *TmHandle = nullptr;
  bool const named = ObjectAttributes != nullptr && ObjectAttributes->ObjectName != nullptr;
  if (LogFileName != nullptr || OpenOptions != 0 || named == (TmIdentity != nullptr))
    return STATUS_INVALID_PARAMETER;
  State& tm = state();
  if (named)
    return ObOpenObjectByName(ObjectAttributes, tm.manager_type, KernelMode, nullptr, DesiredAccess,
                              nullptr, TmHandle);
  Manager* const manager =
      find<Manager>(tm.managers, offsetof(Manager, of_all),
                    [&](Manager const& each) { return each.id == *TmIdentity; });
  if (manager == nullptr) return STATUS_TRANSACTIONMANAGER_NOT_FOUND;
  return open_found(manager, tm.manager_type, DesiredAccess, ObjectAttributes, TmHandle);
}
