/* What the registry says of a device class. */
#include "wdmsec_parts.h"

#define CLASSES L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\"
#define PROPERTIES L"\\Properties"
#define GUID_LETTERS 38 /* {00000000-0000-0000-0000-000000000000} */

static NTSTATUS OpenClass(LPCGUID Class, HANDLE* Key) {
  WCHAR Buffer[sizeof(CLASSES PROPERTIES) / sizeof(WCHAR) + GUID_LETTERS];
  UNICODE_STRING Path = {0, sizeof(Buffer), Buffer}, Guid;
  OBJECT_ATTRIBUTES Attributes;
  NTSTATUS Status = RtlStringFromGUID(Class, &Guid);

  if (!NT_SUCCESS(Status)) return Status;
  RtlAppendUnicodeToString(&Path, CLASSES);
  RtlAppendUnicodeStringToString(&Path, &Guid);
  RtlAppendUnicodeToString(&Path, PROPERTIES);
  RtlFreeUnicodeString(&Guid);
  InitializeObjectAttributes(&Attributes, &Path, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                             NULL);
  return ZwOpenKey(Key, KEY_READ, &Attributes);
}

static NTSTATUS ReadNumber(HANDLE Key, PCWSTR Name, PULONG Number) {
  ULONG Buffer[(sizeof(KEY_VALUE_PARTIAL_INFORMATION) + sizeof(ULONG)) / sizeof(ULONG) + 1], Length;
  PKEY_VALUE_PARTIAL_INFORMATION Value = (PKEY_VALUE_PARTIAL_INFORMATION)Buffer;
  UNICODE_STRING String;
  NTSTATUS Status;

  RtlInitUnicodeString(&String, Name);
  Status =
      ZwQueryValueKey(Key, &String, KeyValuePartialInformation, Value, sizeof(Buffer), &Length);
  if (Status == STATUS_OBJECT_NAME_NOT_FOUND) return STATUS_SUCCESS;
  if (!NT_SUCCESS(Status)) return Status;
  if (Value->Type != REG_DWORD || Value->DataLength != sizeof(ULONG))
    return STATUS_OBJECT_TYPE_MISMATCH;
  RtlCopyMemory(Number, Value->Data, sizeof(ULONG));
  return STATUS_SUCCESS;
}

static NTSTATUS ReadDescriptor(HANDLE Key, PSECURITY_DESCRIPTOR* Descriptor) {
  UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Security");
  PKEY_VALUE_PARTIAL_INFORMATION Value;
  ULONG Length;
  NTSTATUS Status = ZwQueryValueKey(Key, &Name, KeyValuePartialInformation, NULL, 0, &Length);

  if (Status == STATUS_OBJECT_NAME_NOT_FOUND) return STATUS_SUCCESS;
  if (Status != STATUS_BUFFER_TOO_SMALL && Status != STATUS_BUFFER_OVERFLOW) return Status;
  Value = ExAllocatePoolWithTag(PagedPool, Length, WDMSEC_TAG);
  if (Value == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  Status = ZwQueryValueKey(Key, &Name, KeyValuePartialInformation, Value, Length, &Length);
  if (NT_SUCCESS(Status)) {
    /* The block begins where the descriptor has to. */
    ULONG Bytes = Value->DataLength;
    BOOLEAN Binary = Value->Type == REG_BINARY;

    RtlMoveMemory(Value, Value->Data, Bytes);
    if (Binary && RtlValidRelativeSecurityDescriptor(Value, Bytes, DACL_SECURITY_INFORMATION)) {
      *Descriptor = Value;
      return STATUS_SUCCESS;
    }
    Status = STATUS_INVALID_SECURITY_DESCR;
  }
  ExFreePoolWithTag(Value, WDMSEC_TAG);
  return Status;
}

NTSTATUS WdmsecReadClass(LPCGUID Class, WDMSEC_SETTINGS* Settings) {
  HANDLE Key;
  NTSTATUS Status = OpenClass(Class, &Key);

  if (Status == STATUS_OBJECT_NAME_NOT_FOUND || Status == STATUS_OBJECT_PATH_NOT_FOUND)
    return STATUS_SUCCESS;
  if (!NT_SUCCESS(Status)) return Status;
  Status = ReadNumber(Key, L"DeviceType", &Settings->DeviceType);
  if (NT_SUCCESS(Status))
    Status = ReadNumber(Key, L"DeviceCharacteristics", &Settings->DeviceCharacteristics);
  if (NT_SUCCESS(Status)) Status = ReadNumber(Key, L"Exclusive", &Settings->Exclusive);
  if (NT_SUCCESS(Status)) Status = ReadDescriptor(Key, &Settings->Descriptor);
  ZwClose(Key);
  return Status;
}
