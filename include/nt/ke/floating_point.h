// Floating point in kernel mode. On x64 the vector registers of the Microsoft convention and MXCSR
// are a thread's own: interrupts and switches keep them, and there is nothing to save.
//                                                                 [MSDN KeSaveFloatingPointState]
#pragma once

#include <nt/ntdef.h>
#include <nt/ntstatus.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _KFLOATING_SAVE {
  ULONG Dummy;
} KFLOATING_SAVE, *PKFLOATING_SAVE;

// What a restore gives back. Inline, as in the DDK. IRQL <= DISPATCH_LEVEL; STATUS_SUCCESS.
//                            [MSDN KeSaveFloatingPointState; MSDN KeRestoreFloatingPointState]
static inline NTSTATUS KeSaveFloatingPointState(PVOID FloatingState) {
  (void)FloatingState;
  return STATUS_SUCCESS;
}
static inline NTSTATUS KeRestoreFloatingPointState(PVOID FloatingState) {
  (void)FloatingState;
  return STATUS_SUCCESS;
}

#ifdef __cplusplus
}
#endif
