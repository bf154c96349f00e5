/* Transactions: who takes part in one, and what a transaction does to the registry. */
#define FAMILY "transactions"
#include "expect.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD TransactionsUnload;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, TransactionsUnload)
#endif

#define PHASES                                                                              \
  (TRANSACTION_NOTIFY_PREPREPARE | TRANSACTION_NOTIFY_PREPARE | TRANSACTION_NOTIFY_COMMIT | \
   TRANSACTION_NOTIFY_ROLLBACK)

static UNICODE_STRING Depth = RTL_CONSTANT_STRING(L"Depth");

typedef struct _PART {
  ULONG Heard; /* what was told, one bit each */
  HANDLE Enlistment;
} PART, *PPART;

/* A resource manager's routine: it keeps nothing, so whatever comes is done. */
static NTSTATUS NTAPI Hear(PKENLISTMENT Enlistment, PVOID Context, PVOID Key, ULONG What,
                           PLARGE_INTEGER Clock, ULONG Length, PVOID Argument) {
  PPART Part = Key;

  EXPECT(Context == &Depth && Length == 0 && Argument == NULL);
  Part->Heard |= What;
  switch (What) {
    case TRANSACTION_NOTIFY_PREPREPARE:
      return TmPrePrepareComplete(Enlistment, Clock);
    case TRANSACTION_NOTIFY_PREPARE:
      return TmPrepareComplete(Enlistment, Clock);
    case TRANSACTION_NOTIFY_COMMIT:
      EXPECT(NT_SUCCESS(TmCommitComplete(Enlistment, Clock)));
      break;
    case TRANSACTION_NOTIFY_SINGLE_PHASE_COMMIT:
      return TmSinglePhaseReject(Enlistment, Clock);
    default:
      EXPECT(NT_SUCCESS(TmRollbackComplete(Enlistment, Clock)));
      break;
  }
  ZwClose(Part->Enlistment);
  Part->Enlistment = NULL;
  return STATUS_SUCCESS;
}

static HANDLE Begin(PLARGE_INTEGER Timeout) {
  OBJECT_ATTRIBUTES Attributes;
  HANDLE Transaction = NULL;

  InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
  EXPECT(NT_SUCCESS(ZwCreateTransaction(&Transaction, TRANSACTION_ALL_ACCESS, &Attributes, NULL,
                                        NULL, 0, 0, 0, Timeout, NULL)));
  return Transaction;
}

static VOID Enlist(HANDLE Resource, HANDLE Transaction, ULONG Mask, PPART Part) {
  OBJECT_ATTRIBUTES Attributes;

  Part->Heard = 0;
  InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
  EXPECT(NT_SUCCESS(ZwCreateEnlistment(&Part->Enlistment, ENLISTMENT_ALL_ACCESS, Resource,
                                       Transaction, &Attributes, 0, Mask, Part)));
}

/* Those who are called: a commit, one that begins with a single phase, and a rollback. */
static VOID CheckCalled(HANDLE Resource) {
  PART Part, Other;
  HANDLE Transaction = Begin(NULL);

  Enlist(Resource, Transaction, PHASES, &Part);
  Enlist(Resource, Transaction, PHASES, &Other);
  EXPECT(ZwReadOnlyEnlistment(Other.Enlistment, NULL) == STATUS_SUCCESS);
  EXPECT(ZwCommitTransaction(Transaction, TRUE) == STATUS_SUCCESS);
  EXPECT(Part.Heard == (PHASES & ~TRANSACTION_NOTIFY_ROLLBACK) && Part.Enlistment == NULL);
  EXPECT(Other.Heard == 0 && NT_SUCCESS(ZwClose(Other.Enlistment)));
  ZwClose(Transaction);

  Transaction = Begin(NULL);
  Enlist(Resource, Transaction, PHASES | TRANSACTION_NOTIFY_SINGLE_PHASE_COMMIT, &Part);
  EXPECT(ZwCommitTransaction(Transaction, TRUE) == STATUS_SUCCESS);
  EXPECT((Part.Heard & TRANSACTION_NOTIFY_SINGLE_PHASE_COMMIT) && Part.Enlistment == NULL);
  ZwClose(Transaction);

  Transaction = Begin(NULL);
  Enlist(Resource, Transaction, PHASES, &Part);
  EXPECT(ZwRollbackTransaction(Transaction, TRUE) == STATUS_SUCCESS);
  EXPECT(Part.Heard == TRANSACTION_NOTIFY_ROLLBACK);
  ZwClose(Transaction);
}

