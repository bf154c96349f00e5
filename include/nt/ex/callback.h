// Callback objects: routines that drivers register to be told of what another driver defines.
#pragma once

#include <nt/ntdef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _CALLBACK_OBJECT CALLBACK_OBJECT, *PCALLBACK_OBJECT;

typedef VOID(NTAPI CALLBACK_FUNCTION)(PVOID CallbackContext, PVOID Argument1, PVOID Argument2);
typedef CALLBACK_FUNCTION* PCALLBACK_FUNCTION;

// Opens the object of that name, which must have one: STATUS_UNSUCCESSFUL. If there is none and
// Create is TRUE, makes it; then AllowMultipleCallbacks says whether more than one routine may be
// registered at a time. Without OBJ_PERMANENT nobody finds a made object by its name. The object is
// referenced for the caller: ObDereferenceObject. Else the statuses of ObOpenObjectByName and
// ObInsertObject. IRQL PASSIVE_LEVEL.                                       [MSDN ExCreateCallback]
NTSTATUS NTAPI ExCreateCallback(PCALLBACK_OBJECT* CallbackObject,
                                POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN Create,
                                BOOLEAN AllowMultipleCallbacks);

// What ExUnregisterCallback wants; null without memory, or if there may be only one routine and
// there is one. The object stays as long as the registration. IRQL <= APC_LEVEL.
//                                                                         [MSDN ExRegisterCallback]
PVOID NTAPI ExRegisterCallback(PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction,
                               PVOID CallbackContext);

// Waits until calls of the routine have returned: a routine must not take itself back. After it
// the routine is not called. IRQL <= APC_LEVEL.                         [MSDN ExUnregisterCallback]
VOID NTAPI ExUnregisterCallback(PVOID CallbackRegistration);

// Calls the registered routines in the order of their registration, at the caller's level.
// IRQL <= DISPATCH_LEVEL.                                                   [MSDN ExNotifyCallback]
VOID NTAPI ExNotifyCallback(PVOID CallbackObject, PVOID Argument1, PVOID Argument2);

#ifdef __cplusplus
}
#endif
