// Access rights, and lists of them.
//                        [MSDN RtlMapGenericMask, RtlCreateAcl, RtlAddAccessAllowedAce, RtlGetAce]
#include "rtl/security_descriptor.hpp"

namespace mica::rtl {
namespace {

constexpr ULONG sid_offset = offsetof(ACCESS_ALLOWED_ACE, SidStart);

[[nodiscard]] bool known_revision(ULONG revision) noexcept {
  return revision >= MIN_ACL_REVISION && revision <= MAX_ACL_REVISION;
}

// A SID may be there that has all its sub-authorities in so many bytes.
[[nodiscard]] bool holds_sid(std::byte const* at, std::size_t bytes) noexcept {
  auto* const sid = const_cast<std::byte*>(at);
  return bytes >= RtlLengthRequiredSid(0) && RtlValidSid(sid) && RtlLengthSid(sid) <= bytes;
}

// Where entries end; null: one is not within the list, or no entry.
[[nodiscard]] std::byte const* NTAPI end_of(ACL const& acl) noexcept {
  auto const* at = reinterpret_cast<std::byte const*>(&acl + 1);
  std::byte const* const end = reinterpret_cast<std::byte const*>(&acl) + acl.AclSize;
  for (USHORT i = 0; i < acl.AceCount; ++i) {
    auto const left = static_cast<std::size_t>(end - at);
    if (left < sizeof(ACE_HEADER)) return nullptr;
    auto const& ace = *reinterpret_cast<ACE_HEADER const*>(at);
    if (ace.AceSize < sizeof ace || ace.AceSize > left || ace.AceSize % sizeof(ULONG) != 0)
      return nullptr;
    if (has_mask_and_sid(ace.AceType) &&
        (ace.AceSize < sid_offset || !holds_sid(at + sid_offset, ace.AceSize - sid_offset)))
      return nullptr;
    at += ace.AceSize;
  }
  return at;
}

}  // namespace

bool NTAPI valid_acl(ACL const& acl) noexcept {
  return known_revision(acl.AclRevision) && acl.AclSize >= sizeof acl && end_of(acl) != nullptr;
}

}  // namespace mica::rtl

using namespace mica::rtl;

VOID NTAPI RtlMapGenericMask(PACCESS_MASK AccessMask, PGENERIC_MAPPING GenericMapping) {
  ACCESS_MASK const asked = *AccessMask;
  ACCESS_MASK mapped = asked & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
  if ((asked & GENERIC_READ) != 0) mapped |= GenericMapping->GenericRead;
  if ((asked & GENERIC_WRITE) != 0) mapped |= GenericMapping->GenericWrite;
  if ((asked & GENERIC_EXECUTE) != 0) mapped |= GenericMapping->GenericExecute;
  if ((asked & GENERIC_ALL) != 0) mapped |= GenericMapping->GenericAll;
  *AccessMask = mapped;
}

NTSTATUS NTAPI RtlCreateAcl(PACL Acl, ULONG AclLength, ULONG AclRevision) {
  if (AclLength < sizeof(ACL)) return STATUS_BUFFER_TOO_SMALL;
  if (AclLength > 0xFFFF || !known_revision(AclRevision)) return STATUS_INVALID_PARAMETER;
  *Acl = {.AclRevision = static_cast<UCHAR>(AclRevision),
          .Sbz1 = 0,
          .AclSize = static_cast<USHORT>(AclLength & ~(sizeof(ULONG) - 1)),
          .AceCount = 0,
          .Sbz2 = 0};
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAddAccessAllowedAce(PACL Acl, ULONG AceRevision, ACCESS_MASK AccessMask,
                                      PSID Sid) {
  if (!RtlValidSid(Sid)) return STATUS_INVALID_SID;
  if (!known_revision(AceRevision)) return STATUS_REVISION_MISMATCH;
  if (!valid_acl(*Acl)) return STATUS_INVALID_ACL;
  ULONG const sid_bytes = RtlLengthSid(Sid), bytes = sid_offset + sid_bytes;
  auto* const at = const_cast<std::byte*>(end_of(*Acl));
  if (at + bytes > reinterpret_cast<std::byte*>(Acl) + Acl->AclSize)
    return STATUS_ALLOTTED_SPACE_EXCEEDED;
  auto& ace = *reinterpret_cast<ACCESS_ALLOWED_ACE*>(at);
  ace.Header = {ACCESS_ALLOWED_ACE_TYPE, 0, static_cast<USHORT>(bytes)};
  ace.Mask = AccessMask;
  static_cast<void>(RtlCopySid(sid_bytes, &ace.SidStart, Sid));  // there is room
  ++Acl->AceCount;
  if (AceRevision > Acl->AclRevision) Acl->AclRevision = static_cast<UCHAR>(AceRevision);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGetAce(PACL Acl, ULONG AceIndex, PVOID* Ace) {
  if (!valid_acl(*Acl) || AceIndex >= Acl->AceCount) return STATUS_INVALID_PARAMETER;
  for_each_ace(*Acl, [&](ACE_HEADER& ace) {
    if (AceIndex-- == 0) *Ace = &ace;
  });
  return STATUS_SUCCESS;
}
