// The system services on objects. [MSDN ntifs.h, wdm.h]
//   IRQL PASSIVE_LEVEL. Parameters are trusted, as for a caller in kernel mode. Statuses beyond
//   those named are the ones of ObInsertObject (create), ObOpenObjectByName (open) and
//   ObReferenceObjectByHandle (the rest).
#pragma once

#include <nt/ob.h>
#include <nt/se/descriptor.h>

#ifdef __cplusplus
extern "C" {
#endif

// STATUS_INVALID_HANDLE, STATUS_HANDLE_NOT_CLOSABLE; bugcheck 0x93 as ObCloseHandle.
NTSTATUS NTAPI ZwClose(HANDLE Handle);

#define DUPLICATE_CLOSE_SOURCE 0x00000001
#define DUPLICATE_SAME_ACCESS 0x00000002
#define DUPLICATE_SAME_ATTRIBUTES 0x00000004

// *TargetHandle is another handle of what SourceHandle names, in the target process, with
// DesiredAccess and HandleAttributes (OBJ_INHERIT, OBJ_PROTECT_CLOSE, OBJ_KERNEL_HANDLE), or as
// Options (DUPLICATE_*) say with the source's. DUPLICATE_CLOSE_SOURCE closes the source whatever
// comes of the duplicate; with it TargetHandle and TargetProcessHandle may be NULL. The System has
// one table of handles for all processes, so the duplicate is good in each.
//   STATUS_INVALID_PARAMETER: other options, or nothing to do; of the closed source the statuses of
//   ZwClose, if there is no duplicate to tell of.                          [MSDN ZwDuplicateObject]
NTSTATUS NTAPI ZwDuplicateObject(HANDLE SourceProcessHandle, HANDLE SourceHandle,
                                 HANDLE TargetProcessHandle, PHANDLE TargetHandle,
                                 ACCESS_MASK DesiredAccess, ULONG HandleAttributes, ULONG Options);

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

// The parts that SecurityInformation names of the object's security descriptor, self-relative;
// without any part if the object has none. *LengthNeeded, in bytes, says what it takes.
//   STATUS_BUFFER_TOO_SMALL.                                           [MSDN ZwQuerySecurityObject]
NTSTATUS NTAPI ZwQuerySecurityObject(HANDLE Handle, SECURITY_INFORMATION SecurityInformation,
                                     PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Length,
                                     PULONG LengthNeeded);
// Gives the object these parts of a descriptor of either form; the others stay. Generic rights
// become those of the object's type. Devices have security descriptors, and files that are an open
// device; other types do not yet.
//   STATUS_INVALID_SECURITY_DESCR; STATUS_OBJECT_TYPE_MISMATCH: the object cannot have one;
//   STATUS_INSUFFICIENT_RESOURCES.                                       [MSDN ZwSetSecurityObject]
NTSTATUS NTAPI ZwSetSecurityObject(HANDLE Handle, SECURITY_INFORMATION SecurityInformation,
                                   PSECURITY_DESCRIPTOR SecurityDescriptor);

// Waits for the object of a handle: an event, a process, a thread, or the Event of a file. The
// object stays for the length of the wait, whatever becomes of the handle. The statuses of
// KeWaitForSingleObject; STATUS_OBJECT_TYPE_MISMATCH for an object of a type that nobody waits for.
//                                                                     [MSDN ZwWaitForSingleObject]
NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout);

// The same for the objects of HandleCount handles, WaitAll or WaitAny; the statuses of
// KeWaitForMultipleObjects. STATUS_INVALID_PARAMETER_1 for no handle or more than
// MAXIMUM_WAIT_OBJECTS, STATUS_INVALID_PARAMETER_3 for another WaitType,
// STATUS_INVALID_PARAMETER_MIX for a WaitAll that has an object twice,
// STATUS_INSUFFICIENT_RESOURCES.            [ntifs.h; MSDN WaitForMultipleObjects; MS-ERREF 2.3.1]
NTSTATUS NTAPI ZwWaitForMultipleObjects(ULONG HandleCount, PHANDLE Handles, WAIT_TYPE WaitType,
                                        BOOLEAN Alertable, PLARGE_INTEGER Timeout);

#ifdef __cplusplus
}
#endif
