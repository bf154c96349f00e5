/* Reads what its key says of it, and its parameters. */
#include <ntddk.h>

static NTSTATUS Read(HANDLE Key, PCWSTR Name, PVOID Buffer, ULONG Length) {
  UNICODE_STRING Value;
  RtlInitUnicodeString(&Value, Name);
  return ZwQueryValueKey(Key, &Value, KeyValuePartialInformation, Buffer, Length, &Length);
}

static ULONG Number(HANDLE Key, PCWSTR Name) {
  UCHAR Buffer[sizeof(KEY_VALUE_PARTIAL_INFORMATION) + sizeof(ULONG)];
  PKEY_VALUE_PARTIAL_INFORMATION Value = (PKEY_VALUE_PARTIAL_INFORMATION)Buffer;
  if (!NT_SUCCESS(Read(Key, Name, Buffer, sizeof(Buffer))) || Value->Type != REG_DWORD)
    return MAXULONG;
  return *(ULONG*)Value->Data;
}

static ULONG Depth, Width, DefaultWidth = 80;
static RTL_QUERY_REGISTRY_TABLE Parameters[] = {
    {NULL, RTL_QUERY_REGISTRY_SUBKEY, L"Parameters", NULL, REG_NONE, NULL, 0},
    {NULL, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED, L"Depth", &Depth, REG_NONE,
     NULL, 0},
    {NULL, RTL_QUERY_REGISTRY_DIRECT, L"Width", &Width, REG_DWORD, &DefaultWidth,
     sizeof(DefaultWidth)},
    {NULL, 0, NULL, NULL, REG_NONE, NULL, 0}};

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UCHAR Buffer[sizeof(KEY_VALUE_PARTIAL_INFORMATION) + 256];
  PKEY_VALUE_PARTIAL_INFORMATION Image = (PKEY_VALUE_PARTIAL_INFORMATION)Buffer;
  OBJECT_ATTRIBUTES Attributes;
  NTSTATUS Status;
  HANDLE Key;
  UNREFERENCED_PARAMETER(Driver);
  InitializeObjectAttributes(&Attributes, RegistryPath, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                             NULL, NULL);
  Status = ZwOpenKey(&Key, KEY_READ, &Attributes);
  if (!NT_SUCCESS(Status)) return Status;
  Status = Read(Key, L"ImagePath", Buffer, sizeof(Buffer));
  if (NT_SUCCESS(Status) && Image->Type == REG_EXPAND_SZ) {
    DbgPrint("keyed: type %lu, start %lu, error control %lu, %ws\n", Number(Key, L"Type"),
             Number(Key, L"Start"), Number(Key, L"ErrorControl"), (PWSTR)Image->Data);
    Status = RtlQueryRegistryValues(RTL_REGISTRY_HANDLE, (PCWSTR)Key, Parameters, NULL, NULL);
    if (NT_SUCCESS(Status)) DbgPrint("keyed: depth %lu, width %lu\n", Depth, Width);
  }
  ZwClose(Key);
  return Status;
}
