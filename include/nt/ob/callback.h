// Callbacks on handles of processes and threads that are opened and duplicated.
//                [MSDN ObRegisterCallbacks, ObjectPreCallback, ObjectPostCallback; wdm.h]
//   Before a handle is made every routine for the object's type is called, from the highest
//   altitude down, and after it, made or not, from the lowest up: in the thread that asks, at
//   PASSIVE_LEVEL, without a lock. Each sees as DesiredAccess what those above it left, and may
//   take of the rights that the documentation lists; others, and those it adds, stay as they were.
//   The handle of a new thread is told of too.
#pragma once

#include <nt/ntdef.h>

#include <nt/ob.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef ULONG OB_OPERATION;
#define OB_OPERATION_HANDLE_CREATE 0x00000001
#define OB_OPERATION_HANDLE_DUPLICATE 0x00000002

#define OB_FLT_REGISTRATION_VERSION_0100 0x0100
#define OB_FLT_REGISTRATION_VERSION OB_FLT_REGISTRATION_VERSION_0100

typedef struct _OB_PRE_CREATE_HANDLE_INFORMATION {
  ACCESS_MASK DesiredAccess;
  ACCESS_MASK OriginalDesiredAccess;
} OB_PRE_CREATE_HANDLE_INFORMATION, *POB_PRE_CREATE_HANDLE_INFORMATION;

typedef struct _OB_PRE_DUPLICATE_HANDLE_INFORMATION {
  ACCESS_MASK DesiredAccess;
  ACCESS_MASK OriginalDesiredAccess;
  PVOID SourceProcess;
  PVOID TargetProcess;
} OB_PRE_DUPLICATE_HANDLE_INFORMATION, *POB_PRE_DUPLICATE_HANDLE_INFORMATION;

typedef union _OB_PRE_OPERATION_PARAMETERS {
  OB_PRE_CREATE_HANDLE_INFORMATION CreateHandleInformation;
  OB_PRE_DUPLICATE_HANDLE_INFORMATION DuplicateHandleInformation;
} OB_PRE_OPERATION_PARAMETERS, *POB_PRE_OPERATION_PARAMETERS;

// CallContext is NULL; what is left there goes to the same registration's post-operation.
typedef struct _OB_PRE_OPERATION_INFORMATION {
  OB_OPERATION Operation;
  union {
    ULONG Flags;
    struct {
      ULONG KernelHandle : 1;
      ULONG Reserved : 31;
    };
  };
  PVOID Object;
  POBJECT_TYPE ObjectType;
  PVOID CallContext;
  POB_PRE_OPERATION_PARAMETERS Parameters;
} OB_PRE_OPERATION_INFORMATION, *POB_PRE_OPERATION_INFORMATION;

typedef struct _OB_POST_CREATE_HANDLE_INFORMATION {
  ACCESS_MASK GrantedAccess;
} OB_POST_CREATE_HANDLE_INFORMATION, *POB_POST_CREATE_HANDLE_INFORMATION;

typedef struct _OB_POST_DUPLICATE_HANDLE_INFORMATION {
  ACCESS_MASK GrantedAccess;
} OB_POST_DUPLICATE_HANDLE_INFORMATION, *POB_POST_DUPLICATE_HANDLE_INFORMATION;

typedef union _OB_POST_OPERATION_PARAMETERS {
  OB_POST_CREATE_HANDLE_INFORMATION CreateHandleInformation;
  OB_POST_DUPLICATE_HANDLE_INFORMATION DuplicateHandleInformation;
} OB_POST_OPERATION_PARAMETERS, *POB_POST_OPERATION_PARAMETERS;

// GrantedAccess is 0 where ReturnStatus is an error.
typedef struct _OB_POST_OPERATION_INFORMATION {
  OB_OPERATION Operation;
  union {
    ULONG Flags;
    struct {
      ULONG KernelHandle : 1;
      ULONG Reserved : 31;
    };
  };
  PVOID Object;
  POBJECT_TYPE ObjectType;
  PVOID CallContext;
  NTSTATUS ReturnStatus;
  POB_POST_OPERATION_PARAMETERS Parameters;
} OB_POST_OPERATION_INFORMATION, *POB_POST_OPERATION_INFORMATION;

typedef enum _OB_PREOP_CALLBACK_STATUS { OB_PREOP_SUCCESS } OB_PREOP_CALLBACK_STATUS;
typedef OB_PREOP_CALLBACK_STATUS* POB_PREOP_CALLBACK_STATUS;

typedef OB_PREOP_CALLBACK_STATUS(NTAPI* POB_PRE_OPERATION_CALLBACK)(
    PVOID RegistrationContext, POB_PRE_OPERATION_INFORMATION OperationInformation);
typedef VOID(NTAPI* POB_POST_OPERATION_CALLBACK)(
    PVOID RegistrationContext, POB_POST_OPERATION_INFORMATION OperationInformation);

// ObjectType: PsProcessType or PsThreadType. Either routine may be NULL.
typedef struct _OB_OPERATION_REGISTRATION {
  POBJECT_TYPE* ObjectType;
  OB_OPERATION Operations;  // OB_OPERATION_HANDLE_*
  POB_PRE_OPERATION_CALLBACK PreOperation;
  POB_POST_OPERATION_CALLBACK PostOperation;
} OB_OPERATION_REGISTRATION, *POB_OPERATION_REGISTRATION;

typedef struct _OB_CALLBACK_REGISTRATION {
  USHORT Version;  // OB_FLT_REGISTRATION_VERSION
  USHORT OperationRegistrationCount;
  UNICODE_STRING Altitude;  // decimal digits, with a point among them or not
  PVOID RegistrationContext;
  OB_OPERATION_REGISTRATION* OperationRegistration;
} OB_CALLBACK_REGISTRATION, *POB_CALLBACK_REGISTRATION;

// Calls the routines from now on; *RegistrationHandle is for ObUnRegisterCallbacks. The structures
// need not be kept. STATUS_INVALID_PARAMETER: the version, no operation, an altitude that is none,
// a type that has no callbacks, no routine; STATUS_FLT_INSTANCE_ALTITUDE_COLLISION: somebody stands
// there; STATUS_INSUFFICIENT_RESOURCES. Whether the image that the routines are in is signed is not
// looked at. IRQL <= APC_LEVEL.                                          [MSDN ObRegisterCallbacks]
NTSTATUS NTAPI ObRegisterCallbacks(POB_CALLBACK_REGISTRATION CallbackRegistration,
                                   PVOID* RegistrationHandle);

// Returns when no operation goes on that began with these routines, so it must not be called from
// one of them. IRQL <= APC_LEVEL.                                      [MSDN ObUnRegisterCallbacks]
VOID NTAPI ObUnRegisterCallbacks(PVOID RegistrationHandle);

// OB_FLT_REGISTRATION_VERSION. Any IRQL.                                  [MSDN ObGetFilterVersion]
USHORT NTAPI ObGetFilterVersion(void);

#ifdef __cplusplus
}
#endif
