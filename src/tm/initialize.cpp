// The types of the objects.                   [MSDN ACCESS_MASK and rights: ZwCreateTransaction...]
#include "base/list.hpp"
#include "tm/state.hpp"

namespace mica::tm {
namespace {

[[nodiscard]] ob::TypeOptions manager_options() noexcept {
  ob::TypeOptions options{};
  options.name = u"TmTm";
  options.procedures.remove = [](void* object) NTAPI { remove_manager(object); };
  options.mapping = {TRANSACTIONMANAGER_GENERIC_READ, TRANSACTIONMANAGER_GENERIC_WRITE,
                     TRANSACTIONMANAGER_GENERIC_EXECUTE, TRANSACTIONMANAGER_ALL_ACCESS};
  options.valid_access = TRANSACTIONMANAGER_ALL_ACCESS;
  options.tag = tag_manager;
  return options;
}

[[nodiscard]] ob::TypeOptions resource_manager_options() noexcept {
  ob::TypeOptions options{};
  options.name = u"TmRm";
  options.procedures.remove = [](void* object) NTAPI { remove_resource_manager(object); };
  options.procedures.close = [](void* object, ULONG handles_before)
                                 NTAPI { close_resource_manager(object, handles_before); };
  options.mapping = {RESOURCEMANAGER_GENERIC_READ, RESOURCEMANAGER_GENERIC_WRITE,
                     RESOURCEMANAGER_GENERIC_EXECUTE, RESOURCEMANAGER_ALL_ACCESS};
  options.valid_access = RESOURCEMANAGER_ALL_ACCESS;
  options.tag = tag_resource_manager;
  return options;
}

[[nodiscard]] ob::TypeOptions transaction_options() noexcept {
  ob::TypeOptions options{};
  options.name = u"TmTx";
  options.procedures.remove = [](void* object) NTAPI { remove_transaction(object); };
  options.procedures.close = [](void* object, ULONG handles_before)
                                 NTAPI { close_transaction(object, handles_before); };
  options.mapping = {TRANSACTION_GENERIC_READ, TRANSACTION_GENERIC_WRITE,
                     TRANSACTION_GENERIC_EXECUTE, TRANSACTION_ALL_ACCESS};
  options.valid_access = TRANSACTION_ALL_ACCESS;
  options.tag = tag_transaction;
  options.dispatcher_offset = offsetof(Transaction, over);
  return options;
}

[[nodiscard]] ob::TypeOptions enlistment_options() noexcept {
  ob::TypeOptions options{};
  options.name = u"TmEn";
  options.procedures.remove = [](void* object) NTAPI { remove_enlistment(object); };
  options.procedures.close = [](void* object, ULONG handles_before)
                                 NTAPI { close_enlistment(object, handles_before); };
  options.mapping = {ENLISTMENT_GENERIC_READ, ENLISTMENT_GENERIC_WRITE, ENLISTMENT_GENERIC_EXECUTE,
                     ENLISTMENT_ALL_ACCESS};
  options.valid_access = ENLISTMENT_ALL_ACCESS;
  options.tag = tag_enlistment;
  return options;
}

}  // namespace

NTSTATUS NTAPI initialize() noexcept {
  State& tm = state();
  ExInitializePushLock(&tm.lock);
  list_initialize(tm.managers);
  list_initialize(tm.resource_managers);
  list_initialize(tm.transactions);
  NTSTATUS status = ob::create_type(manager_options(), &tm.manager_type);
  if (NT_SUCCESS(status))
    status = ob::create_type(resource_manager_options(), &tm.resource_manager_type);
  if (NT_SUCCESS(status)) status = ob::create_type(transaction_options(), &tm.transaction_type);
  if (NT_SUCCESS(status)) status = ob::create_type(enlistment_options(), &tm.enlistment_type);
  return status;
}

}  // namespace mica::tm
