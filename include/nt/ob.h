// Objects: references, handles, names. [MSDN wdm.h, ntifs.h]
//   Unless a routine says otherwise: IRQL PASSIVE_LEVEL. AccessMode UserMode checks what KernelMode
//   trusts.
#pragma once

#include <nt/ntdef.h>

#include <nt/ke/dispatcher.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _OBJECT_TYPE OBJECT_TYPE, *POBJECT_TYPE;
typedef struct _ACCESS_STATE ACCESS_STATE, *PACCESS_STATE;  // opaque; pass NULL

typedef struct _OBJECT_HANDLE_INFORMATION {
  ULONG HandleAttributes;  // OBJ_INHERIT, OBJ_PROTECT_CLOSE
  ACCESS_MASK GrantedAccess;
} OBJECT_HANDLE_INFORMATION, *POBJECT_HANDLE_INFORMATION;

typedef struct _OBJECT_NAME_INFORMATION {
  UNICODE_STRING Name;
} OBJECT_NAME_INFORMATION, *POBJECT_NAME_INFORMATION;

#define OBJ_PROTECT_CLOSE 0x00000001
#define OBJ_NAME_PATH_SEPARATOR ((WCHAR)'\\')

#define DIRECTORY_QUERY 0x0001
#define DIRECTORY_TRAVERSE 0x0002
#define DIRECTORY_CREATE_OBJECT 0x0004
#define DIRECTORY_CREATE_SUBDIRECTORY 0x0008
#define DIRECTORY_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | 0xF)
#define SYMBOLIC_LINK_QUERY 0x0001
#define SYMBOLIC_LINK_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | 0x1)

#ifndef ACCESS_SYSTEM_SECURITY
#define ACCESS_SYSTEM_SECURITY 0x01000000
#endif

#define NtCurrentProcess() ((HANDLE)(LONG_PTR)-1)
#define ZwCurrentProcess() NtCurrentProcess()
#define NtCurrentThread() ((HANDLE)(LONG_PTR)-2)
#define ZwCurrentThread() NtCurrentThread()

// Adds a reference; returns the new count. IRQL <= DISPATCH_LEVEL. Bugcheck 0x18 when there was
// none.
LONG_PTR NTAPI ObfReferenceObject(PVOID Object);
#define ObReferenceObject ObfReferenceObject

// Drops a reference; returns the new count. IRQL <= DISPATCH_LEVEL; above PASSIVE_LEVEL the
// deletion that the last one brings is left to a system thread. Bugcheck 0x18 when there was none.
LONG_PTR NTAPI ObfDereferenceObject(PVOID Object);
#define ObDereferenceObject ObfDereferenceObject

// The same, and the deletion is always left to a system thread.
VOID NTAPI ObDereferenceObjectDeferDelete(PVOID Object);

// Adds a reference if the object's type is ObjectType; in kernel mode whatever it is, except for
// the symbolic link type, which is never allowed. IRQL <= DISPATCH_LEVEL.
// STATUS_OBJECT_TYPE_MISMATCH.
NTSTATUS NTAPI ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK DesiredAccess,
                                          POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode);

// The object of an open handle, referenced; *Object is NULL on error. In user mode the handle must
// grant DesiredAccess. STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED.
NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess,
                                         POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                         PVOID* Object,
                                         POBJECT_HANDLE_INFORMATION HandleInformation);

#if defined(_WIN32) && !defined(__cplusplus)
// Drivers in C give it the address of a pointer of any kind, as the compiler of the WDK lets them.
#define ObReferenceObjectByHandle(Handle, DesiredAccess, ObjectType, AccessMode, Object,       \
                                  HandleInformation)                                           \
  (ObReferenceObjectByHandle)(Handle, DesiredAccess, ObjectType, AccessMode, (PVOID*)(Object), \
                              HandleInformation)
#endif

// The object of a name, referenced. The statuses of ObOpenObjectByName, and
// STATUS_OBJECT_NAME_INVALID for no name.
NTSTATUS NTAPI ObReferenceObjectByName(PUNICODE_STRING ObjectName, ULONG Attributes,
                                       PACCESS_STATE PassedAccessState, ACCESS_MASK DesiredAccess,
                                       POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                       PVOID ParseContext, PVOID* Object);

