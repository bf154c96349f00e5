// Security identifiers. [MSDN "Run-Time Library (RTL) Routines"]
#include <nt/rtl/memory.h>
#include <nt/se/sid.h>

#include <cstddef>

namespace {

constexpr ULONG bytes_of(ULONG sub_authorities) noexcept {
  return static_cast<ULONG>(offsetof(SID, SubAuthority) + sub_authorities * sizeof(ULONG));
}

[[nodiscard]] SID& sid_at(PSID address) noexcept {
  return *static_cast<SID*>(address);
}

}  // namespace

BOOLEAN NTAPI RtlValidSid(PSID Sid) {
  if (Sid == nullptr) return FALSE;
  SID const& sid = sid_at(Sid);
  return sid.Revision == SID_REVISION && sid.SubAuthorityCount <= SID_MAX_SUB_AUTHORITIES;
}

ULONG NTAPI RtlLengthSid(PSID Sid) {
  return bytes_of(sid_at(Sid).SubAuthorityCount);
}

ULONG NTAPI RtlLengthRequiredSid(ULONG SubAuthorityCount) {
  return bytes_of(SubAuthorityCount);
}

NTSTATUS NTAPI RtlInitializeSid(PSID Sid, PSID_IDENTIFIER_AUTHORITY IdentifierAuthority,
                                UCHAR SubAuthorityCount) {
  if (SubAuthorityCount > SID_MAX_SUB_AUTHORITIES) return STATUS_INVALID_PARAMETER;
  SID& sid = sid_at(Sid);
  sid.Revision = SID_REVISION;
  sid.SubAuthorityCount = SubAuthorityCount;
  sid.IdentifierAuthority = *IdentifierAuthority;
  return STATUS_SUCCESS;
}

PULONG NTAPI RtlSubAuthoritySid(PSID Sid, ULONG SubAuthority) {
  return sid_at(Sid).SubAuthority + SubAuthority;
}

PUCHAR NTAPI RtlSubAuthorityCountSid(PSID Sid) {
  return &sid_at(Sid).SubAuthorityCount;
}

BOOLEAN NTAPI RtlEqualSid(PSID Sid1, PSID Sid2) {
  ULONG const bytes = RtlLengthSid(Sid1);
  return RtlLengthSid(Sid2) == bytes && RtlCompareMemory(Sid1, Sid2, bytes) == bytes;
}

NTSTATUS NTAPI RtlCopySid(ULONG DestinationSidLength, PSID DestinationSid, PSID SourceSid) {
  ULONG const bytes = RtlLengthSid(SourceSid);
  if (bytes > DestinationSidLength) return STATUS_BUFFER_TOO_SMALL;
  SID& destination = sid_at(DestinationSid);
  SID const& source = sid_at(SourceSid);
  destination.Revision = source.Revision;
  destination.SubAuthorityCount = source.SubAuthorityCount;
  destination.IdentifierAuthority = source.IdentifierAuthority;
  for (ULONG i = 0; i < source.SubAuthorityCount; ++i)
    destination.SubAuthority[i] = source.SubAuthority[i];
  return STATUS_SUCCESS;
}
