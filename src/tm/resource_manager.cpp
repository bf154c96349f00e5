// Resource managers.     [MSDN ZwCreateResourceManager, ZwOpenResourceManager, TmEnableCallbacks]
#include <nt/ex/uuid.h>
#include <nt/zw/transactions.h>

#include "ke/verifier.hpp"
#include "tm/call.hpp"
#include "tm/make.hpp"
#include "tm/step.hpp"

namespace mica::tm {
namespace {

// Its enlistments take part no more, and its routine is not called for what comes of that.
void close(ResourceManager& manager) noexcept {
  Step step;
  manager.closed = true;
  LIST_ENTRY* entry = manager.enlistments.Flink;
  for (; entry != &manager.enlistments; entry = entry->Flink)
    step.leave(MICA_CONTAINING(*entry, Enlistment, of_resource_manager));
}

[[nodiscard]] bool is_called_elsewhere(ResourceManager& manager) noexcept {
  Guard const guard;
  for (LIST_ENTRY* entry = manager.calls.Flink; entry != &manager.calls; entry = entry->Flink)
    if (MICA_CONTAINING(*entry, Call, entry).thread != &ke::current_thread()) return true;
  return false;
}

}  // namespace

void NTAPI remove_resource_manager(void* object) noexcept {
  auto& manager = *static_cast<ResourceManager*>(object);
  {
    Guard const guard;
    list_remove(manager.of_all);
  }
  if (manager.manager != nullptr) ObfDereferenceObject(manager.manager);
}

// A driver may be unloaded when its routine is not called any more.
void NTAPI close_resource_manager(void* object, ULONG handles_before) noexcept {
  if (handles_before != 1) return;
  auto& manager = *static_cast<ResourceManager*>(object);
  close(manager);
  while (is_called_elsewhere(manager))
    static_cast<void>(
        KeWaitForSingleObject(&manager.call_ended, Executive, KernelMode, FALSE, nullptr));
}

}  // namespace mica::tm

using namespace mica;
using namespace mica::tm;

NTSTATUS NTAPI ZwCreateResourceManager(PHANDLE ResourceManagerHandle, ACCESS_MASK DesiredAccess,
                                       HANDLE TmHandle, LPGUID ResourceManagerGuid,
                                       POBJECT_ATTRIBUTES ObjectAttributes, ULONG CreateOptions,
                                       PUNICODE_STRING Description) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, ResourceManagerHandle);
  *ResourceManagerHandle = nullptr;
  State& tm = state();
  Opened<Manager> transaction_manager{tm.manager_type};
  NTSTATUS status = transaction_manager.open(TmHandle, TRANSACTIONMANAGER_CREATE_RM);
  if (!NT_SUCCESS(status)) return status;
  if ((CreateOptions & ~ULONG{RESOURCE_MANAGER_MAXIMUM_OPTION}) != 0)
    return STATUS_INVALID_PARAMETER;
  if ((CreateOptions & RESOURCE_MANAGER_VOLATILE) == 0) return STATUS_TM_VOLATILE;
  mica::tm::Description description{};
  status = description.set(Description);
  if (!NT_SUCCESS(status)) return status;
  ResourceManager* made = nullptr;
  status = make(tm.resource_manager_type, ObjectAttributes, &made);
  if (!NT_SUCCESS(status)) return status;
  ResourceManager& manager = *made;
  if (ResourceManagerGuid != nullptr)
    manager.id = *ResourceManagerGuid;
  else
    static_cast<void>(ExUuidCreate(&manager.id));
  manager.description = description;
  for (LIST_ENTRY* list : {&manager.of_all, &manager.enlistments, &manager.queue, &manager.calls})
    list_initialize(*list);
  KeInitializeEvent(&manager.arrived, SynchronizationEvent, FALSE);
  KeInitializeEvent(&manager.call_ended, SynchronizationEvent, FALSE);
  manager.manager = &*transaction_manager;
  ObfReferenceObject(manager.manager);
  return publish(manager, DesiredAccess, ResourceManagerHandle, [&] {
    if (is_taken<ResourceManager>(tm.resource_managers, manager.id))
      return STATUS_OBJECT_NAME_COLLISION;
    list_append(tm.resource_managers, manager.of_all);
    return STATUS_SUCCESS;
  });
}

NTSTATUS NTAPI ZwOpenResourceManager(PHANDLE ResourceManagerHandle, ACCESS_MASK DesiredAccess,
                                     HANDLE TmHandle, LPGUID ResourceManagerGuid,
                                     POBJECT_ATTRIBUTES ObjectAttributes) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, ResourceManagerHandle);
  *ResourceManagerHandle = nullptr;
  State& tm = state();
  Opened<Manager> manager{tm.manager_type};
  NTSTATUS const status = manager.open(TmHandle, TRANSACTIONMANAGER_QUERY_INFORMATION);
  if (!NT_SUCCESS(status)) return status;
  if (DesiredAccess == 0 || ResourceManagerGuid == nullptr) return STATUS_INVALID_PARAMETER;
  auto* const found = find<ResourceManager>(
      tm.resource_managers, offsetof(ResourceManager, of_all), [&](ResourceManager const& each) {
        return each.id == *ResourceManagerGuid && each.manager == &*manager;
      });
  if (found == nullptr) return STATUS_RESOURCEMANAGER_NOT_FOUND;
  return open_found(found, tm.resource_manager_type, DesiredAccess, ObjectAttributes,
                    ResourceManagerHandle);
}

NTSTATUS NTAPI TmEnableCallbacks(PKRESOURCEMANAGER ResourceManager,
                                 PTM_RM_NOTIFICATION CallbackRoutine, PVOID RMKey) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, ResourceManager);
  if (CallbackRoutine == nullptr) return STATUS_UNSUCCESSFUL;
  Step step;
  if (ResourceManager->routine != nullptr) return STATUS_UNSUCCESSFUL;
  ResourceManager->routine = CallbackRoutine;
  ResourceManager->context = RMKey;
  step.call_queued(*ResourceManager);
  return STATUS_SUCCESS;
}
