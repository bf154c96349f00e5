// What the cases of transactions share: each object for the length of a scope.
#pragma once

#include <nt/tm.h>
#include <nt/zw.h>

#include "cm_support.hpp"

namespace mica::test {

inline constexpr NOTIFICATION_MASK all_phases =
    TRANSACTION_NOTIFY_PREPREPARE | TRANSACTION_NOTIFY_PREPARE | TRANSACTION_NOTIFY_COMMIT |
    TRANSACTION_NOTIFY_ROLLBACK;

// The object of a handle; it stays as long as the handle does.
template <class Object>
Object* object_of(HANDLE handle, POBJECT_TYPE type) noexcept {
  PVOID object = nullptr;
  MICA_REQUIRE(ObReferenceObjectByHandle(handle, 0, type, KernelMode, &object, nullptr) ==
               STATUS_SUCCESS);
  ObDereferenceObject(object);
  return static_cast<Object*>(object);
}

class TransactionHandle : public KeyHandle {
 public:
  explicit TransactionHandle(LARGE_INTEGER* timeout = nullptr, HANDLE manager = nullptr) noexcept {
    MICA_REQUIRE(ZwCreateTransaction(out(), TRANSACTION_ALL_ACCESS, nullptr, nullptr, manager, 0, 0,
                                     0, timeout, nullptr) == STATUS_SUCCESS);
  }
  [[nodiscard]] PKTRANSACTION object() const noexcept {
    return object_of<KTRANSACTION>(*this, *TmTransactionObjectType);
  }
  [[nodiscard]] ULONG outcome() const noexcept {
    TRANSACTION_BASIC_INFORMATION information{};
    MICA_CHECK(ZwQueryInformationTransaction(*this, TransactionBasicInformation, &information,
                                             sizeof information, nullptr) == STATUS_SUCCESS);
    return information.Outcome;
  }
  [[nodiscard]] bool is_over() const noexcept {
    LARGE_INTEGER now{};
    return ZwWaitForSingleObject(*this, FALSE, &now) == STATUS_SUCCESS;
  }
};

class ManagerHandle : public KeyHandle {
 public:
  ManagerHandle() noexcept {
    MICA_REQUIRE(ZwCreateTransactionManager(out(), TRANSACTIONMANAGER_ALL_ACCESS, nullptr, nullptr,
                                            TRANSACTION_MANAGER_VOLATILE, 0) == STATUS_SUCCESS);
  }
  [[nodiscard]] TRANSACTIONMANAGER_BASIC_INFORMATION basic() const noexcept {
    TRANSACTIONMANAGER_BASIC_INFORMATION information{};
    MICA_CHECK(ZwQueryInformationTransactionManager(*this, TransactionManagerBasicInformation,
                                                    &information, sizeof information,
                                                    nullptr) == STATUS_SUCCESS);
    return information;
  }
};

class ResourceHandle : public KeyHandle {
 public:
  explicit ResourceHandle(HANDLE manager) noexcept {
    MICA_REQUIRE(ZwCreateResourceManager(out(), RESOURCEMANAGER_ALL_ACCESS, manager, nullptr,
                                         nullptr, RESOURCE_MANAGER_VOLATILE,
                                         nullptr) == STATUS_SUCCESS);
  }
  // What it is told next; 0: nothing. `key` must be that enlistment's.
  [[nodiscard]] ULONG next(void const* key) const noexcept {
    TRANSACTION_NOTIFICATION told{};
    LARGE_INTEGER now{};
    NTSTATUS const status =
        ZwGetNotificationResourceManager(*this, &told, sizeof told, &now, nullptr, 0, 0);
    if (status == STATUS_TIMEOUT) return 0;
    MICA_CHECK(status == STATUS_SUCCESS && told.TransactionKey == key && told.ArgumentLength == 0);
    return told.TransactionNotification;
  }
};

// A resource manager with a manager of its own.
struct OwnResource {
  ManagerHandle manager;
  ResourceHandle resource{manager};
};

// The handle is also what it is known by to its resource manager.
class EnlistmentHandle : public KeyHandle {
 public:
  EnlistmentHandle(HANDLE resource, HANDLE transaction,
                   NOTIFICATION_MASK mask = all_phases) noexcept {
    MICA_REQUIRE(ZwCreateEnlistment(out(), ENLISTMENT_ALL_ACCESS, resource, transaction, nullptr, 0,
                                    mask, this) == STATUS_SUCCESS);
  }
  [[nodiscard]] PKENLISTMENT object() const noexcept {
    return object_of<KENLISTMENT>(*this, *TmEnlistmentObjectType);
  }
};

}  // namespace mica::test
