// The system services on transactions and who takes part in them.       [MSDN "KTM Objects"; wdm.h]
//   IRQL PASSIVE_LEVEL. Pointers are trusted, as for a caller in kernel mode, and so is what a
//   handle was opened for: the rights that a routine names are not judged. STATUS_INVALID_HANDLE,
//   STATUS_OBJECT_TYPE_MISMATCH. What is made has a name if the attributes say one:
//   STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_EXISTS and what else ZwCreateEvent answers.
#pragma once

#include <nt/tm.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Transaction managers. Volatile ones, without a log: CreateOptions
// TRANSACTION_MANAGER_VOLATILE, no LogFileName, CommitStrength 0; else STATUS_INVALID_PARAMETER.
// Its virtual clock begins with 1.                               [MSDN ZwCreateTransactionManager]
NTSTATUS NTAPI ZwCreateTransactionManager(PHANDLE TmHandle, ACCESS_MASK DesiredAccess,
                                          POBJECT_ATTRIBUTES ObjectAttributes,
                                          PUNICODE_STRING LogFileName, ULONG CreateOptions,
                                          ULONG CommitStrength);
// By its name or by its identity, one of the two. STATUS_INVALID_PARAMETER: both, neither, a log's
// name, options; STATUS_TRANSACTIONMANAGER_NOT_FOUND.              [MSDN ZwOpenTransactionManager]
NTSTATUS NTAPI ZwOpenTransactionManager(PHANDLE TmHandle, ACCESS_MASK DesiredAccess,
                                        POBJECT_ATTRIBUTES ObjectAttributes,
                                        PUNICODE_STRING LogFileName, LPGUID TmIdentity,
                                        ULONG OpenOptions);
// TransactionManagerBasicInformation, else STATUS_INVALID_INFO_CLASS; STATUS_INFO_LENGTH_MISMATCH.
// *ReturnLength, unless NULL, is what all of it takes.
//                                                       [MSDN ZwQueryInformationTransactionManager]
NTSTATUS NTAPI ZwQueryInformationTransactionManager(
    HANDLE TransactionManagerHandle,
    TRANSACTIONMANAGER_INFORMATION_CLASS TransactionManagerInformationClass,
    PVOID TransactionManagerInformation, ULONG TransactionManagerInformationLength,
    PULONG ReturnLength);

// ---- Resource managers, volatile as their transaction manager is: STATUS_TM_VOLATILE without
// RESOURCE_MANAGER_VOLATILE. STATUS_OBJECT_NAME_COLLISION: there is one of that GUID, which may be
// NULL; STATUS_INVALID_PARAMETER: other options, a description of more than 64 characters.
//                                                                    [MSDN ZwCreateResourceManager]
NTSTATUS NTAPI ZwCreateResourceManager(PHANDLE ResourceManagerHandle, ACCESS_MASK DesiredAccess,
                                       HANDLE TmHandle, LPGUID ResourceManagerGuid,
                                       POBJECT_ATTRIBUTES ObjectAttributes, ULONG CreateOptions,
                                       PUNICODE_STRING Description);
// STATUS_INVALID_PARAMETER: no access or no GUID; STATUS_RESOURCEMANAGER_NOT_FOUND.
//                                                                      [MSDN ZwOpenResourceManager]
NTSTATUS NTAPI ZwOpenResourceManager(PHANDLE ResourceManagerHandle, ACCESS_MASK DesiredAccess,
                                     HANDLE TmHandle, LPGUID ResourceManagerGuid,
                                     POBJECT_ATTRIBUTES ObjectAttributes);
// The next notification of a resource manager that has no routine. Timeout as for a wait: NULL for
// none; STATUS_TIMEOUT. STATUS_BUFFER_TOO_SMALL, and *ReturnLength is what it takes;
// STATUS_INVALID_PARAMETER: Asynchronous or its context is not 0.
//                                                           [MSDN ZwGetNotificationResourceManager]
NTSTATUS NTAPI ZwGetNotificationResourceManager(HANDLE ResourceManagerHandle,
                                                PTRANSACTION_NOTIFICATION TransactionNotification,
                                                ULONG NotificationLength, PLARGE_INTEGER Timeout,
                                                PULONG ReturnLength, ULONG Asynchronous,
                                                ULONG_PTR AsynchronousContext);
