/* A driver's keys and values, by handle and by path. */
#define FAMILY "registry"
#include "expect.h"

#define OWN_PARAMETERS L"family_registry\\Parameters" /* below the services' key */

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD RegistryUnload;
RTL_QUERY_REGISTRY_ROUTINE TakeValue;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, RegistryUnload)
#pragma alloc_text(PAGE, TakeValue)
#endif

static UNICODE_STRING Depth = RTL_CONSTANT_STRING(L"Depth");
static UNICODE_STRING Label = RTL_CONSTANT_STRING(L"Label");
static UNICODE_STRING Missing = RTL_CONSTANT_STRING(L"Missing");
static WCHAR LabelText[] = L"left";

static NTSTATUS SetNumber(HANDLE Key, PUNICODE_STRING Name, ULONG Number) {
  return ZwSetValueKey(Key, Name, 0, REG_DWORD, &Number, sizeof(Number));
}

static VOID CheckValues(HANDLE Key) {
  union {
    KEY_VALUE_PARTIAL_INFORMATION Partial;
    KEY_VALUE_FULL_INFORMATION Full;
    KEY_VALUE_BASIC_INFORMATION Basic;
    UCHAR Bytes[128];
  } Value;
  KEY_VALUE_ENTRY Entries[2];
  UCHAR Data[32];
  ULONG Length = 0, Size = sizeof(Data), Required = 0;

  EXPECT(NT_SUCCESS(SetNumber(Key, &Depth, 5)));
  EXPECT(NT_SUCCESS(ZwSetValueKey(Key, &Label, 0, REG_SZ, LabelText, sizeof(LabelText))));
  EXPECT(NT_SUCCESS(
      ZwQueryValueKey(Key, &Depth, KeyValuePartialInformation, &Value, sizeof(Value), &Length)));
  EXPECT(Value.Partial.Type == REG_DWORD && Value.Partial.DataLength == 4 &&
         Value.Partial.Data[0] == 5);
  EXPECT(ZwQueryValueKey(Key, &Label, KeyValuePartialInformation, &Value,
                         FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data),
                         &Length) == STATUS_BUFFER_OVERFLOW);
  EXPECT(Length == FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data) + sizeof(LabelText));
  EXPECT(ZwQueryValueKey(Key, &Label, KeyValuePartialInformation, NULL, 0, &Length) ==
         STATUS_BUFFER_TOO_SMALL);
  EXPECT(ZwQueryValueKey(Key, &Missing, KeyValuePartialInformation, &Value, sizeof(Value),
                         &Length) == STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT(NT_SUCCESS(
      ZwEnumerateValueKey(Key, 1, KeyValueFullInformation, &Value, sizeof(Value), &Length)));
  EXPECT(Value.Full.NameLength == Label.Length && Value.Full.DataLength == sizeof(LabelText));
  EXPECT(RtlEqualMemory(&Value.Bytes[Value.Full.DataOffset], LabelText, sizeof(LabelText)));
  EXPECT(NT_SUCCESS(
      ZwEnumerateValueKey(Key, 0, KeyValueBasicInformation, &Value, sizeof(Value), &Length)));
  EXPECT(Value.Basic.Type == REG_DWORD && Value.Basic.Name[0] == L'D');
  EXPECT(ZwEnumerateValueKey(Key, 2, KeyValueBasicInformation, &Value, sizeof(Value), &Length) ==
         STATUS_NO_MORE_ENTRIES);

  Entries[0].ValueName = &Label;
  Entries[1].ValueName = &Depth;
  EXPECT(NT_SUCCESS(ZwQueryMultipleValueKey(Key, Entries, 2, Data, &Size, &Required)));
  EXPECT(Entries[1].Type == REG_DWORD && *(PULONG)&Data[Entries[1].DataOffset] == 5);
  EXPECT(Entries[0].DataLength == sizeof(LabelText) && Required <= sizeof(Data));
  EXPECT(NT_SUCCESS(ZwDeleteValueKey(Key, &Label)));
  EXPECT(ZwDeleteValueKey(Key, &Label) == STATUS_OBJECT_NAME_NOT_FOUND);
}

