/* One who watches what others do to the registry, and keeps them from some of it. */
#define FAMILY "watcher"
#include "expect.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD WatcherUnload;
EX_CALLBACK_FUNCTION WatchRegistry;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, WatcherUnload)
#pragma alloc_text(PAGE, WatchRegistry)
#endif

static UNICODE_STRING Depth = RTL_CONSTANT_STRING(L"Depth");
static UNICODE_STRING Forbidden = RTL_CONSTANT_STRING(L"Forbidden");

typedef struct _WATCH {
  LARGE_INTEGER Cookie;
  ULONG Sets;
  ULONG Done;
  ULONG Cleanups;
} WATCH, *PWATCH;

/* Keeps a value's name from being set, and counts the others. */
_Use_decl_annotations_ NTSTATUS WatchRegistry(PVOID CallbackContext, PVOID Argument1,
                                              PVOID Argument2) {
  PWATCH Watch = CallbackContext;
  PVOID Old = NULL;

  PAGED_CODE();
  switch ((REG_NOTIFY_CLASS)(ULONG_PTR)Argument1) {
    case RegNtPreSetValueKey: {
      PREG_SET_VALUE_KEY_INFORMATION Information = Argument2;

      if (RtlEqualUnicodeString(Information->ValueName, &Forbidden, TRUE)) {
        return STATUS_ACCESS_DENIED;
      }
      ++Watch->Sets;
      EXPECT(
          NT_SUCCESS(CmSetCallbackObjectContext(Information->Object, &Watch->Cookie, Watch, &Old)));
      return STATUS_SUCCESS;
    }
    case RegNtPostSetValueKey:
      EXPECT(((PREG_POST_OPERATION_INFORMATION)Argument2)->ObjectContext == Watch);
      if (NT_SUCCESS(((PREG_POST_OPERATION_INFORMATION)Argument2)->Status)) ++Watch->Done;
      return STATUS_SUCCESS;
    case RegNtCallbackObjectContextCleanup:
      ++Watch->Cleanups;
      return STATUS_SUCCESS;
    default:
      return STATUS_SUCCESS;
  }
}

static NTSTATUS SetOnce(POBJECT_ATTRIBUTES Attributes, PUNICODE_STRING Name) {
  ULONG Number = 3;
  HANDLE Key;
  NTSTATUS Status = ZwOpenKey(&Key, KEY_SET_VALUE, Attributes);

  if (!NT_SUCCESS(Status)) return Status;
  Status = ZwSetValueKey(Key, Name, 0, REG_DWORD, &Number, sizeof(Number));
  ZwClose(Key);
  return Status;
}

static VOID CheckWatching(POBJECT_ATTRIBUTES Attributes, PDRIVER_OBJECT DriverObject) {
  UNICODE_STRING Altitude = RTL_CONSTANT_STRING(L"379998.77");
  WATCH Watch = {{{0, 0}}, 0, 0, 0}, Other = {{{0, 0}}, 0, 0, 0};
  ULONG Major = 0, Minor = 9;

  CmGetCallbackVersion(&Major, &Minor);
  EXPECT(Major == 1 && Minor <= 1);
  if (!EXPECT(NT_SUCCESS(CmRegisterCallbackEx(WatchRegistry, &Altitude, DriverObject, &Watch,
                                              &Watch.Cookie, NULL)))) {
    return;
  }
  EXPECT(CmRegisterCallbackEx(WatchRegistry, &Altitude, DriverObject, &Other, &Other.Cookie,
                              NULL) == STATUS_FLT_INSTANCE_ALTITUDE_COLLISION);
  EXPECT(SetOnce(Attributes, &Forbidden) == STATUS_ACCESS_DENIED && Watch.Done == 0);
  EXPECT(SetOnce(Attributes, &Depth) == STATUS_SUCCESS);
  EXPECT(Watch.Sets == 1 && Watch.Done == 1 && Watch.Cleanups == 1);
  EXPECT(NT_SUCCESS(CmUnRegisterCallback(Watch.Cookie)));
  EXPECT(CmUnRegisterCallback(Watch.Cookie) == STATUS_INVALID_PARAMETER);
  EXPECT(SetOnce(Attributes, &Forbidden) == STATUS_SUCCESS && Watch.Sets == 1);
  if (EXPECT(NT_SUCCESS(CmRegisterCallback(WatchRegistry, &Other, &Other.Cookie)))) {
    EXPECT(SetOnce(Attributes, &Depth) == STATUS_SUCCESS && Other.Done == 1);
    EXPECT(NT_SUCCESS(CmUnRegisterCallback(Other.Cookie)));
  }
}

_Use_decl_annotations_ VOID WatcherUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  OBJECT_ATTRIBUTES Attributes;

  DriverObject->DriverUnload = WatcherUnload;
  InitializeObjectAttributes(&Attributes, RegistryPath, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                             NULL, NULL);
  CheckWatching(&Attributes, DriverObject);
  return ExpectationsStatus();
}
