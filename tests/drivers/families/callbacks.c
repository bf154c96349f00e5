/* Callback objects, work items of each kind, and names that are unique. */
#define FAMILY "callbacks"
#include "expect.h"

#define CALLBACKS_TAG 'kblC'

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD CallbacksUnload;
CALLBACK_FUNCTION FirstCallback;
CALLBACK_FUNCTION SecondCallback;
WORKER_THREAD_ROUTINE WorkRoutine;
IO_WORKITEM_ROUTINE ItemRoutine;
IO_WORKITEM_ROUTINE_EX ItemRoutineEx;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, CallbacksUnload)
#pragma alloc_text(PAGE, WorkRoutine)
#pragma alloc_text(PAGE, ItemRoutine)
#pragma alloc_text(PAGE, ItemRoutineEx)
#endif

typedef struct _TOLD {
  ULONG First;
  ULONG Second;
  PVOID Arguments[2];
} TOLD, *PTOLD;

_Use_decl_annotations_ VOID FirstCallback(PVOID CallbackContext, PVOID Argument1, PVOID Argument2) {
  PTOLD Told = CallbackContext;

  EXPECT(Told->First == Told->Second);
  ++Told->First;
  Told->Arguments[0] = Argument1;
  Told->Arguments[1] = Argument2;
}

_Use_decl_annotations_ VOID SecondCallback(PVOID CallbackContext, PVOID Argument1,
                                           PVOID Argument2) {
  PTOLD Told = CallbackContext;

  UNREFERENCED_PARAMETER(Argument1);
  UNREFERENCED_PARAMETER(Argument2);
  ++Told->Second;
}

static VOID CheckCallbacks(VOID) {
  UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Callback\\MicaFamily");
  OBJECT_ATTRIBUTES Attributes;
  PCALLBACK_OBJECT Callback, Same;
  PVOID First, Second;
  TOLD Told = {0, 0, {NULL, NULL}};
  KIRQL OldIrql;

  InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE, NULL, NULL);
  EXPECT(ExCreateCallback(&Callback, &Attributes, FALSE, TRUE) == STATUS_OBJECT_NAME_NOT_FOUND);
  Attributes.Attributes |= OBJ_PERMANENT;
  if (!EXPECT(NT_SUCCESS(ExCreateCallback(&Callback, &Attributes, TRUE, TRUE)))) return;
  if (EXPECT(NT_SUCCESS(ExCreateCallback(&Same, &Attributes, FALSE, FALSE)))) {
    EXPECT(Same == Callback);
    ObDereferenceObject(Same);
  }
  First = ExRegisterCallback(Callback, FirstCallback, &Told);
  Second = ExRegisterCallback(Callback, SecondCallback, &Told);
  EXPECT(First != NULL && Second != NULL);
  ExNotifyCallback(Callback, (PVOID)1, (PVOID)2);
  EXPECT(Told.First == 1 && Told.Second == 1);
  EXPECT(Told.Arguments[0] == (PVOID)1 && Told.Arguments[1] == (PVOID)2);
  if (Second != NULL) ExUnregisterCallback(Second);
  OldIrql = KeRaiseIrqlToDpcLevel();
  Told.Second = 1;
  ExNotifyCallback(Callback, NULL, NULL);
  KeLowerIrql(OldIrql);
  EXPECT(Told.First == 2 && Told.Second == 1);
  if (First != NULL) ExUnregisterCallback(First);
  ExNotifyCallback(Callback, NULL, NULL);
  EXPECT(Told.First == 2);
  ObMakeTemporaryObject(Callback);
  ObDereferenceObject(Callback);
  Attributes.Attributes &= ~OBJ_PERMANENT;
  EXPECT(ExCreateCallback(&Callback, &Attributes, FALSE, TRUE) == STATUS_OBJECT_NAME_NOT_FOUND);

  InitializeObjectAttributes(&Attributes, NULL, 0, NULL, NULL);
  EXPECT(ExCreateCallback(&Callback, &Attributes, TRUE, FALSE) == STATUS_UNSUCCESSFUL);
  InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE, NULL, NULL);
  if (!EXPECT(NT_SUCCESS(ExCreateCallback(&Callback, &Attributes, TRUE, FALSE)))) return;
  First = ExRegisterCallback(Callback, FirstCallback, &Told); /* the only one that it takes */
  EXPECT(First != NULL && ExRegisterCallback(Callback, SecondCallback, &Told) == NULL);
  if (First != NULL) ExUnregisterCallback(First);
  ObDereferenceObject(Callback);
}

