// What a key object stands for.          [MSDN CmCallbackGetKeyObjectIDEx, CmGetBoundTransaction]
#include "cm/branch.hpp"
#include "cm/key.hpp"
#include "cm/state.hpp"
#include "ke/verifier.hpp"

namespace mica::cm {
namespace {

[[nodiscard]] bool NTAPI is_cookie(Callbacks& callbacks, LONGLONG cookie) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  return find_registration(callbacks, cookie) != nullptr;
}

// The path of a key object, in a block of its own.
[[nodiscard]] NTSTATUS copy_name(PVOID object, UNICODE_STRING const** name) noexcept {
  ULONG bytes = 0;
  static_cast<void>(ObQueryNameString(object, nullptr, 0, &bytes));
  auto* const copy =
      static_cast<OBJECT_NAME_INFORMATION*>(ExAllocatePool2(POOL_FLAG_PAGED, bytes, tag_callback));
  if (copy == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  NTSTATUS const status = ObQueryNameString(object, copy, bytes, &bytes);
  if (NT_SUCCESS(status))
    *name = &copy->Name;
  else
    ExFreePoolWithTag(copy, tag_callback);
  return status;
}

}  // namespace
}  // namespace mica::cm

using namespace mica;
using namespace mica::cm;

NTSTATUS NTAPI CmCallbackGetKeyObjectIDEx(PLARGE_INTEGER Cookie, PVOID Object, PULONG_PTR ObjectID,
                                          PCUNICODE_STRING* ObjectName, ULONG Flags) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, Object);
  bool const valid = Flags == 0 && Object != nullptr &&
                     ObGetObjectType(Object) == state().key_type &&
                     is_cookie(state().callbacks, Cookie->QuadPart);
  if (!valid) return STATUS_INVALID_PARAMETER;
  if (ObjectName != nullptr) {
    *ObjectName = nullptr;
    NTSTATUS const status = copy_name(Object, ObjectName);
    if (!NT_SUCCESS(status)) return status;
  }
  // A node stays while the object does, and no two are at one place.
  if (ObjectID != nullptr) *ObjectID = reinterpret_cast<ULONG_PTR>(static_cast<Key*>(Object)->node);
  return STATUS_SUCCESS;
}

VOID NTAPI CmCallbackReleaseKeyObjectIDEx(PCUNICODE_STRING ObjectName) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, ObjectName);
  ExFreePoolWithTag(const_cast<PUNICODE_STRING>(ObjectName), tag_callback);
}

PVOID NTAPI CmGetBoundTransaction(PLARGE_INTEGER, PVOID Object) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, Object);
  Branch const* const branch = static_cast<Key*>(Object)->branch;
  return branch != nullptr ? branch->transaction : nullptr;
}
