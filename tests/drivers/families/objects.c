/* Objects: their names, directories and links, references and handles; events that have handles. */
#define FAMILY "objects"
#include "expect.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD ObjectsUnload;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, ObjectsUnload)
#endif

static UNICODE_STRING EventName = RTL_CONSTANT_STRING(L"\\MicaFamily\\Event");

static VOID CheckEventsByHandle(VOID) {
  OBJECT_ATTRIBUTES Attributes;
  LARGE_INTEGER Zero = {{0, 0}};
  HANDLE Handles[2], Same;
  LONG Previous = 9;

  InitializeObjectAttributes(&Attributes, &EventName, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                             NULL, NULL);
  EXPECT(ZwOpenEvent(&Same, EVENT_ALL_ACCESS, &Attributes) == STATUS_OBJECT_NAME_NOT_FOUND);
  if (!EXPECT(NT_SUCCESS(
          ZwCreateEvent(&Handles[0], EVENT_ALL_ACCESS, &Attributes, NotificationEvent, FALSE)))) {
    return;
  }
  EXPECT(ZwCreateEvent(&Same, EVENT_ALL_ACCESS, &Attributes, NotificationEvent, FALSE) ==
         STATUS_OBJECT_NAME_COLLISION);
  EXPECT(NT_SUCCESS(ZwOpenEvent(&Same, EVENT_ALL_ACCESS, &Attributes)));
  EXPECT(NT_SUCCESS(ZwSetEvent(Same, &Previous)) && Previous == 0);
  EXPECT(ZwWaitForSingleObject(Handles[0], FALSE, &Zero) == STATUS_SUCCESS);
  EXPECT(NT_SUCCESS(ZwResetEvent(Handles[0], &Previous)) && Previous != 0);
  EXPECT(ZwWaitForSingleObject(Same, FALSE, &Zero) == STATUS_TIMEOUT);
  EXPECT(NT_SUCCESS(ZwSetEvent(Same, NULL)) && NT_SUCCESS(ZwClearEvent(Same)));
  EXPECT(NT_SUCCESS(ZwPulseEvent(Same, &Previous)) && Previous == 0);
  EXPECT(NT_SUCCESS(ZwClose(Same)));
  InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
  if (EXPECT(NT_SUCCESS(
          ZwCreateEvent(&Handles[1], EVENT_ALL_ACCESS, &Attributes, SynchronizationEvent, TRUE)))) {
    EXPECT(ZwWaitForMultipleObjects(2, Handles, WaitAll, FALSE, &Zero) == STATUS_TIMEOUT);
    EXPECT(ZwWaitForMultipleObjects(2, Handles, WaitAny, FALSE, &Zero) == STATUS_WAIT_1);
    EXPECT(ZwWaitForMultipleObjects(2, Handles, WaitAny, FALSE, &Zero) == STATUS_TIMEOUT);
    EXPECT(NT_SUCCESS(ObCloseHandle(Handles[1], KernelMode)));
  }
  EXPECT(NT_SUCCESS(ZwClose(Handles[0])));
}

static VOID CheckReferences(VOID) {
  OBJECT_ATTRIBUTES Attributes;
  OBJECT_HANDLE_INFORMATION Information = {0, 0};
  HANDLE Handle, Second;
  PVOID Event, Found;
  UCHAR Room[128];
  POBJECT_NAME_INFORMATION Name = (POBJECT_NAME_INFORMATION)Room;
  ULONG Length = 0;
  LONG_PTR Count;

  InitializeObjectAttributes(&Attributes, &EventName, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                             NULL, NULL);
  if (!EXPECT(NT_SUCCESS(
          ZwCreateEvent(&Handle, EVENT_ALL_ACCESS, &Attributes, NotificationEvent, FALSE)))) {
    return;
  }
  EXPECT(ObIsKernelHandle(Handle) && !ObIsKernelHandle((HANDLE)4));
  EXPECT(ObReferenceObjectByHandle(Handle, EVENT_MODIFY_STATE, *PsThreadType, KernelMode, &Event,
                                   NULL) == STATUS_OBJECT_TYPE_MISMATCH);
  EXPECT(NT_SUCCESS(ObReferenceObjectByHandle(Handle, EVENT_MODIFY_STATE, *ExEventObjectType,
                                              KernelMode, &Event, &Information)));
  EXPECT(Information.GrantedAccess == EVENT_ALL_ACCESS);
  EXPECT(ObGetObjectType(Event) == *ExEventObjectType);
  Count = ObReferenceObject(Event);
  EXPECT(ObDereferenceObject(Event) == Count - 1);
  EXPECT(NT_SUCCESS(
      ObReferenceObjectByPointer(Event, EVENT_ALL_ACCESS, *ExEventObjectType, KernelMode)));
  ObDereferenceObjectDeferDelete(Event);
  if (EXPECT(NT_SUCCESS(ObReferenceObjectByName(&EventName, OBJ_CASE_INSENSITIVE, NULL, 0,
                                                *ExEventObjectType, KernelMode, NULL, &Found)))) {
    EXPECT(Found == Event);
    ObDereferenceObject(Found);
  }
  if (EXPECT(NT_SUCCESS(ObOpenObjectByPointer(Event, OBJ_KERNEL_HANDLE, NULL, EVENT_ALL_ACCESS,
                                              *ExEventObjectType, KernelMode, &Second)))) {
    EXPECT(Second != Handle && NT_SUCCESS(ZwClose(Second)));
  }
  if (EXPECT(NT_SUCCESS(ObOpenObjectByName(&Attributes, *ExEventObjectType, KernelMode, NULL,
                                           EVENT_ALL_ACCESS, NULL, &Second)))) {
    EXPECT(NT_SUCCESS(ZwClose(Second)));
  }
  EXPECT(ObQueryNameString(Event, NULL, 0, &Length) == STATUS_INFO_LENGTH_MISMATCH);
  EXPECT(Length == sizeof(*Name) + EventName.Length + sizeof(UNICODE_NULL));
  EXPECT(NT_SUCCESS(ObQueryNameString(Event, Name, sizeof(Room), &Length)));
  EXPECT(RtlEqualUnicodeString(&Name->Name, &EventName, FALSE));
  ZwClose(Handle);
  ObDereferenceObject(Event);
}

