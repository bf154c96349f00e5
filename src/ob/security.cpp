// Security descriptors of objects: kept self-relative, in a block of pool that State::security_lock
// guards; handed out as copies.
//               [MSDN ObGetObjectSecurity, ZwQuerySecurityObject, ZwSetSecurityObject]
#include <nt/zw/objects.h>

#include <cstring>

#include "ob/state.hpp"
#include "rtl/security_descriptor.hpp"

namespace mica::ob {
namespace {

using rtl::DescriptorParts;

class SecurityLock {
 public:
  SecurityLock() noexcept { ExAcquireFastMutex(&state().security_lock); }
  SecurityLock(SecurityLock const&) = delete;
  SecurityLock& operator=(SecurityLock const&) = delete;
  ~SecurityLock() { ExReleaseFastMutex(&state().security_lock); }
};

// Null: the object has no descriptor and gets none.
[[nodiscard]] PSECURITY_DESCRIPTOR* slot_of(void* object) noexcept {
  auto* const procedure = header_of(object).type->procedures.descriptor;
  return procedure == nullptr ? nullptr : procedure(object);
}

// Under the lock.
[[nodiscard]] DescriptorParts kept_parts(PSECURITY_DESCRIPTOR const* slot) noexcept {
  return slot == nullptr || *slot == nullptr ? DescriptorParts{} : rtl::parts_of(*slot);
}

void map_generic_rights(ACL* acl, GENERIC_MAPPING& mapping) noexcept {
  if (acl == nullptr) return;
  rtl::for_each_ace(*acl, [&](ACE_HEADER& ace) {
    if (!rtl::has_mask_and_sid(ace.AceType)) return;
    RtlMapGenericMask(&reinterpret_cast<ACCESS_ALLOWED_ACE&>(ace).Mask, &mapping);
  });
}

// What `added` chooses of one, and the rest of the other.
[[nodiscard]] DescriptorParts merge(DescriptorParts const& kept, DescriptorParts const& given,
                                    SECURITY_INFORMATION added) noexcept {
  DescriptorParts result = rtl::chosen_parts(given, added);
  DescriptorParts const rest = rtl::chosen_parts(kept, ~added);
  result.control = static_cast<SECURITY_DESCRIPTOR_CONTROL>(result.control | rest.control);
  if (rest.owner != nullptr) result.owner = rest.owner;
  if (rest.group != nullptr) result.group = rest.group;
  if (rest.dacl != nullptr) result.dacl = rest.dacl;
  if (rest.sacl != nullptr) result.sacl = rest.sacl;
  return result;
}

[[nodiscard]] void* copy_of(DescriptorParts const& parts) noexcept {
  void* const copy = ExAllocatePool2(POOL_FLAG_NON_PAGED, rtl::bytes_of(parts), tag_security);
  if (copy != nullptr) rtl::write(parts, copy);
  return copy;
}

[[nodiscard]] NTSTATUS replace(PSECURITY_DESCRIPTOR& slot, DescriptorParts const& given,
                               SECURITY_INFORMATION added, GENERIC_MAPPING& mapping) noexcept {
  PSECURITY_DESCRIPTOR replaced = nullptr;
  {
    SecurityLock const lock;
    void* const made = copy_of(merge(kept_parts(&slot), given, added));
    if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    DescriptorParts const parts = rtl::parts_of(made);
    map_generic_rights(parts.dacl, mapping);
    map_generic_rights(parts.sacl, mapping);
    replaced = slot;
    slot = made;
  }
  if (replaced != nullptr) ExFreePoolWithTag(replaced, tag_security);
  return STATUS_SUCCESS;
}

}  // namespace
}  // namespace mica::ob

using namespace mica;
using namespace mica::ob;

NTSTATUS NTAPI ObGetObjectSecurity(PVOID Object, PSECURITY_DESCRIPTOR* SecurityDescriptor,
                                   PBOOLEAN MemoryAllocated) {
  *SecurityDescriptor = nullptr;
  *MemoryAllocated = FALSE;
  PSECURITY_DESCRIPTOR* const slot = slot_of(Object);
  if (slot == nullptr) return STATUS_SUCCESS;
  SecurityLock const lock;
  if (*slot == nullptr) return STATUS_SUCCESS;
  *SecurityDescriptor = copy_of(kept_parts(slot));
  *MemoryAllocated = *SecurityDescriptor != nullptr;
  return *SecurityDescriptor != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

VOID NTAPI ObReleaseObjectSecurity(PSECURITY_DESCRIPTOR SecurityDescriptor,
                                   BOOLEAN MemoryAllocated) {
  if (MemoryAllocated != FALSE) ExFreePoolWithTag(SecurityDescriptor, tag_security);
}

NTSTATUS NTAPI ZwQuerySecurityObject(HANDLE Handle, SECURITY_INFORMATION SecurityInformation,
                                     PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Length,
                                     PULONG LengthNeeded) {
  void* object = nullptr;
  NTSTATUS const status =
      ObReferenceObjectByHandle(Handle, 0, nullptr, KernelMode, &object, nullptr);
  if (!NT_SUCCESS(status)) return status;
  Reference const reference{object};
  SecurityLock const lock;
  DescriptorParts const parts = rtl::chosen_parts(kept_parts(slot_of(object)), SecurityInformation);
  *LengthNeeded = rtl::bytes_of(parts);
  if (Length < *LengthNeeded) return STATUS_BUFFER_TOO_SMALL;
  rtl::write(parts, SecurityDescriptor);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwSetSecurityObject(HANDLE Handle, SECURITY_INFORMATION SecurityInformation,
                                   PSECURITY_DESCRIPTOR SecurityDescriptor) {
  if (!RtlValidSecurityDescriptor(SecurityDescriptor)) return STATUS_INVALID_SECURITY_DESCR;
  void* object = nullptr;
  NTSTATUS const status =
      ObReferenceObjectByHandle(Handle, 0, nullptr, KernelMode, &object, nullptr);
  if (!NT_SUCCESS(status)) return status;
  Reference const reference{object};
  PSECURITY_DESCRIPTOR* const slot = slot_of(object);
  if (slot == nullptr) return STATUS_OBJECT_TYPE_MISMATCH;
  return replace(*slot, rtl::parts_of(SecurityDescriptor), SecurityInformation,
                 header_of(object).type->mapping);
}
