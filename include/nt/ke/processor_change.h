// Who wants to know of processors that are added. IRQL PASSIVE_LEVEL.
//   None is added to a running System: all are there before the first driver.
#pragma once

#include <nt/ke/dispatcher.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum _KE_PROCESSOR_CHANGE_NOTIFY_STATE {
  KeProcessorAddStartNotify,
  KeProcessorAddCompleteNotify,
  KeProcessorAddFailureNotify
} KE_PROCESSOR_CHANGE_NOTIFY_STATE;

typedef struct _KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT {
  KE_PROCESSOR_CHANGE_NOTIFY_STATE State;
  ULONG NtNumber;   // the processor's index
  NTSTATUS Status;  // of KeProcessorAddFailureNotify: why
  PROCESSOR_NUMBER ProcNumber;
} KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, *PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT;

// *OperationStatus is STATUS_SUCCESS; at KeProcessorAddStartNotify the callback may refuse by
// another status.
typedef VOID(NTAPI PROCESSOR_CALLBACK_FUNCTION)(PVOID CallbackContext,
                                                PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT ChangeContext,
                                                PNTSTATUS OperationStatus);
typedef PROCESSOR_CALLBACK_FUNCTION* PPROCESSOR_CALLBACK_FUNCTION;

#define KE_PROCESSOR_CHANGE_ADD_EXISTING 1

// With KE_PROCESSOR_CHANGE_ADD_EXISTING calls back for every processor that there is: that it is to
// be added, and when none was refused, that it was. If one was refused those before it are told
// that it failed, and the call returns null, as it does without memory. Else a handle for the
// other.
//                                                          [MSDN KeRegisterProcessorChangeCallback]
PVOID NTAPI KeRegisterProcessorChangeCallback(PPROCESSOR_CALLBACK_FUNCTION CallbackFunction,
                                              PVOID CallbackContext, ULONG Flags);
VOID NTAPI KeDeregisterProcessorChangeCallback(PVOID CallbackHandle);

#ifdef __cplusplus
}
#endif