// ResourceManagerBasicInformation, else STATUS_INVALID_INFO_CLASS; STATUS_INFO_LENGTH_MISMATCH for
// less than the structure, STATUS_BUFFER_OVERFLOW for less than all.
//                                                          [MSDN ZwQueryInformationResourceManager]
NTSTATUS NTAPI ZwQueryInformationResourceManager(
    HANDLE ResourceManagerHandle, RESOURCEMANAGER_INFORMATION_CLASS ResourceManagerInformationClass,
    PVOID ResourceManagerInformation, ULONG ResourceManagerInformationLength, PULONG ReturnLength);

// ---- Transactions. Uow, TmHandle, Timeout and Description may be NULL. A transaction that is not
// committed at *Timeout (100 ns; negative: from now on; 0: never), or whose last handle is closed
// before, is rolled back. Its handles can be waited for: it is over. STATUS_INVALID_PARAMETER: no
// access, unknown options, a level or flags, a description of more than 64 characters;
// STATUS_OBJECT_NAME_COLLISION: there is one of that Uow.                [MSDN ZwCreateTransaction]
NTSTATUS NTAPI ZwCreateTransaction(PHANDLE TransactionHandle, ACCESS_MASK DesiredAccess,
                                   POBJECT_ATTRIBUTES ObjectAttributes, LPGUID Uow, HANDLE TmHandle,
                                   ULONG CreateOptions, ULONG IsolationLevel, ULONG IsolationFlags,
                                   PLARGE_INTEGER Timeout, PUNICODE_STRING Description);
// STATUS_INVALID_PARAMETER: no access or no Uow; STATUS_TRANSACTION_NOT_FOUND, also for one of
// another transaction manager than TmHandle's, which may be NULL.          [MSDN ZwOpenTransaction]
NTSTATUS NTAPI ZwOpenTransaction(PHANDLE TransactionHandle, ACCESS_MASK DesiredAccess,
                                 POBJECT_ATTRIBUTES ObjectAttributes, LPGUID Uow, HANDLE TmHandle);
// TransactionBasicInformation, TransactionPropertiesInformation, TransactionEnlistmentInformation,
// else STATUS_INVALID_INFO_CLASS; lengths as of ZwQueryInformationResourceManager.
//                                                              [MSDN ZwQueryInformationTransaction]
NTSTATUS NTAPI ZwQueryInformationTransaction(
    HANDLE TransactionHandle, TRANSACTION_INFORMATION_CLASS TransactionInformationClass,
    PVOID TransactionInformation, ULONG TransactionInformationLength, PULONG ReturnLength);
// TransactionPropertiesInformation, else STATUS_INVALID_INFO_CLASS: the time-out, which begins
// anew, and the description. STATUS_INFO_LENGTH_MISMATCH; STATUS_INVALID_PARAMETER: a level, flags,
// a description that is too long; STATUS_TRANSACTION_NOT_ACTIVE. [MSDN ZwSetInformationTransaction]
NTSTATUS NTAPI ZwSetInformationTransaction(
    HANDLE TransactionHandle, TRANSACTION_INFORMATION_CLASS TransactionInformationClass,
    PVOID TransactionInformation, ULONG TransactionInformationLength);

// Asks all who take part: pre-prepare, prepare, commit; or the only one, if it registered for
// TRANSACTION_NOTIFY_SINGLE_PHASE_COMMIT, that. Without Wait, STATUS_PENDING if not all have
// answered. STATUS_TRANSACTION_ALREADY_ABORTED, also when it is rolled back meanwhile;
// STATUS_TRANSACTION_ALREADY_COMMITTED; STATUS_TRANSACTION_REQUEST_NOT_VALID: it has begun.
//                                          [MSDN ZwCommitTransaction, "Handling Commit Operations"]
NTSTATUS NTAPI ZwCommitTransaction(HANDLE TransactionHandle, BOOLEAN Wait);
// The same for taking all back, which only who has not begun to commit may do.
//                                      [MSDN ZwRollbackTransaction, "Handling Rollback Operations"]
NTSTATUS NTAPI ZwRollbackTransaction(HANDLE TransactionHandle, BOOLEAN Wait);

