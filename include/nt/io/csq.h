// Cancel-safe queues: a driver's own queue of IRPs, which the I/O manager locks, and cancels from.
//   The driver provides list and lock by callbacks; the lock decides at which IRQL the routines may
//   be called, at most DISPATCH_LEVEL. While an IRP is in a queue,
//   Tail.Overlay.DriverContext[3] is the I/O manager's.             [MSDN "Cancel-Safe IRP Queues"]
#pragma once

#include <nt/io/irp.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IO_TYPE_CSQ_IRP_CONTEXT 1
#define IO_TYPE_CSQ 2
#define IO_TYPE_CSQ_EX 3

typedef struct _IO_CSQ IO_CSQ, *PIO_CSQ;

// Names one IRP in a queue. Its owner's memory, nonpaged, until the IRP has left the queue.
typedef struct _IO_CSQ_IRP_CONTEXT {
  ULONG Type;  // IO_TYPE_CSQ_IRP_CONTEXT
  PIRP Irp;    // null: it has left
  PIO_CSQ Csq;
} IO_CSQ_IRP_CONTEXT, *PIO_CSQ_IRP_CONTEXT;

// Insert, remove and peek are called with the lock held. Peek says which IRP follows Irp, or is the
// first for null, of those that PeekContext wants. Complete is called without it.
typedef VOID(NTAPI IO_CSQ_INSERT_IRP)(PIO_CSQ Csq, PIRP Irp);
typedef IO_CSQ_INSERT_IRP* PIO_CSQ_INSERT_IRP;
typedef NTSTATUS(NTAPI IO_CSQ_INSERT_IRP_EX)(PIO_CSQ Csq, PIRP Irp, PVOID InsertContext);
typedef IO_CSQ_INSERT_IRP_EX* PIO_CSQ_INSERT_IRP_EX;
typedef VOID(NTAPI IO_CSQ_REMOVE_IRP)(PIO_CSQ Csq, PIRP Irp);
typedef IO_CSQ_REMOVE_IRP* PIO_CSQ_REMOVE_IRP;
typedef PIRP(NTAPI IO_CSQ_PEEK_NEXT_IRP)(PIO_CSQ Csq, PIRP Irp, PVOID PeekContext);
typedef IO_CSQ_PEEK_NEXT_IRP* PIO_CSQ_PEEK_NEXT_IRP;
typedef VOID(NTAPI IO_CSQ_ACQUIRE_LOCK)(PIO_CSQ Csq, PKIRQL Irql);
typedef IO_CSQ_ACQUIRE_LOCK* PIO_CSQ_ACQUIRE_LOCK;
typedef VOID(NTAPI IO_CSQ_RELEASE_LOCK)(PIO_CSQ Csq, KIRQL Irql);
typedef IO_CSQ_RELEASE_LOCK* PIO_CSQ_RELEASE_LOCK;
typedef VOID(NTAPI IO_CSQ_COMPLETE_CANCELED_IRP)(PIO_CSQ Csq, PIRP Irp);
typedef IO_CSQ_COMPLETE_CANCELED_IRP* PIO_CSQ_COMPLETE_CANCELED_IRP;

struct _IO_CSQ {
  ULONG Type;                       // IO_TYPE_CSQ, IO_TYPE_CSQ_EX
  PIO_CSQ_INSERT_IRP CsqInsertIrp;  // IO_TYPE_CSQ_EX: a PIO_CSQ_INSERT_IRP_EX
  PIO_CSQ_REMOVE_IRP CsqRemoveIrp;
  PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp;
  PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock;
  PIO_CSQ_RELEASE_LOCK CsqReleaseLock;
  PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp;
  PVOID ReservePointer;
};

// STATUS_SUCCESS. Any IRQL.                              [MSDN IoCsqInitialize, IoCsqInitializeEx]
NTSTATUS NTAPI IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp,
                               PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                               PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                               PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                               PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                               PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp);
NTSTATUS NTAPI IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrpEx,
                                 PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                                 PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                                 PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                                 PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                                 PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp);

// The IRP is in the queue and marked pending, unless an Ex queue's insert routine refuses it: then
// its status is returned and the IRP is the caller's still. One that is cancelled already, or
// meanwhile, is handed to the completion routine. Context may be null.
//                                                         [MSDN IoCsqInsertIrp, IoCsqInsertIrpEx]
VOID NTAPI IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context);
NTSTATUS NTAPI IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context,
                                PVOID InsertContext);

// The IRP of the context, or the first that peek offers, out of the queue and no longer to be
// cancelled. Null: there is none, or it is being cancelled. When IoCsqRemoveIrp returns, nobody
// looks at the context any more; the caller must not hold a lock that a cancel routine takes while
// it holds the cancel lock.                             [MSDN IoCsqRemoveIrp, IoCsqRemoveNextIrp]
PIRP NTAPI IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context);
PIRP NTAPI IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext);

#ifdef __cplusplus
}
#endif
