// Attaching the calling thread to another process.
//   While it is attached the thread is in the other process for PsGetCurrentProcess and for its
//   APCs, and still its own process's for the scheduler.
//   What differs from "IRQL < DISPATCH_LEVEL" is bugcheck IRQL_NOT_LESS_OR_EQUAL, in a DPC routine
//   INVALID_PROCESS_ATTACH_ATTEMPT. Of that the parameters are the thread's own process if it is
//   attached, else the one to attach to; the process it is in; 1 if it is attached, else 0; and
//   whether a DPC routine runs.                                                   [Bug Check 0x5]
#pragma once

#include <nt/ke/dispatcher.h>

#ifdef __cplusplus
extern "C" {
#endif

// Which APCs a thread has, and in which process; opaque to who attaches. What is pending is told by
// the lists alone.
typedef struct _KAPC_STATE {
  LIST_ENTRY ApcListHead[MaximumMode];
  struct _KPROCESS* Process;
  union {
    UCHAR InProgressFlags;
    struct {
      BOOLEAN KernelApcInProgress : 1;
      BOOLEAN SpecialApcInProgress : 1;
    };
  };
  BOOLEAN KernelApcPending;
  union {
    BOOLEAN UserApcPendingAll;
    struct {
      BOOLEAN SpecialUserApcPending : 1;
      BOOLEAN UserApcPending : 1;
    };
  };
} KAPC_STATE, *PKAPC_STATE, *PRKAPC_STATE;

// Attaches the calling thread to Process, which the caller has referenced; what that ended is in
// ApcState, for the other call, which comes first for the attachment that came last. APCs that were
// queued for another environment wait until the thread is back in it. Attaching to the process that
// it is in already changes nothing.                                    [MSDN KeStackAttachProcess]
VOID NTAPI KeStackAttachProcess(PRKPROCESS Process, PRKAPC_STATE ApcState);
// Kernel APCs of the environment that is left run first. Bugcheck INVALID_PROCESS_DETACH_ATTEMPT if
// the thread is not attached, in a normal APC of that environment, or one of its APCs cannot run:
// the thread is in a region that keeps it away, or it is a user APC.
//                                                    [MSDN KeUnstackDetachProcess, Bug Check 0x6]
VOID NTAPI KeUnstackDetachProcess(PRKAPC_STATE ApcState);

// The same for a thread that is attached nowhere, and may attach once: to be attached already is
// bugcheck INVALID_PROCESS_ATTACH_ATTEMPT. Attaching to its own process, and detaching then,
// changes nothing.                                                       [ntifs.h; Bug Check 0x5]
VOID NTAPI KeAttachProcess(PRKPROCESS Process);
VOID NTAPI KeDetachProcess(void);

#ifdef __cplusplus
}
#endif
