// Identifiers as text: {00112233-4455-6677-8899-AABBCCDDEEFF}. IRQL PASSIVE_LEVEL.
#pragma once

#include <nt/ntdef.h>

#ifdef __cplusplus
extern "C" {
#endif

// In a buffer of its own: RtlFreeUnicodeString. STATUS_NO_MEMORY.      [MSDN RtlStringFromGUID]
NTSTATUS NTAPI RtlStringFromGUID(GUID const* Guid, PUNICODE_STRING GuidString);
// STATUS_INVALID_PARAMETER: it is none.                                [MSDN RtlGUIDFromString]
NTSTATUS NTAPI RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID* Guid);

#ifdef __cplusplus
}
#endif