static VOID CheckMakingObjects(VOID) {
  OBJECT_ATTRIBUTES Attributes;
  PKEVENT Event;
  HANDLE Handle;

  InitializeObjectAttributes(&Attributes, &EventName,
                             OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE | OBJ_PERMANENT, NULL, NULL);
  if (!EXPECT(NT_SUCCESS(ObCreateObject(KernelMode, *ExEventObjectType, &Attributes, KernelMode,
                                        NULL, sizeof(KEVENT), 0, 0, (PVOID*)&Event)))) {
    return;
  }
  KeInitializeEvent(Event, NotificationEvent, TRUE);
  if (!EXPECT(NT_SUCCESS(ObInsertObject(Event, NULL, EVENT_ALL_ACCESS, 1, NULL, &Handle)))) return;
  EXPECT(KeReadStateEvent(Event) != 0);
  ObDereferenceObject(Event);
  EXPECT(NT_SUCCESS(ZwClose(Handle)));
  EXPECT(NT_SUCCESS(ZwOpenEvent(&Handle, EVENT_ALL_ACCESS, &Attributes)));
  EXPECT(NT_SUCCESS(ZwMakeTemporaryObject(Handle)) && NT_SUCCESS(ZwClose(Handle)));
  EXPECT(ZwOpenEvent(&Handle, EVENT_ALL_ACCESS, &Attributes) == STATUS_OBJECT_NAME_NOT_FOUND);
}

static VOID CheckLinks(HANDLE Directory) {
  UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Link"),
                 Through = RTL_CONSTANT_STRING(L"\\MicaFamily\\Link\\Event"),
                 Target = RTL_CONSTANT_STRING(L"\\MicaFamily");
  DECLARE_UNICODE_STRING_SIZE(Told, 32);
  OBJECT_ATTRIBUTES Attributes;
  HANDLE Link, Same, First, Second;
  PKEVENT Event;
  ULONG Length = 0;

  InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                             Directory, NULL);
  if (!EXPECT(NT_SUCCESS(
          ZwCreateSymbolicLinkObject(&Link, SYMBOLIC_LINK_ALL_ACCESS, &Attributes, &Target)))) {
    return;
  }
  EXPECT(NT_SUCCESS(ZwOpenSymbolicLinkObject(&Same, SYMBOLIC_LINK_QUERY, &Attributes)));
  EXPECT(NT_SUCCESS(ZwQuerySymbolicLinkObject(Same, &Told, &Length)));
  EXPECT(RtlEqualUnicodeString(&Told, &Target, FALSE) && NT_SUCCESS(ZwClose(Same)));
  Told.MaximumLength = 2;
  EXPECT(ZwQuerySymbolicLinkObject(Link, &Told, &Length) == STATUS_BUFFER_TOO_SMALL);
  EXPECT(Length >= Target.Length);

  Event = IoCreateNotificationEvent(&EventName, &First);
  if (EXPECT(Event != NULL)) {
    EXPECT(KeReadStateEvent(Event) != 0 && ObIsKernelHandle(First));
    EXPECT(IoCreateSynchronizationEvent(&Through, &Second) == Event);
    EXPECT(NT_SUCCESS(ZwClose(Second)) && NT_SUCCESS(ZwClose(First)));
  }
  Event = IoCreateSynchronizationEvent(&EventName, &First);
  if (EXPECT(Event != NULL)) {
    EXPECT(WaitFor(Event, 0) == STATUS_SUCCESS && WaitFor(Event, 0) == STATUS_TIMEOUT);
    EXPECT(NT_SUCCESS(ZwClose(First)));
  }
  EXPECT(NT_SUCCESS(ZwClose(Link)));
}

_Use_decl_annotations_ VOID ObjectsUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\MicaFamily");
  OBJECT_ATTRIBUTES Attributes;
  HANDLE Directory, Same;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = ObjectsUnload;
  InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                             NULL);
  Status = ZwCreateDirectoryObject(&Directory, DIRECTORY_ALL_ACCESS, &Attributes);
  if (!NT_SUCCESS(Status)) return Status;
  EXPECT(NT_SUCCESS(ZwOpenDirectoryObject(&Same, DIRECTORY_QUERY, &Attributes)));
  EXPECT(NT_SUCCESS(ZwClose(Same)));
  CheckEventsByHandle();
  CheckReferences();
  CheckMakingObjects();
  CheckLinks(Directory);
  ZwClose(Directory);
  EXPECT(ZwOpenDirectoryObject(&Same, DIRECTORY_QUERY, &Attributes) ==
         STATUS_OBJECT_NAME_NOT_FOUND);
  return ExpectationsStatus();
}