static ULONG Next(HANDLE Resource) {
  TRANSACTION_NOTIFICATION Told;
  LARGE_INTEGER Now = {{0, 0}};

  return ZwGetNotificationResourceManager(Resource, &Told, sizeof(Told), &Now, NULL, 0, 0) ==
                 STATUS_SUCCESS
             ? Told.TransactionNotification
             : 0;
}

/* Those who ask. */
static VOID CheckAsking(HANDLE Resource) {
  HANDLE Transaction = Begin(NULL), Again = NULL;
  PART Part;
  ENLISTMENT_BASIC_INFORMATION Basic;
  RESOURCEMANAGER_BASIC_INFORMATION About;
  TRANSACTION_BASIC_INFORMATION Outcome;
  UOW Uow;
  PVOID Object;

  Enlist(Resource, Transaction, PHASES, &Part);
  EXPECT(ZwCommitTransaction(Transaction, FALSE) == STATUS_PENDING);
  EXPECT(Next(Resource) == TRANSACTION_NOTIFY_PREPREPARE);
  EXPECT(NT_SUCCESS(ZwPrePrepareComplete(Part.Enlistment, NULL)));
  EXPECT(Next(Resource) == TRANSACTION_NOTIFY_PREPARE);
  EXPECT(NT_SUCCESS(ZwPrepareComplete(Part.Enlistment, NULL)));
  EXPECT(Next(Resource) == TRANSACTION_NOTIFY_COMMIT);
  EXPECT(NT_SUCCESS(ZwCommitComplete(Part.Enlistment, NULL)) && Next(Resource) == 0);
  EXPECT(NT_SUCCESS(ZwQueryInformationEnlistment(Part.Enlistment, EnlistmentBasicInformation,
                                                 &Basic, sizeof(Basic), NULL)));
  EXPECT(NT_SUCCESS(ZwQueryInformationResourceManager(Resource, ResourceManagerBasicInformation,
                                                      &About, sizeof(About), NULL)));
  EXPECT(IsEqualGUID(&Basic.ResourceManagerId, &About.ResourceManagerId));
  EXPECT(NT_SUCCESS(
      ZwOpenEnlistment(&Again, ENLISTMENT_QUERY_INFORMATION, Resource, &Basic.EnlistmentId, NULL)));
  ZwClose(Again);
  EXPECT(NT_SUCCESS(
      ZwOpenTransaction(&Again, TRANSACTION_ALL_ACCESS, NULL, &Basic.TransactionId, NULL)));
  if (EXPECT(NT_SUCCESS(ObReferenceObjectByHandle(Again, 0, *TmTransactionObjectType, KernelMode,
                                                  &Object, NULL)))) {
    TmGetTransactionId(Object, &Uow);
    EXPECT(IsEqualGUID(&Uow, &Basic.TransactionId) && !TmIsTransactionActive(Object));
    EXPECT(TmCommitTransaction(Object, TRUE) == STATUS_TRANSACTION_ALREADY_COMMITTED);
    EXPECT(TmRollbackTransaction(Object, TRUE) == STATUS_TRANSACTION_ALREADY_COMMITTED);
    ObDereferenceObject(Object);
  }
  EXPECT(NT_SUCCESS(ZwQueryInformationTransaction(Again, TransactionBasicInformation, &Outcome,
                                                  sizeof(Outcome), NULL)));
  EXPECT(Outcome.Outcome == TransactionOutcomeCommitted);
  ZwClose(Again);
  ZwClose(Part.Enlistment);
  ZwClose(Transaction);
}

