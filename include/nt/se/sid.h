// Security identifiers: S-1-5-32-544 is revision 1, authority 5, sub-authorities 32 and 544.
//   Any IRQL. A SID has up to 15 sub-authorities; SIDs of callers must be valid (RtlValidSid).
//                                                            [MSDN "Security Identifiers"; ntifs.h]
#pragma once

#include <nt/ntdef.h>
#include <nt/ntstatus.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SID_REVISION 1
#define SID_MAX_SUB_AUTHORITIES 15

typedef struct _SID_IDENTIFIER_AUTHORITY {
  UCHAR Value[6];  // the highest byte first
} SID_IDENTIFIER_AUTHORITY, *PSID_IDENTIFIER_AUTHORITY;

typedef struct _SID {
  UCHAR Revision;
  UCHAR SubAuthorityCount;
  SID_IDENTIFIER_AUTHORITY IdentifierAuthority;
  ULONG SubAuthority[1];
} SID, *PISID;

#define SECURITY_NULL_SID_AUTHORITY \
  { 0, 0, 0, 0, 0, 0 }
#define SECURITY_WORLD_SID_AUTHORITY \
  { 0, 0, 0, 0, 0, 1 }
#define SECURITY_LOCAL_SID_AUTHORITY \
  { 0, 0, 0, 0, 0, 2 }
#define SECURITY_CREATOR_SID_AUTHORITY \
  { 0, 0, 0, 0, 0, 3 }
#define SECURITY_NT_AUTHORITY \
  { 0, 0, 0, 0, 0, 5 }
#define SECURITY_MANDATORY_LABEL_AUTHORITY \
  { 0, 0, 0, 0, 0, 16 }

// Whether revision and number of sub-authorities are some.                    [MSDN RtlValidSid]
BOOLEAN NTAPI RtlValidSid(PSID Sid);
// Bytes of a SID.                                                             [MSDN RtlLengthSid]
ULONG NTAPI RtlLengthSid(PSID Sid);
// Bytes of a SID with so many sub-authorities.                        [MSDN RtlLengthRequiredSid]
ULONG NTAPI RtlLengthRequiredSid(ULONG SubAuthorityCount);
// Makes a SID whose sub-authorities are the caller's to fill in. STATUS_INVALID_PARAMETER for more
// than 15.                                                                [MSDN RtlInitializeSid]
NTSTATUS NTAPI RtlInitializeSid(PSID Sid, PSID_IDENTIFIER_AUTHORITY IdentifierAuthority,
                                UCHAR SubAuthorityCount);
// Where a sub-authority is.                                             [MSDN RtlSubAuthoritySid]
PULONG NTAPI RtlSubAuthoritySid(PSID Sid, ULONG SubAuthority);
PUCHAR NTAPI RtlSubAuthorityCountSid(PSID Sid);
BOOLEAN NTAPI RtlEqualSid(PSID Sid1, PSID Sid2);  //                            [MSDN RtlEqualSid]
// STATUS_BUFFER_TOO_SMALL: DestinationSidLength, in bytes, is.                  [MSDN RtlCopySid]
NTSTATUS NTAPI RtlCopySid(ULONG DestinationSidLength, PSID DestinationSid, PSID SourceSid);

// The text of a SID: an authority above 32 bits is hexadecimal. With AllocateDestinationString the
// buffer is pool, which RtlFreeUnicodeString frees: IRQL PASSIVE_LEVEL then.
//   STATUS_INVALID_SID; STATUS_BUFFER_OVERFLOW: the destination's buffer is too small, and nothing
//   was written; STATUS_NO_MEMORY.                             [MSDN RtlConvertSidToUnicodeString]
NTSTATUS NTAPI RtlConvertSidToUnicodeString(PUNICODE_STRING UnicodeString, PSID Sid,
                                            BOOLEAN AllocateDestinationString);

#ifdef __cplusplus
}
#endif
