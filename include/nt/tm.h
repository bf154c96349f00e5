// Transactions by pointer: what resource managers call with the objects that they are given.
//                          [MSDN "Using Kernel Transaction Manager", "Using TmXxx Routines"; wdm.h]
//   Unless a routine says otherwise: IRQL PASSIVE_LEVEL. The routines by handle are in
//   nt/zw/transactions.h, and say what each of these does.
#pragma once

#include <nt/tm/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _KTRANSACTION KTRANSACTION, *PKTRANSACTION;
typedef struct _KRESOURCEMANAGER KRESOURCEMANAGER, *PKRESOURCEMANAGER;
typedef struct _KENLISTMENT KENLISTMENT, *PKENLISTMENT;

// A resource manager's routine: what the enlistment of that key is told. Called at PASSIVE_LEVEL
// without a lock, for one enlistment after the other of its notifications, for others meanwhile. A
// larger *TMVirtualClock is the clock of the transaction manager from then on. What it returns is
// not looked at.                                                        [MSDN PTM_RM_NOTIFICATION]
typedef NTSTATUS(NTAPI* PTM_RM_NOTIFICATION)(PKENLISTMENT EnlistmentObject, PVOID RMContext,
                                             PVOID TransactionContext,
                                             ULONG TransactionNotification,
                                             PLARGE_INTEGER TMVirtualClock, ULONG ArgumentLength,
                                             PVOID Argument);

// The routine is called with what waits already, and then instead of
// ZwGetNotificationResourceManager. It is called no more when the last handle of the resource
// manager is closed, and that waits for calls that go on in other threads. STATUS_UNSUCCESSFUL: no
// routine, or there is one.                                                [MSDN TmEnableCallbacks]
NTSTATUS NTAPI TmEnableCallbacks(PKRESOURCEMANAGER ResourceManager,
                                 PTM_RM_NOTIFICATION CallbackRoutine, PVOID RMKey);

// [MSDN TmPrePrepareComplete, TmPrepareComplete, TmCommitComplete, TmRollbackComplete]
NTSTATUS NTAPI TmPrePrepareComplete(PKENLISTMENT Enlistment, PLARGE_INTEGER TmVirtualClock);
NTSTATUS NTAPI TmPrepareComplete(PKENLISTMENT Enlistment, PLARGE_INTEGER TmVirtualClock);
NTSTATUS NTAPI TmCommitComplete(PKENLISTMENT Enlistment, PLARGE_INTEGER TmVirtualClock);
NTSTATUS NTAPI TmRollbackComplete(PKENLISTMENT Enlistment, PLARGE_INTEGER TmVirtualClock);
// [MSDN TmReadOnlyEnlistment, TmSinglePhaseReject, TmRollbackEnlistment]
NTSTATUS NTAPI TmReadOnlyEnlistment(PKENLISTMENT Enlistment, PLARGE_INTEGER TmVirtualClock);
NTSTATUS NTAPI TmSinglePhaseReject(PKENLISTMENT Enlistment, PLARGE_INTEGER TmVirtualClock);
NTSTATUS NTAPI TmRollbackEnlistment(PKENLISTMENT Enlistment, PLARGE_INTEGER TmVirtualClock);

// [MSDN TmCommitTransaction, TmRollbackTransaction]
NTSTATUS NTAPI TmCommitTransaction(PKTRANSACTION Transaction, BOOLEAN Wait);
NTSTATUS NTAPI TmRollbackTransaction(PKTRANSACTION Transaction, BOOLEAN Wait);

// Its unit of work.                                                       [MSDN TmGetTransactionId]
VOID NTAPI TmGetTransactionId(PKTRANSACTION Transaction, PUOW TransactionId);
// Whether nobody has begun to commit it or to roll it back.            [MSDN TmIsTransactionActive]
BOOLEAN NTAPI TmIsTransactionActive(PKTRANSACTION Transaction);

// ---- Data: cells of the current System, where the types are. Any IRQL.                    [wdm.h]
#ifdef _WIN32
extern POBJECT_TYPE* TmTransactionObjectType;
extern POBJECT_TYPE* TmTransactionManagerObjectType;
extern POBJECT_TYPE* TmResourceManagerObjectType;
extern POBJECT_TYPE* TmEnlistmentObjectType;
#else
POBJECT_TYPE* NTAPI MicaCellTmTransactionObjectType(void);
POBJECT_TYPE* NTAPI MicaCellTmTransactionManagerObjectType(void);
POBJECT_TYPE* NTAPI MicaCellTmResourceManagerObjectType(void);
POBJECT_TYPE* NTAPI MicaCellTmEnlistmentObjectType(void);
#define TmTransactionObjectType MicaCellTmTransactionObjectType()
#define TmTransactionManagerObjectType MicaCellTmTransactionManagerObjectType()
#define TmResourceManagerObjectType MicaCellTmResourceManagerObjectType()
#define TmEnlistmentObjectType MicaCellTmEnlistmentObjectType()
#endif

#ifdef __cplusplus
}
#endif
