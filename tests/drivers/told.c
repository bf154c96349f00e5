/* Says what it was told of itself, fails if it is called "fails", and cannot be unloaded. */
#include <ntddk.h>

/* Resources by type, name and language; of a version, its file's (1.2.3.4) and its product's. */
__asm__(
    ".section .rsrc,\"dr\"\n"
    "  .long 0, 0, 0, 0x10000, 16, 0x80000018\n"
    "  .long 0, 0, 0, 0x10000, 1, 0x80000030\n"
    "  .long 0, 0, 0, 0x10000, 0x409, 0x48\n"
    "  .rva version\n"
    "  .long 92, 0, 0\n"
    "version:\n"
    "  .short 92, 52, 0\n"
    "  .short 'V', 'S', '_', 'V', 'E', 'R', 'S', 'I', 'O', 'N', '_', 'I', 'N', 'F', 'O', 0, 0\n"
    "  .long 0xFEEF04BD, 0x10000, 0x10002, 0x30004, 0x50006, 0x70008\n"
    "  .long 0, 0, 0, 0, 0, 0, 0\n"
    ".text\n");

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