/* Those who refuse, and by pointer. */
static VOID CheckRefusing(HANDLE Resource) {
  HANDLE Transaction = Begin(NULL);
  PART Part, Other;
  PVOID Object = NULL;

  Enlist(Resource, Transaction, PHASES | TRANSACTION_NOTIFY_SINGLE_PHASE_COMMIT, &Part);
  EXPECT(ZwCommitTransaction(Transaction, FALSE) == STATUS_PENDING);
  EXPECT(Next(Resource) == TRANSACTION_NOTIFY_SINGLE_PHASE_COMMIT);
  EXPECT(NT_SUCCESS(ZwSinglePhaseReject(Part.Enlistment, NULL)));
  EXPECT(Next(Resource) == TRANSACTION_NOTIFY_PREPREPARE);
  EXPECT(NT_SUCCESS(ZwRollbackEnlistment(Part.Enlistment, NULL)));
  EXPECT(Next(Resource) == TRANSACTION_NOTIFY_ROLLBACK);
  EXPECT(NT_SUCCESS(ZwRollbackComplete(Part.Enlistment, NULL)));
  ZwClose(Part.Enlistment);
  ZwClose(Transaction);
  Transaction = Begin(NULL);
  Enlist(Resource, Transaction, TRANSACTION_NOTIFY_COMMIT, &Part);
  Enlist(Resource, Transaction, TRANSACTION_NOTIFY_COMMIT, &Other);
  if (EXPECT(NT_SUCCESS(ObReferenceObjectByHandle(Part.Enlistment, 0, *TmEnlistmentObjectType,
                                                  KernelMode, &Object, NULL)))) {
    EXPECT(NT_SUCCESS(TmReadOnlyEnlistment(Object, NULL)));
    EXPECT(TmRollbackEnlistment(Object, NULL) == STATUS_TRANSACTION_REQUEST_NOT_VALID);
    ObDereferenceObject(Object);
  }
  ZwClose(Part.Enlistment);
  ZwClose(Other.Enlistment);
  EXPECT(ZwCommitTransaction(Transaction, TRUE) == STATUS_TRANSACTION_ALREADY_ABORTED);
  ZwClose(Transaction);
}

/* A time-out, and a longer one in its place. */
static VOID CheckTimeout(VOID) {
  LARGE_INTEGER Soon = Milliseconds(2), Late = Milliseconds(100000);
  HANDLE Transaction = Begin(&Late);
  TRANSACTION_PROPERTIES_INFORMATION Properties;

  RtlZeroMemory(&Properties, sizeof(Properties));
  Properties.Timeout = Soon;
  EXPECT(NT_SUCCESS(ZwSetInformationTransaction(Transaction, TransactionPropertiesInformation,
                                                &Properties, sizeof(Properties))));
  EXPECT(ZwWaitForSingleObject(Transaction, FALSE, NULL) == STATUS_SUCCESS);
  EXPECT(ZwCommitTransaction(Transaction, TRUE) == STATUS_TRANSACTION_ALREADY_ABORTED);
  ZwClose(Transaction);
}

static VOID CheckManagers(VOID) {
  OBJECT_ATTRIBUTES Attributes;
  TRANSACTIONMANAGER_BASIC_INFORMATION Basic;
  HANDLE Manager = NULL, Again = NULL, Resource = NULL;
  GUID Id;
  PVOID Object;

  InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
  if (!EXPECT(NT_SUCCESS(ZwCreateTransactionManager(&Manager, TRANSACTIONMANAGER_ALL_ACCESS,
                                                    &Attributes, NULL, TRANSACTION_MANAGER_VOLATILE,
                                                    0)))) {
    return;
  }
  EXPECT(NT_SUCCESS(ZwQueryInformationTransactionManager(
      Manager, TransactionManagerBasicInformation, &Basic, sizeof(Basic), NULL)));
  EXPECT(NT_SUCCESS(ZwOpenTransactionManager(&Again, TRANSACTIONMANAGER_ALL_ACCESS, &Attributes,
                                             NULL, &Basic.TmIdentity, 0)));
  EXPECT(NT_SUCCESS(ExUuidCreate(&Id)));
  EXPECT(NT_SUCCESS(ZwCreateResourceManager(&Resource, RESOURCEMANAGER_ALL_ACCESS, Again, &Id,
                                            &Attributes, RESOURCE_MANAGER_VOLATILE, NULL)));
  ZwClose(Again);
  CheckAsking(Resource);
  CheckRefusing(Resource);
  if (EXPECT(NT_SUCCESS(ObReferenceObjectByHandle(Resource, 0, *TmResourceManagerObjectType,
                                                  KernelMode, &Object, NULL)))) {
    EXPECT(NT_SUCCESS(TmEnableCallbacks(Object, Hear, &Depth)));
    ObDereferenceObject(Object);
  }
  CheckCalled(Resource);
  EXPECT(NT_SUCCESS(
      ZwOpenResourceManager(&Again, RESOURCEMANAGER_ALL_ACCESS, Manager, &Id, &Attributes)));
  ZwClose(Again);
  ZwClose(Resource);
  EXPECT(ObReferenceObjectByHandle(Manager, 0, *TmTransactionManagerObjectType, KernelMode, &Object,
                                   NULL) == STATUS_SUCCESS);
  ObDereferenceObject(Object);
  ZwClose(Manager);
}

