// Asynchronous procedure calls: routines that run in the context of a thread that somebody names.
//   Special kernel APCs (no NormalRoutine) run at APC_LEVEL once the thread is below it and in no
//   guarded region. Normal kernel APCs: their KernelRoutine too, then their NormalRoutine at
//   PASSIVE_LEVEL, in no critical region and not inside another one. Special ones first, each kind
//   first in, first out. User APCs end an alertable wait and run when the thread returns to user
//   mode.                         [MSDN "Types of APCs", "Waits and APCs", "Disabling APCs"]
#pragma once

#include <nt/ke/dispatcher.h>

#ifdef __cplusplus
extern "C" {
#endif

struct _KAPC;
typedef VOID(NTAPI KNORMAL_ROUTINE)(PVOID NormalContext, PVOID SystemArgument1,
                                    PVOID SystemArgument2);
typedef KNORMAL_ROUTINE* PKNORMAL_ROUTINE;
// At APC_LEVEL. It may change what is passed to the normal routine, or put null in its place; the
// APC is its own again from the call on, and may be freed or inserted anew.
typedef VOID(NTAPI KKERNEL_ROUTINE)(struct _KAPC* Apc, PKNORMAL_ROUTINE* NormalRoutine,
                                    PVOID* NormalContext, PVOID* SystemArgument1,
                                    PVOID* SystemArgument2);
typedef KKERNEL_ROUTINE* PKKERNEL_ROUTINE;
// Instead of the others when the thread ends first. At PASSIVE_LEVEL, in the ending thread.
typedef VOID(NTAPI KRUNDOWN_ROUTINE)(struct _KAPC* Apc);
typedef KRUNDOWN_ROUTINE* PKRUNDOWN_ROUTINE;

typedef struct _KAPC {
  UCHAR Type;
  UCHAR SpareByte0;
  UCHAR Size;
  UCHAR SpareByte1;
  ULONG SpareLong0;
  struct _KTHREAD* Thread;
  LIST_ENTRY ApcListEntry;
  PKKERNEL_ROUTINE KernelRoutine;
  PKRUNDOWN_ROUTINE RundownRoutine;
  PKNORMAL_ROUTINE NormalRoutine;
  PVOID NormalContext;
  PVOID SystemArgument1;
  PVOID SystemArgument2;
  CCHAR ApcStateIndex;
  KPROCESSOR_MODE ApcMode;
  BOOLEAN Inserted;
} KAPC, *PKAPC, *PRKAPC;

typedef enum _KAPC_ENVIRONMENT {
  OriginalApcEnvironment,
  AttachedApcEnvironment,
  CurrentApcEnvironment,
  InsertApcEnvironment
} KAPC_ENVIRONMENT;

// Prepares an APC for that thread, which must live until it was delivered, removed or run down. It
// must not be queued. ApcMode and NormalContext count only with a NormalRoutine: without one the
// mode is KernelMode. RundownRoutine may be null. Environment says in which process it runs, of a
// thread that may be attached to another when the time comes: in its own (OriginalApcEnvironment),
// in that (AttachedApcEnvironment), in the one that the thread is in now (CurrentApcEnvironment),
// or when the APC is queued (InsertApcEnvironment). IRQL <= DISPATCH_LEVEL.
//               ["Inside NT's Asynchronous Procedure Call", Dr. Dobb's Journal, November 2002]
VOID NTAPI KeInitializeApc(PKAPC Apc, PKTHREAD Thread, KAPC_ENVIRONMENT Environment,
                           PKKERNEL_ROUTINE KernelRoutine, PKRUNDOWN_ROUTINE RundownRoutine,
                           PKNORMAL_ROUTINE NormalRoutine, KPROCESSOR_MODE ApcMode,
                           PVOID NormalContext);
// Queues it. Increment: what the thread's priority is boosted by if this ends its wait. FALSE: it
// is queued already, the thread has begun to end, or it is not attached though the APC is for that.
// IRQL <= DISPATCH_LEVEL.            [as above]
BOOLEAN NTAPI KeInsertQueueApc(PKAPC Apc, PVOID SystemArgument1, PVOID SystemArgument2,
                               KPRIORITY Increment);
// TRUE: it was queued, and will not run. IRQL <= DISPATCH_LEVEL.                        [as above]
BOOLEAN NTAPI KeRemoveQueueApc(PKAPC Apc);

#ifdef __cplusplus
}
#endif
