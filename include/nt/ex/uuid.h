// Names that are unique.
#pragma once

#include <nt/ntdef.h>
#include <nt/ntstatus.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef GUID UUID;

// A new UUID. RPC_NT_UUID_LOCAL_ONLY, a success: it is unique on this computer only, because that
// has no network card. IRQL PASSIVE_LEVEL.                                      [MSDN ExUuidCreate]
NTSTATUS NTAPI ExUuidCreate(UUID* Uuid);

#ifdef __cplusplus
}
#endif