static BOOLEAN HasDepth(HANDLE Key) {
  UCHAR Buffer[64];
  ULONG Length;

  return NT_SUCCESS(
      ZwQueryValueKey(Key, &Depth, KeyValuePartialInformation, Buffer, sizeof(Buffer), &Length));
}

/* A key of the driver's own, in a transaction that is committed or not. */
static VOID CheckRegistry(HANDLE Service, BOOLEAN Commits) {
  UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Transacted");
  OBJECT_ATTRIBUTES Attributes;
  HANDLE Transaction = Begin(NULL), Made = NULL, Opened = NULL;
  ULONG Number = 4, Disposition = 0;
  LARGE_INTEGER NoCookie = {{0, 0}};
  PVOID Object;

  InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, Service,
                             NULL);
  EXPECT(NT_SUCCESS(ZwCreateKeyTransacted(&Made, KEY_ALL_ACCESS, &Attributes, 0, NULL, 0,
                                          Transaction, &Disposition)));
  EXPECT(Disposition == REG_CREATED_NEW_KEY);
  EXPECT(NT_SUCCESS(ZwSetValueKey(Made, &Depth, 0, REG_DWORD, &Number, sizeof(Number))));
  EXPECT(ZwOpenKey(&Opened, KEY_READ, &Attributes) == STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT(NT_SUCCESS(ZwOpenKeyTransacted(&Opened, KEY_READ, &Attributes, Transaction)));
  EXPECT(HasDepth(Opened));
  if (EXPECT(NT_SUCCESS(
          ObReferenceObjectByHandle(Opened, 0, *CmKeyObjectType, KernelMode, &Object, NULL)))) {
    EXPECT(CmGetBoundTransaction(&NoCookie, Object) != NULL);
    ObDereferenceObject(Object);
  }
  ZwClose(Opened);
  EXPECT(NT_SUCCESS(ZwOpenKeyTransactedEx(&Opened, KEY_READ, &Attributes, 0, Transaction)));
  ZwClose(Opened);
  EXPECT(NT_SUCCESS(Commits ? ZwCommitTransaction(Transaction, TRUE)
                            : ZwRollbackTransaction(Transaction, TRUE)));
  EXPECT(ZwDeleteKey(Made) == STATUS_TRANSACTION_NOT_ACTIVE);
  ZwClose(Made);
  ZwClose(Transaction);
  Opened = NULL;
  if (NT_SUCCESS(ZwOpenKey(&Opened, KEY_ALL_ACCESS, &Attributes))) {
    EXPECT(Commits && HasDepth(Opened) && NT_SUCCESS(ZwDeleteKey(Opened)));
    ZwClose(Opened);
  } else {
    EXPECT(!Commits);
  }
}

_Use_decl_annotations_ VOID TransactionsUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  OBJECT_ATTRIBUTES Attributes;
  HANDLE Service = NULL;

  DriverObject->DriverUnload = TransactionsUnload;
  InitializeObjectAttributes(&Attributes, RegistryPath, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                             NULL, NULL);
  CheckManagers();
  CheckTimeout();
  if (EXPECT(NT_SUCCESS(ZwOpenKey(&Service, KEY_ALL_ACCESS, &Attributes)))) {
    CheckRegistry(Service, TRUE);
    CheckRegistry(Service, FALSE);
    ZwClose(Service);
  }
  return ExpectationsStatus();
}