// A new handle. STATUS_OBJECT_TYPE_MISMATCH, STATUS_INSUFFICIENT_RESOURCES.
NTSTATUS NTAPI ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes,
                                     PACCESS_STATE PassedAccessState, ACCESS_MASK DesiredAccess,
                                     POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                     PHANDLE Handle);

// STATUS_INVALID_PARAMETER, STATUS_OBJECT_PATH_SYNTAX_BAD, STATUS_OBJECT_NAME_INVALID,
// STATUS_OBJECT_PATH_NOT_FOUND, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_TYPE_MISMATCH,
// STATUS_INVALID_HANDLE (the root), STATUS_INSUFFICIENT_RESOURCES.
NTSTATUS NTAPI ObOpenObjectByName(POBJECT_ATTRIBUTES ObjectAttributes, POBJECT_TYPE ObjectType,
                                  KPROCESSOR_MODE AccessMode, PACCESS_STATE PassedAccessState,
                                  ACCESS_MASK DesiredAccess, PVOID ParseContext, PHANDLE Handle);

// An object with one reference and a zeroed body, not yet inserted. STATUS_INVALID_PARAMETER,
// STATUS_OBJECT_NAME_INVALID, STATUS_INSUFFICIENT_RESOURCES. Charges are not counted.
NTSTATUS NTAPI ObCreateObject(KPROCESSOR_MODE ProbeMode, POBJECT_TYPE ObjectType,
                              POBJECT_ATTRIBUTES ObjectAttributes, KPROCESSOR_MODE OwnershipMode,
                              PVOID ParseContext, ULONG ObjectBodySize, ULONG PagedPoolCharge,
                              ULONG NonPagedPoolCharge, PVOID* Object);

// Enters the object under its name and makes a handle. The reference of ObCreateObject goes to the
// handle; without a Handle it stays the caller's; on error it is dropped. ObjectPointerBias further
// references are the caller's, and one for NewObject. STATUS_OBJECT_NAME_COLLISION, or with
// OBJ_OPENIF STATUS_OBJECT_NAME_EXISTS for the object that stood there.
NTSTATUS NTAPI ObInsertObject(PVOID Object, PACCESS_STATE PassedAccessState,
                              ACCESS_MASK DesiredAccess, ULONG ObjectPointerBias, PVOID* NewObject,
                              PHANDLE Handle);

// Ends OBJ_PERMANENT: the name goes with the last handle, now if there is none.
VOID NTAPI ObMakeTemporaryObject(PVOID Object);

// STATUS_INVALID_HANDLE, STATUS_HANDLE_NOT_CLOSABLE; in kernel mode, for a handle of the kernel's
// form, bugcheck 0x93.
NTSTATUS NTAPI ObCloseHandle(HANDLE Handle, KPROCESSOR_MODE PreviousMode);

// Whether the handle has the kernel's form. Any IRQL.
BOOLEAN NTAPI ObIsKernelHandle(HANDLE Handle);

// Any IRQL; the object must be referenced.
POBJECT_TYPE NTAPI ObGetObjectType(PVOID Object);

// The full path, null-terminated behind the structure; an empty string for an object without.
// STATUS_INFO_LENGTH_MISMATCH when Length, in bytes, is too small; *ReturnLength says what it
// takes.
NTSTATUS NTAPI ObQueryNameString(PVOID Object, POBJECT_NAME_INFORMATION ObjectNameInfo,
                                 ULONG Length, PULONG ReturnLength);

// A copy of the object's security descriptor, self-relative, which ObReleaseObjectSecurity frees;
// NULL, and nothing to free, for an object that has none. IRQL <= APC_LEVEL.
//   STATUS_INSUFFICIENT_RESOURCES.              [MSDN ObGetObjectSecurity, ObReleaseObjectSecurity]
NTSTATUS NTAPI ObGetObjectSecurity(PVOID Object, PSECURITY_DESCRIPTOR* SecurityDescriptor,
                                   PBOOLEAN MemoryAllocated);
VOID NTAPI ObReleaseObjectSecurity(PSECURITY_DESCRIPTOR SecurityDescriptor,
                                   BOOLEAN MemoryAllocated);

#ifdef __cplusplus
}
#endif
