// Waiting for what handles name.               [MSDN ZwWaitForSingleObject, WaitForMultipleObjects]
#include "ob/wait.hpp"

#include <nt/zw/objects.h>

#include "ke/verifier.hpp"

namespace mica::ob {
namespace {

// The objects of one wait, referenced until it is over.
class [[nodiscard]] Waitables {
 public:
  Waitables() noexcept = default;
  Waitables(Waitables const&) = delete;
  Waitables& operator=(Waitables const&) = delete;
  ~Waitables() {
    while (count_ > 0) dereference(header_of(objects_[--count_]));
  }

  [[nodiscard]] NTSTATUS add(HANDLE handle) noexcept {
    Waitable found{};
    NTSTATUS const status = reference_waitable(handle, KernelMode, &found);
    if (!NT_SUCCESS(status)) return status;
    objects_[count_] = found.object;
    dispatchers_[count_++] = found.dispatcher;
    return status;
  }

  // Two handles may be of one object.
  [[nodiscard]] bool repeated() const noexcept {
    for (ULONG i = 1; i < count_; ++i)
      for (ULONG j = 0; j < i; ++j)
        if (objects_[i] == objects_[j]) return true;
    return false;
  }

  [[nodiscard]] ULONG count() const noexcept { return count_; }
  [[nodiscard]] void** dispatchers() noexcept { return dispatchers_; }

 private:
  ULONG count_ = 0;
  void* objects_[MAXIMUM_WAIT_OBJECTS];      // count_ of them are there
  void* dispatchers_[MAXIMUM_WAIT_OBJECTS];  // as above
};

// A thread has wait blocks of its own for few objects; for more they come from the pool.
[[nodiscard]] NTSTATUS wait_for(Waitables& objects, WAIT_TYPE type, BOOLEAN alertable,
                                LARGE_INTEGER* timeout) noexcept {
  KWAIT_BLOCK* blocks = nullptr;
  if (objects.count() > THREAD_WAIT_OBJECTS) {
    blocks = static_cast<KWAIT_BLOCK*>(
        ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED,
                        objects.count() * sizeof(KWAIT_BLOCK), tag_wait_blocks));
    if (blocks == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  }
  NTSTATUS const status =
      KeWaitForMultipleObjects(objects.count(), objects.dispatchers(), type, UserRequest,
                               KernelMode, alertable, timeout, blocks);
  if (blocks != nullptr) ExFreePoolWithTag(blocks, tag_wait_blocks);
  return status;
}

}  // namespace

NTSTATUS NTAPI reference_waitable(HANDLE handle, KPROCESSOR_MODE mode, Waitable* found) noexcept {
  void* object = nullptr;
  NTSTATUS const status =
      ObReferenceObjectByHandle(handle, SYNCHRONIZE, nullptr, mode, &object, nullptr);
  if (!NT_SUCCESS(status)) return status;
  LONG const offset = header_of(object).type->dispatcher_offset;
  if (offset == not_waitable) {
    ObfDereferenceObject(object);
    return STATUS_OBJECT_TYPE_MISMATCH;
  }
  *found = {object, static_cast<char*>(object) + offset};
  return STATUS_SUCCESS;
}

}  // namespace mica::ob

using namespace mica::ob;

NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, Handle);
  Waitable found{};
  NTSTATUS const status = reference_waitable(Handle, KernelMode, &found);
  if (!NT_SUCCESS(status)) return status;
  Reference const held{found.object};
  return KeWaitForSingleObject(found.dispatcher, UserRequest, KernelMode, Alertable, Timeout);
}

NTSTATUS NTAPI ZwWaitForMultipleObjects(ULONG HandleCount, PHANDLE Handles, WAIT_TYPE WaitType,
                                        BOOLEAN Alertable, PLARGE_INTEGER Timeout) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, Handles);
  if (HandleCount == 0 || HandleCount > MAXIMUM_WAIT_OBJECTS) return STATUS_INVALID_PARAMETER_1;
  if (WaitType != WaitAll && WaitType != WaitAny) return STATUS_INVALID_PARAMETER_3;
  Waitables objects;
  for (ULONG i = 0; i < HandleCount; ++i) {
    NTSTATUS const status = objects.add(Handles[i]);
    if (!NT_SUCCESS(status)) return status;
  }
  if (WaitType == WaitAll && objects.repeated()) return STATUS_INVALID_PARAMETER_MIX;
  return wait_for(objects, WaitType, Alertable, Timeout);
}
