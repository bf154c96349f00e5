// Events as objects, which have handles and names. The body is a KEVENT.
#pragma once

#include <nt/ob.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Rights to an event, beside SYNCHRONIZE to wait for it.        [wdm.h; MSDN ZwCreateEvent]
#define EVENT_QUERY_STATE 0x0001
#define EVENT_MODIFY_STATE 0x0002
#define EVENT_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)

// ---- Data: a cell of the current System, where the type is. Any IRQL.                    [wdm.h]
#ifdef _WIN32
extern POBJECT_TYPE* ExEventObjectType;
#else
POBJECT_TYPE* NTAPI MicaCellExEventObjectType(void);
#define ExEventObjectType MicaCellExEventObjectType()
#endif

#ifdef __cplusplus
}
#endif
