/* Says what it was told of itself, fails if it is called "fails", and cannot be unloaded. */
#include <ntddk.h>

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UNICODE_STRING Failing;
  DbgPrint("told: %wZ; %wZ; %wZ\n", RegistryPath, &Driver->DriverName,
           &Driver->DriverExtension->ServiceKeyName);
  if ((PUCHAR)DriverEntry < (PUCHAR)Driver->DriverStart ||
      (PUCHAR)DriverEntry >= (PUCHAR)Driver->DriverStart + Driver->DriverSize ||
      Driver->DriverInit != DriverEntry)
    return STATUS_INVALID_PARAMETER;
  RtlInitUnicodeString(&Failing, L"fails");
  return RtlEqualUnicodeString(&Driver->DriverExtension->ServiceKeyName, &Failing, FALSE)
             ? STATUS_DEVICE_DOES_NOT_EXIST
             : STATUS_SUCCESS;
}
