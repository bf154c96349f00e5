// The system services on objects. [MSDN ntifs.h, wdm.h]
//   IRQL PASSIVE_LEVEL. Parameters are trusted, as for a caller in kernel mode. Statuses beyond
//   those named are the ones of ObInsertObject (create), ObOpenObjectByName (open) and
//   ObReferenceObjectByHandle (the rest).
#pragma once

#include <nt/ob.h>

#ifdef __cplusplus
extern "C" {
#endif

// STATUS_INVALID_HANDLE, STATUS_HANDLE_NOT_CLOSABLE; bugcheck 0x93 as ObCloseHandle.
NTSTATUS NTAPI ZwClose(HANDLE Handle);

// As ObMakeTemporaryObject, by handle.
NTSTATUS NTAPI ZwMakeTemporaryObject(HANDLE Handle);

NTSTATUS NTAPI ZwCreateDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                       POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI ZwOpenDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                     POBJECT_ATTRIBUTES ObjectAttributes);

// STATUS_INVALID_PARAMETER for an empty LinkTarget.
NTSTATUS NTAPI ZwCreateSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                          POBJECT_ATTRIBUTES ObjectAttributes,
                                          PUNICODE_STRING LinkTarget);
NTSTATUS NTAPI ZwOpenSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                        POBJECT_ATTRIBUTES ObjectAttributes);

// STATUS_BUFFER_TOO_SMALL when LinkTarget->MaximumLength, in bytes, is; *ReturnedLength says what
// it takes.
NTSTATUS NTAPI ZwQuerySymbolicLinkObject(HANDLE LinkHandle, PUNICODE_STRING LinkTarget,
                                         PULONG ReturnedLength);

#ifdef __cplusplus
}
#endif