// ---- Enlistments: a resource manager's part in a transaction. It is told what NotificationMask
// has, and counts as ready for the rest. The last handle closed before the transaction is decided
// rolls it back. STATUS_INVALID_PARAMETER: options, a mask with unknown bits; STATUS_NOT_SUPPORTED:
// ENLISTMENT_SUPERIOR; STATUS_TRANSACTION_NOT_ACTIVE; STATUS_TRANSACTIONMANAGER_NOT_ONLINE: the
// resource manager is being closed.                                       [MSDN ZwCreateEnlistment]
NTSTATUS NTAPI ZwCreateEnlistment(PHANDLE EnlistmentHandle, ACCESS_MASK DesiredAccess,
                                  HANDLE ResourceManagerHandle, HANDLE TransactionHandle,
                                  POBJECT_ATTRIBUTES ObjectAttributes, ULONG CreateOptions,
                                  NOTIFICATION_MASK NotificationMask, PVOID EnlistmentKey);
// STATUS_INVALID_PARAMETER: no access or no GUID; STATUS_ENLISTMENT_NOT_FOUND.
//                                                                           [MSDN ZwOpenEnlistment]
NTSTATUS NTAPI ZwOpenEnlistment(PHANDLE EnlistmentHandle, ACCESS_MASK DesiredAccess,
                                HANDLE RmHandle, LPGUID EnlistmentGuid,
                                POBJECT_ATTRIBUTES ObjectAttributes);
// EnlistmentBasicInformation, else STATUS_INVALID_INFO_CLASS; STATUS_INFO_LENGTH_MISMATCH.
//                                                               [MSDN ZwQueryInformationEnlistment]
NTSTATUS NTAPI ZwQueryInformationEnlistment(HANDLE EnlistmentHandle,
                                            ENLISTMENT_INFORMATION_CLASS EnlistmentInformationClass,
                                            PVOID EnlistmentInformation,
                                            ULONG EnlistmentInformationLength, PULONG ReturnLength);

// Answers to a notification that was taken: STATUS_TRANSACTION_NOT_REQUESTED if it was not. A
// larger *TmVirtualClock, unless NULL, is the transaction manager's clock from then on.
// ZwCommitComplete answers TRANSACTION_NOTIFY_SINGLE_PHASE_COMMIT too.
//              [MSDN ZwPrePrepareComplete, ZwPrepareComplete, ZwCommitComplete, ZwRollbackComplete]
NTSTATUS NTAPI ZwPrePrepareComplete(HANDLE EnlistmentHandle, PLARGE_INTEGER TmVirtualClock);
NTSTATUS NTAPI ZwPrepareComplete(HANDLE EnlistmentHandle, PLARGE_INTEGER TmVirtualClock);
NTSTATUS NTAPI ZwCommitComplete(HANDLE EnlistmentHandle, PLARGE_INTEGER TmVirtualClock);
NTSTATUS NTAPI ZwRollbackComplete(HANDLE EnlistmentHandle, PLARGE_INTEGER TmVirtualClock);
// The enlistment is told no more but TRANSACTION_NOTIFY_RM_DISCONNECTED, and is asked no more. Not
// once it is prepared: STATUS_TRANSACTION_NOT_REQUESTED.                [MSDN ZwReadOnlyEnlistment]
NTSTATUS NTAPI ZwReadOnlyEnlistment(HANDLE EnlistmentHandle, PLARGE_INTEGER TmVirtualClock);
// Answers TRANSACTION_NOTIFY_SINGLE_PHASE_COMMIT: the phases follow one after another.
//                                                                        [MSDN ZwSinglePhaseReject]
NTSTATUS NTAPI ZwSinglePhaseReject(HANDLE EnlistmentHandle, PLARGE_INTEGER TmVirtualClock);
// Rolls the transaction back. Not once the enlistment is prepared, nor when it is over:
// STATUS_TRANSACTION_REQUEST_NOT_VALID.                                 [MSDN ZwRollbackEnlistment]
NTSTATUS NTAPI ZwRollbackEnlistment(HANDLE EnlistmentHandle, PLARGE_INTEGER TmVirtualClock);

#ifdef __cplusplus
}
#endif