typedef struct _DONE {
  WORK_QUEUE_ITEM Work;
  KEVENT Event;
  ULONG Runs;
  PVOID Object;
} DONE, *PDONE;

static VOID Ran(PDONE Done) {
  EXPECT(KeGetCurrentIrql() == PASSIVE_LEVEL && IoIsSystemThread(PsGetCurrentThread()));
  ++Done->Runs;
  KeSetEvent(&Done->Event, IO_NO_INCREMENT, FALSE);
}

_Use_decl_annotations_ VOID WorkRoutine(PVOID Parameter) {
  PAGED_CODE();
  Ran(Parameter);
}

_Use_decl_annotations_ VOID ItemRoutine(PDEVICE_OBJECT DeviceObject, PVOID Context) {
  PDONE Done = Context;

  PAGED_CODE();
  EXPECT(DeviceObject == Done->Object);
  Ran(Done);
}

_Use_decl_annotations_ VOID ItemRoutineEx(PVOID IoObject, PVOID Context, PIO_WORKITEM IoWorkItem) {
  PDONE Done = Context;

  PAGED_CODE();
  EXPECT(IoObject == Done->Object);
  IoUninitializeWorkItem(IoWorkItem); /* which may be done before it returns */
  Ran(Done);
}

static VOID CheckExecutiveWork(VOID) {
  static const WORK_QUEUE_TYPE Types[] = {CriticalWorkQueue, DelayedWorkQueue,
                                          HyperCriticalWorkQueue};
  DONE Done;

  Done.Runs = 0;
  KeInitializeEvent(&Done.Event, SynchronizationEvent, FALSE);
  for (ULONG Index = 0; Index < ARRAYSIZE(Types); ++Index) {
    ExInitializeWorkItem(&Done.Work, WorkRoutine, &Done);
    ExQueueWorkItem(&Done.Work, Types[Index]);
    EXPECT(WaitFor(&Done.Event, 60000) == STATUS_SUCCESS && Done.Runs == Index + 1);
  }
}

static VOID CheckItems(PDRIVER_OBJECT DriverObject) {
  PDEVICE_OBJECT DeviceObject;
  PIO_WORKITEM Item;
  DONE Done;

  Done.Runs = 0;
  KeInitializeEvent(&Done.Event, SynchronizationEvent, FALSE);
  if (!EXPECT(NT_SUCCESS(IoCreateDevice(DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN,
                                        FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject)))) {
    return;
  }
  Done.Object = DeviceObject;
  Item = IoAllocateWorkItem(DeviceObject);
  if (EXPECT(Item != NULL)) {
    for (ULONG Runs = 1; Runs <= 2; ++Runs) {
      IoQueueWorkItem(Item, ItemRoutine, DelayedWorkQueue, &Done);
      EXPECT(WaitFor(&Done.Event, 60000) == STATUS_SUCCESS && Done.Runs == Runs);
    }
    IoFreeWorkItem(Item);
  }
  Done.Object = DriverObject;
  Item = ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeofWorkItem(), CALLBACKS_TAG);
  if (EXPECT(Item != NULL)) {
    IoInitializeWorkItem(DriverObject, Item);
    IoQueueWorkItemEx(Item, ItemRoutineEx, DelayedWorkQueue, &Done);
    EXPECT(WaitFor(&Done.Event, 60000) == STATUS_SUCCESS && Done.Runs == 3);
    ExFreePoolWithTag(Item, CALLBACKS_TAG);
  }
  IoDeleteDevice(DeviceObject);
}

static VOID CheckUniqueNames(VOID) {
  UUID First, Second;

  EXPECT(NT_SUCCESS(ExUuidCreate(&First)) && NT_SUCCESS(ExUuidCreate(&Second)));
  EXPECT(!RtlEqualMemory(&First, &Second, sizeof(UUID)));
}

_Use_decl_annotations_ VOID CallbacksUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = CallbacksUnload;
  CheckCallbacks();
  CheckExecutiveWork();
  CheckItems(DriverObject);
  CheckUniqueNames();
  return ExpectationsStatus();
}
