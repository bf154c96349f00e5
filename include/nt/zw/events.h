// The system services on events. [MSDN ntifs.h, wdm.h]
//   IRQL PASSIVE_LEVEL. Parameters are trusted, as for a caller in kernel mode.
#pragma once

#include <nt/ex/event.h>

#ifdef __cplusplus
extern "C" {
#endif

// Makes an event, and a handle to it that ZwClose closes. With OBJ_OPENIF and a name that an event
// has, a handle to that one, as it is: STATUS_OBJECT_NAME_EXISTS. STATUS_INVALID_PARAMETER_4 for
// another EventType; else the statuses of ObCreateObject and ObInsertObject.  [MSDN ZwCreateEvent]
NTSTATUS NTAPI ZwCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, EVENT_TYPE EventType,
                             BOOLEAN InitialState);

// A handle to the event of that name. The statuses of ObOpenObjectByName.      [MSDN ZwOpenEvent]
NTSTATUS NTAPI ZwOpenEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes);

// As KeSetEvent, KeResetEvent, KeClearEvent and KePulseEvent, by handle. *PreviousState, unless
// NULL, is the state before: 0, or not 0. The statuses of ObReferenceObjectByHandle.
//                                              [MSDN ZwSetEvent, ResetEvent, PulseEvent; ntifs.h]
NTSTATUS NTAPI ZwSetEvent(HANDLE EventHandle, PLONG PreviousState);
NTSTATUS NTAPI ZwResetEvent(HANDLE EventHandle, PLONG PreviousState);
NTSTATUS NTAPI ZwClearEvent(HANDLE EventHandle);
NTSTATUS NTAPI ZwPulseEvent(HANDLE EventHandle, PLONG PreviousState);

#ifdef __cplusplus
}
#endif