static VOID CheckKeys(HANDLE Own, HANDLE Key) {
  UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Parameters");
  union {
    KEY_BASIC_INFORMATION Basic;
    KEY_FULL_INFORMATION Full;
    UCHAR Bytes[128];
  } Information;
  KEY_WRITE_TIME_INFORMATION WriteTime;
  OBJECT_ATTRIBUTES Attributes;
  PVOID Object;
  HANDLE Again;
  ULONG Length = 0, Disposition = 0;

  InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, Own,
                             NULL);
  EXPECT(NT_SUCCESS(
      ZwCreateKey(&Again, KEY_READ, &Attributes, 0, NULL, REG_OPTION_NON_VOLATILE, &Disposition)));
  EXPECT(Disposition == REG_OPENED_EXISTING_KEY);
  EXPECT(NT_SUCCESS(ZwClose(Again)) && NT_SUCCESS(ZwOpenKeyEx(&Again, KEY_READ, &Attributes, 0)));
  EXPECT(NT_SUCCESS(ZwClose(Again)));
  EXPECT(NT_SUCCESS(
      ZwEnumerateKey(Own, 0, KeyBasicInformation, &Information, sizeof(Information), &Length)));
  EXPECT(Information.Basic.NameLength == Name.Length && Information.Basic.Name[0] == L'P');
  EXPECT(ZwEnumerateKey(Own, 1, KeyBasicInformation, &Information, sizeof(Information), &Length) ==
         STATUS_NO_MORE_ENTRIES);
  WriteTime.LastWriteTime.QuadPart = 131592384000000000;
  EXPECT(
      NT_SUCCESS(ZwSetInformationKey(Key, KeyWriteTimeInformation, &WriteTime, sizeof(WriteTime))));
  EXPECT(
      NT_SUCCESS(ZwQueryKey(Key, KeyFullInformation, &Information, sizeof(Information), &Length)));
  EXPECT(Information.Full.Values == 1 && Information.Full.SubKeys == 0);
  EXPECT(Information.Full.LastWriteTime.QuadPart == 131592384000000000);
  EXPECT(NT_SUCCESS(ZwFlushKey(Key)));
  EXPECT(NT_SUCCESS(
      ObReferenceObjectByHandle(Key, KEY_READ, *CmKeyObjectType, KernelMode, &Object, NULL)));
  ObDereferenceObject(Object);
}

_Use_decl_annotations_ NTSTATUS TakeValue(PWSTR ValueName, ULONG ValueType, PVOID ValueData,
                                          ULONG ValueLength, PVOID Context, PVOID EntryContext) {
  PAGED_CODE();
  EXPECT(ValueName[0] == L'W' && ValueType == REG_DWORD && ValueLength == sizeof(ULONG));
  EXPECT(Context == (PVOID)7);
  *(PULONG)EntryContext = *(PULONG)ValueData;
  return STATUS_SUCCESS;
}

static VOID CheckPaths(VOID) {
  RTL_QUERY_REGISTRY_TABLE Table[4];
  UNICODE_STRING Text = {0, 0, NULL};
  ULONG Width = 80, Number = 0, Taken = 0;
  WCHAR Name[] = L"family_registry\\Missing";

  EXPECT(NT_SUCCESS(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, OWN_PARAMETERS)));
  EXPECT(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, Name) == STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT(NT_SUCCESS(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, OWN_PARAMETERS)));
  EXPECT(NT_SUCCESS(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, OWN_PARAMETERS, L"Width",
                                          REG_DWORD, &Width, sizeof(Width))));
  EXPECT(NT_SUCCESS(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, OWN_PARAMETERS, L"Label", REG_SZ,
                                          LabelText, sizeof(LabelText))));
  RtlZeroMemory(Table, sizeof(Table));
  Table[0].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK;
  Table[0].Name = L"Width";
  Table[0].EntryContext = &Number;
  Table[0].DefaultType = (REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE;
  Table[1].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK;
  Table[1].Name = L"Label";
  Table[1].EntryContext = &Text;
  Table[1].DefaultType = (REG_SZ << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE;
  Table[2].QueryRoutine = TakeValue;
  Table[2].Flags = RTL_QUERY_REGISTRY_REQUIRED;
  Table[2].Name = L"Width";
  Table[2].EntryContext = &Taken;
  EXPECT(NT_SUCCESS(
      RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, OWN_PARAMETERS, Table, (PVOID)7, NULL)));
  EXPECT(Number == 80 && Taken == 80 && Text.Length == 8 && Text.Buffer[3] == L't');
  RtlFreeUnicodeString(&Text);
  Table[2].Name = L"Height";
  Table[1].Name = NULL; /* which ends the table here */
  Table[0] = Table[2];
  EXPECT(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, OWN_PARAMETERS, Table, NULL, NULL) ==
         STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT(NT_SUCCESS(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, OWN_PARAMETERS, L"Width")));
  EXPECT(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, OWN_PARAMETERS, L"Width") ==
         STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT(NT_SUCCESS(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, OWN_PARAMETERS, L"Label")));
}

_Use_decl_annotations_ VOID RegistryUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Parameters");
  OBJECT_ATTRIBUTES Attributes;
  HANDLE Own, Key;
  ULONG Disposition = 0;
  NTSTATUS Status;

  DriverObject->DriverUnload = RegistryUnload;
  InitializeObjectAttributes(&Attributes, RegistryPath, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                             NULL, NULL);
  Status = ZwOpenKey(&Own, KEY_ALL_ACCESS, &Attributes);
  if (!NT_SUCCESS(Status)) return Status;
  InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, Own,
                             NULL);
  Status =
      ZwCreateKey(&Key, KEY_ALL_ACCESS, &Attributes, 0, NULL, REG_OPTION_VOLATILE, &Disposition);
  if (!NT_SUCCESS(Status)) {
    ZwClose(Own);
    return Status;
  }
  EXPECT(Disposition == REG_CREATED_NEW_KEY);
  CheckValues(Key);
  CheckKeys(Own, Key);
  CheckPaths();
  EXPECT(NT_SUCCESS(ZwDeleteKey(Key)));
  EXPECT(SetNumber(Key, &Depth, 1) == STATUS_KEY_DELETED);
  ZwClose(Key);
  ZwClose(Own);
  return ExpectationsStatus();
}
