// All that tm owns in one System; zero-filled is its state before initialize().
#pragma once

#include <nt/ex.h>

#include "ke/processor.hpp"
#include "ob/header.hpp"
#include "tm/objects.hpp"

namespace mica::tm {

struct State {
  // The cells that drivers know as TmTransactionObjectType and so on.
  POBJECT_TYPE manager_type;
  POBJECT_TYPE resource_manager_type;
  POBJECT_TYPE transaction_type;
  POBJECT_TYPE enlistment_type;
  EX_PUSH_LOCK lock;
  LIST_ENTRY managers;
  LIST_ENTRY resource_managers;
  LIST_ENTRY transactions;
};

[[nodiscard]] inline State& state() noexcept {
  return *ke::processor_block().tm;
}

// The lock. Under it no routine of a resource manager is called and no object ends; the
// participants' locks are taken inside it.
inline void acquire_lock() noexcept {
  KeEnterCriticalRegion();
  ExAcquirePushLockExclusive(&state().lock);
}
inline void release_lock() noexcept {
  ExReleasePushLockExclusive(&state().lock);
  KeLeaveCriticalRegion();
}

// The lock, for a scope.
class [[nodiscard]] Guard {
 public:
  Guard() noexcept { acquire_lock(); }
  Guard(Guard const&) = delete;
  Guard& operator=(Guard const&) = delete;
  ~Guard() { release_lock(); }
};

// The object of a handle, referenced while it stands.
template <class Object>
class [[nodiscard]] Opened {
 public:
  explicit Opened(POBJECT_TYPE type) noexcept : type_{type} {}
  Opened(Opened const&) = delete;
  Opened& operator=(Opened const&) = delete;
  ~Opened() {
    if (object_ != nullptr) ObfDereferenceObject(object_);
  }
  // STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH.
  [[nodiscard]] NTSTATUS open(HANDLE handle, ACCESS_MASK access) noexcept {
    void* object = nullptr;
    NTSTATUS const status =
        ObReferenceObjectByHandle(handle, access, type_, KernelMode, &object, nullptr);
    if (NT_SUCCESS(status)) object_ = static_cast<Object*>(object);
    return status;
  }
  [[nodiscard]] Object& operator*() const noexcept { return *object_; }
  [[nodiscard]] Object* operator->() const noexcept { return object_; }

 private:
  POBJECT_TYPE const type_;
  Object* object_ = nullptr;
};

// Makes the four types. After ob::initialize. IRQL PASSIVE_LEVEL.
[[nodiscard]] NTSTATUS NTAPI initialize() noexcept;

// ---- The types' procedures, each in the file of its object.
void NTAPI remove_manager(void* object) noexcept;
void NTAPI remove_transaction(void* object) noexcept;
void NTAPI close_transaction(void* object, ULONG handles_before) noexcept;
void NTAPI remove_resource_manager(void* object) noexcept;
void NTAPI close_resource_manager(void* object, ULONG handles_before) noexcept;
void NTAPI remove_enlistment(void* object) noexcept;
void NTAPI close_enlistment(void* object, ULONG handles_before) noexcept;

}  // namespace mica::tm
